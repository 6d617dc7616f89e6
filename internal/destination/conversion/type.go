package conversion

import (
	"fmt"
	"strconv"
	"strings"
)

// Kind is what Hive calls a column's type.
type Kind uint8

const (
	Boolean Kind = iota + 1
	TinyInt
	SmallInt
	Int
	BigInt
	Float
	Double
	String
	Char
	Varchar
	Binary
	Timestamp
	Date
	Decimal
	Array
	Map
	Struct
)

var kindNames = [...]string{
	Boolean: "boolean", TinyInt: "tinyint", SmallInt: "smallint", Int: "int", BigInt: "bigint", Float: "float", Double: "double",
	String: "string", Char: "char", Varchar: "varchar", Binary: "binary", Timestamp: "timestamp", Date: "date", Decimal: "decimal",
	Array: "array", Map: "map", Struct: "struct",
}

func (k Kind) String() string { return kindNames[k] }

// Type is a column's type.
type Type struct {
	Kind             Kind
	Length           int      // of char and varchar, in characters
	Precision, Scale int      // of decimal, in digits
	Key              *Type    // of map: a primitive type
	Element          *Type    // of array; the values of map
	Fields           []Column // of struct
}

// String writes a type as Hive does; ParseType reads it.
func (t Type) String() string {
	switch t.Kind {
	case Char, Varchar:
		return fmt.Sprintf("%s(%d)", t.Kind, t.Length)
	case Decimal:
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	case Array:
		return "array<" + t.Element.String() + ">"
	case Map:
		return "map<" + t.Key.String() + "," + t.Element.String() + ">"
	case Struct:
		fields := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			fields[i] = f.Name + ":" + f.Type.String()
		}
		return "struct<" + strings.Join(fields, ",") + ">"
	}
	return t.Kind.String()
}

// maxDepth of types within types, and of JSON within JSON where the schema
// looks no further.
const maxDepth = 32

// typeError is a mistake in a type, at an offset in bytes.
type typeError struct {
	offset int
	text   string
}

func (e *typeError) Error() string { return e.text }

// ParseType reads a type as Hive and Glue write it:
//
//	type   = name | name "(" number ["," number] ")" | "array<" type ">" | "map<" type "," type ">" | "struct<" field {"," field} ">"
//	field  = name ":" type
func ParseType(text string) (Type, error) {
	p := &typeParser{text: text}
	t, err := p.parse(0)
	if p.word(); err == nil && p.at < len(p.text) {
		err = p.fail("want the end of the type, found %q", p.text[p.at:])
	}
	return t, err
}

type typeParser struct {
	text string
	at   int
}

func (p *typeParser) fail(format string, args ...any) error {
	return &typeError{p.at, fmt.Sprintf(format, args...)}
}

// word skips blanks and returns what stands before the next mark, without
// passing it.
func (p *typeParser) word() string {
	p.at += len(p.text[p.at:]) - len(strings.TrimLeft(p.text[p.at:], " \t\n"))
	end := strings.IndexAny(p.text[p.at:], "<>(),: \t\n")
	if end < 0 {
		return p.text[p.at:]
	}
	return p.text[p.at : p.at+end]
}

func (p *typeParser) next() string {
	w := p.word()
	p.at += len(w)
	return w
}

func (p *typeParser) is(mark byte) bool {
	if p.word(); p.at < len(p.text) && p.text[p.at] == mark {
		p.at++
		return true
	}
	return false
}

func (p *typeParser) expect(mark byte) error {
	if p.is(mark) {
		return nil
	}
	found := "the end"
	if p.at < len(p.text) {
		found = strconv.Quote(p.text[p.at:])
	}
	return p.fail("want %q, found %s", mark, found)
}

func (p *typeParser) parse(depth int) (Type, error) {
	if depth > maxDepth {
		return Type{}, p.fail("types are nested more than %d deep", maxDepth)
	}
	p.word()
	began := p.at
	name := strings.ToLower(p.next())
	t := Type{}
	switch name {
	case "integer":
		t.Kind = Int
	case "":
		return t, p.fail("a type is missing")
	default:
		for k := Boolean; k <= Struct; k++ {
			if k.String() == name {
				t.Kind = k
			}
		}
	}
	switch t.Kind {
	case 0:
		return t, &typeError{began, fmt.Sprintf("%s: no such type; want one of %s", name, strings.Join(kindNames[Boolean:], ", "))}
	case Char:
		return t, p.length(&t, 255)
	case Varchar:
		return t, p.length(&t, 65535)
	case Decimal:
		return t, p.digits(&t)
	case Array, Map:
		return t, p.elements(&t, depth)
	case Struct:
		return t, p.fields(&t, depth)
	}
	return t, nil
}

func (p *typeParser) number(least, most int) (int, error) {
	p.word()
	began := p.at
	word := p.next()
	if n, err := strconv.Atoi(word); err == nil && n >= least && n <= most {
		return n, nil
	}
	return 0, &typeError{began, fmt.Sprintf("want a number from %d to %d, found %q", least, most, word)}
}

func (p *typeParser) length(t *Type, most int) (err error) {
	if err = p.expect('('); err == nil {
		t.Length, err = p.number(1, most)
	}
	if err != nil {
		return err
	}
	return p.expect(')')
}

// digits of a decimal: Hive's default is (10,0).
func (p *typeParser) digits(t *Type) (err error) {
	t.Precision = 10
	if !p.is('(') {
		return nil
	}
	if t.Precision, err = p.number(1, 38); err != nil {
		return err
	}
	if p.is(',') {
		if t.Scale, err = p.number(0, t.Precision); err != nil {
			return err
		}
	}
	return p.expect(')')
}

func (p *typeParser) elements(t *Type, depth int) error {
	if err := p.expect('<'); err != nil {
		return err
	}
	if t.Kind == Map {
		p.word()
		began := p.at
		key, err := p.parse(depth + 1)
		if err != nil {
			return err
		}
		if key.Kind >= Array {
			return &typeError{began, "a map's key is of a primitive type, not " + key.String()}
		}
		if t.Key = &key; !p.is(',') {
			return p.expect(',')
		}
	}
	element, err := p.parse(depth + 1)
	if err != nil {
		return err
	}
	t.Element = &element
	return p.expect('>')
}

func (p *typeParser) fields(t *Type, depth int) error {
	if err := p.expect('<'); err != nil {
		return err
	}
	for {
		p.word()
		began := p.at
		name := p.next()
		if err := checkName(name, t.Fields); err != nil {
			return &typeError{began, err.Error()}
		}
		if err := p.expect(':'); err != nil {
			return err
		}
		field, err := p.parse(depth + 1)
		if err != nil {
			return err
		}
		t.Fields = append(t.Fields, Column{name, field})
		if !p.is(',') {
			return p.expect('>')
		}
	}
}
