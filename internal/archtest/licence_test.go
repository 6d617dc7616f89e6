package archtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// licences that a dependency may have, by words that stand in their texts and
// in no other's.
var licences = map[string][]string{
	"Apache-2.0": {"Apache License", "Version 2.0"},
	"MPL-2.0":    {"Mozilla Public License", "version 2.0"},
	"MIT":        {"Permission is hereby granted, free of charge", "THE SOFTWARE IS PROVIDED \"AS IS\""},
	"BSD":        {"Redistribution and use in source and binary forms"},
	"BSD-0":      {"Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted"},
}

func licenceOf(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	for name, phrases := range licences {
		all := true
		for _, p := range phrases {
			all = all && strings.Contains(strings.ToLower(text), strings.ToLower(p))
		}
		if all {
			return name
		}
	}
	return ""
}

// Every module that is linked into the binaries has one of the licences above.
func TestLicences(t *testing.T) {
	list := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}@{{.Version}} {{.Dir}}{{end}}{{end}}", "./...")
	list.Dir = "../.."
	out, err := list.Output()
	if err != nil {
		t.Skipf("list the dependencies: %v", err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		module, dir, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || seen[module] {
			continue
		}
		seen[module] = true
		files, _ := filepath.Glob(filepath.Join(dir, "[LCl][IOi][CPc][EYe]*"))
		if len(files) == 0 {
			t.Errorf("%s has no licence file", module)
			continue
		}
		found := false
		for _, f := range files {
			text, err := os.ReadFile(f)
			found = found || err == nil && licenceOf(string(text)) != ""
		}
		if !found {
			t.Errorf("%s: the licence in %s is none of those allowed", module, files)
		}
	}
	if len(seen) < 10 {
		t.Fatalf("only %d modules were looked at", len(seen))
	}
}
