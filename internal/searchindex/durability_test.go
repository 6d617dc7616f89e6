package searchindex_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/searchindex"
)

// writerDir tells this test's own binary, run once more, to write until it is killed.
const writerDir = "MILLRACE_SEARCHINDEX_WRITER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerDir); dir != "" {
		writeUntilKilled(dir)
	}
	os.Exit(m.Run())
}

// writeUntilKilled indexes bulks of ten documents, the numbers from what is there on, and prints each bulk that was answered.
func writeUntilKilled(dir string) {
	x, err := searchindex.Open(searchindex.Options{Dir: dir, Users: map[string]string{user: password}})
	if err != nil {
		fmt.Println("open:", err)
		os.Exit(1)
	}
	h := x.Namespace("kill")
	_, first := documentsIn(h)
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range 3 {
		wg.Go(func() {
			for {
				mu.Lock()
				n := first
				first += 10
				mu.Unlock()
				e := exchange{method: "POST", path: "/kill/_bulk", body: tenDocuments(n)}
				if status, answer := e.send(h); status != "200" || !strings.Contains(answer, `"errors":false`) {
					fmt.Println("bulk:", status, answer)
					os.Exit(1)
				}
				mu.Lock()
				fmt.Println("answered", n)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

func tenDocuments(first int) string {
	var b strings.Builder
	for i := first; i < first+10; i++ {
		fmt.Fprintf(&b, "{\"index\":{\"_id\":\"%d\"}}\n{\"n\":%d,\"one\":1}\n", i, i)
	}
	return b.String()
}

// documentsIn returns the number of documents, and the number after the highest.
func documentsIn(h http.Handler) (count, next int) {
	e := exchange{method: "POST", path: "/kill*/_search", body: `{"size":0,"track_total_hits":true,"aggs":{"max":{"max":{"field":"n"}},"sum":{"sum":{"field":"one"}}}}` + "\n"}
	_, answer := e.send(h)
	var highest, sum float64
	_, rest, _ := strings.Cut(answer, `"total":{"value":`)
	fmt.Sscan(rest, &count)
	_, rest, ok := strings.Cut(answer, `"max":{"value":`)
	if !ok || strings.HasPrefix(rest, "null") {
		return count, 0
	}
	fmt.Sscanf(rest, "%g},\"sum\":{\"value\":%g", &highest, &sum)
	if int(sum) != count {
		return -1, 0
	}
	return count, int(highest) + 1
}

// Killed at any moment, the index holds all that it answered, and of every bulk all or nothing.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	var answered []int
	for round := range 4 {
		answered = append(answered, killWriter(t, dir, time.Duration(20+rand.IntN(150))*time.Millisecond)...)
		x := openIndex(t, searchindex.Options{Dir: dir})
		h := x.Namespace("kill")
		count, _ := documentsIn(h)
		if count%10 != 0 || count < 10*len(answered) {
			t.Fatalf("round %d: %d documents after %d answered bulks", round, count, len(answered))
		}
		for _, n := range answered {
			e := exchange{method: "GET", path: fmt.Sprintf("/kill/_count?q=n:[%d+TO+%d]", n, n+9)}
			if status, answer := e.send(h); status != "200" || !strings.Contains(answer, `"count":10,`) {
				t.Fatalf("round %d: bulk %d was answered and is gone: %s", round, n, answer)
			}
		}
		if err := x.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(answered) < 4 {
		t.Fatalf("only %d bulks were answered before the kills", len(answered))
	}
}

func killWriter(t *testing.T, dir string, after time.Duration) (answered []int) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), writerDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var n int
		if _, err := fmt.Sscanf(lines.Text(), "answered %d", &n); err != nil {
			t.Errorf("writer: %s", lines.Text())
			continue
		}
		if answered = append(answered, n); len(answered) == 1 {
			time.AfterFunc(after, func() { cmd.Process.Kill() })
		}
	}
	_ = cmd.Wait() // it was killed
	return answered
}

// A copy of the files of an open index is what a power cut leaves: the log was never merged into the database.
func TestOpenedWithoutCheckpoint(t *testing.T) {
	dir, copied := t.TempDir(), t.TempDir()
	h := openIndex(t, searchindex.Options{Dir: dir}).Namespace("kill")
	call(t, h, "POST", "/kill/_bulk", []byte(tenDocuments(0)))
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		copyFile(t, filepath.Join(dir, f.Name()), filepath.Join(copied, f.Name()))
	}
	if count, next := documentsIn(openIndex(t, searchindex.Options{Dir: copied}).Namespace("kill")); count != 10 || next != 10 {
		t.Errorf("%d documents, next %d", count, next)
	}
}

func copyFile(t *testing.T, from, to string) {
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
}

// Searches among bulks see whole bulks only, and every bulk that was answered before they began.
func TestConcurrent(t *testing.T) {
	h := openIndex(t, searchindex.Options{CacheBytes: 1 << 16}).Namespace("kill")
	call(t, h, "POST", "/kill/_bulk", []byte(tenDocuments(0)))
	var wg sync.WaitGroup
	var mu sync.Mutex
	answered := 10
	for w := range 4 {
		wg.Go(func() {
			for i := range 60 {
				call(t, h, "POST", "/kill/_bulk", []byte(strings.Repeat(tenDocuments(10*(1+w*60+i)), 1+i%2)))
				mu.Lock()
				answered += 10
				mu.Unlock()
			}
		})
	}
	for range 2 {
		wg.Go(func() {
			for range 60 {
				mu.Lock()
				before := answered
				mu.Unlock()
				if count, _ := documentsIn(h); count%10 != 0 || count < before {
					t.Errorf("%d documents after %d were answered", count, before)
				}
			}
		})
	}
	wg.Wait()
	if count, next := documentsIn(h); count != 2410 || next != 2410 {
		t.Errorf("%d documents, next %d", count, next)
	}
}
