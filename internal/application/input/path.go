package input

import (
	"fmt"
	"strings"

	"github.com/millrace/millrace/internal/application/input/jsonscan"
)

// path is the part of JSONPath that schemas use.
type path struct {
	names jsonscan.Path
	array bool          // "[0:]" follows the names
	below jsonscan.Path // names after that
}

// more tells that the path leads into the elements of an array.
func (p *path) more() bool { return len(p.below) > 0 }

// wholeArray is the only index that AWS has: every element.
const wholeArray = "[0:]"

// parsePath reads a path.
//
//	path  = "$" [ index ] { "." name [ index ] }
//	index = "[0:]"
//
// One index may be followed by names; another one there is refused, except at
// the end, where it stands for the array's text.
func parsePath(s string) (p path, err error) {
	rest, ok := strings.CutPrefix(s, "$")
	if !ok || rest != "" && rest[0] != '.' && rest[0] != '[' {
		return p, fmt.Errorf("path %q does not begin with $ or $.", s)
	}
	if p.array, rest, err = index(s, rest); err != nil {
		return p, err
	}
	for rest != "" {
		end := 1 + strings.IndexAny(rest[1:], ".[")
		if end == 0 {
			end = len(rest)
		}
		name := rest[1:end]
		if rest[0] != '.' || name == "" {
			return p, fmt.Errorf("path %q has an empty name", s)
		}
		var array bool
		if array, rest, err = index(s, rest[end:]); err != nil {
			return p, err
		}
		switch {
		case !p.array:
			p.names, p.array = append(p.names, name), array
		case array && rest != "":
			return p, fmt.Errorf("path %q: arrays in arrays are not supported, only one array can become rows", s)
		default:
			p.below = append(p.below, name)
		}
	}
	return p, nil
}

// index reads the index that may follow a name of the path s.
func index(s, rest string) (bool, string, error) {
	if !strings.HasPrefix(rest, "[") {
		return false, rest, nil
	}
	if !strings.HasPrefix(rest, wholeArray) {
		to := strings.IndexByte(rest, ']') + 1
		if to == 0 {
			to = len(rest)
		}
		return false, rest, fmt.Errorf("path %q: the index %s is not supported, only %s is", s, rest[:to], wholeArray)
	}
	rest = rest[len(wholeArray):]
	if rest != "" && rest[0] != '.' {
		return false, rest, fmt.Errorf("path %q: arrays in arrays are not supported", s)
	}
	return true, rest, nil
}
