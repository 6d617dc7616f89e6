package stack

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// create makes the resources of a stack, each as soon as all that it depends
// on is complete.
//
//	not begun ─ choose physical ID, save ─▶ CREATE_IN_PROGRESS ─ create, wait, save ─▶ CREATE_COMPLETE
//	                                             └──────────────── refused, save ────▶ CREATE_FAILED
func (e *Engine) create(ctx context.Context, h *held) error {
	t, err := Parse("template", []byte(h.stack.Template))
	if err != nil {
		// Only after a change of the program: the text was parsed before.
		return e.settle(h, CreateInProgress, RollbackInProgress, "Template error: "+err.Error())
	}
	c := &creation{e: e, h: h, t: t, begun: map[string]bool{}, results: make(chan error)}
	if err := c.run(ctx); err != nil {
		return err
	}
	if failed := h.in(CreateFailed); len(failed) > 0 {
		return e.creationFailed(h, failed)
	}
	return e.complete(h, t)
}

// creation is one run through a template.
type creation struct {
	e       *Engine
	h       *held
	t       *Template
	begun   map[string]bool
	flying  int
	results chan error // of those flying
}

// run begins resources while there are any to begin, and waits for all that
// were begun. It begins no more once one failed, or another operation is wanted.
func (c *creation) run(ctx context.Context) error {
	var halted error
	for {
		if halted == nil {
			c.begin(ctx)
		}
		if c.flying == 0 {
			return halted
		}
		err := <-c.results
		c.flying--
		if halted == nil {
			halted = err
		}
	}
}

func (c *creation) begin(ctx context.Context) {
	if c.h.status() != CreateInProgress || len(c.h.in(CreateFailed)) > 0 {
		return
	}
	complete := c.h.in(CreateComplete)
	for _, r := range c.t.Resources {
		if c.begun[r.LogicalID] || slices.Contains(complete, r.LogicalID) || !containsAll(complete, r.Dependencies) {
			continue
		}
		c.begun[r.LogicalID] = true
		c.flying++
		go func() { c.results <- c.e.createResource(ctx, c.h, c.t, r) }()
	}
}

func containsAll(set, wanted []string) bool {
	for _, w := range wanted {
		if !slices.Contains(set, w) {
			return false
		}
	}
	return true
}

// in lists the logical IDs of resources in a status.
func (h *held) in(status Status) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var ids []string
	for _, r := range h.stack.Resources {
		if r.Status == status {
			ids = append(ids, r.LogicalID)
		}
	}
	return ids
}

// creationFailed goes on as the stack's creator wished.
func (e *Engine) creationFailed(h *held, failed []string) error {
	slices.Sort(failed)
	reason := fmt.Sprintf("The following resource(s) failed to create: [%s]. ", strings.Join(failed, ", "))
	switch h.stack.OnFailure {
	case OnFailureDoNothing:
		return e.settle(h, CreateInProgress, CreateFailed, reason)
	case OnFailureDelete:
		return e.settle(h, CreateInProgress, DeleteInProgress, reason+"Delete requested by user.")
	}
	return e.settle(h, CreateInProgress, RollbackInProgress, reason+"Rollback requested by user.")
}

// complete evaluates the outputs and ends the creation.
func (e *Engine) complete(h *held, t *Template) error {
	h.mu.Lock()
	outputs, err := h.outputs(t)
	if err == nil && h.stack.Status == CreateInProgress {
		h.stack.Outputs = outputs
	}
	h.mu.Unlock()
	if err != nil {
		return e.settle(h, CreateInProgress, RollbackInProgress, err.Error())
	}
	return e.settle(h, CreateInProgress, CreateComplete, "")
}

func (h *held) outputs(t *Template) ([]OutputValue, error) {
	scope := h.scope(t)
	var outputs []OutputValue
	for _, o := range t.Outputs {
		v, err := scope.resolve(o.Value)
		if err == nil && v != nil && !v.scalar() {
			err = fmt.Errorf("expected text, found %v", v.Kind)
		}
		if err != nil {
			return nil, fmt.Errorf("evaluate output %s: %w", o.Name, err)
		}
		if v != nil {
			outputs = append(outputs, OutputValue{Name: o.Name, Value: v.Text, Description: o.Description})
		}
	}
	return outputs, nil
}

// scope evaluates functions from the resources that are complete. The caller
// holds h.mu while it is used.
func (h *held) scope(t *Template) *scope {
	return newScope(t, h.stack.Parameters, h.stack, func(logicalID, name string) (string, error) {
		r := h.stack.Resource(logicalID)
		if r == nil || r.Status != CreateComplete {
			panic("BUG: " + logicalID + " is referred to before it is complete")
		}
		if name == "" {
			return r.PhysicalID, nil
		}
		value, ok := r.Attributes[name]
		if !ok {
			return "", fmt.Errorf("resource %s (%s) has no attribute %s", logicalID, r.Type, name)
		}
		return value, nil
	})
}
