package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
)

// Beacons that are all answered end well, with a count on each stream.
func TestGenBeacon(t *testing.T) {
	t.Parallel()
	site := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer site.Close()
	var out, errs bytes.Buffer
	root := newRoot()
	root.SetOut(&out)
	root.SetErr(&errs)
	root.SetArgs([]string{"gen", "beacon", site.URL + "/beacon", "4", "0.01"})
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	if out.String() != "0-1-2-3-\n" || errs.String() != "4 calls answered\n" {
		t.Errorf("stdout %q, stderr %q", out.String(), errs.String())
	}
}
