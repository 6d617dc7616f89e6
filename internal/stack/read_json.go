package stack

import (
	"bytes"
	"encoding/json"
	"errors"
)

// readJSON reads a template that is JSON; nil if it is not. YAML's reader
// takes most JSON as well, but not \ud83d\ude00 and its like.
func readJSON(f *findings, src []byte) *Value {
	if !json.Valid(src) {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(src))
	d.UseNumber()
	v, err := (&jsonReader{reader: reader{f}, d: d, src: src, at: Position{1, 1}}).value(0)
	if err != nil {
		return nil
	}
	return v
}

// jsonReader walks valid JSON, token by token.
type jsonReader struct {
	reader
	d    *json.Decoder
	src  []byte
	seen int      // bytes that at stands behind
	at   Position // of src[seen]
}

var errTooDeep = errors.New("nested too deep")

// next returns the next token and its place.
func (r *jsonReader) next() (json.Token, Position, error) {
	start := int(r.d.InputOffset())
	for start < len(r.src) && bytes.IndexByte([]byte(" \t\r\n,:"), r.src[start]) >= 0 {
		start++
	}
	for _, c := range string(r.src[r.seen:start]) {
		r.at.Column++
		if c == '\n' {
			r.at = Position{r.at.Line + 1, 1}
		}
	}
	r.seen = start
	token, err := r.d.Token()
	return token, r.at, err
}

func (r *jsonReader) value(depth int) (*Value, error) {
	token, at, err := r.next()
	if err != nil {
		return nil, err
	}
	return r.after(token, at, depth)
}

// after reads the value that begins with the token.
func (r *jsonReader) after(token json.Token, at Position, depth int) (*Value, error) {
	if depth > maxDepth {
		r.add(at, "nested more than %d deep", maxDepth)
		return nil, errTooDeep
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '[' {
			return r.list(at, depth)
		}
		return r.members(at, depth)
	case string:
		return text(token, at), nil
	case json.Number:
		return &Value{Kind: Number, Text: token.String(), At: at}, nil
	case bool:
		return &Value{Kind: Boolean, Text: map[bool]string{true: "true", false: "false"}[token], At: at}, nil
	}
	return &Value{At: at}, nil
}

func (r *jsonReader) list(at Position, depth int) (*Value, error) {
	v := &Value{Kind: List, At: at}
	for {
		token, itemAt, err := r.next()
		if err != nil || token == json.Delim(']') {
			return v, err
		}
		item, err := r.after(token, itemAt, depth+1)
		if err != nil {
			return nil, err
		}
		v.Items = append(v.Items, item)
	}
}

func (r *jsonReader) members(at Position, depth int) (*Value, error) {
	v := &Value{Kind: Map, At: at}
	for {
		token, nameAt, err := r.next()
		if err != nil || token == json.Delim('}') {
			return r.call(v), err
		}
		value, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		name := token.(string)
		if v.Get(name) != nil {
			r.add(nameAt, "%q is given twice", name)
			continue
		}
		v.Members = append(v.Members, &Member{name, nameAt, value})
	}
}
