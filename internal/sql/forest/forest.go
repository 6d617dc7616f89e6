package forest

import (
	"fmt"
	"math"
)

// Ranges of the parameters, as AWS documents them.
const (
	maxColumns     = 30
	maxTrees       = 1000
	minSample      = 10
	maxSample      = 1000
	maxTimeDecay   = math.MaxInt32
	maxShingleSize = 30
)

// MaxBytes is what the points and boxes of a forest may take when every tree is full. AWS names no such limit; its greatest
// values together would take 21 GB.
const MaxBytes = 1 << 30

// maxValue bounds the values, so that no sum of lengths is infinite. Greater ones count as this one.
const maxValue = 1e300

// Options are the parameters of a forest. Columns is the number of values in a record.
type Options struct {
	Columns     int
	Trees       int
	SampleSize  int
	TimeDecay   int
	ShingleSize int
	Seed        uint64
}

// Defaults are what RANDOM_CUT_FOREST takes for arguments that are left out.
func Defaults() Options {
	return Options{Trees: 100, SampleSize: 256, TimeDecay: 100_000, ShingleSize: 1}
}

// Check refuses what is out of range, in the words of the reference.
func (o Options) Check() error {
	switch {
	case o.Columns < 1 || o.Columns > maxColumns:
		return fmt.Errorf("the number of numeric columns must be from 1 to %d, it is %d", maxColumns, o.Columns)
	case o.Trees < 1 || o.Trees > maxTrees:
		return fmt.Errorf("numberOfTrees must be from 1 to %d, it is %d", maxTrees, o.Trees)
	case o.SampleSize < minSample || o.SampleSize > maxSample:
		return fmt.Errorf("subSampleSize must be from %d to %d, it is %d", minSample, maxSample, o.SampleSize)
	case o.TimeDecay < 1 || o.TimeDecay > maxTimeDecay:
		return fmt.Errorf("timeDecay must be from 1 to %d, it is %d", maxTimeDecay, o.TimeDecay)
	case o.SampleSize >= o.TimeDecay:
		return fmt.Errorf("subSampleSize must be less than timeDecay, they are %d and %d", o.SampleSize, o.TimeDecay)
	case o.ShingleSize < 1 || o.ShingleSize > maxShingleSize:
		return fmt.Errorf("shingleSize must be from 1 to %d, it is %d", maxShingleSize, o.ShingleSize)
	case o.bytes() > MaxBytes:
		return fmt.Errorf("%d trees of %d points of %d values take %d MB, at most %d are allowed",
			o.Trees, o.SampleSize, o.dims(), o.bytes()>>20, MaxBytes>>20)
	}
	return nil
}

// dims is the number of values of a point: those of the records of a shingle.
func (o Options) dims() int { return o.Columns * o.ShingleSize }

func (o Options) bytes() int {
	return o.Trees * o.SampleSize * (3*8*o.dims() + nodeBytes)
}

// Forest is a random cut forest over a stream of records. It belongs to one goroutine.
type Forest struct {
	o      Options
	random random
	trees  []tree
	// shingle holds the last records, the oldest first; records says how many there were, up to a whole shingle.
	shingle []float64
	records int
	// points counts the points the trees have learned, up to SampleSize; weight is the sum of the weights of all points so
	// far, the newest having 1 and each older one less by the factor decay.
	points int
	weight float64
	decay  float64

	// logs holds log2(m) by mass.
	logs []float64
	// The rest is reused from call to call.
	path   []step
	ways   ways
	below  []ref
	rest   box
	shares *shares
}

// New returns a forest that has seen nothing.
func New(o Options) (*Forest, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	f := &Forest{
		o: o, random: random{o.Seed}, trees: make([]tree, o.Trees), shingle: make([]float64, o.dims()),
		decay: math.Exp(-1 / float64(o.TimeDecay)), logs: make([]float64, o.SampleSize+1),
		ways: newWays(o.Trees), rest: box{make([]float64, o.dims()), make([]float64, o.dims())},
	}
	for i := range f.trees {
		f.trees[i] = newTree(o.dims(), o.SampleSize)
	}
	for m := 1; m < len(f.logs); m++ {
		f.logs[m] = math.Log2(float64(m))
	}
	return f, nil
}

// Push takes the values of a record, which must be finite, and returns its score: the higher, the further it lies from what
// the trees remember. It is scored before it is learned. The score is 0 until every tree has its SampleSize points, for the
// first SampleSize+ShingleSize-1 records.
//
// For each tree the score is the expected value, over the cuts that could part the point from the boxes on its way down, of
// 1/(d+1), d being the depth of the box. A tree that has the point's value is taken as it would be without one point of it; a
// leaf of the value that has m others left counts 1/(d+log2(1+m)). A tree all of whose n points have the value counts
// 1/(n+1). The mean times log2(SampleSize) is the score.
//
// The recorded answers of Kinesis Data Analytics agree with that to what chance leaves to its 100 trees, whether values
// repeat or not (TestRecordedScores). The published libraries damp and scale otherwise.
func (f *Forest) Push(record []float64) float64 { return f.push(record, nil) }

func (f *Forest) push(record []float64, s *shares) float64 {
	f.shift(record)
	if f.records < f.o.ShingleSize {
		return 0
	}
	score := 0.0
	if f.points == f.o.SampleSize {
		f.ways.descend(f.trees, f.shingle)
		for i := range f.trees {
			score += f.score(i, s)
		}
		score *= f.scale()
	}
	f.learn()
	return score
}

// scale makes the sum of the trees' scores the forest's.
func (f *Forest) scale() float64 {
	return math.Log2(float64(f.o.SampleSize)) / float64(len(f.trees))
}

// shift puts a record at the end of the shingle.
func (f *Forest) shift(record []float64) {
	at := copy(f.shingle, f.shingle[len(record):])
	for _, v := range record {
		f.shingle[at] = max(-maxValue, min(maxValue, v)) + 0 // the sum makes -0 a 0
		at++
	}
	f.records = min(f.records+1, f.o.ShingleSize)
}

// learn offers the point to every tree. Each keeps it with the probability that makes its sample one in which a point's
// chance is in proportion to its weight; a random one of the others goes.
func (f *Forest) learn() {
	f.weight = f.weight*f.decay + 1
	if f.points < f.o.SampleSize {
		f.points++
		for i := range f.trees {
			f.trees[i].insert(f)
		}
		return
	}
	keep := float64(f.o.SampleSize) / f.weight
	for i := range f.trees {
		if f.random.float() < keep {
			f.trees[i].remove(f)
			f.trees[i].insert(f)
		}
	}
}
