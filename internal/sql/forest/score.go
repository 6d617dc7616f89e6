package forest

// score is the tree's part of a point's score, see Forest.Push.
//
// The way down needs the cuts alone. The score is then made on the way back up, since a box that holds the point lies within
// boxes that hold it, too, and has nothing to add: for most points only the lowest few boxes are looked at.
func (t *tree) score(point, logs []float64, path []ref) float64 {
	path = t.descend(point, path)
	last := len(path) - 1
	score := t.leafScore(path[last], t.box(path[last]).gap(point), last, logs)
	for depth := last - 1; depth >= 0; depth-- {
		gap := t.box(path[depth]).gap(point)
		if gap == 0 {
			break
		}
		length := t.nodes[path[depth]].length
		score = (gap/float64(depth+1) + length*score) / (length + gap)
	}
	return score
}

// descend returns the nodes from the root down to a point's leaf, in path's room.
func (t *tree) descend(point []float64, path []ref) []ref {
	path = append(path[:0], t.root)
	at := t.root
	for at >= 0 {
		n := &t.nodes[at]
		at = n.below[n.side(point)]
		path = append(path, at)
	}
	return path
}

// leafScore is what a leaf adds where nothing above it has parted the point.
func (t *tree) leafScore(leaf ref, gap float64, depth int, logs []float64) float64 {
	switch {
	case gap > 0:
		return 1 / float64(depth+1)
	case depth == 0:
		return 1 / float64(t.size+1)
	}
	return 1 / (float64(depth) + logs[t.masses[^leaf]])
}
