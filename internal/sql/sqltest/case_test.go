package sqltest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const goodCase = `name: shares
sql: |
  CREATE STREAM O (K VARCHAR(8), SHARE INTEGER);
  CREATE PUMP P AS INSERT INTO O SELECT STREAM S.K, 10 / "v" FROM S JOIN T ON S.K = T.K;
streams:
  S: 'K VARCHAR(8), "v" INTEGER, "at" TIMESTAMP'
tables:
  T: {columns: 'K VARCHAR(8)', rows: [{K: a}]}
limits: {groups: 10, rows: 10}
input:
  - {at: 10:00:00, row: {K: a, v: 5, at: 2020-01-01 09:00:00}}
  - {at: 2020-01-01 10:00:01, stream: S, row: {K: a, v: 0}}
  - {at: 10:00:02, row: {K: b, v: 1}}
  - {bound: 10:00:03}
  - {at: 10:00:04, row: {K: a, v: null}}
now: 10:01:00
expect:
  O:
    - {K: a, SHARE: 2, ROWTIME: 10:00:00}
    - {SHARE: null}
errors:
  - {name: DIVISION_BY_ZERO, pump: P, at: 10:00:01}
`

// A case that is met passes in every mode; one that is not says where, what came
// and what was expected; a file that is none says where.
func TestCases(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"met":             {"", "", ""},
		"value":           {"SHARE: 2", "SHARE: 3", "FILE:18: stream O (MODE):\n--- got\n{K: a, SHARE: 2, ROWTIME: 10:00:00}\n{SHARE: NULL}\n--- want\n{K: a, SHARE: 3, ROWTIME: 10:00:00}\n{SHARE: NULL}\n"},
		"row too many":    {"    - {SHARE: null}\n", "", "FILE:18: stream O (MODE):\n--- got\n{K: a, SHARE: 2, ROWTIME: 10:00:00}\n{K: a, SHARE: NULL, ROWTIME: 10:00:04}\n--- want\n{K: a, SHARE: 2, ROWTIME: 10:00:00}\n"},
		"no row":          {"  O:\n    - {K: a, SHARE: 2, ROWTIME: 10:00:00}\n    - {SHARE: null}", "  O: []", "FILE:18: stream O (MODE):\n--- got\n{K: a, SHARE: 2, ROWTIME: 10:00:00}\n{K: a, SHARE: NULL, ROWTIME: 10:00:04}\n--- want\n"},
		"error":           {"DIVISION_BY_ZERO", "LATE_ROW", "FILE:22: errors (MODE):\n--- got\n{name: DIVISION_BY_ZERO, pump: P, at: 10:00:01}\n--- want\n{name: LATE_ROW, pump: P, at: 10:00:01}\n"},
		"silent error":    {"errors:\n  - {name: DIVISION_BY_ZERO, pump: P, at: 10:00:01}\n", "", "FILE:2: errors (MODE):\n--- got\n{name: DIVISION_BY_ZERO, pump: P, at: 10:00:01, message: division by zero}\n--- want\n"},
		"no such column":  {"SHARE: 2", "Share: 2", `FILE:19: there is no column "Share"`},
		"no such stream":  {"  O:\n", "  P:\n", `FILE:18: the SQL creates no stream "P"`},
		"no such input":   {"stream: S", "stream: T", `FILE:12: stream "T" is no input`},
		"no value":        {"v: 5", "v: five", `FILE:11: column "v": "five" is no INTEGER`},
		"no time":         {"at: 10:00:02", "at: 25:00:02", `FILE:13: "25:00:02" is no time`},
		"no such key":     {"now: ", "then: ", "FILE: yaml: "},
		"code":            {`10 / "v"`, `10 / v`, `FILE:2: sql:2:56: column V is not in S and T, did you mean "v"?`},
		"file of the SQL": {"sql: |\n  CREATE STREAM O (K VARCHAR(8), SHARE INTEGER);\n  CREATE PUMP P AS INSERT INTO O SELECT STREAM S.K, 10 / \"v\" FROM S JOIN T ON S.K = T.K;\n", "sql: nowhere.sql\n", "FILE:2: open FOLDER/nowhere.sql: no such file or directory"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "x.yaml")
			text := strings.Replace(goodCase, c.old, c.new, 1)
			if c.old != "" && text == goodCase {
				t.Fatal("nothing was changed")
			}
			if err := os.WriteFile(file, []byte(text+"---\n"+goodCase), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, mode := range Modes {
				n, err := RunCases(file, mode)
				got := ""
				if err != nil {
					got = strings.NewReplacer(file, "FILE", string(mode), "MODE", dir, "FOLDER").Replace(err.Error())
				}
				if got != c.want && !(strings.HasSuffix(c.want, "yaml: ") && strings.HasPrefix(got, c.want) && strings.Contains(got, "then")) {
					t.Errorf("%s: got\n%s\nwant\n%s", mode, got, c.want)
				}
				if want := 2; n != want && !strings.HasSuffix(c.want, "yaml: ") {
					t.Errorf("%d cases, want %d", n, want)
				}
			}
		})
	}
}

// Files are found below a folder, and each runs in all modes.
func TestFolder(t *testing.T) {
	dir := t.TempDir()
	if _, err := Files(dir); err == nil {
		t.Error("an empty folder has tests")
	}
	below := filepath.Join(dir, "below")
	if err := os.Mkdir(below, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{filepath.Join(dir, "b.yaml"), filepath.Join(below, "a.yml"), filepath.Join(dir, "c.txt")} {
		if err := os.WriteFile(name, []byte(goodCase), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := Files(dir)
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		if n, err := RunFile(f); n != 1 || err != nil {
			t.Errorf("%s: %d, %v", f, n, err)
		}
	}
}
