package forest

// Part is what one column has to do with a score.
type Part struct {
	// Attribution is the column's share of the score: where the cuts that part the record from the others lie on its axis. The
	// attributions of all columns add up to the score.
	Attribution float64
	// High says that the record lies above the others rather than below them, and Strength by how much more so: it is the
	// difference between the share of the cuts above them and of those below.
	High     bool
	Strength float64
}

// PushExplained is Push that also writes into parts, one for each column, how the score comes about. While the trees learn,
// all parts are zero.
func (f *Forest) PushExplained(record []float64, parts []Part) float64 {
	clear(parts)
	f.shift(record)
	if f.records < f.o.ShingleSize {
		return 0
	}
	score := 0.0
	if f.points == f.o.SampleSize {
		score = f.explain(parts)
	}
	f.learn()
	return score
}

func (f *Forest) explain(parts []Part) float64 {
	s := &f.shares
	if s.above == nil {
		s.above, s.below = make([]float64, f.o.dims()), make([]float64, f.o.dims())
	}
	clear(s.above)
	clear(s.below)
	f.ways.descend(f.trees, f.shingle)
	score := 0.0
	for i := range f.trees {
		score += f.explainTree(i)
	}
	scale := f.scale()
	for c := range parts {
		above, below := 0.0, 0.0
		for d := c; d < f.o.dims(); d += f.o.Columns {
			above += s.above[d] * scale
			below += s.below[d] * scale
		}
		parts[c] = Part{Attribution: above + below, High: above > below, Strength: max(above, below) - min(above, below)}
	}
	return score * scale
}

// shares sums up, for each dimension, what cuts above and below the boxes add to a score.
type shares struct{ above, below []float64 }

// add divides an amount among the dimensions by how far the point lies outside of a box in each.
func (s *shares) add(b box, point []float64, gap, amount float64) {
	if gap == 0 {
		for d := range point {
			s.above[d] += amount / float64(2*len(point))
			s.below[d] += amount / float64(2*len(point))
		}
		return
	}
	for d, x := range point {
		if x > b.hi[d] {
			s.above[d] += amount * ((x - b.hi[d]) / gap)
		} else if x < b.lo[d] {
			s.below[d] += amount * ((b.lo[d] - x) / gap)
		}
	}
}

// explainTree is score that also says where its parts come from. What a leaf of the same value adds is put down to where
// its brother lies, which is what the last cut parted it from.
func (f *Forest) explainTree(tree int) float64 {
	t, point := &f.trees[tree], f.shingle
	last := int(f.ways.depth[tree])
	top := last
	for top > 0 && t.box(f.ways.at[top-1][tree]).gap(point) > 0 {
		top--
	}
	// rest is the probability that no box so far has parted the point.
	score, rest := 0.0, 1.0
	for depth := top; depth < last; depth++ {
		at := f.ways.at[depth][tree]
		b, length := t.box(at), t.length(at)
		gap := b.gap(point)
		part := rest * gap / (length + gap) / float64(depth+1)
		f.shares.add(b, point, gap, part)
		score += part
		rest *= length / (length + gap)
	}
	leaf := f.ways.at[last][tree]
	b := t.box(leaf)
	gap := b.gap(point)
	part := rest * t.leafScore(leaf, gap, last, f.logs)
	if gap == 0 && last > 0 {
		parent := &t.nodes[f.ways.at[last-1][tree]]
		b = t.box(parent.below[1-parent.side(point)])
		gap = b.gap(point)
	}
	f.shares.add(b, point, gap, part)
	return score + part
}
