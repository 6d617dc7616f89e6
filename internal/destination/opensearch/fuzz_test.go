package opensearch

import (
	"testing"
)

// Whatever a server answers to two documents, each is taken, to be sent again or refused, and never two of these.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"took":1,"errors":true,"items":[{"index":{"_id":"a","status":201}},{"index":{"_id":"b","status":429,"error":{"type":"x"}}}]}`))
	f.Add([]byte(`{"items":[{"index":{"_id":"a","status":400}},{"create":{"_id":"b","status":201}}]}`))
	f.Add([]byte(`{"items":[null,{}]}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		d, err := New(Options{Endpoint: "https://search.example", IndexName: "i", Rotation: NoRotation})
		if err != nil {
			t.Fatal(err)
		}
		docs := []*document{{id: "a"}, {id: "b"}}
		var r round
		d.items(docs, answer, &r)
		left := map[string]int{}
		for _, doc := range r.again {
			left[doc.id]++
		}
		for _, refused := range r.refused {
			left[refused.id]++
			if refused.message == "" || refused.code == "" || refused.attempts != 1 {
				t.Fatalf("%+v", refused)
			}
		}
		if left["a"] > 1 || left["b"] > 1 {
			t.Fatalf("%s decided twice: %v", answer, left)
		}
	})
}
