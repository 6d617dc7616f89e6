package types

// Unit is a field of a time or interval, coarsest first.
type Unit uint8

const (
	NoUnit Unit = iota
	Year
	Month
	Day
	Hour
	Minute
	Second
)

var unitNames = [...]string{"", "YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"}

func (u Unit) String() string { return unitNames[u] }

// Milliseconds returns the length of a unit of fixed length; YEAR and MONTH have none and return 0.
func (u Unit) Milliseconds() int64 {
	switch u {
	case Day:
		return 86_400_000
	case Hour:
		return 3_600_000
	case Minute:
		return 60_000
	case Second:
		return 1_000
	}
	return 0
}

// ParseUnit reads the name of a unit in upper case.
func ParseUnit(s string) (Unit, bool) {
	for u := Year; u <= Second; u++ {
		if unitNames[u] == s {
			return u, true
		}
	}
	return NoUnit, false
}
