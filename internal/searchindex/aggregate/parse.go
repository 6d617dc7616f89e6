package aggregate

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/millrace/millrace/internal/searchindex/date"
	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/query"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// Parsed are the aggregations of a request, checked.
type Parsed struct{ specs []*spec }

// spec is one aggregation as it was asked.
type spec struct {
	name  string
	kind  string
	build func(*spec, *budget) collector
	subs  []*spec

	field       string
	size        int
	minDocCount int64
	order       []order
	keyed       bool
	grid        grid
	bounds      *[2]float64 // extended_bounds
	format      *date.Format
	ranges      []interval
	filters     []namedFilter
	percents    []float64
	unkeyed     bool    // percentiles with keyed false
	sigma       float64 // of extended_stats
	missing     *jsontree.Value
	include     *choice
	exclude     *choice
	meta        string // as given
}

type namedFilter struct {
	name  string
	query query.Query
}

// maxNesting bounds how deeply aggregations nest.
const maxNesting = 10

// unsupported are the aggregations that a real server knows and this one does not.
var unsupported = []string{
	"adjacency_matrix", "auto_date_histogram", "avg_bucket", "bucket_script", "bucket_selector", "bucket_sort", "children", "composite", "cumulative_sum",
	"derivative", "diversified_sampler", "extended_stats_bucket", "geo_bounds", "geo_centroid", "geohash_grid", "geotile_grid",
	"global", "ip_range", "matrix_stats", "max_bucket", "median_absolute_deviation", "min_bucket", "moving_avg", "moving_fn", "multi_terms", "nested",
	"parent", "percentile_ranks", "percentiles_bucket", "rare_terms", "reverse_nested", "sampler", "scripted_metric", "serial_diff",
	"significant_terms", "significant_text", "stats_bucket", "sum_bucket", "top_hits", "variable_width_histogram", "weighted_avg",
}

// builders names the aggregations and what makes their collectors.
func builder(kind string) func(*spec, *budget) collector {
	switch kind {
	case "sum", "avg", "min", "max", "stats", "extended_stats", "value_count":
		return newSummary
	case "cardinality":
		return newCardinality
	case "terms":
		return newTerms
	case "date_histogram", "histogram":
		return newHistogram
	case "percentiles":
		return newPercentiles
	case "missing":
		return newMissing
	case "range", "date_range":
		return newRanges
	case "filters", "filter":
		return newFilters
	}
	return nil
}

// Parse reads the object "aggs" at v, a part of body.
func Parse(body string, v jsontree.Value) (*Parsed, *wire.Error) {
	p := parser{body}
	specs, err := p.aggregations(v, 0)
	return &Parsed{specs}, err
}

type parser struct{ body string }

func (p parser) errorf(at int, format string, args ...any) *wire.Error {
	return wire.Errorf("parsing_exception", format, args...).At(p.body, at)
}

var nameForm = regexp.MustCompile(`^[^\[\]>]+$`)

// aggregations = "{" { name ":" "{" kind ":" parameters [ "aggs" ":" aggregations ] "}" } "}"
func (p parser) aggregations(v jsontree.Value, depth int) ([]*spec, *wire.Error) {
	if depth > maxNesting {
		return nil, wire.Unsupported("nesting aggregations more than " + strconv.Itoa(maxNesting) + " deep")
	}
	if v.Kind != jsontree.Object {
		return nil, p.errorf(v.Offset, "Expected [START_OBJECT] under [aggs]")
	}
	var specs []*spec
	for _, m := range v.Members {
		if !nameForm.MatchString(m.Name) {
			return nil, p.errorf(m.Value.Offset, "Invalid aggregation name [%s]. Aggregation names can contain any character except '[', ']', and '>'", m.Name)
		}
		if m.Value.Kind != jsontree.Object {
			return nil, p.errorf(m.Value.Offset, "Aggregation definition for [%s starts with a [%s], expected a [START_OBJECT].", m.Name, "VALUE")
		}
		s, err := p.aggregation(m.Name, m.Value, depth)
		if err != nil {
			return nil, err
		}
		specs = append(specs, s)
	}
	return specs, nil
}

func (p parser) aggregation(name string, v jsontree.Value, depth int) (*spec, *wire.Error) {
	s := &spec{name: name}
	var err *wire.Error
	for _, m := range v.Members {
		switch {
		case m.Name == "aggs" || m.Name == "aggregations":
			s.subs, err = p.aggregations(m.Value, depth+1)
		case m.Name == "meta":
			s.meta = m.Value.Raw
		case s.kind != "":
			err = p.errorf(m.Value.Offset, "Found two aggregation type definitions in [%s]: [%s] and [%s]", name, s.kind, m.Name)
		case builder(m.Name) != nil:
			s.kind, s.build = m.Name, builder(m.Name)
			err = p.parameters(s, m.Value)
		case slices.Contains(unsupported, m.Name):
			err = wire.Unsupported("aggregation [" + m.Name + "]")
		default:
			err = p.errorf(m.Value.Offset, "Unknown aggregation type [%s]", m.Name)
			line, col := wire.Position(p.body, m.Value.Offset)
			err.CausedBy = wire.Errorf("named_object_not_found_exception", "[%d:%d] unknown field [%s]", line, col, m.Name)
		}
		if err != nil {
			return nil, err
		}
	}
	if s.kind == "" {
		return nil, p.errorf(v.Offset+len(v.Raw)-1, "Missing definition for aggregation [%s]", name)
	}
	if len(s.subs) > 0 && !slices.Contains([]string{"terms", "date_histogram", "histogram", "range", "date_range", "filters", "filter", "missing"}, s.kind) {
		e := wire.Errorf("aggregation_initialization_exception", "Aggregator [%s] of type [%s] cannot accept sub-aggregations", name, s.kind)
		e.Status = 500
		return nil, e
	}
	return s, nil
}

// Check finds what the real server's searches report, and not its parser: orders by sub-aggregations that are not there,
// and intervals left out.
func (p *Parsed) Check() *wire.Error { return check(p.specs) }

func check(specs []*spec) *wire.Error {
	for _, s := range specs {
		if s.kind == "date_histogram" && s.grid.fixed == 0 && s.grid.calendar == 0 {
			return wire.IllegalArgument("Invalid interval specified, must be non-null and non-empty")
		}
		if err := s.checkOrder(); err != nil {
			return err
		}
		if err := check(s.subs); err != nil {
			return err
		}
	}
	return nil
}

func (p parser) parameters(s *spec, v jsontree.Value) *wire.Error {
	s.size, s.percents, s.sigma = 10, defaultPercents, 2
	switch s.kind {
	case "terms":
		s.minDocCount, s.order = 1, []order{{by: "_count", descending: true}}
	case "date_histogram", "histogram":
		s.order = []order{{by: "_key"}}
	case "filter":
		q, err := query.Parse(p.body, v)
		s.filters = []namedFilter{{query: q}}
		return err
	}
	for _, first := range []bool{true, false} { // how dates are written is known before any is read
		for _, m := range v.Members {
			if (m.Name == "format" || m.Name == "time_zone") != first {
				continue
			}
			if err := p.parameter(s, m); err != nil {
				return err
			}
		}
	}
	return p.complete(s, v)
}

// parameter reads one parameter; which ones an aggregation has is decided here alone.
func (p parser) parameter(s *spec, m jsontree.Member) (err *wire.Error) {
	v := m.Value
	isTerms, isDates := s.kind == "terms", s.kind == "date_histogram"
	isHistogram := isDates || s.kind == "histogram"
	isRange := s.kind == "range" || s.kind == "date_range"
	switch {
	case m.Name == "field" && s.kind != "filters":
		s.field = v.Text
	case m.Name == "size" && isTerms:
		return p.size(s, m)
	case slices.Contains([]string{"shard_size", "shard_min_doc_count", "execution_hint", "collect_mode"}, m.Name) && isTerms,
		m.Name == "precision_threshold" && s.kind == "cardinality": // one shard, exact: nothing to tune
	case m.Name == "min_doc_count" && (isTerms || isHistogram):
		n, err := strconv.ParseInt(v.Text, 10, 64)
		if err != nil || n < 0 {
			return p.failed(s, m, wire.IllegalArgument("[minDocCount] must be greater than or equal to 0. Found [%s] in [%s]", v.Text, s.name))
		}
		if s.minDocCount = n; isTerms && n == 0 {
			return wire.Unsupported("[min_doc_count: 0] of aggregation [terms]")
		}
	case m.Name == "order" && (isTerms || isHistogram):
		s.order, err = parseOrder(v)
	case m.Name == "keyed" && (isHistogram || isRange):
		s.keyed = v.Text == "true"
	case m.Name == "keyed" && s.kind == "percentiles":
		s.unkeyed = v.Text == "false"
	case m.Name == "percents" && s.kind == "percentiles":
		return p.percents(s, m)
	case slices.Contains([]string{"tdigest", "compression"}, m.Name) && s.kind == "percentiles": // exact: nothing to tune
	case m.Name == "sigma" && s.kind == "extended_stats":
		s.sigma, err = p.double(s, m)
	case m.Name == "missing" && isTerms:
		s.missing = &v
	case m.Name == "include" && isTerms:
		s.include, err = p.choice(m)
	case m.Name == "exclude" && isTerms:
		s.exclude, err = p.choice(m)
	case m.Name == "interval" && s.kind == "histogram":
		s.grid.step, err = p.double(s, m)
	case m.Name == "interval" && isDates:
		return wire.Unsupported("[interval] of aggregation [date_histogram]: use [fixed_interval] or [calendar_interval], it")
	case m.Name == "fixed_interval" && isDates:
		s.grid.fixed, err = p.fixedInterval(s, m)
	case m.Name == "calendar_interval" && isDates:
		s.grid.calendar, err = p.calendarInterval(s, m)
	case m.Name == "offset" && isHistogram:
		return p.offset(s, m, isDates)
	case m.Name == "extended_bounds" && isHistogram:
		return p.extendedBounds(s, m, isDates)
	case m.Name == "format" && (isDates || s.kind == "date_range"):
		f, bad := date.NewFormat(v.Text)
		if bad != nil {
			return wire.IllegalArgument("%s", bad.Error())
		}
		s.format = &f
	case m.Name == "time_zone" && (isDates || s.kind == "date_range"):
		zone, ok := date.Zone(v.Text)
		if !ok {
			return p.failed(s, m, wire.Errorf("zone_rules_exception", "Unknown time-zone ID: %s", v.Text))
		}
		if zone != time.UTC {
			s.grid.zone = zone
		}
	case m.Name == "ranges" && isRange:
		return p.ranges(s, m)
	case m.Name == "filters" && s.kind == "filters":
		return p.filters(s, m)
	case slices.Contains([]string{"missing", "script", "include", "exclude", "format", "show_term_doc_count_error", "hard_bounds", "other_bucket", "other_bucket_key", "value_type", "execution_hint"}, m.Name):
		return wire.Unsupported("parameter [" + m.Name + "] of aggregation [" + s.kind + "]")
	default:
		line, col := wire.Position(p.body, m.Offset)
		return wire.Errorf("x_content_parse_exception", "[%d:%d] [%s] unknown field [%s]", line, col, s.kind, m.Name)
	}
	return err
}

func (p parser) failed(s *spec, m jsontree.Member, cause *wire.Error) *wire.Error {
	line, col := wire.Position(p.body, m.Value.Offset)
	e := wire.Errorf("x_content_parse_exception", "[%d:%d] [%s] failed to parse field [%s]", line, col, s.kind, m.Name)
	e.CausedBy = cause
	return e
}

func (p parser) size(s *spec, m jsontree.Member) *wire.Error {
	n, err := strconv.ParseInt(m.Value.Text, 10, 64)
	if err != nil || n < 1 || n > math.MaxInt32 {
		return p.failed(s, m, wire.IllegalArgument("[size] must be greater than 0. Found [%s] in [%s]", m.Value.Text, s.name))
	}
	s.size = int(n)
	return nil
}

func (p parser) double(s *spec, m jsontree.Member) (float64, *wire.Error) {
	f, err := strconv.ParseFloat(m.Value.Text, 64)
	if err != nil {
		return 0, p.failed(s, m, wire.Errorf("number_format_exception", "For input string: \"%s\"", m.Value.Text))
	}
	return f, nil
}

// complete checks what only all parameters together show.
func (p parser) complete(s *spec, v jsontree.Value) *wire.Error {
	switch {
	case s.kind == "filters" && len(s.filters) == 0:
		return wire.IllegalArgument("[filters] cannot be empty.")
	case s.kind == "filters":
	case s.field == "":
		return wire.IllegalArgument("Required one of fields [field, script], but none were specified. ")
	case s.kind == "histogram" && !(s.grid.step > 0):
		return wire.IllegalArgument("[interval] must be >0 for histogram aggregation [%s]", s.name)
	case s.kind == "date_histogram" && s.grid.fixed != 0 && s.grid.calendar != 0:
		return wire.IllegalArgument("Cannot use [fixed_interval] with [calendar_interval] configuration option.")
	case (s.kind == "range" || s.kind == "date_range") && len(s.ranges) == 0:
		return wire.IllegalArgument("No [ranges] specified for the [%s] aggregation", s.name)
	}
	return nil
}
