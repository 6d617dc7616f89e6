package sqltest

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
)

// extensions are those of the files that RunFile runs.
var extensions = []string{".slt", ".yaml", ".yml"}

// Files are the files with cases in a folder and those below it, by name. A file
// is its own only one.
func Files(root string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.IsDir() && (path == root || slices.Contains(extensions, filepath.Ext(path))) {
			files = append(files, path)
		}
		return nil
	})
	if err == nil && len(files) == 0 {
		return nil, fmt.Errorf("there are no .slt or .yaml files in %s", root)
	}
	return files, err
}

// RunFile runs a file in all modes, and returns how many cases it has: a .slt
// file is one, a YAML file has one a document. The first mode that fails ends it.
func RunFile(path string) (cases int, err error) {
	for _, mode := range Modes {
		if filepath.Ext(path) == ".slt" {
			cases, err = 1, Run(path, mode)
		} else {
			cases, err = RunCases(path, mode)
		}
		if err != nil {
			return cases, err
		}
	}
	return cases, nil
}
