//go:build unix

package main

import (
	"fmt"
	"net/http"
	"strings"
)

// unlessEqual is a check for eventually.
func unlessEqual[T comparable](got, want T) error {
	if got != want {
		return fmt.Errorf("got %v, want %v", got, want)
	}
	return nil
}

// unlessFailedWith wants a command to have failed with a text.
func unlessFailedWith(out string, err error, want string) error {
	if err == nil || !strings.Contains(out, want) {
		return fmt.Errorf("want a failure with %q, got %v: %s", want, err, out)
	}
	return nil
}

// counts asks search for the number of documents.
func (p *process) counts(path string, want int) error {
	var answer struct{ Count int }
	if err := p.searchJSON(http.MethodGet, path, "", &answer); err != nil {
		return err
	}
	return unlessEqual(answer.Count, want)
}
