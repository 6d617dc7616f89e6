package conversion

import (
	"fmt"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// node is a column, or what lies in one, with its place in the file. A value
// in Parquet carries two numbers: how much of its path is there (the
// definition level), and which list it goes on with (the repetition level).
type node struct {
	path         string // for messages: "user.name"
	kind         *Type
	definition   int // when the value is there
	repetition   int // of the second and further elements
	first, end   int // leaves that belong to it
	fields       []*node
	keys         map[string]int // of JSON to fields
	key, element *node
}

// shape lays the columns out. leaves counts them.
func (r *rules) shape(path string, t *Type, definition, repetition int, leaves *int) *node {
	n := &node{path: path, kind: t, definition: definition + 1, first: *leaves}
	switch t.Kind {
	case Array:
		n.repetition = repetition + 1
		n.element = r.shape(path+"[]", t.Element, definition+2, repetition+1, leaves)
	case Map:
		n.repetition = repetition + 1
		n.key = r.shape(path+"{}", t.Key, definition+1, repetition+1, leaves) // a key is always there
		n.element = r.shape(path+"{}", t.Element, definition+2, repetition+1, leaves)
	case Struct:
		n.keys = map[string]int{}
		for i := range t.Fields {
			f := &t.Fields[i]
			n.keys[r.keyOf(f.Name)] = i
			n.fields = append(n.fields, r.shape(strings.TrimPrefix(path+"."+f.Name, "."), &f.Type, definition+1, repetition, leaves))
		}
	default:
		*leaves++
	}
	n.end = *leaves
	return n
}

// shredder takes records apart into the columns' values.
type shredder struct {
	rules  *rules
	root   *node
	reader reader
	// leaves holds the values of the rows so far, by column; their bytes lie in
	// the records or in text.
	leaves [][]parquet.Value
	rows   int
	values int // with the nulls
	bytes  int // of the values that are there
	text   []byte
	seen   []bool // a stack: the fields that the open objects have had
	marks  []int
	lower  []byte
}

func newShredder(r *rules, columns []Column) *shredder {
	leaves := 0
	root := r.shape("", &Type{Kind: Struct, Fields: columns}, -1, 0, &leaves)
	return &shredder{rules: r, root: root, leaves: make([][]parquet.Value, leaves), marks: make([]int, leaves)}
}

// add appends a row for each JSON object of a record; or none, and says why.
func (s *shredder) add(record []byte) (refused *refusal) {
	rows, values, size, text := s.rows, s.values, s.bytes, len(s.text)
	for i := range s.leaves {
		s.marks[i] = len(s.leaves[i])
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *refusal:
			refused = r
			s.rows, s.values, s.bytes, s.text, s.seen = rows, values, size, s.text[:text], s.seen[:0]
			for i := range s.leaves {
				s.leaves[i] = s.leaves[i][:s.marks[i]]
			}
		default:
			panic(r)
		}
	}()
	s.reader = reader{text: record}
	for {
		switch c := s.reader.peek(); {
		case c == '{':
			s.object(s.root, 0, 0)
			s.rows++
		case s.reader.at < len(record):
			s.noObject()
		case s.rows == rows:
			malformed("the record is empty")
		default:
			return nil
		}
	}
}

func malformed(format string, args ...any) {
	panic(&refusal{malformedData, fmt.Sprintf(format, args...)})
}

// noObject refuses other JSON than objects, and what is no JSON.
func (s *shredder) noObject() {
	at := s.reader.at
	found := scalar{'c', s.reader.skip(0)}
	if c := found.text[0]; c != '[' && c != '{' {
		found.is = 'n'
	}
	malformed("offset %d: want a JSON object, found %s", at, found.describe())
}

// object reads a struct; what it does not have is null.
func (s *shredder) object(n *node, repetition, depth int) {
	base := len(s.seen)
	s.seen = append(s.seen, make([]bool, len(n.fields))...)
	s.reader.members(func(key []byte, asIs bool) {
		i, known := s.field(n, s.string(key, asIs))
		if !known {
			s.reader.skip(depth + 1)
			return
		}
		if s.seen[base+i] {
			s.reader.fail("duplicate key %q", clip(key))
		}
		s.seen[base+i] = true
		s.value(n.fields[i], repetition, depth+1)
	})
	for i, f := range n.fields {
		if !s.seen[base+i] {
			s.null(f, repetition, n.definition)
		}
	}
	s.seen = s.seen[:base]
}

// field finds the field that a key is about.
func (s *shredder) field(n *node, key []byte) (int, bool) {
	i, known := n.keys[string(key)]
	if !known && (s.rules.caseInsensitive || s.rules.convertDots) {
		s.lower = s.rules.appendKey(s.lower[:0], key)
		i, known = n.keys[string(s.lower)]
	}
	return i, known
}

// value reads the value of a node that stands next.
func (s *shredder) value(n *node, repetition, depth int) {
	if s.reader.peek() == 'n' {
		s.reader.word("null")
		s.null(n, repetition, n.definition-1)
		return
	}
	next := repetition
	switch n.kind.Kind {
	case Struct:
		s.want('{', n)
		s.object(n, repetition, depth)
	case Array:
		s.want('[', n)
		some := s.reader.elements(func() {
			s.value(n.element, next, depth+1)
			next = n.repetition
		})
		if !some {
			s.null(n, repetition, n.definition)
		}
	case Map:
		s.want('{', n)
		some := s.reader.members(func(key []byte, asIs bool) {
			s.leaf(n.key, next, scalar{'s', s.string(key, asIs)}, s.rules.mapKeys)
			s.value(n.element, next, depth+1)
			next = n.repetition
		})
		if !some {
			s.null(n, repetition, n.definition)
		}
	default:
		s.leaf(n, repetition, s.scalar(), s.rules)
	}
}

// want refuses a value of another shape than the column's.
func (s *shredder) want(mark byte, n *node) {
	if s.reader.peek() != mark {
		v := s.scalar()
		malformed("column %s: %s is no %s", n.path, v.describe(), n.kind)
	}
}

func (s *shredder) scalar() scalar {
	switch s.reader.peek() {
	case '"':
		return scalar{'s', s.string(s.reader.str())}
	case '{', '[':
		return scalar{'c', s.reader.skip(0)}
	case 't', 'f':
		return scalar{'b', s.reader.skip(0)}
	}
	return scalar{'n', s.reader.number()}
}

// string is what a string stands for.
func (s *shredder) string(raw []byte, asIs bool) []byte {
	if asIs {
		return raw
	}
	began := len(s.text)
	s.text = appendString(s.text, raw)
	return s.text[began:len(s.text):len(s.text)]
}

func (s *shredder) leaf(n *node, repetition int, v scalar, r *rules) {
	value, ok := r.convert(n.kind, v)
	if !ok {
		malformed("column %s: %s is no %s", n.path, v.describe(), n.kind)
	}
	s.values++
	s.bytes += 8
	if n.kind.Kind == String || n.kind.Kind == Binary {
		s.bytes += len(v.text)
	}
	s.leaves[n.first] = append(s.leaves[n.first], value.Level(repetition, n.definition, n.first))
}

// null says in all columns of a node how far its path is there.
func (s *shredder) null(n *node, repetition, definition int) {
	s.values += n.end - n.first
	for i := n.first; i < n.end; i++ {
		s.leaves[i] = append(s.leaves[i], parquet.NullValue().Level(repetition, definition, i))
	}
}

// clear forgets the rows, which have been written.
func (s *shredder) clear() {
	for i := range s.leaves {
		clear(s.leaves[i]) // they hold on to records
		s.leaves[i] = s.leaves[i][:0]
	}
	s.rows, s.values, s.bytes, s.text, s.reader = 0, 0, 0, s.text[:0], reader{}
}
