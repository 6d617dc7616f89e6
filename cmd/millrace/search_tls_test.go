//go:build unix

package main

import (
	"encoding/pem"
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/config"
	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/firehose"
	"github.com/millrace/millrace/internal/loadgen"
	"github.com/millrace/millrace/internal/record"
	"github.com/millrace/millrace/internal/searchindex"
)

// A cluster behind TLS with a certificate of its own and a user: results reach
// it with ca_file, and nothing reaches it without.
func TestSearchOverTLS(t *testing.T) {
	t.Parallel()
	index, err := searchindex.Open(searchindex.Options{
		Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler), Users: map[string]string{"writer": "a-long-password"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer index.Close()
	cluster := httptest.NewUnstartedServer(index.Namespace("cluster"))
	cluster.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug) // refused handshakes are expected
	cluster.StartTLS()
	defer cluster.Close()
	secrets := t.TempDir()
	ca, password := filepath.Join(secrets, "ca.pem"), filepath.Join(secrets, "password")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cluster.Certificate().Raw})
	for name, text := range map[string]string{ca: string(certificate), password: "a-long-password\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log := filepath.Join(t.TempDir(), "access.log")
	if err := loadgen.Generate(t.Context(), loadgen.Options{Path: log, Seed: 3, Lines: 500}); err != nil {
		t.Fatal(err)
	}
	for _, trusted := range []bool{false, true} {
		t.Run(fmt.Sprintf("trusted %t", trusted), func(t *testing.T) {
			dir := dataDir(t)
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			settings := fmt.Sprintf("search:\n  url: %s\n  username: writer\n  password_file: %s\n", cluster.URL, password)
			if trusted {
				settings += "  ca_file: " + ca + "\n"
			}
			if err := os.WriteFile(filepath.Join(dir, config.FileName), []byte(settings), 0o600); err != nil {
				t.Fatal(err)
			}
			p := up(t, dir, "--demo", "--log", log, "--parameter", "WindowSeconds=2")
			p.client = cluster.Client()
			if trusted {
				compare(t, p, log)
				return
			}
			eventually(t, "the certificate is refused where people see it", 30*time.Second, func() error {
				if trouble := p.status().DeliveryStreams[1].LastError; trouble == nil || !strings.Contains(trouble.Message, "certificate") {
					return fmt.Errorf("trouble %+v", trouble)
				}
				return nil
			})
			if sums, err := p.searchSums(); err != nil || len(sums) > 0 {
				t.Fatalf("the cluster holds %v (%v)", sums, err)
			}
		})
	}
}

// A ClusterEndpoint can name any address; those where clouds hand out credentials are never asked.
func TestSearchAsksNoMetadata(t *testing.T) {
	s := &server{dir: t.TempDir(), cfg: config.Default(), log: slog.New(slog.DiscardHandler)}
	s.cfg.Search.URL = "https://search.example"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if err := s.describe(listener, listener, nil); err != nil {
		t.Fatal(err)
	}
	to, err := s.searchDestination(firehose.Search{ClusterEndpoint: "http://169.254.169.254", IndexName: "i", IndexRotation: "NoRotation"})
	if err != nil {
		t.Fatal(err)
	}
	refused, err := to.Deliver(t.Context(), &destination.Batch{ID: "b", Records: []record.Record{{Sequence: 1, Data: []byte(`{}`)}}})
	if err != nil || len(refused) != 1 || !strings.Contains(refused[0].Message, "never dialled") {
		t.Errorf("%v %v", refused, err)
	}
}
