package console

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
)

// problem answers with RFC 9457 problem details: detail says what was wrong
// and, where there is one, the next step.
func problem(w http.ResponseWriter, status int, detail string) {
	body, err := json.Marshal(map[string]any{"title": http.StatusText(status), "status": status, "detail": detail})
	if err != nil {
		panic("BUG: problem details do not marshal: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	w.Write(append(body, '\n'))
}

// failed answers with the error of a part, by its kind.
func (c *Console) failed(w http.ResponseWriter, r *http.Request, doing string, err error) {
	switch {
	case r.Context().Err() != nil:
		return // nobody is there to read it
	case errors.Is(err, ErrNotFound):
		problem(w, http.StatusNotFound, err.Error())
	case errors.Is(err, ErrInvalid):
		problem(w, http.StatusBadRequest, err.Error())
	default:
		c.opts.Logger.Error("console request failed", "doing", doing, "path", r.URL.Path, "error", err)
		problem(w, http.StatusInternalServerError, doing+": "+err.Error())
	}
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	// Nothing can be told to a client that does not take the answer.
	_ = json.NewEncoder(w).Encode(v)
}

func quoted(s string) string { return strconv.Quote(s) }
