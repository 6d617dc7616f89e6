package searchindex_test

import (
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/searchindex"
)

// More documents than are found in one round: all that match go, the others stay.
func TestDeleteByQueryInRounds(t *testing.T) {
	h := openIndex(t, searchindex.Options{}).Namespace("n")
	const documents = 30_000
	for first := 0; first < documents; first += 10_000 {
		call(t, h, "POST", "/_bulk", statusDocuments(first, 10_000))
	}
	answer := call(t, h, "POST", "/analysed-*/_delete_by_query", []byte(`{"query":{"terms":{"STATUS":[200,404]}}}`)).Body.String()
	if !strings.Contains(answer, `"total":20000,"deleted":20000,`) {
		t.Error(answer)
	}
	if answer := call(t, h, "GET", "/_count", nil).Body.String(); !strings.Contains(answer, `"count":10000,`) {
		t.Error(answer)
	}
	if answer := call(t, h, "POST", "/_search", []byte(termsOfSum)).Body.String(); !strings.Contains(answer, `{"key":304,"doc_count":5000,`) || strings.Contains(answer, `{"key":200,`) {
		t.Error(answer)
	}
}
