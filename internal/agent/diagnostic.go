package agent

import (
	"fmt"
	"strings"
)

// Diagnostic is something to say about a place in a configuration file.
type Diagnostic struct {
	File      string
	Line, Col int
	Text      string
}

func (d Diagnostic) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", d.File, d.Line, d.Col, d.Text)
}

func (d Diagnostic) Error() string { return d.String() }

// ConfigError is all that is wrong with a configuration file, one line each.
type ConfigError []Diagnostic

func (e ConfigError) Error() string {
	lines := make([]string, len(e))
	for i, d := range e {
		lines[i] = d.String()
	}
	return strings.Join(lines, "\n")
}
