package console

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// statusCache asks the parts once for all who watch.
type statusCache struct {
	path     Path
	validFor time.Duration

	mu     sync.Mutex
	status *Status
	asked  time.Time
}

// get returns a status not older than validFor. It is shared: not to be changed.
func (s *statusCache) get(ctx context.Context) (*Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status != nil && time.Since(s.asked) < s.validFor {
		return s.status, nil
	}
	status, err := s.path.Status(ctx)
	if err != nil {
		return nil, err
	}
	status.fill()
	s.status, s.asked = status, time.Now()
	return status, nil
}

// fill makes lists that are not there empty ones: [] in JSON, never null.
func (s *Status) fill() {
	empty(&s.Agents)
	for i := range s.Agents {
		empty(&s.Agents[i].Files)
	}
	empty(&s.DeliveryStreams)
	for i := range s.DeliveryStreams {
		empty(&s.DeliveryStreams[i].LastObjects)
	}
	empty(&s.Applications)
	for i := range s.Applications {
		s.Applications[i].fill()
	}
	empty(&s.Search)
	for i := range s.Search {
		empty(&s.Search[i].Indices)
	}
}

func (a *Application) fill() {
	empty(&a.Inputs)
	for i := range a.Inputs {
		empty(&a.Inputs[i].Streams)
	}
	empty(&a.Outputs)
	empty(&a.Streams)
	for i := range a.Streams {
		empty(&a.Streams[i].Columns)
	}
}

func empty[T any](list *[]T) {
	if *list == nil {
		*list = []T{}
	}
}

func (c *Console) getStatus(w http.ResponseWriter, r *http.Request) {
	status, err := c.status.get(r.Context())
	if err != nil {
		c.failed(w, r, "read status", err)
		return
	}
	writeJSON(w, status)
}

// liveStatus sends event "status" at every refresh, and event "problem" in its
// place when the parts do not answer.
func (c *Console) liveStatus(w http.ResponseWriter, r *http.Request) {
	events, ctx, cancel := c.openEvents(w, r)
	defer cancel()
	tick := time.NewTicker(c.opts.Refresh)
	defer tick.Stop()
	for {
		if err := c.sendStatus(ctx, events); err != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (c *Console) sendStatus(ctx context.Context, events *eventStream) error {
	status, err := c.status.get(ctx)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return events.send("problem", map[string]string{"detail": "read status: " + err.Error()})
	}
	return events.send("status", status)
}

func (c *Console) getApplication(w http.ResponseWriter, r *http.Request) {
	detail, err := c.opts.Path.Application(r.Context(), r.PathValue("name"))
	if err != nil {
		c.failed(w, r, "describe application", err)
		return
	}
	detail.fill()
	writeJSON(w, detail)
}
