package function

import "github.com/millrace/millrace/internal/sql/types"

// setNull marks a row of a result as NULL. A kernel may do so for rows that have no value, such as a text without the part
// that was looked for.
func setNull(out *types.Vector, row int32) {
	if len(out.Null) == 0 {
		n := max(len(out.Int), len(out.Float), len(out.Str))
		if cap(out.Null) < n {
			out.Null = make([]bool, n)
		}
		out.Null = out.Null[:n]
		clear(out.Null)
	}
	out.Null[row] = true
}
