package httpendpoint

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// Whatever comes back as an answer is taken only if it is the one that the contract asks for.
func FuzzAnswer(f *testing.F) {
	f.Add("200 Content-Type=application/json {\"requestId\":\"$ID\",\"timestamp\":1}")
	f.Add("200 Content-Type=application/json {\"requestId\":\"$ID\",\"timestamp\":\"1\"}")
	f.Add("200 Content-Type=text/plain ok")
	f.Add("413 ")
	f.Fuzz(func(t *testing.T, line string) {
		answer, err := http.ReadResponse(bufio.NewReader(strings.NewReader(answerText(line, "the-id"))), nil)
		if err != nil {
			return
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil || check("the-id", answer, body) != nil {
			return
		}
		var said struct {
			RequestID string  `json:"requestId"`
			Timestamp float64 `json:"timestamp"`
		}
		if err := json.Unmarshal(body, &said); err != nil && !strings.Contains(err.Error(), "number") || !strings.Contains(strings.ToLower(answer.Header.Get("Content-Type")), "application/json") {
			t.Fatalf("taken: %q, %v", line, err)
		}
	})
}
