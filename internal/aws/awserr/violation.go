package awserr

import (
	"fmt"
	"strings"
)

const (
	// maxViolations are told of one request and maxShown characters of a value:
	// a body of millions of mistakes gets an answer, not an echo.
	maxViolations = 100
	maxShown      = 1000
)

// Violations gathers what of a request breaks the constraints of its shape, in
// AWS's words; one error tells of all. The zero value is ready.
type Violations struct {
	count int
	texts []string // of the first of them
}

// Add adds "Value <shown> at '<path>' failed to satisfy constraint: Member must
// <constraint>". shown is Null, Shown(value), or empty for data and lists.
func (v *Violations) Add(shown, path, constraint string) {
	v.count++
	if len(v.texts) == maxViolations {
		return
	}
	if shown != "" {
		shown += " "
	}
	v.texts = append(v.texts, "Value "+shown+"at '"+path+"' failed to satisfy constraint: Member must "+constraint)
}

// Err is nil if there were none. code is ValidationException or, in the query
// protocol, ValidationError.
func (v *Violations) Err(code string) error {
	if v.count == 0 {
		return nil
	}
	noun := "errors"
	if v.count == 1 {
		noun = "error"
	}
	return New(code, "%d validation %s detected: %s", v.count, noun, strings.Join(v.texts, "; "))
}

// Violation is the error of a single one.
func Violation(code, shown, path, constraint string) error {
	var v Violations
	v.Add(shown, path, constraint)
	return v.Err(code)
}

// Null is how a member that is missing is shown.
const Null = "null"

// Shown is a value between quotes, cut off where it is too long to read.
func Shown(value any) string {
	s := fmt.Sprint(value)
	if len(s) > maxShown {
		s = strings.ToValidUTF8(s[:maxShown], "") + "…"
	}
	return "'" + s + "'"
}
