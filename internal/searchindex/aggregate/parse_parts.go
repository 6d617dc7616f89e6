package aggregate

import (
	"math"
	"regexp"
	"strconv"
	"time"

	"github.com/millrace/millrace/internal/searchindex/date"
	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/query"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

var durationForm = regexp.MustCompile(`^([0-9]{1,15})(ms|s|m|h|d)$`)

// parseDuration reads 10s, 1h, 7d as milliseconds.
func parseDuration(text string) (int64, bool) {
	parts := durationForm.FindStringSubmatch(text)
	if parts == nil {
		return 0, false
	}
	n, _ := strconv.ParseInt(parts[1], 10, 64)
	unit := map[string]time.Duration{"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}[parts[2]].Milliseconds()
	return n * unit, n <= math.MaxInt64/unit
}

func (p parser) fixedInterval(s *spec, m jsontree.Member) (int64, *wire.Error) {
	ms, ok := parseDuration(m.Value.Text)
	if !ok {
		return 0, p.failed(s, m, wire.IllegalArgument("failed to parse setting [date_histogram.fixedInterval] with value [%s] as a time value: unit is missing or unrecognized", m.Value.Text))
	}
	if ms == 0 {
		return 0, p.failed(s, m, wire.IllegalArgument("Zero or negative time interval not supported"))
	}
	return ms, nil
}

func (p parser) calendarInterval(s *spec, m jsontree.Member) (byte, *wire.Error) {
	switch m.Value.Text {
	case "second", "1s":
		return 's', nil
	case "minute", "1m":
		return 'm', nil
	case "hour", "1h":
		return 'h', nil
	case "day", "1d":
		return 'd', nil
	case "week", "1w":
		return 'w', nil
	case "month", "1M":
		return 'M', nil
	case "quarter", "1q":
		return 'q', nil
	case "year", "1y":
		return 'y', nil
	}
	return 0, p.failed(s, m, wire.IllegalArgument("The supplied interval [%s] could not be parsed as a calendar interval.", m.Value.Text))
}

// offset = number | [ "+" | "-" ] duration
func (p parser) offset(s *spec, m jsontree.Member, dates bool) (err *wire.Error) {
	if !dates || m.Value.Kind == jsontree.Number {
		s.grid.offset, err = p.double(s, m)
		return err
	}
	text, sign := m.Value.Text, 1.0
	if text != "" && (text[0] == '+' || text[0] == '-') {
		if text[0] == '-' {
			sign = -1
		}
		text = text[1:]
	}
	ms, ok := parseDuration(text)
	if !ok {
		return p.failed(s, m, wire.IllegalArgument("failed to parse setting [DateHistogramAggregationBuilder.parseOffset] with value [%s] as a time value: unit is missing or unrecognized", m.Value.Text))
	}
	s.grid.offset = sign * float64(ms)
	return nil
}

func (p parser) extendedBounds(s *spec, m jsontree.Member, dates bool) *wire.Error {
	var bounds [2]float64
	for i, name := range []string{"min", "max"} {
		v, ok := m.Value.Get(name)
		if !ok {
			return wire.Unsupported("[extended_bounds] without [" + name + "]")
		}
		if f, err := strconv.ParseFloat(v.Text, 64); err == nil && (v.Kind == jsontree.Number || !dates) {
			bounds[i] = f
			continue
		}
		if !dates {
			return p.failed(s, m, wire.IllegalArgument("For input string: \"%s\"", v.Text))
		}
		format := date.Default()
		if s.format != nil {
			format = *s.format
		}
		ms, _, ok := format.In(s.grid.zone).Resolve(v.Text, time.Now())
		if !ok {
			return p.failed(s, m, wire.IllegalArgument("failed to parse date field [%s] with format [%s]", v.Text, format.Text))
		}
		bounds[i] = float64(ms)
	}
	if bounds[0] > bounds[1] {
		return wire.IllegalArgument("[extended_bounds.min][%v] cannot be greater than [extended_bounds.max][%v] for histogram aggregation [%s]", bounds[0], bounds[1], s.name)
	}
	s.bounds = &bounds
	return nil
}

func (p parser) ranges(s *spec, m jsontree.Member) *wire.Error {
	for _, v := range m.Value.Elems {
		r := interval{from: math.Inf(-1), to: math.Inf(1)}
		for _, part := range v.Members {
			var err *wire.Error
			switch part.Name {
			case "key":
				r.key = part.Value.Text
			case "from":
				if r.hasFrom = part.Value.Kind != jsontree.Null; r.hasFrom && s.kind == "range" {
					r.from, err = p.double(s, part)
				}
				r.fromText = part.Value.Text
			case "to":
				if r.hasTo = part.Value.Kind != jsontree.Null; r.hasTo && s.kind == "range" {
					r.to, err = p.double(s, part)
				}
				r.toText = part.Value.Text
			default:
				err = p.failed(s, m, wire.Errorf("x_content_parse_exception", "[range] unknown field [%s]", part.Name))
			}
			if err != nil {
				return err
			}
		}
		if r.key == "" && s.kind == "range" {
			r.key = rangeKey(r)
		}
		s.ranges = append(s.ranges, r)
	}
	return nil
}

func (p parser) filters(s *spec, m jsontree.Member) *wire.Error {
	s.keyed = m.Value.Kind == jsontree.Object
	for _, named := range m.Value.Members {
		q, err := query.Parse(p.body, named.Value)
		if err != nil {
			return err
		}
		s.filters = append(s.filters, namedFilter{named.Name, q})
	}
	for _, v := range m.Value.Elems {
		q, err := query.Parse(p.body, v)
		if err != nil {
			return err
		}
		s.filters = append(s.filters, namedFilter{query: q})
	}
	return nil
}
