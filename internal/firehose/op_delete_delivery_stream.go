package firehose

import (
	"context"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/journal"
)

// deleteDeliveryStream starts a deletion, which goes on after a restart. What
// was not delivered yet is discarded, as on AWS. A second call succeeds.
func (s *Service) deleteDeliveryStream(ctx context.Context, c *call.Call, in *deleteDeliveryStreamInput) (*deleteDeliveryStreamOutput, error) {
	if err := check(in); err != nil {
		return nil, err
	}
	name := *in.DeliveryStreamName
	if err := s.authorize(ctx, c, name); err != nil {
		return nil, err
	}
	s.admin.Lock()
	defer s.admin.Unlock()
	st, err := s.lookup(name)
	if err != nil {
		return nil, err
	}
	conf := st.current()
	switch conf.Status {
	case creating:
		return nil, errInUse(name, conf.Status)
	case active:
		if err := st.change(conf.with(func(c *config) { c.Status = deleting })); err != nil {
			return nil, err
		}
		s.tasks.Go(func() { s.finishDelete(st) })
	}
	return &deleteDeliveryStreamOutput{}, nil
}

// finishDelete removes a stream in state DELETING, which takes no puts any more.
func (s *Service) finishDelete(st *stream) {
	st.stop()
	if s.ctx.Err() != nil {
		return // the next start goes on
	}
	if err := s.drop(st); err != nil {
		s.opts.Logger.Error("delivery stream stays in deletion until the next start", "delivery_stream", st.name, "error", err)
		return
	}
	s.mu.Lock()
	delete(s.streams, st.name)
	s.mu.Unlock()
}

func (s *Service) drop(st *stream) error {
	b, err := forget(st.journal, st.current())
	if err != nil {
		return err
	}
	if _, err := journal.Put(st.journal, b); err != nil {
		return err
	}
	// The note that forget leaves goes at the next start, not now: a step of an
	// application that looked the stream up before may still write to it.
	return st.journal.Drop(st.id)
}
