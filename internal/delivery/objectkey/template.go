// Package objectkey makes the keys of the objects that a delivery stream
// writes: it parses Prefix and ErrorOutputPrefix with their expressions and
// evaluates them for one object.
//
//	Prefix "logs/"                             logs/2026/07/13/14/web-1-2026-07-13-14-05-09-<uuid>
//	Prefix "y=!{timestamp:yyyy}/"              y=2026/web-1-2026-07-13-14-05-09-<uuid>
//	Prefix "c=!{partitionKeyFromQuery:c}/"     c=de/web-1-2026-07-13-14-05-09-<uuid>
//	ErrorOutputPrefix "bad/" (search refused)  bad/elasticsearch-failed/2026/07/13/14/web-1-…
package objectkey

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/millrace/millrace/internal/destination"
)

// Template is a parsed prefix. The zero Template is the empty prefix.
type Template struct {
	parts []part
	text  string
}

// String returns the prefix that was parsed.
func (t Template) String() string { return t.text }

type kind uint8

const (
	literal kind = iota
	timestamp
	randomString
	errorOutputType
	keyFromQuery
	keyFromLambda
)

type part struct {
	kind    kind
	text    string  // of a literal; name of a partition key
	pattern pattern // of a timestamp
}

// Parse reads a prefix. Expressions are !{timestamp:<pattern of Java's
// DateTimeFormatter>}, !{firehose:random-string}, !{firehose:error-output-type},
// !{partitionKeyFromQuery:<key>} and !{partitionKeyFromLambda:<key>}; "!{" means
// nothing else. Errors begin with AWS's texts, which are for the client.
func Parse(prefix string) (Template, error) {
	t := Template{text: prefix}
	for rest := prefix; rest != ""; {
		before, after, found := strings.Cut(rest, "!{")
		if before != "" {
			t.parts = append(t.parts, part{kind: literal, text: before})
		}
		if !found {
			break
		}
		expression, tail, closed := strings.Cut(after, "}")
		if !closed {
			return Template{}, fmt.Errorf("Invalid expression usage: %q has no closing brace", "!{"+after)
		}
		p, err := parseExpression(expression)
		if err != nil {
			return Template{}, err
		}
		t.parts = append(t.parts, p)
		rest = tail
	}
	return t, nil
}

const invalidValue = "Invalid conversion character used in the value of the expression"

func parseExpression(expression string) (part, error) {
	namespace, value, hasValue := strings.Cut(expression, ":")
	switch {
	case namespace == "timestamp":
		p, err := parsePattern(value)
		if err != nil {
			return part{}, fmt.Errorf("%s: %w", invalidValue, err)
		}
		return part{kind: timestamp, pattern: p}, nil
	case expression == "firehose:random-string":
		return part{kind: randomString}, nil
	case expression == "firehose:error-output-type":
		return part{kind: errorOutputType}, nil
	case namespace == "partitionKeyFromQuery" && value != "":
		return part{kind: keyFromQuery, text: value}, nil
	case namespace == "partitionKeyFromLambda" && value != "":
		return part{kind: keyFromLambda, text: value}, nil
	}
	switch {
	case !hasValue:
		return part{}, fmt.Errorf("Invalid expression usage: !{%s} is not !{namespace:value}", expression)
	case namespace == "firehose":
		return part{}, fmt.Errorf("%s: !{%s} is neither !{firehose:random-string} nor !{firehose:error-output-type}", invalidValue, expression)
	case namespace == "partitionKeyFromQuery", namespace == "partitionKeyFromLambda":
		return part{}, fmt.Errorf("%s: !{%s} names no key", invalidValue, expression)
	}
	return part{}, fmt.Errorf("Namespace to the left of colon (%s) is an invalid keyword!", namespace)
}

func (t Template) has(k kind) bool {
	for _, p := range t.parts {
		if p.kind == k {
			return true
		}
	}
	return false
}

// Static tells that the prefix holds no expression.
func (t Template) Static() bool {
	return !slices.ContainsFunc(t.parts, func(p part) bool { return p.kind != literal })
}

// Partitioned tells that the prefix holds partition keys.
func (t Template) Partitioned() bool { return t.has(keyFromQuery) || t.has(keyFromLambda) }

// QueryKeys returns the names in !{partitionKeyFromQuery:…}, each once, in order.
func (t Template) QueryKeys() []string { return t.names(keyFromQuery) }

// LambdaKeys returns the names in !{partitionKeyFromLambda:…}, each once, in order.
func (t Template) LambdaKeys() []string { return t.names(keyFromLambda) }

func (t Template) names(k kind) []string {
	var names []string
	for _, p := range t.parts {
		if p.kind == k && !slices.Contains(names, p.text) {
			names = append(names, p.text)
		}
	}
	return names
}

// values is what expressions stand for in one key. All timestamps of a key are
// one instant. Random strings come from the object's id, so that the same
// object has the same key at every attempt.
type values struct {
	at        time.Time
	id        uuid.UUID
	errorType string
	partition destination.Partition
}

func (t Template) evaluate(v values) string {
	var b []byte
	for i := range t.parts {
		b = t.appendPart(b, i, v)
	}
	return string(b)
}

func (t Template) appendPart(b []byte, i int, v values) []byte {
	switch p := t.parts[i]; p.kind {
	case timestamp:
		return p.pattern.append(b, v.at)
	case randomString:
		return append(b, randomFrom(v.id, i)...)
	case errorOutputType:
		return append(b, v.errorType...)
	case keyFromQuery:
		return append(b, v.partition.Query[p.text]...)
	case keyFromLambda:
		return append(b, v.partition.Lambda[p.text]...)
	default:
		return append(b, p.text...)
	}
}

// randomFrom makes a string like the first eleven characters of a UUID
// ("046b6c7f-0b"), another one for each place in a prefix.
func randomFrom(id uuid.UUID, place int) string {
	h := sha256.Sum256(binary.BigEndian.AppendUint32(id[:], uint32(place)))
	derived, _ := uuid.FromBytes(h[:16])
	return derived.String()[:11]
}
