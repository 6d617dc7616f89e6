package logformat

// span is a piece of a line. start < 0 stands for a group that took no part in the match.
type span struct{ start, end int }

// layout knows the names of a format's fields and writes their values. Each name is kept as the text between the previous value and the
// opening quote of its own.
type layout struct {
	names    []string
	heads    []string // `{"host":"`, `,"ident":"`, …
	groups   []int    // which span each written field takes its value from
	tail     string   // behind the last value
	fixed    int      // bytes that a record needs beside its values
	width    int      // names that were given, repeated ones too
	dashNull bool     // a lone dash is null
}

// newLayout keeps a repeated name at its first place with the value of its last, as a Java LinkedHashMap does.
func newLayout(fields []string, pretty, dashNull bool) layout {
	l := layout{width: len(fields), dashNull: dashNull}
	place := make(map[string]int)
	for group, name := range fields {
		if at, seen := place[name]; seen {
			l.groups[at] = group
			continue
		}
		place[name] = len(l.names)
		l.names = append(l.names, name)
		l.groups = append(l.groups, group)
	}
	w := jsonWriter{pretty: pretty}
	for i, name := range l.names {
		head := append(w.key(nil, i == 0, 1, []byte(name)), '"')
		l.heads = append(l.heads, string(head))
		l.fixed += len(head) + len(`"`)
	}
	if l.tail = string(w.end(nil, 0)); len(l.names) == 0 {
		l.tail = string(w.object(nil, &jsonNode{kind: jsonObject}, 0))
	}
	l.fixed += len(l.tail)
	return l
}

// Fields are the written names in order.
func (l *layout) Fields() []string { return l.names }

// appendObject writes the values that spans cut from line. Missing spans are null, as is a lone dash where the format says so.
func (l *layout) appendObject(dst, line []byte, spans []span) []byte {
	dst = grow(dst, l.fixed+len(line))
	for i, head := range l.heads {
		dst = append(dst, head...)
		s := span{-1, -1}
		if g := l.groups[i]; g < len(spans) {
			s = spans[g]
		}
		if s.start < 0 || l.dashNull && s.end-s.start == 1 && line[s.start] == '-' {
			dst = append(dst[:len(dst)-1], "null"...)
			continue
		}
		dst = appendText(dst, line[s.start:s.end])
		dst = append(dst, '"')
	}
	return append(dst, l.tail...)
}

func grow(dst []byte, n int) []byte {
	if cap(dst)-len(dst) >= n {
		return dst
	}
	grown := make([]byte, len(dst), 2*cap(dst)+n)
	copy(grown, dst)
	return grown
}
