// Package applicationtest stands in for what surrounds applications: delivery
// streams on a journal, and roles that may do everything or nothing.
package applicationtest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/record"
)

// Streams are delivery streams that are nothing but streams of a journal.
type Streams struct {
	mu   sync.Mutex
	ids  map[string]record.StreamID
	fail map[string]error
}

// NewStreams makes a stream for each ARN.
func NewStreams(arns ...string) *Streams {
	s := &Streams{ids: map[string]record.StreamID{}, fail: map[string]error{}}
	for _, arn := range arns {
		s.ids[arn] = record.NewStreamID()
	}
	return s
}

// Fail makes AppendTo answer an error; nil ends that.
func (s *Streams) Fail(arn string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail[arn] = err
}

// Renew deletes a stream with what it holds and makes it anew.
func (s *Streams) Renew(t testing.TB, j journal.Journal, arn string) {
	t.Helper()
	s.mu.Lock()
	old := s.ids[arn]
	s.ids[arn] = record.NewStreamID()
	s.mu.Unlock()
	if err := j.Drop(old); err != nil {
		t.Fatal(err)
	}
}

// Stream implements application.Streams.
func (s *Streams) Stream(arn string) (record.StreamID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, ok := s.ids[arn]
	if !ok {
		return id, awserr.New("ResourceNotFoundException", "Firehose %s not found under account %s.", arn, call.AccountID)
	}
	return id, nil
}

// AppendTo implements application.Streams.
func (s *Streams) AppendTo(b *journal.Batch, arn string, records *record.Builder, roleARN string) error {
	s.mu.Lock()
	err := s.fail[arn]
	s.mu.Unlock()
	if err != nil {
		return err
	}
	id, err := s.Stream(arn)
	if err != nil {
		return err
	}
	const perFrame = 2 << 20
	for i, part := 0, (&record.Builder{}); i < records.Count(); i++ {
		part.Append(records.Record(i))
		if part.Bytes() < perFrame && i < records.Count()-1 {
			continue
		}
		sealed, err := part.Seal()
		if err != nil {
			return err
		}
		b.Append(id, sealed)
	}
	return nil
}

// Put appends one frame with the records and waits until it is durable.
func (s *Streams) Put(t testing.TB, j journal.Journal, arn string, records ...string) {
	t.Helper()
	id, err := s.Stream(arn)
	if err != nil {
		t.Fatal(err)
	}
	var builder record.Builder
	for _, r := range records {
		builder.Append([]byte(r))
	}
	sealed, err := builder.Seal()
	if err != nil {
		t.Fatal(err)
	}
	b := &journal.Batch{}
	b.Append(id, sealed)
	if _, err := journal.Put(j, b); err != nil {
		t.Fatal(err)
	}
}

// Records returns all records of a stream.
func (s *Streams) Records(t testing.TB, j journal.Journal, arn string) (records []string) {
	t.Helper()
	id, err := s.Stream(arn)
	if err != nil {
		t.Fatal(err)
	}
	extent := j.Extent(id)
	r := j.Read(id, extent.First)
	defer r.Close()
	for next := extent.First; next < extent.Next; {
		f, err := r.Next(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for rec := range f.All(next) {
			records = append(records, string(rec.Data))
		}
		next = f.Next()
	}
	return records
}

var _ call.Authorizer = Roles{}

// Roles implements call.Authorizer. Denied roles may do nothing.
type Roles struct{ Denied string }

// Authorize implements call.Authorizer.
func (r Roles) Authorize(_ context.Context, who call.Identity, action, resource string) error {
	if r.Denied != "" && who.RoleARN == r.Denied {
		return call.Denied(who.ARN, action, resource)
	}
	return nil
}

// AuthorizeRole implements call.Authorizer.
func (r Roles) AuthorizeRole(_ context.Context, roleARN, action, resource string) error {
	if r.Denied != "" && roleARN == r.Denied {
		return call.Denied(roleARN, action, resource)
	}
	return nil
}

// ARN is a delivery stream's.
func ARN(name string) string {
	return fmt.Sprintf("arn:aws:firehose:us-east-1:%s:deliverystream/%s", call.AccountID, name)
}
