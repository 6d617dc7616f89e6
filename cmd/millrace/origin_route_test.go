//go:build unix

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/millrace/millrace/internal/record"
)

// route is what lies between agent and server. It sees which records the server
// said to have kept.
type route struct {
	t         *testing.T
	server    *httptest.Server
	trouble   func(*rand.Rand, *routed) // nil = none
	anonymous bool                      // takes away where records come from

	mu     sync.Mutex
	to     *process
	random *rand.Rand
	kept   map[[16]byte]map[record.Range]bool // by incarnation
	top    map[[16]byte]uint64
	counts
}

// counts are of records, but for requests.
type counts struct{ requests, taken, repeats, overtaken, refused int }

// routed is one request on its way.
type routed struct {
	origin   record.Origin
	records  []json.RawMessage
	cutAfter time.Duration // of the answer, 0 = it arrives
	fail     map[int]bool  // records that the agent is told to have failed
	hold     map[int]bool  // those among them that the server never sees
}

func newRoute(t *testing.T, to *process) *route {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := &route{t: t, to: to, random: rand.New(rand.NewPCG(seed, 1)), kept: map[[16]byte]map[record.Range]bool{}, top: map[[16]byte]uint64{}}
	r.server = httptest.NewServer(r)
	t.Cleanup(r.server.Close)
	return r
}

func (r *route) leadTo(p *process) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.to = p
}

func (r *route) requestsSeen() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.requests
}

// records is how many the server said to have taken.
func (r *route) records() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.taken
}

// passed returns whether so many requests went through since it was called.
func (r *route) passed(n int) func() bool {
	from := r.requestsSeen()
	return func() bool { return r.requestsSeen() >= from+n }
}

func (r *route) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the agent was killed
	}
	var put struct {
		DeliveryStreamName string
		Records            []json.RawMessage
	}
	if err := json.Unmarshal(body, &put); err != nil {
		r.t.Error(err)
	}
	q := &routed{records: put.Records, fail: map[int]bool{}, hold: map[int]bool{}}
	if q.origin, err = record.ParseOrigin(req.Header.Get(record.OriginHeader)); err != nil || len(q.origin.Ranges) != len(q.records) {
		r.t.Errorf("origin of %d records: %v", len(q.records), err)
	}
	r.mu.Lock()
	to := r.to
	if r.trouble != nil {
		r.trouble(r.random, q)
	}
	r.mu.Unlock()
	entries, answer, status := r.forward(req, q, put.DeliveryStreamName, to)
	time.Sleep(q.cutAfter)
	if q.cutAfter > 0 || status == 0 {
		panic(http.ErrAbortHandler)
	}
	if status == http.StatusOK {
		answer = q.answer(entries)
	}
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}

// answered is what the server says of one record.
type answered struct {
	RecordId     string `json:",omitempty"`
	ErrorCode    string `json:",omitempty"`
	ErrorMessage string `json:",omitempty"`
}

// forward sends on what is not held, signed anew, even if the agent is gone
// meanwhile. Status 0 is no answer.
func (r *route) forward(from *http.Request, q *routed, stream string, to *process) (entries []answered, body []byte, status int) {
	sent, records := record.Origin{ID: q.origin.ID}, []json.RawMessage{}
	for i, data := range q.records {
		if !q.hold[i] {
			sent.Ranges, records = append(sent.Ranges, q.origin.Ranges[i]), append(records, data)
		}
	}
	if len(records) == 0 {
		return nil, nil, http.StatusOK
	}
	body, err := json.Marshal(map[string]any{"DeliveryStreamName": stream, "Records": records})
	if err != nil {
		r.t.Error(err)
	}
	ctx := context.WithoutCancel(from.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.Run.Edge, bytes.NewReader(body))
	if err != nil {
		r.t.Error(err)
		return nil, nil, 0
	}
	req.Header.Set("Content-Type", from.Header.Get("Content-Type"))
	req.Header.Set("X-Amz-Target", from.Header.Get("X-Amz-Target"))
	if !r.anonymous {
		req.Header.Set(record.OriginHeader, string(sent.AppendHeader(nil)))
	}
	hash := sha256.Sum256(body)
	keys := aws.Credentials{AccessKeyID: to.Run.AccessKeyID, SecretAccessKey: to.Run.SecretAccessKey}
	if err := v4.NewSigner().SignHTTP(ctx, keys, req, hex.EncodeToString(hash[:]), "firehose", to.Run.Region, time.Now()); err != nil {
		r.t.Error(err)
	}
	r.mu.Lock()
	r.requests++
	r.mu.Unlock()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, nil, 0 // the server was killed
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(resp.Body); err != nil {
		return nil, nil, 0
	}
	var answer struct{ RequestResponses []answered }
	if resp.StatusCode == http.StatusOK {
		if err := json.Unmarshal(body, &answer); err != nil || len(answer.RequestResponses) != len(records) {
			r.t.Errorf("answer to %d records: %v %s", len(records), err, body)
		}
		r.note(sent, answer.RequestResponses)
	}
	return answer.RequestResponses, body, resp.StatusCode
}

// note counts what the server kept, and what of it was kept before.
func (r *route) note(sent record.Origin, entries []answered) {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept, top := r.kept[sent.ID], r.top[sent.ID]
	if kept == nil {
		kept = map[record.Range]bool{}
		r.kept[sent.ID] = kept
	}
	for i, e := range entries {
		at := sent.Ranges[i]
		switch {
		case e.ErrorCode != "":
			r.refused++
			continue
		case kept[at]:
			r.repeats++
			if at.End < top {
				r.overtaken++
			}
		}
		r.taken++
		kept[at] = true
		r.top[sent.ID] = max(r.top[sent.ID], at.End)
	}
}

// answer is what the agent is told.
func (q *routed) answer(entries []answered) []byte {
	out := struct {
		FailedPutCount   int
		RequestResponses []answered
	}{}
	for i := range q.records {
		e := answered{ErrorCode: "InternalFailure", ErrorMessage: "An internal error occurred."}
		if !q.hold[i] {
			if !q.fail[i] {
				e = entries[0]
			}
			entries = entries[1:]
		}
		if e.ErrorCode != "" {
			out.FailedPutCount++
		}
		out.RequestResponses = append(out.RequestResponses, e)
	}
	text, err := json.Marshal(out)
	if err != nil {
		panic(err)
	}
	return text
}
