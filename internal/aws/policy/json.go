package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxDepth is more than any policy nests.
const maxDepth = 16

// object is a JSON object with its members in order. Names are compared as
// they are written: "effect" is not "Effect".
type object []member

type member struct {
	name  string
	value any // string, bool, json.Number, nil, []any or object
}

func (o object) get(name string) (any, bool) {
	for _, m := range o {
		if m.name == name {
			return m.value, true
		}
	}
	return nil, false
}

// readJSON reads one value and nothing after it. A name that an object has
// twice is refused: readers that take the first and readers that take the last
// would see two different policies.
func readJSON(text string) (any, error) {
	if !utf8.ValidString(text) {
		return nil, &Error{Message: msgJSON, Detail: "the text is not UTF-8"}
	}
	var whole json.RawMessage
	if err := json.Unmarshal([]byte(text), &whole); err != nil {
		return nil, &Error{Message: msgJSON, Detail: place(text, err) + err.Error()}
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return readValue(d, "", 0)
}

// place is "line:column: " of a syntax error.
func place(text string, err error) string {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) || syntax.Offset < 1 || int(syntax.Offset) > len(text) {
		return ""
	}
	before := text[:syntax.Offset-1]
	line := strings.Count(before, "\n")
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return fmt.Sprintf("%d:%d: ", line+1, column+1)
}

func readValue(d *json.Decoder, path string, depth int) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, &Error{Message: msgJSON, Detail: err.Error()}
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return token, nil
	}
	if depth == maxDepth {
		return nil, &Error{Message: msgSyntax, Detail: fmt.Sprintf("%s: nested deeper than %d", path, maxDepth)}
	}
	if delim == '[' {
		return readArray(d, path, depth)
	}
	return readObject(d, path, depth)
}

func readArray(d *json.Decoder, path string, depth int) (any, error) {
	list := []any{}
	for d.More() {
		v, err := readValue(d, fmt.Sprintf("%s[%d]", path, len(list)), depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.Token()
	return list, err
}

func readObject(d *json.Decoder, path string, depth int) (any, error) {
	o := object{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, &Error{Message: msgJSON, Detail: err.Error()}
		}
		name, _ := token.(string)
		here := join(path, name)
		if _, twice := o.get(name); twice {
			return nil, &Error{Message: msgSyntax, Detail: here + ": given twice"}
		}
		v, err := readValue(d, here, depth+1)
		if err != nil {
			return nil, err
		}
		o = append(o, member{name, v})
	}
	_, err := d.Token()
	return o, err
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
