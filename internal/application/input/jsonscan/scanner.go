package jsonscan

import (
	"bytes"
	"slices"
	"unsafe"
)

// Scanner reads the wanted members of records. It belongs to one goroutine.
type Scanner struct {
	root  *node
	alias []int // of each path: the path that it repeats, usually itself
	wants int   // distinct paths
	twice bool  // some path repeats another

	shapes []*shape
	last   int // the shape that fitted last
	credit int
	hits   int
	lesson lesson

	left  int    // wanted values not yet found, while reading strictly
	arena []byte // characters of strings with escapes
}

// New makes a scanner for the members that the paths name. Paths are not empty.
func New(paths []Path) *Scanner {
	s := &Scanner{credit: learnCredit}
	s.root, s.alias = tree(paths)
	for i, a := range s.alias {
		if a == i {
			s.wants++
		} else {
			s.twice = true
		}
	}
	return s
}

// Reset ends the life of all values given out.
func (s *Scanner) Reset() { s.arena = s.arena[:0] }

// Scan reads the document that begins at or after start in data[start:end] and
// sets values, one for each path. A record may hold several documents: next is
// where the following one begins, or end. Errors are *SyntaxError, with
// offsets from start; the record has no further document then.
func (s *Scanner) Scan(data []byte, start, end int, values []Value) (next int, err error) {
	t := text{data, start, end}
	p := skipSpace(data, start, end)
	next, ok := s.fast(t, p, values)
	if !ok {
		if next, err = s.strict(t, p, values); err != nil {
			return end, err
		}
	}
	if s.twice {
		for i, a := range s.alias {
			values[i] = values[a]
		}
	}
	if next < end {
		next = skipSpace(data, next, end)
	}
	return next, nil
}

// fast tries the learned shapes, the last one first.
func (s *Scanner) fast(t text, p int, values []Value) (next int, ok bool) {
	if s.last < len(s.shapes) {
		if next, ok = s.follow(s.shapes[s.last], t, p, values); ok {
			s.hit()
			return next, true
		}
	}
	for i, sh := range s.shapes {
		if i == s.last {
			continue
		}
		if next, ok = s.follow(sh, t, p, values); ok {
			s.last = i
			s.hit()
			return next, true
		}
	}
	return 0, false
}

func (s *Scanner) hit() {
	if s.hits++; s.hits == hitsAPoint {
		s.hits, s.credit = 0, min(s.credit+1, learnCredit)
	}
}

// follow reads a document along a shape. It is not ok when the document
// differs or has a fault, which strict then names.
func (s *Scanner) follow(sh *shape, t text, p int, values []Value) (next int, ok bool) {
	data, end := t.data, t.end
	for i := range sh.steps {
		st := &sh.steps[i]
		if !st.at(data, p, end) {
			return 0, false
		}
		if p += len(st.text); p >= end {
			return 0, false
		}
		switch c := data[p]; {
		case c == '"':
			q := stringStop(data, p+1, end)
			if q < end && data[q] == '"' {
				if st.want >= 0 {
					values[st.want] = Value{String, t.slice(p+1, q)}
				}
				p = q + 1
				continue
			}
		case c-'1' < 9:
			q := p + 1
			for q < end && data[q]-'0' <= 9 {
				q++
			}
			if q < end && (data[q] == ',' || data[q] == '}') {
				if st.want >= 0 {
					values[st.want] = Value{Number, t.slice(p, q)}
				}
				p = q
				continue
			}
		case c == '{' && st.parent:
			return 0, false
		}
		k, q, err := t.value(p, st.depth)
		if err != nil {
			return 0, false
		}
		if st.want >= 0 {
			values[st.want] = s.make(t, k, p, q)
		}
		p = q
	}
	for _, i := range sh.missing {
		values[i] = Value{}
	}
	if sh.last != nil {
		return p + len(sh.last.text), sh.last.at(data, p, end)
	}
	next, err := t.finish(p, sh.depth)
	return next, err == nil
}

// finish finds the end of the document whose last wanted value ends at p.
func (t text) finish(p, depth int) (int, error) {
	p = skipSpace(t.data, p, t.end)
	if depth == 1 && p < t.end && t.data[p] == ',' {
		i := bytes.IndexByte(t.data[p:t.end], '}')
		if i >= 0 && skipSpace(t.data, p+i+1, t.end) == t.end {
			return t.end, nil
		}
	}
	return t.rest(p, depth)
}

// make is the value of a kind at data[p:q].
func (s *Scanner) make(t text, k Kind, p, q int) Value {
	if k != String {
		return Value{k, t.slice(p, q)}
	}
	raw := t.slice(p+1, q-1)
	if bytes.IndexByte(t.data[p:q], '\\') < 0 {
		return Value{k, raw}
	}
	from := len(s.arena)
	s.arena = appendUnescaped(s.arena, raw)
	if len(s.arena) == from {
		return Value{Kind: k}
	}
	return Value{k, unsafe.String(&s.arena[from], len(s.arena)-from)}
}

// strict reads a document by the grammar and learns its shape.
func (s *Scanner) strict(t text, p int, values []Value) (next int, err error) {
	clear(values)
	if p >= t.end || t.data[p] != '{' {
		return p, t.unexpected(p, "a JSON object")
	}
	s.left = s.wants
	s.lesson.begin(p)
	q, depth, err := s.members(t, p, s.root, 1, values)
	if err != nil {
		return q, err
	}
	if s.left == 0 {
		next, err = t.finish(q, depth)
	} else {
		next = q
	}
	if err == nil {
		s.learn(t, next, depth, values)
	}
	return next, err
}

// members reads the object at p, whose wanted members are below n. It stops
// after the last wanted value of the document, with the number of objects
// still open, or after the object's end.
func (s *Scanner) members(t text, p int, n *node, depth int, values []Value) (next, open int, err error) {
	p = skipSpace(t.data, p+1, t.end)
	if p < t.end && t.data[p] == '}' {
		return p + 1, depth - 1, nil
	}
	for {
		from, to, at, err := t.key(p)
		if err != nil {
			return at, depth, err
		}
		child := n.find(t.slice(from, to))
		switch {
		case child != nil && len(child.children) > 0 && at < t.end && t.data[at] == '{' && child.want < 0:
			if depth >= maxDepth {
				return at, depth, t.fail(at, "values nest deeper than %d", maxDepth)
			}
			q, open, err := s.members(t, at, child, depth+1, values)
			if err != nil || s.left == 0 {
				return q, open, err
			}
			p = q
		default:
			k, q, err := t.value(at, depth)
			if err != nil {
				return q, depth, err
			}
			s.take(t, child, k, at, q, depth, values)
			if k == Object && child != nil && len(child.children) > 0 { // wanted whole and in parts
				s.lesson.void = true
				if _, _, err := s.members(t, at, child, depth+1, values); err != nil {
					return q, depth, err
				}
			}
			if s.left == 0 {
				return q, depth, nil
			}
			p = q
		}
		done := false
		if p, done, err = t.next(p, '}'); done || err != nil {
			return p, depth - 1, err
		}
	}
}

// find returns the child whose name a member's raw name stands for.
func (n *node) find(raw string) *node {
	for i := 0; i < len(raw); i++ {
		if raw[i] == '\\' {
			return n.child(string(appendUnescaped(nil, raw)))
		}
	}
	return n.child(raw)
}

// take keeps the value of a member if it is wanted and the first of its name.
func (s *Scanner) take(t text, n *node, k Kind, p, q, depth int, values []Value) {
	want := -1
	if n != nil && n.want >= 0 && values[n.want].Kind == Missing {
		want = n.want
		values[want] = s.make(t, k, p, q)
		s.left--
	}
	s.lesson.value(t, p, q, step{want: want, parent: n != nil && len(n.children) > 0, depth: depth})
}

// learn keeps the shape of the document that was just read.
func (s *Scanner) learn(t text, next, depth int, values []Value) {
	l := &s.lesson
	if l.void || s.credit == 0 {
		return
	}
	sh := &shape{steps: slices.Clone(l.steps), depth: depth}
	if depth == 0 { // the document was read to its end
		for i, a := range s.alias {
			if a == i && values[i].Kind == Missing {
				sh.missing = append(sh.missing, i)
			}
		}
		last := newToken(string(t.data[l.from:next]))
		sh.last = &last
	}
	s.credit--
	if len(s.shapes) < maxShapes {
		s.shapes = append(s.shapes, sh)
		s.last = len(s.shapes) - 1
		return
	}
	s.last = (s.last + 1) % maxShapes
	s.shapes[s.last] = sh
}
