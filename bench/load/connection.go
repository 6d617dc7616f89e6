package load

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/millrace/millrace/internal/aws/sigv4"
)

// answerTimeout ends a call that is not answered.
const answerTimeout = 60 * time.Second

// connection sends one call after the other. It writes HTTP by hand: the
// driver's share of the machine is the server's loss.
type connection struct {
	net.Conn
	in      *bufio.Reader
	request *http.Request // signed anew for each call
	head    bytes.Buffer
	answer  bytes.Buffer
}

func dial(host string) (*connection, error) {
	conn, err := net.DialTimeout("tcp", host, 5*time.Second)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", host, err)
	}
	request, err := http.NewRequest(http.MethodPost, "http://"+host+"/", nil)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	return &connection{Conn: conn, in: bufio.NewReaderSize(conn, 64<<10), request: request}, nil
}

// put sends a batch and waits for the answer, which says how many of the
// records, from the last one back, were not taken. sent tells whether the server
// may have the batch although there is an error.
func (c *connection) put(signer sigv4.Signer, b *Batch) (failed int, sent bool, err error) {
	now := time.Now()
	if err := c.SetDeadline(now.Add(answerTimeout)); err != nil {
		return 0, false, err
	}
	c.request.Header.Del("Authorization")
	c.request.Header.Set("X-Amz-Target", "Firehose_20150804."+b.operation())
	if err := signer.Sign(c.request, b.Hash, now); err != nil {
		return 0, false, err
	}
	c.head.Reset()
	fmt.Fprintf(&c.head, "POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", c.request.Host, len(b.Bytes))
	for name, values := range c.request.Header {
		fmt.Fprintf(&c.head, "%s: %s\r\n", name, values[0])
	}
	c.head.WriteString("\r\n")
	message := net.Buffers{c.head.Bytes(), b.Bytes}
	if _, err := message.WriteTo(c.Conn); err != nil {
		return 0, true, fmt.Errorf("send batch: %w", err)
	}
	response, err := http.ReadResponse(c.in, c.request)
	if err != nil {
		return 0, true, fmt.Errorf("read answer: %w", err)
	}
	defer response.Body.Close()
	c.answer.Reset()
	if _, err := c.answer.ReadFrom(response.Body); err != nil && err != io.EOF {
		return 0, true, fmt.Errorf("read answer: %w", err)
	}
	text := c.answer.Bytes()
	if response.StatusCode == http.StatusServiceUnavailable {
		return b.Records, true, nil
	}
	if b.One && response.StatusCode == http.StatusOK {
		return 0, true, nil
	}
	if failed, ok := failedPuts(text); ok && response.StatusCode == http.StatusOK {
		return failed, true, nil
	}
	return 0, false, fmt.Errorf("batch was answered with %s: %s", response.Status, text[:min(len(text), 500)])
}

// failedPuts reads the FailedPutCount of an answer, wherever it stands.
func failedPuts(answer []byte) (n int, ok bool) {
	_, rest, found := bytes.Cut(answer, []byte(`"FailedPutCount":`))
	rest = bytes.TrimLeft(rest, " ")
	end := bytes.IndexAny(rest, ",}")
	if !found || end < 0 {
		return 0, false
	}
	n, err := strconv.Atoi(string(bytes.TrimSpace(rest[:end])))
	return n, err == nil
}
