package types

import "encoding/hex"

// ErrorStream is the reserved name of the in-application stream that error rows enter.
const ErrorStream = "error_stream"

// ErrorRow says why a row was dropped. Times are ROWTIMEs, for no clock is read where rows are processed.
type ErrorRow struct {
	Time          int64
	Name, Message string
	DataRowtime   int64
	// DataRow is the row as it came in: the raw record, or the columns that were read as a JSON object.
	DataRow []byte
	// Pump is the pump that dropped the row; the text "null" while reading an input, as AWS wrote it.
	Pump string
}

// ErrorStreamColumns returns the columns of error_stream as AWS documents them.
func ErrorStreamColumns() []Column {
	return []Column{
		{"ERROR_TIME", Of(Timestamp)},
		{"ERROR_LEVEL", VarcharOf(10)},
		{"ERROR_NAME", VarcharOf(32)},
		{"MESSAGE", VarcharOf(4096)},
		{"DATA_ROWTIME", Of(Timestamp)},
		{"DATA_ROW", VarcharOf(49152)},
		{"PUMP_NAME", VarcharOf(128)},
	}
}

// AppendErrorRow appends the error to a batch of ErrorStreamColumns. DATA_ROW is hex text; texts are cut to their columns.
func AppendErrorRow(b *Batch, e ErrorRow) {
	cols := ErrorStreamColumns()
	data := e.DataRow
	if limit := cols[5].Type.Length / 2; len(data) > limit {
		data = data[:limit]
	}
	b.Rowtime = append(b.Rowtime, e.Time)
	b.Cols[0].Int = append(b.Cols[0].Int, e.Time)
	b.Cols[4].Int = append(b.Cols[4].Int, e.DataRowtime)
	for i, s := range []string{1: "ERROR", 2: e.Name, 3: e.Message, 5: hex.EncodeToString(data), 6: e.Pump} {
		if i != 0 && i != 4 {
			b.Cols[i].Str = append(b.Cols[i].Str, Cut(s, cols[i].Type.Length))
		}
	}
	b.N++
}

// Cut returns the first n characters of s; n 0 means all of them.
func Cut(s string, n int) string {
	if n == 0 || len(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
