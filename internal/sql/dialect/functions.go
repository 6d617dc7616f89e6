package dialect

const (
	// StoppedPumpsRun: CREATE PUMP … STOPPED runs with the application all the same, for nothing in an application starts a
	// pump, and AWS's own samples are written that way. ALTER PUMP … STOP does stop one.
	StoppedPumpsRun = true

	// TSDiffIsFirstMinusSecond: TSDIFF(a, b) is a - b. AWS's page calls its parameters startTime and endTime and says
	// endTime - startTime; the applications known call it with the later time first and test for >= 0.
	TSDiffIsFirstMinusSecond = true

	// RegexLogParseMatchesWhole: REGEX_LOG_PARSE takes a text that matches from its begin to its end. Otherwise a part of it
	// would do.
	RegexLogParseMatchesWhole = true
)

// ErrTooSlow is the name of an error: a regular expression with look-around or back-references took too long on a text.
const ErrTooSlow = "PATTERN_TOO_SLOW"
