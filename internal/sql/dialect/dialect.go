// Package dialect names the points of the dialect that AWS documented badly or not at all, and what is done there. The
// product is gone, so nobody can look; each is one constant, to be changed in one place when a recorded output settles it.
package dialect

const (
	// CutLongText: a VARCHAR that is too long for its pump's target column is cut, as input mapping cuts. SQL would reject
	// the row.
	CutLongText = true

	// CeilWindowEndsOnBoundary: a window keyed by CEIL(ROWTIME TO unit) has the bounds of the FLOOR window, as the
	// reference page on GROUP BY shows. A row exactly on a boundary therefore belongs to the window that begins there.
	CeilWindowEndsOnBoundary = true

	// DecimalDivisionTruncates: digits behind the scale of a DECIMAL quotient are cut, as in integer division.
	DecimalDivisionTruncates = true

	// MinDivisionScale is the least scale of a DECIMAL quotient, and what is kept of a scale when a result would have more
	// than 18 digits.
	MinDivisionScale = 6

	// SumOfIntegersIsBigint: SUM of any integer type is BIGINT, so that a window of INTEGERs does not overflow.
	SumOfIntegersIsBigint = true
)

// Names of errors in ERROR_NAME. AWS documented no list.
const (
	ErrDivisionByZero = "DIVISION_BY_ZERO"
	ErrOverflow       = "NUMERIC_OVERFLOW"
	ErrCast           = "CAST_FAILED"
	ErrNotNull        = "NULL_NOT_ALLOWED"
	ErrLate           = "LATE_ROW"
	ErrArgument       = "INVALID_ARGUMENT"
)
