package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// LoadYAML reads YAML into a struct. A key that the struct does not have is
// refused. Errors read `name:line:column: text`, a line for each.
func LoadYAML(name string, text []byte, into any) error {
	if len(strings.TrimSpace(string(text))) == 0 {
		return nil
	}
	return placed(name, yaml.Load(text, into, yaml.WithKnownFields()))
}

// placed writes what the YAML parser says as a diagnostic.
func placed(name string, err error) error {
	var several *yaml.LoadErrors
	var one *yaml.LoadError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &several):
		list := make([]error, len(several.Errors))
		for i, e := range several.Errors {
			list[i] = placed(name, e)
		}
		return errors.Join(list...)
	case errors.As(err, &one):
		message := unknownField.ReplaceAllString(strings.TrimPrefix(one.Message, "yaml: "), "unknown key $1")
		return at(name, one.Mark.Line, one.Mark.Column, errors.New(message))
	}
	return fmt.Errorf("%s: %w", name, err)
}

func at(name string, line, column int, err error) error {
	return fmt.Errorf("%s:%d:%d: %w", name, max(line, 1), max(column, 1), err)
}

// unknownField is the parser's sentence, which names a type of ours.
var unknownField = regexp.MustCompile(`^field (\S+) not found in type \S+$`)

// place finds the value of a key at the top of a file, to say where a value
// stands that was read but cannot be.
func place(text []byte, key string) (line, column int) {
	var document yaml.Node
	if yaml.Load(text, &document) != nil || len(document.Content) != 1 {
		return 1, 1
	}
	top := document.Content[0].Content
	for i := 0; i+1 < len(top); i += 2 {
		if top[i].Value == key {
			return top[i+1].Line, top[i+1].Column
		}
	}
	return 1, 1
}
