package searchindex_test

import (
	"net/http/httptest"
	"os/exec"
	"testing"

	"github.com/millrace/millrace/internal/realtest"
	"github.com/millrace/millrace/internal/searchindex"
)

// Real clients use the index as they would use OpenSearch.
func TestClients(t *testing.T) {
	for _, c := range []struct{ module, script string }{
		{"opensearchpy", "testdata/clients/opensearch.py"},
	} {
		t.Run(c.module, func(t *testing.T) {
			python := realtest.Python(t, c.module)
			server := httptest.NewServer(openIndex(t, searchindex.Options{}).Namespace("clients"))
			defer server.Close()
			if out, err := exec.Command(python, c.script, server.URL, user, password).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
		})
	}
}
