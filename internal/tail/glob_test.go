package tail

import "testing"

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"/l/access.log", "access.log", true},
		{"/l/access.log", "accessxlog", false},
		{"/l/*.log", ".log", true},
		{"/l/*", ".hidden", true},
		{"/l/a?c", "abc", true},
		{"/l/a?c", "ac", false},
		{"/l/[a-c]x", "bx", true},
		{"/l/[!a-c]x", "bx", false},
		{"/l/{access,error}.log*", "error.log.1", true},
		{"/l/{access,error}.log*", "other.log", false},
		{`/l/\*`, "*", true},
		{`/l/\*`, "a", false},
		{"/l/access*", "access.log.1.gz", false},
		{"/l/a+(b)|c", "a+(b)|c", true},
	} {
		glob, err := ParseGlob(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := glob.Match(c.name); got != c.want {
			t.Errorf("%s matches %s: %v, want %v", c.pattern, c.name, got, c.want)
		}
	}
	for pattern, want := range map[string]string{
		"access.log": `file pattern "access.log" has no folder`,
		"/l/":        `file pattern "/l/" ends in a slash`,
		"/l/[a":      `file pattern "/l/[a": '[' without ']'`,
		"/l/{a":      `file pattern "/l/{a": '{' without '}'`,
	} {
		if _, err := ParseGlob(pattern); err == nil || err.Error() != want {
			t.Errorf("ParseGlob(%q) = %v, want %s", pattern, err, want)
		}
	}
}
