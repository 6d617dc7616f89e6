//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/millrace/millrace/bench/corpus"
	"github.com/millrace/millrace/bench/load"
)

// ledger is what a run has put, to be compared with what arrived.
type ledger struct {
	batches []load.Batch
	corpus  *corpus.Corpus
	tallies []tally // of each batch
	seed    maphash.Seed
	sent    tally // acknowledged
	unknown tally // sent without an answer: may be there or not
}

// tally describes records whatever their order.
type tally struct {
	records int64
	hashes  uint64 // sum of the records' hashes
	status  map[int]int64
}

func (t *tally) add(other tally, times int64) {
	t.records += other.records * times
	t.hashes += other.hashes * uint64(times)
	if t.status == nil {
		t.status = map[int]int64{}
	}
	for s, n := range other.status {
		t.status[s] += n * times
	}
}

func newLedger(batches []load.Batch, c *corpus.Corpus) *ledger {
	l := &ledger{batches: batches, corpus: c, seed: maphash.MakeSeed()}
	for i := range batches {
		l.tallies = append(l.tallies, l.first(i, load.BatchRecords))
	}
	return l
}

// first describes the first records of a batch.
func (l *ledger) first(batch, records int) tally {
	t := tally{status: map[int]int64{}}
	for n := batch * load.BatchRecords; n < batch*load.BatchRecords+records; n++ {
		t.records++
		t.hashes += maphash.Bytes(l.seed, l.corpus.Records[n])
		t.status[l.corpus.Status[n]]++
	}
	return t
}

// note adds the result of a load.
func (l *ledger) note(r *load.Result) {
	for i := range l.tallies {
		l.sent.add(l.tallies[i], r.Acked[i])
		l.unknown.add(l.tallies[i], r.Unknown[i])
	}
	for part, calls := range r.Partly {
		l.sent.add(l.first(part.Batch, part.Records), calls)
	}
}

// checkArchive reads all objects of the archive's bucket, which are plain files
// of the data directory. Every record that was acknowledged is there as often
// as it was sent.
func (l *ledger) checkArchive(dir string) error {
	var got tally
	err := filepath.WalkDir(filepath.Join(dir, "s3", "buckets", archiveBucket), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if d != nil && strings.HasPrefix(d.Name(), ".") {
				return filepath.SkipDir
			}
			return err
		}
		text, err := os.ReadFile(path)
		for line := range bytes.Lines(text) {
			got.records++
			got.hashes += maphash.Bytes(l.seed, line)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("read the archive: %w", err)
	}
	return l.compare("archive", got)
}

// compare is exact unless answers are missing: then only the number can be
// told, and only between bounds.
func (l *ledger) compare(where string, got tally) error {
	if got.records < l.sent.records || got.records > l.sent.records+l.unknown.records {
		return fmt.Errorf("void: %s has %d records, %d were acknowledged and %d more may be there", where, got.records, l.sent.records, l.unknown.records)
	}
	if l.unknown.records == 0 && got.hashes != l.sent.hashes {
		return fmt.Errorf("void: %s has as many records as were acknowledged, but not the same", where)
	}
	return nil
}

// checkIndex compares the counts by status.
func (l *ledger) checkIndex(ctx context.Context, p *process) error {
	got, err := indexCounts(ctx, p)
	if err != nil {
		return err
	}
	for status, n := range l.sent.status {
		if got[status] < n || got[status] > n+l.unknown.status[status] {
			return fmt.Errorf("void: the index counts status %d %d times, %d were acknowledged and %d more may be there",
				status, got[status], n, l.unknown.status[status])
		}
	}
	return nil
}

// indexCounts asks the index for the sums by status.
func indexCounts(ctx context.Context, p *process) (map[int]int64, error) {
	const query = `{"size":0,"aggs":{"by":{"terms":{"field":"status","size":100},"aggs":{"sum":{"sum":{"field":"n"}}}}}}`
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.run.Search+"/counts*/_search", strings.NewReader(query))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.SetBasicAuth(p.run.SearchUser, p.run.SearchPassword)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var answer struct {
		Aggregations struct {
			By struct {
				Buckets []struct {
					Key int
					Sum struct{ Value float64 }
				}
			}
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("search: %s: %v", response.Status, err)
	}
	sums := map[int]int64{}
	for _, b := range answer.Aggregations.By.Buckets {
		sums[b.Key] = int64(b.Sum.Value)
	}
	return sums, nil
}

// await waits until the index counts what was acknowledged.
func (l *ledger) await(ctx context.Context, p *process, within time.Duration) error {
	deadline := time.Now().Add(within)
	for {
		err := l.checkIndex(ctx, p)
		if err == nil || time.Now().After(deadline) || ctx.Err() != nil {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}
