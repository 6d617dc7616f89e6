package httpendpoint

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"syscall"

	"github.com/klauspost/compress/gzip"
)

// Body is what an endpoint reads.
type Body struct {
	RequestID string `json:"requestId"`
	Timestamp int64  `json:"timestamp"`
	Records   []struct {
		Data []byte `json:"data"`
	} `json:"records"`
}

// ReadBody reads a request as an endpoint does, and checks what every request must have.
func ReadBody(r *http.Request) (b Body, err error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return b, err
	}
	if r.ContentLength != int64(len(text)) {
		return b, fmt.Errorf("%d bytes with Content-Length %d", len(text), r.ContentLength)
	}
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(strings.NewReader(string(text)))
		if err != nil {
			return b, err
		}
		if text, err = io.ReadAll(z); err != nil {
			return b, err
		}
	}
	if err := json.Unmarshal(text, &b); err != nil {
		return b, err
	}
	if b.RequestID == "" || b.RequestID != r.Header.Get("X-Amz-Firehose-Request-Id") || len(b.Records) == 0 || len(b.Records) > MaxRecords || len(text) > MaxBodyBytes {
		return b, fmt.Errorf("request %s with header %s, %d records in %d bytes", b.RequestID, r.Header.Get("X-Amz-Firehose-Request-Id"), len(b.Records), len(text))
	}
	return b, nil
}

// fake is an endpoint behind a RoundTripper: script says what the n-th request meets, as one line of text:
//
//	taken                            the answer of the contract
//	STATUS [NAME=VALUE …] [BODY]     an answer; $ID in its body is the request's id; Content-Length=none leaves it out
//	refused | reset | hang           no connection; a connection that breaks; one on which nothing comes back
//	drip                             an answer whose body never ends, a byte at a time
type fake struct {
	script func(n int, r *http.Request, b Body) string
	n      int
}

func (f *fake) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(strings.NewReader(string(text)))
	b, err := ReadBody(r)
	if err != nil {
		return nil, fmt.Errorf("BUG in the request: %w", err)
	}
	r.Body = io.NopCloser(strings.NewReader(string(text)))
	f.n++
	line := f.script(f.n, r, b)
	if line == "refused" {
		return nil, syscall.ECONNREFUSED
	}
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	switch line {
	case "reset":
		return nil, syscall.ECONNRESET
	case "hang":
		<-r.Context().Done()
		return nil, r.Context().Err()
	case "taken":
		line = `200 Content-Type=application/json {"requestId":"$ID","timestamp":946684800000}`
	case "drip":
		return &http.Response{StatusCode: http.StatusOK, ContentLength: 1000, Header: http.Header{}, Request: r, Body: io.NopCloser(blocked{r})}, nil
	}
	return http.ReadResponse(bufio.NewReader(strings.NewReader(answerText(line, b.RequestID))), r)
}

// blocked is a body of which nothing more comes.
type blocked struct{ request *http.Request }

func (b blocked) Read([]byte) (int, error) {
	<-b.request.Context().Done()
	return 0, b.request.Context().Err()
}

func answerText(line, id string) string {
	status, rest, _ := strings.Cut(line, " ")
	var header strings.Builder
	length := true
	for {
		word, after, _ := strings.Cut(rest, " ")
		name, value, ok := strings.Cut(word, "=")
		if !ok || strings.ContainsAny(name, "{<\"") {
			break
		}
		if name == "Content-Length" {
			length = false
		} else {
			fmt.Fprintf(&header, "%s: %s\r\n", name, value)
		}
		rest = after
	}
	body := strings.ReplaceAll(rest, "$ID", id)
	if length {
		fmt.Fprintf(&header, "Content-Length: %d\r\n", len(body))
	}
	return fmt.Sprintf("HTTP/1.1 %s x\r\n%s\r\n%s", status, &header, body)
}
