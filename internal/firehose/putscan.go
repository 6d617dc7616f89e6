package firehose

import (
	"bytes"

	"github.com/millrace/millrace/internal/record"
)

// Limits of one put.
const (
	maxRecordBytes  = 1_024_000
	maxBatchBytes   = 4 << 20 // before base64
	maxBatchRecords = 500
)

// scanBatch reads the body of a PutRecordBatch as clients write it, decoding
// each record straight into the builder:
//
//	body   = "{" member "," member "}"              in either order
//	member = "\"DeliveryStreamName\"" ":" string | "\"Records\"" ":" "[" record { "," record } "]"
//	record = "{" "\"Data\"" ":" string "}"
//
// with white space between any two of these. It takes only what is beyond
// doubt: any surprise (an escape, another member, a limit that is crossed, an
// empty batch) is left to the strict way, which then decides and says what is
// wrong. What both take, both take alike (FuzzScanBatch).
func scanBatch(body []byte, b *record.Builder) (name []byte, ok bool) {
	s := scan{body: body}
	// the records decoded, and the frame's table of ends
	if room := len(body)/4*3 + 4*maxBatchRecords; cap(b.Data) < room {
		b.Data = make([]byte, 0, room)
	}
	named, filled := false, false
	ok = s.object(func(member []byte) bool {
		switch {
		case string(member) == "DeliveryStreamName" && !named:
			named = true
			name, ok = s.name()
			return ok
		case string(member) == "Records" && !filled:
			filled = true
			return s.records(b)
		}
		return false
	})
	return name, ok && named && filled && s.end()
}

// scanRecord is scanBatch for a PutRecord: {"DeliveryStreamName":…,"Record":{"Data":…}}.
func scanRecord(body []byte, b *record.Builder) (name []byte, ok bool) {
	s := scan{body: body}
	named, filled := false, false
	ok = s.object(func(member []byte) bool {
		switch {
		case string(member) == "DeliveryStreamName" && !named:
			named = true
			name, ok = s.name()
			return ok
		case string(member) == "Record" && !filled:
			filled = true
			return s.record(b)
		}
		return false
	})
	return name, ok && named && filled && s.end()
}

// scan is a place in a body.
type scan struct {
	body []byte
	at   int
}

// space skips white space.
func (s *scan) space() {
	for s.at < len(s.body) {
		switch s.body[s.at] {
		case ' ', '\n', '\r', '\t':
			s.at++
		default:
			return
		}
	}
}

// token skips white space and the byte c.
func (s *scan) token(c byte) bool {
	if s.at < len(s.body) && s.body[s.at] == c {
		s.at++
		return true
	}
	s.space()
	if s.at < len(s.body) && s.body[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scan) end() bool {
	s.space()
	return s.at == len(s.body)
}

// text returns what is between two quotes. It may hold anything: the caller
// takes only bytes that mean themselves.
func (s *scan) text() ([]byte, bool) {
	if !s.token('"') {
		return nil, false
	}
	n := bytes.IndexByte(s.body[s.at:], '"')
	if n < 0 {
		return nil, false
	}
	text := s.body[s.at : s.at+n]
	s.at += n + 1
	return text, true
}

// object calls member for each member, which reads the value.
func (s *scan) object(member func(name []byte) bool) bool {
	if !s.token('{') {
		return false
	}
	for {
		name, ok := s.text()
		if !ok || !s.token(':') || !member(name) {
			return false
		}
		if s.token('}') {
			return true
		}
		if !s.token(',') {
			return false
		}
	}
}

// name reads the name of a stream, which has no letters that JSON escapes.
func (s *scan) name() ([]byte, bool) {
	name, ok := s.text()
	if !ok || len(name) == 0 || len(name) > 64 {
		return nil, false
	}
	for _, c := range name {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '.', c == '-':
		default:
			return nil, false
		}
	}
	return name, true
}

func (s *scan) records(b *record.Builder) bool {
	if !s.token('[') {
		return false
	}
	for {
		if b.Count() == maxBatchRecords || !s.record(b) || len(b.Data) > maxBatchBytes {
			return false
		}
		if s.token(']') {
			return true
		}
		if !s.token(',') {
			return false
		}
	}
}

func (s *scan) record(b *record.Builder) bool {
	const usual = `{"Data":"`
	if rest := s.body[s.at:]; len(rest) > len(usual) && string(rest[:len(usual)]) == usual {
		s.at += len(usual) - 1
	} else if name, ok := s.open(); !ok || string(name) != "Data" || !s.token(':') {
		return false
	}
	return s.token('"') && s.data(b) && s.token('}')
}

func (s *scan) open() ([]byte, bool) {
	if !s.token('{') {
		return nil, false
	}
	return s.text()
}

// data decodes one record, after its quote. Base64 has no byte that JSON escapes,
// and the line breaks that decoders skip must not stand in a JSON string.
func (s *scan) data(b *record.Builder) bool {
	data, n, ok := appendBase64(b.Data, s.body[s.at:])
	if !ok || len(data)-len(b.Data) > maxRecordBytes {
		return false
	}
	s.at += n + 1
	b.Data = data
	b.End()
	return true
}
