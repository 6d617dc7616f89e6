package forest

// ways are the ways of a point from the roots down to its leaves, in all trees at once and a level at a time: while the node
// of one tree is fetched from memory, those of the others are on their way, too. That is most of the time a score takes.
type ways struct {
	// at holds, for each level, the node or leaf of each tree, where the tree is so deep there.
	at [][]ref
	// depth is that of the leaf in each tree.
	depth []uint16
	open  []uint16
}

func newWays(trees int) ways {
	return ways{at: [][]ref{make([]ref, trees)}, depth: make([]uint16, trees), open: make([]uint16, trees)}
}

// descend finds the ways of a point. No tree is empty.
func (w *ways) descend(trees []tree, point []float64) {
	open := w.open[:0]
	for i := range trees {
		w.at[0][i], w.depth[i] = trees[i].root, 0
		if trees[i].root >= 0 {
			open = append(open, uint16(i))
		}
	}
	for level := 0; len(open) > 0; level++ {
		if len(w.at) == level+1 {
			w.at = append(w.at, make([]ref, len(trees)))
		}
		here, below := w.at[level], w.at[level+1]
		left := 0
		for _, i := range open {
			n := &trees[i].nodes[here[i]]
			next := n.below[n.side(point)]
			below[i] = next
			w.depth[i]++
			open[left] = i
			if next >= 0 {
				left++
			}
		}
		open = open[:left]
	}
}

// score is the part that a tree has in the score of the point for which the ways are, see Forest.Push.
//
// It is made on the way back up: a box that holds the point lies within boxes that hold it, too, and those add nothing. So
// for most points only the lowest few boxes are looked at.
func (f *Forest) score(tree int) float64 {
	t := &f.trees[tree]
	depth := int(f.ways.depth[tree])
	leaf := f.ways.at[depth][tree]
	score := t.leafScore(leaf, t.box(leaf).gap(f.shingle), depth, f.logs)
	for depth--; depth >= 0; depth-- {
		at := f.ways.at[depth][tree]
		gap := t.box(at).gap(f.shingle)
		if gap == 0 {
			break
		}
		length := t.length(at)
		score = (gap/float64(depth+1) + length*score) / (length + gap)
	}
	return score
}

// leafScore is what a leaf adds where no box above it parts the point; gap is how far the point is from the leaf.
func (t *tree) leafScore(leaf ref, gap float64, depth int, logs []float64) float64 {
	switch {
	case gap > 0:
		return 1 / float64(depth+1)
	case depth == 0:
		return 1 / float64(t.size+1)
	}
	return 1 / (float64(depth) + logs[t.masses[^leaf]])
}
