package firehose

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/destination/opensearch"
)

// search makes destinations that deliver to one cluster, as the server does.
type search struct {
	cluster
	options Search // of the last one
}

func newSearch() *search {
	return &search{cluster: cluster{held: map[string]string{}, tried: map[string]int{}}}
}

func (s *search) open(o Search) (destination.Destination, error) {
	if strings.HasSuffix(o.DomainARN, "/missing") {
		return nil, fmt.Errorf("Domain %s does not exist", o.DomainARN)
	}
	s.options = o
	return opensearch.New(opensearch.Options{
		Endpoint: "https://search.example", IndexName: o.IndexName, Rotation: opensearch.Rotation(o.IndexRotation),
		NoDocumentID: o.NoDocumentID, RetryDuration: o.Retry, Transport: &s.cluster,
	})
}

// cluster is a search cluster behind a RoundTripper. Its mapping refuses
// documents with "bad" in them. _bulk is all that it knows.
type cluster struct {
	mu    sync.Mutex
	down  bool
	held  map[string]string // source by index/id
	tried map[string]int    // times by index/id, or by source where there is no id
	lines []string          // of the last _bulk request

	requests int
	status   int  // that requests are answered with; 0 carries them out
	half     bool // every second document alone has that status, at its first attempt
	loses    int  // answers that get lost from now on
}

// RoundTrip implements http.RoundTripper.
func (c *cluster) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	if c.down {
		return nil, errors.New("connection refused")
	}
	if c.status != 0 && !c.half {
		return answer(r, c.status, fmt.Sprintf(`{"error":{"type":"scripted","reason":"as the case wants it"},"status":%d}`, c.status)), nil
	}
	text, err := c.bulk(body)
	if err != nil {
		return nil, err
	}
	if c.loses > 0 {
		c.loses--
		return nil, errors.New("connection reset by peer")
	}
	return answer(r, http.StatusOK, text), nil
}

func answer(r *http.Request, status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r}
}

func (c *cluster) bulk(body []byte) (string, error) {
	c.lines = strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")
	var items []string
	for pair := range slices.Chunk(c.lines, 2) {
		var action struct {
			Index struct {
				Index string `json:"_index"`
				ID    string `json:"_id"`
			} `json:"index"`
		}
		if err := json.Unmarshal([]byte(pair[0]), &action); err != nil || len(pair) != 2 || !json.Valid([]byte(pair[1])) {
			return "", fmt.Errorf("bad _bulk lines %q: %w", pair, err)
		}
		status, kind := c.index(action.Index.Index, action.Index.ID, pair[1], len(items))
		failed := ""
		if status >= 300 {
			failed = fmt.Sprintf(`,"error":{"type":%q,"reason":"the document is not taken"}`, kind)
		}
		items = append(items, fmt.Sprintf(`{"index":{"_index":%q,"_id":%q,"status":%d%s}}`, action.Index.Index, action.Index.ID, status, failed))
	}
	return `{"took":1,"errors":true,"items":[` + strings.Join(items, ",") + `]}`, nil
}

// index takes one document, the n-th of its request, and returns its status.
func (c *cluster) index(index, id, source string, n int) (status int, kind string) {
	place := index + "/" + id
	if id == "" {
		place += fmt.Sprintf("<made %d>", len(c.held)+1)
	}
	c.tried[index+"/"+id+source]++
	switch {
	case strings.Contains(source, "bad"):
		return http.StatusBadRequest, "mapper_parsing_exception"
	case c.half && n%2 == 1 && c.tried[index+"/"+id+source] == 1:
		return c.status, "scripted"
	}
	c.held[place] = source
	return http.StatusCreated, ""
}

// list returns "index/id source", by index and source: ids differ from run to run.
func (c *cluster) list() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []string
	for place, source := range c.held {
		all = append(all, place+" "+source)
	}
	slices.SortFunc(all, func(a, b string) int { return strings.Compare(mask(a), mask(b)) })
	return all
}

// attempts tells how many documents were tried how often.
func (c *cluster) attempts() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	counts := map[int]int{}
	for _, n := range c.tried {
		counts[n]++
	}
	var all []string
	for n, documents := range counts {
		all = append(all, fmt.Sprintf("%d documents %d times", documents, n))
	}
	slices.Sort(all)
	return strings.Join(append([]string{fmt.Sprintf("%d requests", c.requests)}, all...), "\n")
}
