package wire

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/millrace/millrace/internal/searchindex/jsontree"
)

// Error is a refusal in the shape of OpenSearch's exceptions.
type Error struct {
	Type     string
	Reason   string
	Extra    Object // further members: index, line, col
	CausedBy *Error
	Root     *Error // what root_cause shows; the error itself when nil
	Status   int    // 400 when zero

	phase    Object // of a search: phase, grouped, failed_shards
	rootless bool   // root_cause is empty
}

// Errorf returns a 400.
func Errorf(kind, format string, args ...any) *Error {
	return &Error{Type: kind, Reason: fmt.Sprintf(format, args...)}
}

// IllegalArgument is the error most refusals carry.
func IllegalArgument(format string, args ...any) *Error {
	return Errorf("illegal_argument_exception", format, args...)
}

// Unsupported refuses by name what a real server knows and this one does not.
func Unsupported(what string) *Error {
	return IllegalArgument("%s is not supported by the embedded search index", what)
}

func (e *Error) Error() string { return e.Type + ": " + e.Reason }

// StatusCode is the HTTP status of the error, of an item in a bulk as well as of a whole request.
func (e *Error) StatusCode() int {
	if e.Status == 0 {
		return http.StatusBadRequest
	}
	return e.Status
}

// At adds where in a request body the error lies.
func (e *Error) At(body string, offset int) *Error {
	line, col := Position(body, offset)
	e.Extra = append(e.Extra, Member{"line", line}, Member{"col", col})
	return e
}

// Position turns an offset into line and column, both from 1.
func Position(body string, offset int) (line, col int) {
	line, col = 1, 1
	for i := 0; i < offset && i < len(body); i++ {
		col++
		if body[i] == '\n' {
			line, col = line+1, 1
		}
	}
	return line, col
}

func (e *Error) object() Object {
	o := Object{{"type", e.Type}, {"reason", e.Reason}}
	o = append(o, e.phase...)
	o = append(o, e.Extra...)
	if e.CausedBy != nil {
		o = append(o, Member{"caused_by", e.CausedBy.object()})
	}
	return o
}

// Body is the answer that refuses a whole request.
func (e *Error) Body() Object {
	root := e
	for root.Root != nil {
		root = root.Root
	}
	cause := Object{{"type", root.Type}, {"reason", root.Reason}}
	cause = append(cause, root.Extra...)
	o := Object{{"root_cause", []any{cause}}}
	if e.rootless {
		o = Object{{"root_cause", []any{}}}
	}
	return Object{{"error", append(o, e.object()...)}, {"status", e.StatusCode()}}
}

// InShard wraps an error met while an index was searched, as a search over one shard reports it.
func (e *Error) InShard(index, node string) *Error {
	failed := Object{{"shard", 0}, {"index", index}, {"node", node}, {"reason", e.object()}}
	cause := *e
	if e.Root != nil {
		cause = *e.Root
	}
	if !slices.Contains(searchExceptions, cause.Type) {
		twin := *e
		cause.CausedBy = &twin
	}
	return &Error{
		Type: "search_phase_execution_exception", Reason: "all shards failed", Status: e.StatusCode(), Root: e, CausedBy: &cause,
		phase: Object{{"phase", "query"}, {"grouped", true}, {"failed_shards", []any{failed}}},
	}
}

// searchExceptions are those of the server itself; others, Java's, are shown once more as their own cause.
var searchExceptions = []string{"query_shard_exception", "search_exception", "parse_exception", "parsing_exception", "aggregation_execution_exception"}

// InReduce wraps an error met while the answer was put together, when no shard is to blame.
func (e *Error) InReduce() *Error {
	return &Error{
		Type: "search_phase_execution_exception", Status: e.StatusCode(), CausedBy: e, rootless: true,
		phase: Object{{"phase", "fetch"}, {"grouped", true}, {"failed_shards", []any{}}},
	}
}

// JSONLocation ends the reasons of JSON errors.
func JSONLocation(body string, offset int) string {
	line, col := Position(body, offset)
	return fmt.Sprintf("\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: %d, column: %d]", line, col)
}

// Syntax shapes what the JSON parser found.
func Syntax(body string, err *jsontree.SyntaxError) *Error {
	kind := "json_parse_exception"
	if err.EOF {
		kind = "json_e_o_f_exception"
	}
	return Errorf(kind, "%s%s", err.Reason, JSONLocation(body, err.Offset))
}
