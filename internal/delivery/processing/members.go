package processing

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/itchyny/gojq"
)

// members are those of a record that a query looks at, so that the others need
// not be made into a tree; all when that cannot be told.
type members struct {
	names []string
	all   bool
}

// look adds what a query reads of its input. It knows paths, objects, operators
// and texts, which is what queries for partition keys are made of.
func (m *members) look(q *gojq.Query) {
	switch {
	case q == nil:
	case len(q.FuncDefs) > 0 || len(q.Patterns) > 0 || len(q.Imports) > 0:
		m.all = true
	case q.Term != nil:
		m.lookTerm(q.Term)
	case q.Op == gojq.OpPipe: // the right side sees what the left one gives
		m.look(q.Left)
	case updates(q.Op):
		m.all = true
	default:
		m.look(q.Left)
		m.look(q.Right)
	}
}

func (m *members) lookTerm(t *gojq.Term) {
	for _, s := range t.SuffixList {
		// in .a[.b] and .a."\(.b)", .b is read of the input
		if i := s.Index; i != nil && (i.Start != nil || i.End != nil || i.Str != nil && i.Str.Queries != nil) {
			m.all = true
		}
	}
	switch t.Type {
	case gojq.TermTypeIndex:
		switch {
		case t.Index.Name != "":
			m.names = append(m.names, t.Index.Name)
		case t.Index.Str != nil && t.Index.Str.Queries == nil && t.Index.Str.Str != "":
			m.names = append(m.names, t.Index.Str.Str)
		default:
			m.all = true
		}
	case gojq.TermTypeObject:
		for _, kv := range t.Object.KeyVals {
			m.lookMember(kv)
		}
	case gojq.TermTypeQuery:
		m.look(t.Query)
	case gojq.TermTypeString:
		for _, q := range t.Str.Queries {
			m.look(q)
		}
	case gojq.TermTypeNumber, gojq.TermTypeNull, gojq.TermTypeTrue, gojq.TermTypeFalse:
	default:
		m.all = true
	}
}

// lookMember: {a} and {"a"} stand for {a: .a}.
func (m *members) lookMember(kv *gojq.ObjectKeyVal) {
	switch {
	case kv.Val != nil:
		m.look(kv.Val)
	case kv.Key != "":
		m.names = append(m.names, kv.Key)
	default:
		m.all = true
	}
	if kv.KeyQuery != nil || kv.KeyString != nil && kv.KeyString.Queries != nil {
		m.all = true
	}
}

// updates tells operators that give their input, changed.
func updates(op gojq.Operator) bool {
	switch op {
	case gojq.OpPipe, gojq.OpComma, gojq.OpAdd, gojq.OpSub, gojq.OpMul, gojq.OpDiv, gojq.OpMod, gojq.OpEq, gojq.OpNe,
		gojq.OpGt, gojq.OpLt, gojq.OpGe, gojq.OpLe, gojq.OpAnd, gojq.OpOr, gojq.OpAlt:
		return false
	}
	return true
}

// tree makes the members of a record that is an object, all of any other. Numbers
// keep their text, which is the partition's.
func (m *members) tree(data []byte) (any, error) {
	start := skipSpace(data, 0)
	if m.all || start == len(data) || data[start] != '{' {
		return decodeAll(data)
	}
	object := map[string]any{}
	var failed error
	end := scanObject(data, start, 0, func(literal, value []byte) {
		if name := m.find(unquoted(literal)); name != "" && failed == nil {
			object[name], failed = decode(value)
		}
	})
	if end < 0 || skipSpace(data, end) != len(data) || failed != nil {
		return decodeAll(data) // which knows why not
	}
	return object, nil
}

// find returns the member's name, "" if it is not one that the query looks at.
func (m *members) find(name []byte) string {
	for _, n := range m.names {
		if n == string(name) {
			return n
		}
	}
	return ""
}

// decode makes a single value that was scanned.
func decode(value []byte) (any, error) {
	switch value[0] {
	case '"':
		return string(unquoted(value)), nil
	case 't':
		return true, nil
	case 'f':
		return false, nil
	case 'n':
		return nil, nil
	case '{':
		if len(value) <= smallBytes {
			return smallObject(value)
		}
		return decodeAll(value)
	case '[':
		return decodeAll(value)
	}
	return json.Number(value), nil
}

// smallBytes is the length up to which it does not matter that the values of an
// object are scanned once more at each of its levels.
const smallBytes = 1 << 10

func smallObject(value []byte) (object map[string]any, err error) {
	object = map[string]any{}
	scanObject(value, 0, 0, func(literal, value []byte) {
		if err == nil {
			object[string(unquoted(literal))], err = decode(value)
		}
	})
	return object, err
}

func decodeAll(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("record is not JSON: %w", err)
	}
	if skipSpace(data, int(d.InputOffset())) != len(data) {
		return nil, fmt.Errorf("record is more than one JSON value; RecordDeAggregation would split it")
	}
	return v, nil
}
