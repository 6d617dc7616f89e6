//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/aws/edge"
	"github.com/millrace/millrace/internal/config"
)

// A stream outlives its search domain: what comes meanwhile goes to the error
// bucket and not to the domain that has the address now, and what comes later to
// the domain that was made again, wherever that is.
func TestDeletedSearchDomain(t *testing.T) {
	dir := dataDir(t)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	cfg := config.Default()
	cfg.EdgePort, cfg.ConsolePort, cfg.SearchPort, cfg.DiskReserveMiB = 0, 0, 0, 0
	s, err := openServer(t.Context(), dir, cfg, slog.New(slog.DiscardHandler), func() {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	aws := domainWorld{t, s, s.client("us-east-1")}
	aws.makeDomain("first")
	aws.makeStream("first")

	aws.deleteDomain("first")
	aws.put(`{"n":1}`)
	aws.flush()
	aws.makeDomain("second") // takes the address of the first one
	aws.put(`{"n":2}`)
	aws.flush()
	aws.makeDomain("first")
	aws.put(`{"n":3}`)
	aws.flush()
	for domain, want := range map[string]int{"second": 0, "first": 1} {
		if n, err := aws.count(domain); n != want || err != nil {
			t.Errorf("domain %s has %d documents, want %d (%v)", domain, n, want, err)
		}
	}
	if st := s.firehose.Streams()[0]; st.Delivery.Refused != 2 {
		t.Errorf("%d documents went to the error bucket, want 2", st.Delivery.Refused)
	}
}

// A stream whose domain is missing when the server starts delivers once the
// domain is back.
func TestDomainBackAfterRestart(t *testing.T) {
	dir := dataDir(t)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	cfg := config.Default()
	cfg.EdgePort, cfg.ConsolePort, cfg.SearchPort, cfg.DiskReserveMiB = 0, 0, 0, 0
	begin := func() domainWorld {
		s, err := openServer(t.Context(), dir, cfg, slog.New(slog.DiscardHandler), func() {})
		if err != nil {
			t.Fatal(err)
		}
		return domainWorld{t, s, s.client("us-east-1")}
	}
	w := begin()
	w.makeDomain("first")
	w.makeStream("first")
	w.deleteDomain("first")
	w.must(w.s.Close())

	w = begin()
	defer func() { w.must(w.s.Close()) }()
	w.makeDomain("first")
	w.put(`{"n":1}`)
	w.flush()
	if n, err := w.count("first"); n != 1 || err != nil {
		t.Fatalf("%d documents, want 1 (%v)", n, err)
	}
}

type domainWorld struct {
	t   *testing.T
	s   *server
	aws *edge.Client
}

func (w domainWorld) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w domainWorld) makeDomain(name string) {
	w.must(w.aws.REST(w.t.Context(), "es", http.MethodPost, "/2021-01-01/opensearch/domain", map[string]any{"DomainName": name}, nil))
}

func (w domainWorld) deleteDomain(name string) {
	w.must(w.aws.REST(w.t.Context(), "es", http.MethodDelete, "/2021-01-01/opensearch/domain/"+name, nil, nil))
	eventually(w.t, "the domain is gone", 10*time.Second, func() error {
		if _, there := w.s.domains.Domain("arn:aws:es:us-east-1:000000000000:domain/" + name); there {
			return errors.New("it is there")
		}
		return nil
	})
}

func (w domainWorld) makeStream(domain string) {
	w.must(w.aws.S3(w.t.Context(), http.MethodPut, "/errors", nil))
	role := "arn:aws:iam::000000000000:role/anything"
	hints := map[string]any{"SizeInMBs": 1, "IntervalInSeconds": 60}
	w.must(w.firehose("CreateDeliveryStream", map[string]any{"DeliveryStreamName": "web",
		"AmazonopensearchserviceDestinationConfiguration": map[string]any{
			"DomainARN": "arn:aws:es:us-east-1:000000000000:domain/" + domain, "RoleARN": role, "IndexName": "web",
			"IndexRotationPeriod": "NoRotation", "BufferingHints": hints, "RetryOptions": map[string]any{"DurationInSeconds": 0},
			"S3Configuration": map[string]any{"BucketARN": "arn:aws:s3:::errors", "RoleARN": role, "BufferingHints": hints},
		}}))
}

func (w domainWorld) firehose(operation string, in any) error {
	return w.aws.JSON(w.t.Context(), "firehose", "Firehose_20150804."+operation, in, nil)
}

func (w domainWorld) put(record string) {
	eventually(w.t, "the stream takes the record", 10*time.Second, func() error {
		return w.firehose("PutRecord", map[string]any{"DeliveryStreamName": "web", "Record": map[string]any{"Data": []byte(record)}})
	})
}

func (w domainWorld) flush() {
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	w.must(w.s.firehose.Flush(ctx, "web"))
}

func (w domainWorld) count(domain string) (int, error) {
	status, body, err := w.s.search.Do(w.t.Context(), domain, http.MethodGet, "/_search?size=0", nil)
	if err != nil || status != http.StatusOK {
		return 0, fmt.Errorf("%d %s %w", status, body, err)
	}
	var answer struct {
		Hits struct{ Total struct{ Value int } }
	}
	err = json.Unmarshal(body, &answer)
	return answer.Hits.Total.Value, err
}
