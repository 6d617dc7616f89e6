package tail

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// Glob is a file pattern: a literal folder and a last component of Java's NIO glob syntax: * ? [abc] [!abc] {a,b} and backslash escapes. A star matches
// a leading dot, too.
type Glob struct {
	Dir  string
	name *regexp.Regexp
}

// ParseGlob reads a filePattern. It must have a folder and must not end in a slash.
func ParseGlob(pattern string) (Glob, error) {
	dir, base := filepath.Split(pattern)
	switch {
	case dir == "":
		return Glob{}, fmt.Errorf("file pattern %q has no folder", pattern)
	case base == "":
		return Glob{}, fmt.Errorf("file pattern %q ends in a slash", pattern)
	}
	expr, err := globExpression(base)
	if err != nil {
		return Glob{}, fmt.Errorf("file pattern %q: %w", pattern, err)
	}
	name, err := regexp.Compile(`(?s)\A(?:` + expr + `)\z`)
	if err != nil {
		return Glob{}, fmt.Errorf("file pattern %q: %w", pattern, err)
	}
	return Glob{Dir: filepath.Clean(dir), name: name}, nil
}

// Match reports whether a file of this name in the folder belongs to the pattern. Compressed files never do.
func (g Glob) Match(name string) bool {
	switch filepath.Ext(name) {
	case ".gz", ".bz2", ".zip":
		return false
	}
	return g.name.MatchString(name)
}

func globExpression(base string) (string, error) {
	var out strings.Builder
	inGroup := false
	for i := 0; i < len(base); i++ {
		switch c := base[i]; c {
		case '*':
			out.WriteString(`.*`)
		case '?':
			out.WriteString(`.`)
		case '\\':
			if i++; i == len(base) {
				return "", fmt.Errorf("backslash at the end")
			}
			out.WriteString(regexp.QuoteMeta(base[i : i+1]))
		case '[':
			end := strings.IndexByte(base[i:], ']')
			if end < 2 {
				return "", fmt.Errorf("'[' without ']'")
			}
			out.WriteString(globClass(base[i+1 : i+end]))
			i += end
		case '{':
			if inGroup {
				return "", fmt.Errorf("group within a group")
			}
			inGroup = true
			out.WriteString(`(?:`)
		case '}':
			if !inGroup {
				out.WriteString(`\}`)
				continue
			}
			inGroup = false
			out.WriteString(`)`)
		case ',':
			if inGroup {
				out.WriteString(`|`)
			} else {
				out.WriteString(`,`)
			}
		default:
			out.WriteString(regexp.QuoteMeta(base[i : i+1]))
		}
	}
	if inGroup {
		return "", fmt.Errorf("'{' without '}'")
	}
	return out.String(), nil
}

func globClass(set string) string {
	negated := ""
	if rest, ok := strings.CutPrefix(set, "!"); ok {
		negated, set = "^", rest
	}
	return "[" + negated + strings.NewReplacer(`\`, `\\`, `[`, `\[`, `^`, `\^`).Replace(set) + "]"
}
