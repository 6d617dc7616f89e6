package restjson

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/aws/call"
)

type describe struct {
	Name   string `path:"DomainName" json:"-"`
	Engine string `query:"engineType" json:"-"`
	Count  int
}

func service() *Service {
	echo := func(_ context.Context, _ *call.Call, in *describe) (*map[string]any, error) {
		return &map[string]any{"Name": in.Name, "Engine": in.Engine, "Count": in.Count}, nil
	}
	return &Service{Name: "es", Logger: slog.New(slog.DiscardHandler), Operations: []Operation{
		Typed("Describe", "GET", "/2021-01-01/opensearch/domain/{DomainName}", echo),
		Typed("Update", "POST", "/2021-01-01/opensearch/domain/{DomainName}/config", echo),
		Typed("List", "GET", "/2021-01-01/domain", echo),
	}}
}

func TestServe(t *testing.T) {
	cases := []struct {
		request, body string
		status        int
		operation     string
		want          string
	}{
		{"GET /2021-01-01/opensearch/domain/logs", "", 200, "Describe", `{"Count":0,"Engine":"","Name":"logs"}`},
		{"GET /2021-01-01/opensearch/domain/a%2Fb", "", 200, "Describe", `{"Count":0,"Engine":"","Name":"a/b"}`},
		{"POST /2021-01-01/opensearch/domain/logs/config", `{"Count":2}`, 200, "Update", `{"Count":2,"Engine":"","Name":"logs"}`},
		{"GET /2021-01-01/domain/?engineType=OpenSearch", "", 200, "List", `{"Count":0,"Engine":"OpenSearch","Name":""}`},
		{"GET /2021-01-01/domain?colour=red", "", 400, "List", `{"message":"unknown or repeated query parameter colour"}`},
		{"POST /2021-01-01/opensearch/domain/logs/config", `{"Size":2}`, 400, "Update", `{"message":"unknown member Size"}`},
		{"GET /2021-01-01/opensearch/domain/", "", 404, "", `{"message":"es has no operation GET /2021-01-01/opensearch/domain/"}`},
		{"DELETE /2021-01-01/domain", "", 404, "", `{"message":"es has no operation DELETE /2021-01-01/domain"}`},
	}
	for _, c := range cases {
		method, path, _ := strings.Cut(c.request, " ")
		w := httptest.NewRecorder()
		request := &call.Call{RequestID: "r-1", Body: []byte(c.body)}
		service().Serve(w, httptest.NewRequest(method, path, nil), request)
		if w.Code != c.status || w.Body.String() != c.want || request.Operation != c.operation {
			t.Errorf("%s %s: got %d %q %s, want %d %q %s", c.request, c.body, w.Code, request.Operation, w.Body, c.status, c.operation, c.want)
		}
		if (c.status != 200) != (w.Header().Get("x-amzn-ErrorType") != "") {
			t.Errorf("%s: error type is %q", c.request, w.Header().Get("x-amzn-ErrorType"))
		}
	}
}
