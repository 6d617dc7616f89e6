package sqltest

import (
	"flag"
	"os"
	"path/filepath"
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
