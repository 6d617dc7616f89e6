package conversion

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// rules are how JSON is read.
type rules struct {
	caseInsensitive, convertDots bool
	jsonKeys                     map[string]string // by column, in lower case
	lenient                      bool              // OpenX: strings may hold numbers
	patterns                     []*pattern
	mapKeys                      *rules // for keys of maps, which are strings in JSON
}

func (c Config) rules() (*rules, error) {
	r := &rules{caseInsensitive: true, lenient: true}
	switch {
	case c.OpenX != nil && c.Hive != nil:
		return nil, errors.New("two deserializers: want OpenX or Hive")
	case c.OpenX != nil:
		r.caseInsensitive, r.convertDots = c.OpenX.CaseInsensitive, c.OpenX.ConvertDots
		r.jsonKeys = map[string]string{}
		for column, key := range c.OpenX.ColumnToJSONKey {
			r.jsonKeys[strings.ToLower(column)] = key
		}
	case c.Hive != nil:
		r.lenient = false
		for _, text := range c.Hive.TimestampFormats {
			p, err := compilePattern(text)
			if err != nil {
				return nil, err
			}
			r.patterns = append(r.patterns, p)
		}
	}
	keys := *r
	keys.lenient = true
	r.mapKeys = &keys
	return r, nil
}

// keyOf is the JSON key, as appendKey writes it, that a column reads.
func (r *rules) keyOf(column string) string {
	if key, mapped := r.jsonKeys[strings.ToLower(column)]; mapped {
		column = key
	}
	return string(r.appendKey(nil, []byte(column)))
}

// appendKey appends a key in the form by which keys are compared.
func (r *rules) appendKey(to, key []byte) []byte {
	began := len(to)
	if to = append(to, key...); r.caseInsensitive {
		ascii := true
		for i, c := range to[began:] {
			if c >= 0x80 {
				ascii = false
			} else if c >= 'A' && c <= 'Z' {
				to[began+i] = c | 0x20
			}
		}
		if !ascii {
			to = append(to[:began], bytes.ToLower(key)...)
		}
	}
	if r.convertDots {
		for i, c := range to[began:] {
			if c == '.' {
				to[began+i] = '_'
			}
		}
	}
	return to
}

// checkKeys refuses two columns that would read one key.
func (r *rules) checkKeys(path string, columns []Column) error {
	readers := map[string]string{}
	for _, c := range columns {
		key := r.keyOf(c.Name)
		if other, taken := readers[key]; taken {
			return fmt.Errorf("columns %s%s and %s%s read the same key %q", path, other, path, c.Name, key)
		}
		readers[key] = c.Name
		t := &c.Type
		for t.Element != nil {
			t = t.Element
		}
		if err := r.checkKeys(path+c.Name+".", t.Fields); err != nil {
			return err
		}
	}
	return nil
}
