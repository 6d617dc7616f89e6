package types

// days resolves the fields to a day as java.util.GregorianCalendar does, weeks beginning on Sunday and week 1 holding the first
// day of the year or month.
func (d *dateFields) days() int64 {
	if d.stamp[weekYear] > d.stamp[year] {
		return d.weekDate()
	}
	y := d.value[year]
	if d.has(era) && d.value[era] == 0 {
		y = 1 - y
	}
	dow := d.stamp[dayOfWeek]
	with := func(f calendarField) int64 {
		if dow == 0 || d.stamp[f] == 0 {
			return 0
		}
		return max(dow, d.stamp[f])
	}
	byDay, byYear := d.stamp[day], d.stamp[dayOfYear]
	byMonthWeek, byInMonth, byWeek := with(weekOfMonth), with(weekdayInMonth), with(weekOfYear)
	best := max(byDay, byMonthWeek, byInMonth, byYear, byWeek)
	if best == 0 {
		// No combination is complete: a week alone, or a day of the week alone, will do.
		byMonthWeek, byInMonth, byWeek = d.stamp[weekOfMonth], max(d.stamp[weekdayInMonth], dow), d.stamp[weekOfYear]
		if best = max(byMonthWeek, byInMonth, byWeek); best == 0 {
			byDay, best = d.stamp[month], d.stamp[month]
		}
	}
	first := DayNumber(y, d.value[month], 1)
	switch {
	case best == byDay:
		return first + d.value[day] - 1
	case best == byMonthWeek && d.stamp[weekOfMonth] >= max(d.stamp[weekOfYear], d.stamp[weekdayInMonth]):
		return d.inWeek(first, d.value[weekOfMonth])
	case best == byInMonth && d.stamp[weekdayInMonth] >= d.stamp[weekOfYear]:
		return d.inMonth(first, y)
	case best == byYear:
		return DayNumber(y, 1, 1) + d.value[dayOfYear] - 1
	}
	return d.inWeek(DayNumber(y, 1, 1), d.value[weekOfYear])
}

// weekDate is a year of weeks, a week and a day of it.
func (d *dateFields) weekDate() int64 {
	week, dow := int64(1), int64(1)
	if d.has(weekOfYear) {
		week = d.value[weekOfYear]
	}
	if d.has(dayOfWeek) {
		dow = d.value[dayOfWeek]
	}
	if dow < 1 || dow > 7 {
		// Java carries a day beyond 7 over and then counts it from Monday.
		week += FloorDiv(dow-1, 7)
		dow = (dow-1-FloorDiv(dow-1, 7)*7+1)%7 + 1
	}
	first := DayNumber(d.value[weekYear], 1, 1)
	return first - weekday(first) + (week-1)*7 + dow - 1
}

// inWeek is the day of the week in a week, counted from that of the day first; its Sunday when no day of the week was met.
func (d *dateFields) inWeek(first, week int64) int64 {
	start := first - weekday(first)
	if d.has(dayOfWeek) {
		start = onOrBefore(start+6, d.value[dayOfWeek])
	}
	return start + (week-1)*7
}

// inMonth is the n-th day of that name in a month, counted from its end when n is negative.
func (d *dateFields) inMonth(first, y int64) int64 {
	dow, n := int64(1), int64(1)
	if d.has(dayOfWeek) {
		dow = d.value[dayOfWeek]
	}
	if d.has(weekdayInMonth) {
		n = d.value[weekdayInMonth]
	}
	if n < 0 {
		last := DayNumber(y, d.value[month]+1, 1) - 1
		return onOrBefore(last+7*(n+1), dow)
	}
	return onOrBefore(first+7*n-1, dow)
}

// onOrBefore is the last day of that name, 1 being Sunday, that is not behind a day.
func onOrBefore(days, dow int64) int64 {
	return days - (weekday(days)-(dow-1)%7+14)%7
}

// hour resolves the hour: one of 24, or one of 12 with its half of the day; whichever was met last.
func (d *dateFields) hour() int64 {
	half := int64(0)
	if d.has(hourOfHalf) && d.has(amPm) {
		half = max(d.stamp[hourOfHalf], d.stamp[amPm])
	}
	if d.has(hourOfDay) && d.stamp[hourOfDay] >= half {
		return d.value[hourOfDay]
	}
	return d.value[hourOfHalf] + 12*d.value[amPm]
}
