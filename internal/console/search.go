package console

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// searchBodyBytes is the largest _search body that a page may send.
const searchBodyBytes = 1 << 20

// search forwards the body to /{pattern}/_search and the answer back, as it is.
func (c *Console) search(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, searchBodyBytes))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		problem(w, http.StatusRequestEntityTooLarge, "a search body has at most 1 MiB")
		return
	case err != nil:
		problem(w, http.StatusBadRequest, "read search body: "+err.Error())
		return
	}
	c.forward(w, r, http.MethodPost, "/_search", body)
}

// searchMapping forwards to /{pattern}/_mapping.
func (c *Console) searchMapping(w http.ResponseWriter, r *http.Request) {
	c.forward(w, r, http.MethodGet, "/_mapping", nil)
}

// forward reads only: the two addresses above are all that a page can reach
// with the server's credentials.
func (c *Console) forward(w http.ResponseWriter, r *http.Request, method, operation string, body []byte) {
	pattern := r.PathValue("pattern")
	if !isIndexPattern(pattern) {
		problem(w, http.StatusBadRequest, quoted(pattern)+" is not an index pattern")
		return
	}
	path := "/" + url.PathEscape(pattern) + operation
	status, answer, err := c.opts.Search.Do(r.Context(), r.URL.Query().Get("domain"), method, path, body)
	switch {
	case errors.Is(err, ErrNotFound):
		c.failed(w, r, "search", err)
	case err != nil:
		problem(w, http.StatusBadGateway, "the search server did not answer: "+err.Error())
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		// Not to be taken for a refusal by the console.
		problem(w, http.StatusBadGateway, "the search server refused the console's credentials: "+excerpt(answer))
	default:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		w.Write(answer)
	}
}

// isIndexPattern accepts what may stand for indices in a path: names, commas
// and stars. Names that begin with an underscore are operations.
func isIndexPattern(pattern string) bool {
	if pattern == "" || len(pattern) > 1024 || strings.ContainsAny(pattern, "/\\?#\"<>| ") {
		return false
	}
	for name := range strings.SplitSeq(pattern, ",") {
		if name == "" || name == "." || name == ".." || strings.HasPrefix(name, "_") {
			return false
		}
	}
	return true
}

func excerpt(answer []byte) string {
	const most = 500
	if len(answer) > most {
		return strings.ToValidUTF8(string(answer[:most]), "") + " …"
	}
	return string(answer)
}
