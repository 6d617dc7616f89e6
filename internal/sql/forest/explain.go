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
	if f.shares == nil {
		f.shares = newShares(f.o.dims())
	}
	s := f.shares
	clear(s.above)
	clear(s.below)
	score := f.push(record, s)
	for c := range parts {
		above, below := 0.0, 0.0
		for d := c; d < f.o.dims(); d += f.o.Columns {
			above += s.above[d]
			below += s.below[d]
		}
		above, below = above*f.scale(), below*f.scale()
		parts[c] = Part{Attribution: above + below, High: above > below, Strength: max(above, below) - min(above, below)}
	}
	return score
}

// shares sums up, for each dimension, what cuts above and below the boxes add to a score. Those of the tree under way are
// apart. A nil *shares does nothing.
type shares struct {
	above, below         []float64
	treeAbove, treeBelow []float64
}

func newShares(dims int) *shares {
	return &shares{make([]float64, dims), make([]float64, dims), make([]float64, dims), make([]float64, dims)}
}

// begin puts the score of a leaf down to how far the point lies outside of a box in each dimension. For a leaf of the point's
// own value that is its brother's, which the last cut parted it from; where there is none, it is put down to all alike.
func (s *shares) begin(b box, point []float64, score float64) {
	if s == nil {
		return
	}
	clear(s.treeAbove)
	clear(s.treeBelow)
	if gap := b.gap(point); gap > 0 {
		s.add(b, point, score/gap)
		return
	}
	for d := range point {
		s.treeAbove[d] = score / float64(2*len(point))
		s.treeBelow[d] = s.treeAbove[d]
	}
}

// lift is the lift of each dimension's share.
func (s *shares) lift(b box, point []float64, gap, length float64, depth int) {
	if s == nil {
		return
	}
	rest := length / (length + gap)
	for d := range s.treeAbove {
		s.treeAbove[d] *= rest
		s.treeBelow[d] *= rest
	}
	s.add(b, point, 1/((length+gap)*float64(depth+1)))
}

func (s *shares) add(b box, point []float64, factor float64) {
	for d, x := range point {
		if x > b.hi[d] {
			s.treeAbove[d] += factor * (x - b.hi[d])
		} else if x < b.lo[d] {
			s.treeBelow[d] += factor * (b.lo[d] - x)
		}
	}
}

func (s *shares) end() {
	if s == nil {
		return
	}
	for d := range s.above {
		s.above[d] += s.treeAbove[d]
		s.below[d] += s.treeBelow[d]
	}
}
