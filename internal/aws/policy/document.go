package policy

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Versions of the language. Without one, a document is of the older, which has
// no policy variables.
const (
	version2008 = "2008-10-17"
	version2012 = "2012-10-17"
)

// document is what identity and trust policies have in common.
type document struct {
	variables  bool
	statements []rawStatement
}

// rawStatement is a statement with its place in the document.
type rawStatement struct {
	path   string
	number int // from 1
	object
	sid    string
	effect Effect
}

func readDocument(text string) (*document, error) {
	value, err := readJSON(text)
	if err != nil {
		return nil, err
	}
	o, ok := value.(object)
	if !ok {
		return nil, syntax("", "the document is no object")
	}
	d := &document{}
	for _, m := range o {
		switch m.name {
		case "Version":
			if m.value != version2008 && m.value != version2012 {
				return nil, syntax("Version", "%s is neither %s nor %s", show(m.value), version2012, version2008)
			}
			d.variables = m.value == version2012
		case "Id":
			if _, ok := m.value.(string); !ok {
				return nil, syntax("Id", "expected a string")
			}
		case "Statement":
			if d.statements, err = readStatements(m.value); err != nil {
				return nil, err
			}
		default:
			return nil, syntax(m.name, "no such element; expected Version, Id or Statement")
		}
	}
	if len(d.statements) == 0 {
		return nil, syntax("Statement", "there is none")
	}
	return d, checkSids(d.statements)
}

func readStatements(value any) ([]rawStatement, error) {
	list, many := value.([]any)
	if !many {
		list = []any{value}
	}
	var statements []rawStatement
	for i, v := range list {
		path := "Statement"
		if many {
			path = fmt.Sprintf("Statement[%d]", i)
		}
		o, ok := v.(object)
		if !ok {
			return nil, syntax(path, "expected an object")
		}
		s := rawStatement{path: path, number: i + 1, object: o}
		if err := s.readHead(); err != nil {
			return nil, err
		}
		statements = append(statements, s)
	}
	return statements, nil
}

// readHead reads what every statement has, and refuses names that no
// statement has.
func (s *rawStatement) readHead() error {
	known := []string{"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition"}
	for _, m := range s.object {
		if !slices.Contains(known, m.name) {
			return syntax(s.path+"."+m.name, "no such element")
		}
	}
	if sid, ok := s.get("Sid"); ok {
		if s.sid, ok = sid.(string); !ok {
			return syntax(s.path+".Sid", "expected a string")
		}
		if !isAlphanumeric(s.sid) {
			return &Error{Message: msgSidForm, Detail: s.path + ".Sid: " + show(s.sid)}
		}
	}
	switch effect, ok := s.get("Effect"); {
	case !ok:
		return &Error{Message: msgMissing + "Effect", Detail: s.path}
	case effect == "Allow":
		s.effect = Allow
	case effect == "Deny":
		s.effect = Deny
	default:
		return syntax(s.path+".Effect", "%s is neither Allow nor Deny", show(effect))
	}
	return nil
}

func checkSids(statements []rawStatement) error {
	seen := map[string]bool{}
	for _, s := range statements {
		if s.sid != "" && seen[s.sid] {
			return &Error{Message: msgSidTwice, Detail: s.path + ".Sid: " + show(s.sid)}
		}
		seen[s.sid] = true
	}
	return nil
}

// either returns the one of two elements that is there, with its strings; none
// is the sentence for a statement that has neither.
func (s *rawStatement) either(name, not, none string) (texts []string, negated bool, path string, err error) {
	value, ok := s.get(name)
	notValue, notOK := s.get(not)
	switch {
	case ok && notOK:
		return nil, false, "", syntax(s.path, "has both %s and %s", name, not)
	case notOK:
		name, value, negated = not, notValue, true
	case !ok:
		return nil, false, "", &Error{Message: none, Detail: s.path}
	}
	path = s.path + "." + name
	texts, err = stringList(value, path)
	if err == nil && len(texts) == 0 {
		err = &Error{Message: none, Detail: path + ": the list is empty"}
	}
	return texts, negated, path, err
}

// stringList takes a string for a list of one, as the language does everywhere.
func stringList(value any, path string) ([]string, error) {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	texts := make([]string, len(list))
	for i, v := range list {
		if texts[i], ok = v.(string); !ok {
			return nil, syntax(path, "expected a string or a list of strings")
		}
	}
	return texts, nil
}

func syntax(path, format string, args ...any) error {
	detail := fmt.Sprintf(format, args...)
	if path != "" {
		detail = path + ": " + detail
	}
	return &Error{Message: msgSyntax, Detail: detail}
}

// show writes a value of the document for an error, and not all of a long one.
func show(value any) string {
	text := "an object or a list"
	switch v := value.(type) {
	case string:
		text = fmt.Sprintf("%q", v)
	case bool, json.Number:
		text = fmt.Sprint(v)
	case nil:
		text = "null"
	}
	if len(text) > 200 {
		text = text[:200] + "…"
	}
	return text
}

func isAlphanumeric(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}
