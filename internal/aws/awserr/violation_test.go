package awserr

import (
	"strings"
	"testing"
)

func TestViolations(t *testing.T) {
	var v Violations
	if err := v.Err("ValidationException"); err != nil {
		t.Error(err)
	}
	v.Add(Null, "name", "not be null")
	if err := v.Err("ValidationException"); err.Error() !=
		"ValidationException: 1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null" {
		t.Error(err)
	}
	v.Add(Shown(7), "limit", "have value less than or equal to 5")
	v.Add("", "data", "have length less than or equal to 5")
	if err := v.Err("ValidationError"); err.Error() !=
		"ValidationError: 3 validation errors detected: Value null at 'name' failed to satisfy constraint: Member must not be null; "+
			"Value '7' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 5; "+
			"Value at 'data' failed to satisfy constraint: Member must have length less than or equal to 5" {
		t.Error(err)
	}
}

// However many there are, and however long: the answer stays short and says
// how many there were.
func TestViolationsAreBounded(t *testing.T) {
	var v Violations
	long := strings.Repeat("é", 2500)
	for range 100_000 {
		v.Add(Shown(long), "name", "be short")
	}
	text := From(v.Err("ValidationException")).Message
	if len(text) > maxViolations*(maxShown+100) || !strings.HasPrefix(text, "100000 validation errors detected: ") {
		t.Errorf("%d bytes: %.100s", len(text), text)
	}
}
