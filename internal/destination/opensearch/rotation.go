package opensearch

import (
	"fmt"
	"time"
)

// Rotation says how often documents go to a new index, by Firehose's names. The time is that of each record's arrival,
// in UTC: a batch across midnight goes to two indices.
//
// For OneWeek AWS's guide says two things that cannot both be: its table calls the week of Thursday, 2016-02-25 w08, which
// is its ISO week; its note has weeks begin on Sunday and the first one contain a Saturday of the year, which makes it
// w09. The table's way is taken: it is the example that people copy.
type Rotation string

const (
	NoRotation Rotation = "NoRotation"
	OneHour    Rotation = "OneHour"
	OneDay     Rotation = "OneDay"
	OneWeek    Rotation = "OneWeek" // ISO weeks: they begin on Monday, and the first has the year's first Thursday
	OneMonth   Rotation = "OneMonth"
)

func (r Rotation) check() error {
	switch r {
	case NoRotation, OneHour, OneDay, OneWeek, OneMonth:
		return nil
	}
	return fmt.Errorf("index rotation period %q: want NoRotation, OneHour, OneDay, OneWeek or OneMonth", string(r))
}

// Index returns the name of the index for a record that arrived at that time, in milliseconds.
func (r Rotation) Index(name string, arrival int64) string {
	t := time.UnixMilli(arrival).UTC()
	switch r {
	case OneHour:
		return name + t.Format("-2006-01-02-15")
	case OneDay:
		return name + t.Format("-2006-01-02")
	case OneWeek:
		year, week := t.ISOWeek()
		return fmt.Sprintf("%s-%04d-w%02d", name, year, week)
	case OneMonth:
		return name + t.Format("-2006-01")
	}
	return name
}
