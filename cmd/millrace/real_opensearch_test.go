//go:build unix

package main

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/config"
	"github.com/millrace/millrace/internal/loadgen"
	"github.com/millrace/millrace/internal/realtest"
)

// One line in millrace.yaml sends the results to a real cluster instead of the
// embedded index; a kill in between doubles and loses nothing there either.
func TestRealOpenSearch(t *testing.T) {
	address := realtest.OpenSearch(t)
	r, err := http.NewRequest(http.MethodDelete, address+"/analysed-logs-*", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()

	dir := dataDir(t)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, config.FileName), []byte("search: "+address+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(t.TempDir(), "access.log")
	stop := startWriter(t, loadgen.Options{Path: log, Seed: 7, Rate: 2000})
	args := []string{"--demo", "--log", log, "--parameter", "WindowSeconds=2"}
	p := up(t, dir, args...)
	if p.Run.Search != address {
		t.Fatalf("search is %q, want %q", p.Run.Search, address)
	}
	eventually(t, "documents arrive", 30*time.Second, func() error {
		sums, err := p.searchSums()
		if err == nil && len(sums) == 0 {
			err = errors.New("there are none yet")
		}
		return err
	})
	p.kill()
	p = up(t, dir, args...)
	stop()
	compare(t, p, log)
}
