package searchindex_test

import (
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/millrace/millrace/internal/searchindex"
)

// Who does not get in, or only says he will send much, makes no room for a
// body that others then wait for.
func TestBodyOfNobodyIsNotRead(t *testing.T) {
	h := openIndex(t, searchindex.Options{Authorize: nil}).Namespace("mine")
	for name, sign := range map[string]func(setBasicAuth func(string, string)){
		"nobody":         func(func(string, string)) {},
		"wrong password": func(set func(string, string)) { set(user, "wrong") },
	} {
		r := httptest.NewRequest("POST", "/_bulk", unreadable{t})
		r.ContentLength = searchindex.MaxBodyBytes
		sign(r.SetBasicAuth)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 401 {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
}

type unreadable struct{ t *testing.T }

func (u unreadable) Read([]byte) (int, error) {
	u.t.Error("the body is read")
	return 0, errors.New("no body")
}
