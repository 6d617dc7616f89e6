package types

// Column is a named column of a stream. Its name is stored as it is shown: folded to upper case unless it was quoted.
type Column struct {
	Name string
	Type Type
}

// Vector is one column of a batch. Exactly one of the slices is used, as Kind.Physical says: Int (integers, BOOLEAN as 0
// and 1, DECIMAL scaled by 10^Scale, DATE, TIME, TIMESTAMP and INTERVAL in milliseconds), Float (REAL, DOUBLE) or Str
// (CHAR, VARCHAR, BINARY, VARBINARY).
//
// A Str value may point into memory that is used again, such as a frame's bytes: it is valid while its batch is, and
// whoever keeps it longer clones it.
type Vector struct {
	Kind  Kind
	Int   []int64
	Float []float64
	Str   []string
	// Null marks the rows that hold NULL. Length 0 means that no row does.
	Null []bool
}

// IsNull reports whether row i holds NULL.
func (v *Vector) IsNull(i int) bool { return len(v.Null) > 0 && v.Null[i] }

// Batch is N rows of a stream: their columns and their ROWTIME in milliseconds since the epoch, UTC, never decreasing.
// A column that no consumer needs is a nil vector.
type Batch struct {
	N       int
	Rowtime []int64
	Cols    []*Vector
}

// NewBatch returns an empty batch with a vector for each column.
func NewBatch(cols []Column) *Batch {
	b := &Batch{Cols: make([]*Vector, len(cols))}
	for i, c := range cols {
		b.Cols[i] = &Vector{Kind: c.Type.Kind}
	}
	return b
}

// Reset empties the vector and keeps its memory, but not what its texts point into.
func (v *Vector) Reset() {
	clear(v.Str)
	v.Int, v.Float, v.Str, v.Null = v.Int[:0], v.Float[:0], v.Str[:0], v.Null[:0]
}

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() {
	b.N, b.Rowtime = 0, b.Rowtime[:0]
	for _, c := range b.Cols {
		if c != nil {
			c.Reset()
		}
	}
}

// Slice makes dst the rows from lo to hi of the batch, sharing its memory.
func (b *Batch) Slice(dst *Batch, lo, hi int) {
	if cap(dst.Cols) < len(b.Cols) {
		dst.Cols = make([]*Vector, len(b.Cols))
		vectors := make([]Vector, len(b.Cols))
		for i := range vectors {
			dst.Cols[i] = &vectors[i]
		}
	}
	dst.N, dst.Rowtime, dst.Cols = hi-lo, b.Rowtime[lo:hi], dst.Cols[:len(b.Cols)]
	for i, c := range b.Cols {
		if c == nil {
			dst.Cols[i] = nil
			continue
		}
		if dst.Cols[i] == nil {
			dst.Cols[i] = &Vector{}
		}
		c.slice(dst.Cols[i], lo, hi)
	}
}

func (v *Vector) slice(dst *Vector, lo, hi int) {
	*dst = Vector{Kind: v.Kind}
	switch v.Kind.Physical() {
	case IntValues:
		dst.Int = v.Int[lo:hi]
	case FloatValues:
		dst.Float = v.Float[lo:hi]
	case StrValues:
		dst.Str = v.Str[lo:hi]
	}
	if len(v.Null) > 0 {
		dst.Null = v.Null[lo:hi]
	}
}
