package searchindex

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/wire"
)

func pathParts(u *url.URL) ([]string, bool) {
	path := strings.Trim(u.EscapedPath(), "/")
	if path == "" {
		return nil, true
	}
	var parts []string
	for part := range strings.SplitSeq(path, "/") {
		decoded, err := url.PathUnescape(part)
		if err != nil {
			return nil, false
		}
		parts = append(parts, decoded)
	}
	return parts, true
}

func (r *request) matches(pattern string, parts []string) bool {
	pattern = strings.Trim(pattern, "/")
	if pattern == "" {
		return len(parts) == 0
	}
	wanted := strings.Split(pattern, "/")
	if len(wanted) != len(parts) {
		return false
	}
	index, id, name := "", "", ""
	for i, want := range wanted {
		switch {
		case want == "{name}":
			name = parts[i]
		case want == "{index}" && (!strings.HasPrefix(parts[i], "_") || parts[i] == "_all"):
			index = parts[i]
		case want == "{id}":
			id = parts[i]
		case want != parts[i]:
			return false
		}
	}
	r.index, r.id, r.name = index, id, name
	return true
}

func (r *request) checkParams(known string) *wire.Error {
	params, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return wire.IllegalArgument("query string [%s]: %s", r.URL.RawQuery, err.Error())
	}
	r.params = params
	for name := range params {
		switch {
		case name == "error_trace" || name == "source":
			return wire.Unsupported("parameter [" + name + "]")
		case name == "pretty" || name == "human" || name == "filter_path" || slices.Contains(strings.Fields(known), name):
		default:
			return wire.IllegalArgument("request [%s] contains unrecognized parameter: [%s]", r.URL.Path, name)
		}
	}
	return nil
}

// flag reads a boolean parameter; a name without value means true.
func (r *request) flag(name string, otherwise bool) (bool, *wire.Error) {
	if !r.params.Has(name) {
		return otherwise, nil
	}
	switch v := r.params.Get(name); v {
	case "", "true":
		return true, nil
	case "false":
		return false, nil
	default:
		return false, wire.IllegalArgument("Failed to parse value [%s] as only [true] or [false] are allowed.", v)
	}
}

// number reads a whole number among the parameters.
func (r *request) number(name string, otherwise int) (int, *wire.Error) {
	if !r.params.Has(name) {
		return otherwise, nil
	}
	text := r.params.Get(name)
	n, err := strconv.Atoi(text)
	if err != nil {
		e := wire.IllegalArgument("Failed to parse int parameter [%s] with value [%s]", name, text)
		e.CausedBy = wire.Errorf("number_format_exception", "For input string: \"%s\"", text)
		return 0, e
	}
	return n, nil
}
