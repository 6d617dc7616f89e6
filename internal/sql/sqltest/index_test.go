package sqltest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	caseComment = regexp.MustCompile(`(?m)^#+ *Case (\d+)\b`)
	caseRow     = regexp.MustCompile(`(?m)^\| (\d+) \| .+ \| (.*) \|$`)
	caseLink    = regexp.MustCompile(`\[[^]]+\]\(([^)]+)\)`)
)

const cases = 50

// Each case is in the files that the table names, and in no others.
func TestCaseIndex(t *testing.T) {
	found := map[string][]string{}
	for _, root := range []string{"testdata", "../../application"} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !slices.Contains([]string{".slt", ".txt"}, filepath.Ext(path)) {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range caseComment.FindAllStringSubmatch(string(text), -1) {
				link, errRel := filepath.Rel("testdata", path)
				if errRel != nil {
					return errRel
				}
				if link = filepath.ToSlash(link); !slices.Contains(found[m[1]], link) {
					found[m[1]] = append(found[m[1]], link)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	table, err := os.ReadFile("testdata/README.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	for _, row := range caseRow.FindAllStringSubmatch(string(table), -1) {
		var links []string
		for _, l := range caseLink.FindAllStringSubmatch(row[2], -1) {
			links = append(links, l[1])
		}
		slices.Sort(links)
		listed[row[1]] = strings.Join(links, " ")
	}
	for n := 1; n <= cases; n++ {
		key := fmt.Sprint(n)
		slices.Sort(found[key])
		got := strings.Join(found[key], " ")
		switch {
		case got == "":
			t.Errorf("case %d is in no file", n)
		case got != listed[key]:
			t.Errorf("case %d is in %s, and the table has %q", n, got, listed[key])
		}
	}
	if len(listed) != cases || len(found) != cases {
		t.Errorf("%d cases in files, %d in the table, want %d", len(found), len(listed), cases)
	}
}
