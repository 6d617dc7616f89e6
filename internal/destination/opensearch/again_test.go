package opensearch

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Documents that were refused before go to their own index under their own id; each is judged for itself.
func TestAgain(t *testing.T) {
	f := newFake()
	f.item = func(id string, attempt int) int {
		switch {
		case id == "busy" && attempt == 1:
			return 429
		case id == "bad":
			return 400
		}
		return 201
	}
	synctest.Test(t, func(t *testing.T) {
		rejected, err := to(t, f, nil).Again(t.Context(), []Document{
			{ID: "good", Index: "a-2026", Source: []byte(`{"n":1}`)},
			{ID: "text", Index: "a-2026", Source: []byte(`plain`)},
			{ID: "bad", Index: "b", Source: []byte(`{"n":"x"}`)},
			{ID: "busy", Index: "b", Type: "doc", Source: []byte("{\"n\":\n3}")},
		})
		if err != nil || len(rejected) != 4 || rejected[0] != nil || rejected[1] == nil || rejected[2] == nil || rejected[3] != nil {
			t.Fatal(rejected, err)
		}
		if rejected[1].Code != "400" || !strings.Contains(rejected[1].Message, "not a JSON object") || rejected[2].Attempts != 1 || rejected[2].At == 0 {
			t.Errorf("%+v %+v", rejected[1], rejected[2])
		}
		if len(f.held) != 2 || f.held["a-2026/good"] != `{"n":1}` || f.held["b/busy"] != `{"n":3}` {
			t.Errorf("%v", f.held)
		}
	})
}

// A server that does not answer, or lets nobody in, has decided nothing.
func TestAgainUndecided(t *testing.T) {
	for _, trouble := range []reply{{err: errors.New("refused")}, {status: 403}, {status: 503}} {
		synctest.Test(t, func(t *testing.T) {
			f, began := newFake(), time.Now()
			f.script = func(int, []byte) *reply { return &trouble }
			rejected, err := to(t, f, func(o *Options) { o.RetryDuration = time.Minute }).Again(t.Context(), []Document{{ID: "a", Index: "i", Source: []byte(`{}`)}})
			if err == nil || rejected != nil || time.Since(began) != time.Minute {
				t.Fatal(rejected, err, time.Since(began))
			}
		})
	}
}
