package forest

// Part is what one column has to do with a score.
type Part struct {
	// Attribution is the column's share of the score: where the cuts that part the record from the others lie on its axis. The
	// attributions of all columns add up to the score.
	Attribution float64
	// High says that the record lies above the others rather than below them, and Strength by how much: it is how far, as a
	// mean over the trees and cuts, the record is from the box that it is parted from, in the column's own unit. Those above
	// and those below cancel out, and where a value is repeated there is nothing to part.
	High     bool
	Strength float64
}

// PushExplained is Push that also writes into parts, one for each column, how the score comes about. While the trees learn,
// all parts are zero.
//
// The recorded explanations of Kinesis Data Analytics show that strengths are distances: of sums of some thousands they are
// hundreds, of small whole numbers hundredths. Which mean they are is our guess.
func (f *Forest) PushExplained(record []float64, parts []Part) float64 {
	if f.shares == nil {
		f.shares = newShares(f.o.dims())
	}
	s := f.shares
	clear(s.score)
	clear(s.way)
	score := f.push(record, s)
	for c := range parts {
		attribution, way := 0.0, 0.0
		for d := c; d < f.o.dims(); d += f.o.Columns {
			attribution += s.score[d]
			way += s.way[d]
		}
		way /= float64(len(f.trees))
		parts[c] = Part{Attribution: attribution * f.scale(), High: way > 0, Strength: max(way, -way)}
	}
	return score
}

// shares sums up, for each dimension, what of the score comes from it, and the way from the boxes that cuts part the point
// from. Those of the tree under way are apart. A nil *shares does nothing.
type shares struct {
	score, way         []float64
	treeScore, treeWay []float64
}

func newShares(dims int) *shares {
	return &shares{make([]float64, dims), make([]float64, dims), make([]float64, dims), make([]float64, dims)}
}

// begin puts the score of a leaf down to how far the point lies outside of a box in each dimension, and to all alike where it
// does not.
func (s *shares) begin(b box, point []float64, score float64) {
	if s == nil {
		return
	}
	clear(s.treeScore)
	clear(s.treeWay)
	if gap := b.gap(point); gap > 0 {
		s.add(b, point, score/gap, 1)
		return
	}
	for d := range point {
		s.treeScore[d] = score / float64(len(point))
	}
}

// beginSeen is begin for a leaf of the point's own value, with the box of its brother, which the last cut parted it from.
func (s *shares) beginSeen(b box, point []float64, score float64) {
	if s == nil {
		return
	}
	s.begin(b, point, score)
	clear(s.treeWay)
}

// lift is the lift of each dimension's share.
func (s *shares) lift(b box, point []float64, gap, length float64, depth int) {
	if s == nil {
		return
	}
	rest := length / (length + gap)
	for d := range s.treeScore {
		s.treeScore[d] *= rest
		s.treeWay[d] *= rest
	}
	s.add(b, point, 1/((length+gap)*float64(depth+1)), gap/(length+gap))
}

// add adds, for each dimension in which the point is outside of a box, a share of the score for each unit of its distance, and
// the distance itself as often as the point is parted there.
func (s *shares) add(b box, point []float64, share, parted float64) {
	for d, x := range point {
		if x > b.hi[d] {
			s.treeScore[d] += share * (x - b.hi[d])
			s.treeWay[d] += parted * (x - b.hi[d])
		} else if x < b.lo[d] {
			s.treeScore[d] += share * (b.lo[d] - x)
			s.treeWay[d] -= parted * (b.lo[d] - x)
		}
	}
}

func (s *shares) end() {
	if s == nil {
		return
	}
	for d := range s.score {
		s.score[d] += s.treeScore[d]
		s.way[d] += s.treeWay[d]
	}
}
