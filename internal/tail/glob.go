package tail

import (
	"fmt"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// Glob is a file pattern in Java's NIO glob syntax: * ? [abc] [!abc] {a,b} and backslash escapes, in the file's name and, unlike with the Kinesis Agent, in the names of
// folders; ** stands for any folders, or none. A star matches a leading dot, too.
type Glob struct {
	Dir   string // the folder below which all files lie
	parts []globPart
}

// globPart is a path component: a literal, a pattern, or any folders.
type globPart struct {
	literal string
	name    *regexp.Regexp
	any     bool
}

// ParseGlob reads a filePattern. It must have a folder and must not end in a slash.
func ParseGlob(pattern string) (Glob, error) {
	slashed := pattern
	if runtime.GOOS == "windows" {
		slashed = filepath.ToSlash(pattern)
	}
	components := strings.Split(slashed, "/")
	switch last := len(components) - 1; {
	case last == 0:
		return Glob{}, fmt.Errorf("file pattern %q has no folder", pattern)
	case components[last] == "":
		return Glob{}, fmt.Errorf("file pattern %q ends in a slash", pattern)
	}
	var g Glob
	dir := []string{}
	for i, component := range components {
		part, err := parseGlobPart(component)
		if err != nil {
			return Glob{}, fmt.Errorf("file pattern %q: %w", pattern, err)
		}
		if len(g.parts) == 0 && part.literal != "" && i < len(components)-1 || component == "" {
			dir = append(dir, part.literal)
			continue
		}
		g.parts = append(g.parts, part)
	}
	g.Dir = filepath.Clean(filepath.FromSlash(strings.Join(dir, "/") + "/"))
	if strings.Join(dir, "/") == "" && !strings.HasPrefix(slashed, "/") {
		g.Dir = "."
	}
	return g, nil
}

func parseGlobPart(component string) (globPart, error) {
	if component == "**" {
		return globPart{any: true}, nil
	}
	if !strings.ContainsAny(component, `*?[{\`) {
		return globPart{literal: component}, nil
	}
	expr, err := globExpression(component)
	if err != nil {
		return globPart{}, err
	}
	name, err := regexp.Compile(`(?s)\A(?:` + expr + `)\z`)
	return globPart{name: name}, err
}

func (p globPart) match(name string) bool {
	return p.any || p.literal == name || p.name != nil && p.name.MatchString(name)
}

// Match reports whether a file of this name, in a folder that fits, belongs to the pattern. Compressed files never do.
func (g Glob) Match(name string) bool {
	return !isCompressed(name) && g.parts[len(g.parts)-1].match(name)
}

func isCompressed(name string) bool {
	switch filepath.Ext(name) {
	case ".gz", ".bz2", ".zip", ".xz", ".zst":
		return true
	}
	return false
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
