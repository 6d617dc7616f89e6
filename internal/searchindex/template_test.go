package searchindex

import (
	"strings"
	"testing"
)

func TestMeet(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"a*", "a*", true}, {"a*", "*b", true}, {"a*", "b*", false}, {"logs-*", "logs-2026", true}, {"logs-2026", "logs-2027", false}, {"*", "", true}, {"a", "", false},
		{"*x*", "y*z", true}, {"a*c", "ab", false}, {strings.Repeat("*a", 60) + "b", strings.Repeat("a*", 60) + "c", false},
	} {
		if meet(c.a, c.b) != c.want || meet(c.b, c.a) != c.want {
			t.Errorf("%s and %s: not %v", c.a, c.b, c.want)
		}
	}
}
