package replay

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// line is one line of an error object: its members as they are, so that it can be written again in its own shape, and
// what replay needs of them.
type line struct {
	members []member
	raw     []byte // of rawData
	at      int64  // where it begins in the object, unpacked
	bytes   int    // with its line feed

	// Of search destinations; index is empty elsewhere.
	id, index, kind string
	attempts        int
	afterProcessing bool // its record is what processing had made
}

type member struct {
	name  string
	value json.RawMessage
}

// parseLine reads a line. Members that it does not know stay as they are.
func parseLine(text []byte) (*line, error) {
	l, err := parseMembers(text)
	if errors.Is(err, io.EOF) {
		return nil, io.ErrUnexpectedEOF
	}
	return l, err
}

func parseMembers(text []byte) (*line, error) {
	l := &line{}
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("it is not a JSON object")
	}
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		m := member{name: t.(string)} // a member's name can be nothing else
		if err := d.Decode(&m.value); err != nil {
			return nil, err
		}
		if seen[m.name] {
			return nil, fmt.Errorf("it has two members %q", m.name)
		}
		seen[m.name] = true
		if err := l.take(m); err != nil {
			return nil, fmt.Errorf("member %q: %w", m.name, err)
		}
		l.members = append(l.members, m)
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more follows after its object")
	}
	switch {
	case !seen["rawData"] || !seen["errorCode"] && !seen["lastErrorCode"]:
		return nil, errors.New("it has no rawData or no error code: this is no error object")
	case seen["osIndexName"]:
		return nil, errors.New("it is of OpenSearch Serverless, which is not supported")
	case seen["esDocumentId"] != seen["esIndexName"]:
		return nil, errors.New("it has only one of esDocumentId and esIndexName")
	}
	return l, nil
}

func (l *line) take(m member) error {
	switch m.name {
	case "rawData":
		var text string
		err := json.Unmarshal(m.value, &text)
		if err == nil {
			l.raw, err = base64.StdEncoding.DecodeString(text)
		}
		return err
	case "attemptsMade":
		return json.Unmarshal(m.value, &l.attempts)
	case "esDocumentId":
		return json.Unmarshal(m.value, &l.id)
	case "esIndexName":
		if err := json.Unmarshal(m.value, &l.index); err != nil {
			return err
		}
		if l.index == "" {
			return errors.New("it is empty")
		}
	case "esTypeName":
		return json.Unmarshal(m.value, &l.kind)
	case "dataId", "dataCatalogTable":
		l.afterProcessing = true
	}
	return nil
}

// appendRefused appends the line as it is after being refused again: the members are the same, in their order.
func (l *line) appendRefused(dst []byte, r *Refusal) ([]byte, error) {
	dst = append(dst, '{')
	for i, m := range l.members {
		var value any = m.value
		switch m.name {
		case "attemptsMade":
			value = l.attempts + r.Attempts
		case "attemptEndingTimestamp":
			value = r.At
		case "errorCode", "lastErrorCode":
			value = r.Code
		case "errorMessage", "lastErrorMessage":
			value = r.Message
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		var out bytes.Buffer
		e := json.NewEncoder(&out)
		e.SetEscapeHTML(false)
		if err := e.Encode(m.name); err != nil {
			return nil, err
		}
		out.Truncate(out.Len() - 1) // its line feed
		out.WriteByte(':')
		if err := e.Encode(value); err != nil {
			return nil, err
		}
		dst = append(dst, out.Bytes()[:out.Len()-1]...)
	}
	return append(dst, "}\n"...), nil
}
