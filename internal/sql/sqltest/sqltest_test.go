package sqltest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write what the engine does into the files below testdata")

func TestFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.slt")
	if err != nil || len(files) == 0 {
		t.Fatalf("find testdata: %v, %d files", err, len(files))
	}
	for _, file := range files {
		if *rewrite {
			text, err := Rewrite(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for _, mode := range Modes {
			t.Run(filepath.Base(file)+"/"+string(mode), func(t *testing.T) {
				if err := Run(file, mode); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// The runner itself: an expectation that is not met fails, in each mode, and a broken file says where.
func TestMismatch(t *testing.T) {
	const good = `stream S (K VARCHAR(8))

code
CREATE STREAM O (K VARCHAR(8)); CREATE PUMP P AS INSERT INTO O SELECT STREAM K FROM S;
----
ok

input S
10:00:00 a
----
`
	for tail, want := range map[string]string{
		"O @10:00:00 a\n": "",
		"O @10:00:00 b\n": "FILE:8 (MODE):\n--- got\nO @10:00:00 a\n--- want\nO @10:00:00 b\n",
		"":                "FILE:8 (MODE):\n--- got\nO @10:00:00 a\n--- want\n",
		"O @10:00:00 a\n\ninput S\n25:00:00 a\n----\n": `FILE:13: row 1: "25:00:00" is no time`,
		"O @10:00:00 a\n\ninput S\n10:00:00\n----\n":   "FILE:13: row 1: found 1 values, expected a time and 1",
		"O @10:00:00 a\n\ninput S\n10:00:00 a\n":       "FILE:13: input has no line ----",
		"O @10:00:00 a\n\nselect S\n----\n":            `FILE:13: directive "select" does not exist`,
	} {
		file := filepath.Join(t.TempDir(), "x.slt")
		if err := os.WriteFile(file, []byte(good+tail), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, mode := range Modes {
			got := ""
			if err := Run(file, mode); err != nil {
				got = strings.NewReplacer(file, "FILE", string(mode), "MODE").Replace(err.Error())
			}
			if got != want {
				t.Errorf("%s: %q, want %q", mode, got, want)
			}
		}
	}
}
