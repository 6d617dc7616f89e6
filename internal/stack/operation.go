package stack

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/millrace/millrace/internal/journal"
)

// start runs the operation that the stack's status calls for, after the one
// that it replaces has ended. The caller holds e.mu, and h.mu if others know h.
func (e *Engine) start(h *held) {
	before, done := h.done, make(chan struct{})
	h.done = done
	e.work.Go(func() {
		defer close(done)
		if before != nil {
			<-before
		}
		err := e.operate(e.ctx, h)
		if err != nil && e.ctx.Err() == nil && !errors.Is(err, journal.ErrClosed) {
			e.opts.Logger.Error("stack operation stopped", "stack", h.stack.Name, "error", err)
		}
	})
}

// operate goes from status to status until the stack rests. Its error means
// that a step could not be journaled or that the engine closes: the operation
// stays where the journal says it is.
func (e *Engine) operate(ctx context.Context, h *held) error {
	for {
		var err error
		switch status := h.status(); status {
		case CreateInProgress:
			err = e.create(ctx, h)
		case RollbackInProgress, DeleteInProgress:
			err = e.remove(ctx, h, status)
		default:
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (h *held) status() Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.stack.Status
}

// save makes the stack as it is, with events about it, durable. The caller
// holds h.mu, or is alone in knowing h.
func (e *Engine) save(h *held, events ...Event) error {
	b := &journal.Batch{}
	if err := h.stack.put(b, events...); err != nil {
		return err
	}
	if _, err := journal.Put(e.opts.Journal, b); err != nil {
		return fmt.Errorf("save stack %q: %w", h.stack.Name, err)
	}
	for _, event := range events {
		e.log(h.stack, event)
	}
	return nil
}

func (e *Engine) log(s *Stack, event Event) {
	switch event.Status {
	case CreateFailed, DeleteFailed, RollbackFailed:
		e.opts.Logger.Warn("stack step failed", "stack", s.Name, "logical_id", event.LogicalID, "type", event.Type,
			"status", event.Status, "reason", event.Reason)
	default:
		e.opts.Logger.Debug("stack step", "stack", s.Name, "logical_id", event.LogicalID, "status", event.Status)
	}
	if event.Type == stackType && !event.Status.underWay() {
		e.opts.Logger.Info("stack operation ended", "stack", s.Name, "status", event.Status)
	}
}

// settle changes the stack's status, unless somebody has called for another
// operation meanwhile.
func (e *Engine) settle(h *held, from, to Status, reason string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stack.Status != from {
		return nil
	}
	h.stack.Status, h.stack.Reason = to, reason
	if to == DeleteComplete {
		h.stack.Deleted = e.opts.Now().UTC()
	}
	return e.save(h, e.stackEvent(h.stack, reason))
}

// mark changes a resource's status; the reason is shown without secrets.
func (e *Engine) mark(h *held, r *ResourceState, to Status, reason string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	r.Status, r.Updated = to, e.opts.Now().UTC()
	r.Reason, _ = masked(reason, h.stack.secrets()).(string) // services show the values that they refuse
	return e.save(h, e.resourceEvent(h.stack, r))
}

func (e *Engine) stackEvent(s *Stack, reason string) Event {
	return Event{ID: uuid.NewString(), Time: e.opts.Now().UTC(), LogicalID: s.Name, PhysicalID: s.ID,
		Type: stackType, Status: s.Status, Reason: reason, Token: s.Token}
}

func (e *Engine) resourceEvent(s *Stack, r *ResourceState) Event {
	properties, _ := masked(r.Properties, s.secrets()).(map[string]any)
	return Event{ID: r.LogicalID + "-" + string(r.Status) + "-" + uuid.NewString(), Time: e.opts.Now().UTC(), LogicalID: r.LogicalID,
		PhysicalID: r.PhysicalID, Type: r.Type, Status: r.Status, Reason: r.Reason, Properties: properties, Token: s.Token}
}

// secrets are the values of the parameters that are not to be shown.
func (s *Stack) secrets() []string {
	var secrets []string
	for _, name := range s.Hidden {
		if v := s.Parameters[name]; v != "" {
			secrets = append(secrets, v)
		}
	}
	return secrets
}

// masked copies a value with every secret in its texts replaced by asterisks.
func masked(v any, secrets []string) any {
	switch v := v.(type) {
	case string:
		for _, secret := range secrets {
			v = strings.ReplaceAll(v, secret, "****")
		}
		return v
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = masked(item, secrets)
		}
		return list
	case map[string]any:
		members := make(map[string]any, len(v))
		for name, value := range v {
			members[name] = masked(value, secrets)
		}
		return members
	}
	return v
}

// aws returns the operations as the stack may use them.
func (e *Engine) aws(h *held) (AWS, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return e.opts.AWS(Caller{Region: h.stack.Region, RoleARN: h.stack.RoleARN})
}

// How long a resource may take to become ready, or to go.
const patience = 10 * time.Minute

// until asks again and again, with growing pauses, until the answer is yes.
func until(ctx context.Context, what string, done func() (bool, error)) error {
	deadline := time.Now().Add(patience)
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		var yes bool
		err := patiently(ctx, func() (err error) { yes, err = done(); return err })
		if err != nil || yes {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the resource was not %s within %v", what, patience)
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}
