package firehose

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/millrace/millrace/internal/aws/call"
)

// updateDestination changes the destination of a stream while records go on
// arriving. The new configuration holds for every record that is not in a sealed
// batch yet; what is sealed keeps its key and version. An update that changes
// nothing succeeds and leaves the version as it is.
func (s *Service) updateDestination(ctx context.Context, c *call.Call, in *updateDestinationInput) (*updateDestinationOutput, error) {
	unsupported, err := validate(in)
	if err != nil {
		return nil, err
	}
	name := *in.DeliveryStreamName
	if err := s.authorize(ctx, c, name); err != nil {
		return nil, err
	}
	if err := checkSupported(in, unsupported); err != nil {
		return nil, err
	}

	s.admin.Lock()
	defer s.admin.Unlock()
	st, err := s.lookup(name)
	if err != nil {
		return nil, err
	}
	conf := st.current()
	switch {
	case conf.Status != active:
		return nil, errInUse(name, conf.Status)
	case *in.CurrentDeliveryStreamVersionId != strconv.Itoa(conf.Version):
		return nil, errVersion(name, conf.Version, *in.CurrentDeliveryStreamVersionId)
	case *in.DestinationId != destinationID:
		return nil, errArgument("Destination Id %s not found", *in.DestinationId)
	}
	next, err := conf.updated(in)
	if err != nil {
		return nil, err
	}
	if conf.same(next) {
		return &updateDestinationOutput{}, nil
	}
	next.Version++
	next.UpdatedMillis = time.Now().UnixMilli()
	if err := s.reconfigure(ctx, st, next); err != nil {
		return nil, err
	}
	return &updateDestinationOutput{}, nil
}

// same compares what is kept.
func (c *config) same(other *config) bool {
	a, errA := json.Marshal(c)
	b, errB := json.Marshal(other)
	return errA == nil && errB == nil && string(a) == string(b)
}

// reconfigure makes a configuration durable and gives it to the deliveries.
func (s *Service) reconfigure(ctx context.Context, st *stream, next *config) error {
	conf := st.current()
	if err := checkConfig(next); err != nil {
		return err
	}
	if err := checkChange(conf, next); err != nil {
		return err
	}
	options, err := s.checkDelivery(ctx, next, conf.sameSearch(next))
	if err != nil {
		return err
	}
	if err := st.change(next); err != nil {
		return err
	}
	s.deliver(st, options)
	return nil
}

// sameSearch tells whether documents go on going to the same domain, which may be
// away at the moment.
func (c *config) sameSearch(next *config) bool {
	a, b := c.search(), next.search()
	if a == nil || b == nil {
		return false
	}
	from, to := a.target(c), b.target(next)
	return from.DomainARN == to.DomainARN && from.ClusterEndpoint == to.ClusterEndpoint
}
