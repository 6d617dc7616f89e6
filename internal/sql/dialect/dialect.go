// Package dialect names the points of the dialect that AWS documented badly or not at all, and what is done there. The
// product is gone, so nobody can look; each is one constant, to be changed in one place when a recorded output settles it.
//
// Further such points are kept at one place of code each: an integer that overflows is an error row (function, overflow);
// groups leave a window in the order of their first rows (exec, groupKeys); STEP by days counts from 1970 (function, Step);
// several terms of GROUP BY may make windows, and any of them closes (exec, window); a sliding window shows a row those that
// came before it, also of the same ROWTIME (exec, slide); ORDER BY gives rows the time at which their order is known as
// ROWTIME, which behind a group is the end of the window (exec, sorter); numbers are written as Java writes them (types,
// AppendFloat).
package dialect

const (
	// CutLongText: a text that is too long for its pump's target column is cut, as input mapping cuts. SQL would reject the
	// row, which is what false does.
	CutLongText = true

	// CeilWindowEndsOnBoundary: a window keyed by CEIL(ROWTIME TO unit) has the bounds of the FLOOR window, as the
	// reference page on GROUP BY shows. A row exactly on a boundary therefore belongs to the window that begins there.
	CeilWindowEndsOnBoundary = true

	// DecimalDivisionTruncates: digits behind the scale of a DECIMAL quotient are cut, as in integer division. Otherwise
	// they are rounded half away from zero.
	DecimalDivisionTruncates = true

	// MinDivisionScale is the least scale of a DECIMAL quotient, and what is kept of a scale when a result would have more
	// than MaxDecimalPrecision digits.
	MinDivisionScale = 6

	// MaxDecimalPrecision is the greatest number of digits of a DECIMAL. AWS's pages say 18 and 19; 18 is what an int64
	// always holds.
	MaxDecimalPrecision = 18

	// SumOfIntegersIsBigint: SUM of any integer type is BIGINT, so that a window of INTEGERs does not overflow.
	SumOfIntegersIsBigint = true

	// RangeIncludesLowerEnd: RANGE INTERVAL '1' HOUR PRECEDING holds a row that is exactly one hour old, as the reference page
	// says; a picture in the developer guide shows it gone.
	RangeIncludesLowerEnd = true

	// RowsAddsCurrent: ROWS n PRECEDING holds the row itself and n before it, as in standard SQL; the developer guide calls a
	// window of ROWS 2 a two-row window.
	RowsAddsCurrent = true

	// LateMonotonicIsError: a row with an earlier value of MONOTONIC(x) than the row before it is an error row. Otherwise it
	// begins a window of its own. AWS says only that the text asserts it.
	LateMonotonicIsError = true

	// DistinctIgnoresRowtime: SELECT DISTINCT does not compare ROWTIME, as the reference page says, whatever alias it has; no
	// page mentions the alias, and game analytics relies on it.
	DistinctIgnoresRowtime = true

	// NullsSortLow: ORDER BY puts NULL before every value, and behind them with DESC. No page says.
	NullsSortLow = true

	// JSONWritesNull: a NULL in a row that leaves the application as JSON is an explicit null. Otherwise its key is left out.
	JSONWritesNull = true
)

// Names of errors in ERROR_NAME. AWS documented no list.
const (
	ErrDivisionByZero = "DIVISION_BY_ZERO"
	ErrOverflow       = "NUMERIC_OVERFLOW"
	ErrCast           = "CAST_FAILED"
	ErrNotNull        = "NULL_NOT_ALLOWED"
	ErrLate           = "LATE_ROW"
	ErrArgument       = "INVALID_ARGUMENT"
	ErrLimit          = "STATE_LIMIT"
)
