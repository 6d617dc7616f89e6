package types

// Day numbers count from 1970-01-01 in the proleptic Gregorian calendar, UTC. The arithmetic is the well known one of
// 400-year eras that begin in March; it needs neither time.Time nor allocation.

// FloorDiv returns the greatest integer not above a/b, for b > 0.
func FloorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// DayNumber returns the day number of a civil date. Months and days beyond their range carry over, as in Java.
func DayNumber(year, month, day int64) int64 {
	month--
	year += FloorDiv(month, 12)
	month -= FloorDiv(month, 12) * 12
	month++
	if month <= 2 {
		year--
		month += 12
	}
	era := FloorDiv(year, 400)
	yearOfEra := year - era*400
	dayOfYear := (153*(month-3)+2)/5 + day - 1
	dayOfEra := yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear
	return era*146097 + dayOfEra - 719468
}

// CivilDate returns the civil date of a day number.
func CivilDate(days int64) (year, month, day int64) {
	days += 719468
	era := FloorDiv(days, 146097)
	dayOfEra := days - era*146097
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36524 - dayOfEra/146096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	month = (5*dayOfYear + 2) / 153
	day = dayOfYear - (153*month+2)/5 + 1
	year = yearOfEra + era*400
	if month += 3; month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}

// daysIn returns the number of days of a month from 1 to 12.
func daysIn(year, month int64) int64 { return DayNumber(year, month+1, 1) - DayNumber(year, month, 1) }

// AddMonths moves a timestamp by months; a day beyond the end of the month becomes its last.
func AddMonths(ms, months int64) int64 {
	days := FloorDiv(ms, 86_400_000)
	year, month, day := CivilDate(days)
	month += months
	first := DayNumber(year, month, 1)
	if last := DayNumber(year, month+1, 1) - first; day > last {
		day = last
	}
	return (first+day-1)*86_400_000 + ms - days*86_400_000
}

// FloorTo returns the last beginning of a unit at or before a timestamp.
func FloorTo(ms int64, u Unit) int64 {
	if n := u.Milliseconds(); n > 0 {
		return FloorDiv(ms, n) * n
	}
	year, month, _ := CivilDate(FloorDiv(ms, 86_400_000))
	if u == Year {
		month = 1
	}
	return DayNumber(year, month, 1) * 86_400_000
}

// NextTo returns the first beginning of a unit after a timestamp.
func NextTo(ms int64, u Unit) int64 {
	floor := FloorTo(ms, u)
	switch u {
	case Year:
		return AddMonths(floor, 12)
	case Month:
		return AddMonths(floor, 1)
	}
	return floor + u.Milliseconds()
}
