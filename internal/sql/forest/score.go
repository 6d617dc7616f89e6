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

// score is the part that a tree has in the score of the point for which the ways are, see Forest.Push. Where s is not nil, it
// also says which dimensions it comes from.
//
// It is made on the way back up: a box that holds the point lies within boxes that hold it, too, and those add nothing. So
// for most points only the lowest few boxes are looked at.
func (f *Forest) score(tree int, s *shares) float64 {
	t := &f.trees[tree]
	depth := int(f.ways.depth[tree])
	leaf := f.ways.at[depth][tree]
	b := t.box(leaf)
	gap := b.gap(f.shingle)
	mass := t.masses[^leaf]
	var score float64
	switch {
	case gap > 0:
		score = 1 / float64(depth+1)
		s.begin(b, f.shingle, score)
	case depth == 0:
		score = 1 / float64(t.size+1)
		s.begin(b, f.shingle, score)
	case mass == 1:
		return f.scoreWithout(tree, s)
	default:
		score = 1 / (float64(depth) + f.logs[mass])
		s.beginSeen(t.box(t.brother(f.ways.at[depth-1][tree], leaf)), f.shingle, score)
	}
	for depth--; depth >= 0; depth-- {
		at := f.ways.at[depth][tree]
		b := t.box(at)
		gap := b.gap(f.shingle)
		if gap == 0 {
			break
		}
		score = lift(score, gap, t.length(at), depth)
		s.lift(b, f.shingle, gap, t.length(at), depth)
	}
	s.end()
	return score
}

// lift takes a score from below to a box at a depth, from which the point is as far as gap says.
func lift(score, gap, length float64, depth int) float64 {
	return (gap/float64(depth+1) + length*score) / (length + gap)
}

// scoreWithout scores a point that is the only one of its leaf as if it were not there. Its brother then stands in the place
// of their parent, and the boxes above are those of the brothers on the way:
//
//	    ┌─ a            ┌─ a
//	──┬─┤             ──┤           the box of the root is that of a and b, the point's depth at b is 1
//	  │ └─┬─ point      └─ b
//	      └─ b
func (f *Forest) scoreWithout(tree int, s *shares) float64 {
	t := &f.trees[tree]
	depth := int(f.ways.depth[tree]) - 1
	brother := t.brother(f.ways.at[depth][tree], f.ways.at[depth+1][tree])
	f.below = f.below[:0]
	at := brother
	for at >= 0 {
		f.below = append(f.below, at)
		n := &t.nodes[at]
		at = n.below[n.side(f.shingle)]
	}
	score := 1 / float64(depth+len(f.below)+1)
	s.begin(t.box(at), f.shingle, score)
	for i := len(f.below) - 1; i >= 0; i-- {
		b, length := t.box(f.below[i]), t.length(f.below[i])
		gap := b.gap(f.shingle)
		score = lift(score, gap, length, depth+i)
		s.lift(b, f.shingle, gap, length, depth+i)
	}
	f.rest.set(t.box(brother))
	for depth--; depth >= 0; depth-- {
		f.rest.join(t.box(t.brother(f.ways.at[depth][tree], f.ways.at[depth+1][tree])))
		gap := f.rest.gap(f.shingle)
		if gap == 0 {
			break
		}
		length := f.rest.length()
		score = lift(score, gap, length, depth)
		s.lift(f.rest, f.shingle, gap, length, depth)
	}
	s.end()
	return score
}

// brother is the other child of a node.
func (t *tree) brother(parent, child ref) ref {
	n := &t.nodes[parent]
	if n.below[0] == child {
		return n.below[1]
	}
	return n.below[0]
}
