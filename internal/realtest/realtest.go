// Package realtest gives tests the real components that a machine may lack:
// clients, browsers, servers. A test whose component is missing skips and says
// so; under MILLRACE_REAL=1, as in CI, it fails.
package realtest

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Required tells whether a missing component is a failure.
func Required() bool { return os.Getenv("MILLRACE_REAL") == "1" }

// Missing ends a test whose component is not there.
func Missing(t testing.TB, what string) {
	t.Helper()
	if Required() {
		t.Fatalf("MILLRACE_REAL=1 and there is no %s", what)
	}
	t.Skipf("there is no %s on this machine", what)
}

// Program returns the path of the first of the programs that is installed.
func Program(t testing.TB, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
		// daemons are not on everybody's path
		if path := filepath.Join("/usr/sbin", name); executable(path) {
			return path
		}
	}
	Missing(t, strings.Join(names, " or "))
	return ""
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// Python returns the path of python3 if it has a module.
func Python(t testing.TB, module string) string {
	t.Helper()
	python := Program(t, "python3")
	if err := exec.Command(python, "-c", "import "+module).Run(); err != nil {
		Missing(t, "Python module "+module)
	}
	return python
}

// OpenSearch returns the address, at MILLRACE_OPENSEARCH, of a real OpenSearch
// without security whose indices may be deleted. The test has it to itself until
// it ends: packages are tested at the same time.
func OpenSearch(t testing.TB) string {
	t.Helper()
	address := strings.TrimSuffix(os.Getenv("MILLRACE_OPENSEARCH"), "/")
	if address == "" {
		Missing(t, "OpenSearch (MILLRACE_OPENSEARCH is not set)")
	}
	name := filepath.Join(os.TempDir(), "millrace-opensearch-"+url.QueryEscape(address)+".lock")
	unlock, err := lock(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(unlock)
	return address
}
