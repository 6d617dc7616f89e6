package realtest

import (
	"os"
	"path/filepath"
	"testing"
)

// Clients returns the folder, at MILLRACE_CLIENTS, that .ci/clients/install
// made: node_modules with the AWS SDK for JavaScript, java with the jars of
// that for Java 2.
func Clients(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("MILLRACE_CLIENTS")
	if dir == "" {
		Missing(t, "AWS SDKs for JavaScript and Java (MILLRACE_CLIENTS is not set, .ci/clients/install makes the folder)")
	}
	return dir
}

// Terraform returns the path of the program, and of a configuration that lets
// it take its providers from MILLRACE_TERRAFORM_PROVIDERS, a mirror on disk.
func Terraform(t testing.TB) (program, configFile string) {
	t.Helper()
	program = Program(t, "terraform")
	mirror := os.Getenv("MILLRACE_TERRAFORM_PROVIDERS")
	if mirror == "" {
		Missing(t, "mirror of Terraform's providers (MILLRACE_TERRAFORM_PROVIDERS is not set)")
	}
	configFile = filepath.Join(t.TempDir(), "terraformrc")
	text := "provider_installation {\n  filesystem_mirror {\n    path = \"" + filepath.ToSlash(mirror) + "\"\n  }\n}\n"
	if err := os.WriteFile(configFile, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return program, configFile
}
