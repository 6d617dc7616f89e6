// Package hotspot finds where the last records of a stream lie dense, as HOTSPOTS does.
//
// Of the records in a window, two are neighbours when their distance is at most the scan radius; records that are neighbours,
// or neighbours of neighbours and so on, belong together, and enough of them are a hotspot:
//
//	·        ∙∙·          a hotspot is described by the box around its records
//	    ·   ·∙∙∙∙    ·    and by its density, records by the size of the box
//	  ·       ∙·
//
// AWS documented parameters and result, and likened the radius to the ε of DBSCAN; the rest is that algorithm's idea with the
// least number of records asked of the whole hotspot, as the name of the parameter has it.
package hotspot

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// Ranges of the parameters, as AWS documents them.
const (
	minWindow  = 100
	maxWindow  = 1000
	minRecords = 2
	maxColumns = 30
)

// Options are the parameters. Columns is the number of values in a record.
type Options struct {
	Columns    int
	WindowSize int
	ScanRadius float64
	MinRecords int
}

// Check refuses what is out of range, in the words of the reference.
func (o Options) Check() error {
	switch {
	case o.Columns < 1 || o.Columns > maxColumns:
		return fmt.Errorf("the number of numeric columns must be from 1 to %d, it is %d", maxColumns, o.Columns)
	case o.WindowSize < minWindow || o.WindowSize > maxWindow:
		return fmt.Errorf("windowSize must be from %d to %d, it is %d", minWindow, maxWindow, o.WindowSize)
	case !(o.ScanRadius > 0) || math.IsInf(o.ScanRadius, 1):
		return fmt.Errorf("scanRadius must be greater than 0, it is %v", o.ScanRadius)
	case o.MinRecords < minRecords || o.MinRecords > o.WindowSize:
		return fmt.Errorf("minimumNumberOfPointsInAHotspot must be from %d to windowSize, which is %d, it is %d", minRecords, o.WindowSize, o.MinRecords)
	}
	return nil
}

// Hotspot is a dense region.
type Hotspot struct {
	// Density is the number of records by the product of the box's sides. A side on which all are equal counts as one scan
	// radius.
	Density float64
	// Max and Min are the box, a value for each column. They are valid until the next Push.
	Max, Min []float64
}

// Finder looks at the last records of a stream. It belongs to one goroutine.
type Finder struct {
	o Options
	// values are the records in a ring; at is the place of the next, and records how many there are.
	values  []float64
	at      int
	records int
	// near has a row of bits for each record: its neighbours, itself not among them.
	near  [][]uint64
	found []Hotspot
	boxes []float64
	left  []uint64
	queue []int
}

// New returns a finder that has seen nothing.
func New(o Options) (*Finder, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	words := (o.WindowSize + 63) / 64
	f := &Finder{o: o, values: make([]float64, o.WindowSize*o.Columns), near: make([][]uint64, o.WindowSize), left: make([]uint64, words)}
	all := make([]uint64, o.WindowSize*words)
	for i := range f.near {
		f.near[i] = all[i*words : (i+1)*words]
	}
	return f, nil
}

// Push takes the values of a record into the window, the oldest leaving a full one, and returns all hotspots in it, the
// densest first. They are valid until the next call.
func (f *Finder) Push(record []float64) []Hotspot {
	f.put(record)
	return f.find()
}

func (f *Finder) value(i int) []float64 {
	return f.values[i*f.o.Columns : (i+1)*f.o.Columns]
}

// put places a record and finds its neighbours.
func (f *Finder) put(record []float64) {
	at := f.at
	copy(f.value(at), record)
	f.at = (at + 1) % f.o.WindowSize
	f.records = min(f.records+1, f.o.WindowSize)
	row := f.near[at]
	clear(row)
	word, bit := at/64, uint64(1)<<(at%64)
	for i := range f.records {
		if i != at && f.neighbours(f.value(i), record) {
			row[i/64] |= 1 << (i % 64)
			f.near[i][word] |= bit
		} else {
			f.near[i][word] &^= bit
		}
	}
}

func (f *Finder) neighbours(a, b []float64) bool {
	sum := 0.0
	for c, v := range a {
		sum += (v - b[c]) * (v - b[c])
	}
	return sum <= f.o.ScanRadius*f.o.ScanRadius
}

// find gathers the records that belong together, from the oldest on.
func (f *Finder) find() []Hotspot {
	f.found, f.boxes = f.found[:0], f.boxes[:0]
	clear(f.left)
	for i := range f.records {
		f.left[i/64] |= 1 << (i % 64)
	}
	for n := range f.records {
		i := (f.at - f.records + n + f.o.WindowSize) % f.o.WindowSize
		if f.left[i/64]>>(i%64)&1 == 0 {
			continue
		}
		if f.gather(i); len(f.queue) >= f.o.MinRecords {
			f.describe()
		}
	}
	slices.SortStableFunc(f.found, func(a, b Hotspot) int {
		switch {
		case a.Density > b.Density:
			return -1
		case a.Density < b.Density:
			return 1
		}
		return 0
	})
	return f.found
}

// gather takes a record and all that belong together with it out of left and into queue.
func (f *Finder) gather(first int) {
	f.queue = append(f.queue[:0], first)
	f.left[first/64] &^= 1 << (first % 64)
	for n := 0; n < len(f.queue); n++ {
		for w, row := range f.near[f.queue[n]] {
			more := row & f.left[w]
			f.left[w] &^= more
			for ; more != 0; more &= more - 1 {
				f.queue = append(f.queue, w*64+bits.TrailingZeros64(more))
			}
		}
	}
}

// describe makes the records of the queue a hotspot.
func (f *Finder) describe() {
	from := len(f.boxes)
	f.boxes = append(f.boxes, f.value(f.queue[0])...)
	f.boxes = append(f.boxes, f.value(f.queue[0])...)
	box := f.boxes[from:]
	high, low := box[:f.o.Columns:f.o.Columns], box[f.o.Columns:]
	for _, i := range f.queue {
		for c, v := range f.value(i) {
			high[c], low[c] = max(high[c], v), min(low[c], v)
		}
	}
	density := float64(len(f.queue))
	for c := range high {
		side := high[c] - low[c]
		if side == 0 {
			side = f.o.ScanRadius
		}
		density /= side
	}
	f.found = append(f.found, Hotspot{Density: min(density, math.MaxFloat64), Max: high, Min: low})
}
