package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// members is a JSON object in the order it was written. Names are compared
// exactly and occur once: a reader that lets "effect" override "Effect" lets a
// policy say two things.
type members []member

type member struct {
	name  string
	value any // string, bool, json.Number, nil, []any, members
}

func (m members) get(name string) (any, bool) {
	for _, x := range m {
		if x.name == name {
			return x.value, true
		}
	}
	return nil, false
}

// maxDepth of a policy is 5: Statement, element, operator, key, list.
const maxDepth = 8

func parseJSON(text []byte) (any, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("the policy is no UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	value, err := parseValue(d, 0)
	if err != nil {
		return nil, fmt.Errorf("the policy is no JSON at byte %d: %w", d.InputOffset(), err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("text after the policy at byte %d", d.InputOffset())
	}
	return value, nil
}

func parseValue(d *json.Decoder, depth int) (any, error) {
	token, err := d.Token()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	delimiter, ok := token.(json.Delim)
	if !ok {
		return token, nil
	}
	if depth == maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	var value any
	if delimiter == '[' {
		value, err = parseList(d, depth)
	} else {
		value, err = parseMembers(d, depth)
	}
	if err != nil {
		return nil, err
	}
	_, err = d.Token() // the closing delimiter
	return value, err
}

func parseList(d *json.Decoder, depth int) ([]any, error) {
	list := []any{}
	for d.More() {
		value, err := parseValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	return list, nil
}

func parseMembers(d *json.Decoder, depth int) (members, error) {
	m := members{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		text := name.(string) // the decoder takes nothing else here
		if _, twice := m.get(text); twice {
			return nil, fmt.Errorf("%q is given twice", text)
		}
		value, err := parseValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		m = append(m, member{text, value})
	}
	return m, nil
}
