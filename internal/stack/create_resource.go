package stack

import (
	"context"
	"errors"
	"fmt"
)

// createResource takes one resource as far as it goes and keeps the result in
// the stack. Its error means that the operation halts: nothing more may be
// done before the next start.
func (e *Engine) createResource(ctx context.Context, h *held, t *Template, declared *Resource) error {
	r, again, err := e.choose(h, t, declared)
	if err != nil || r.Status == CreateFailed {
		return err
	}
	attributes, err := e.make(ctx, h, declared.kind, r, again)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, new(*halt)):
		return err
	case err != nil:
		return e.mark(h, r, CreateFailed, reason(h.placed(err, t, declared)))
	}
	h.mu.Lock()
	r.Attributes = attributes
	h.mu.Unlock()
	return e.mark(h, r, CreateComplete, "")
}

// halt is an error of the journal within make.
type halt struct{ cause error }

func (h *halt) Error() string { return h.cause.Error() }
func (h *halt) Unwrap() error { return h.cause }

// choose resolves the properties and the physical ID and makes them durable,
// before anything can bear that ID. A resource that was chosen before a
// restart is returned as it is; again says that it may be there already.
func (e *Engine) choose(h *held, t *Template, declared *Resource) (r *ResourceState, again bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r := h.stack.Resource(declared.LogicalID); r != nil {
		return r, r.Attempted, nil
	}
	r = &ResourceState{LogicalID: declared.LogicalID, Type: declared.Type, Status: CreateInProgress, Updated: e.opts.Now().UTC(),
		Dependencies: declared.Dependencies, DeletionPolicy: declared.DeletionPolicy}
	if err := e.fill(h, t, declared, r); err != nil {
		r.Status = CreateFailed
		r.Reason, _ = masked(err.Error(), h.stack.secrets()).(string)
	}
	h.stack.Resources = append(h.stack.Resources, r)
	return r, false, e.save(h, e.resourceEvent(h.stack, r))
}

func (e *Engine) fill(h *held, t *Template, declared *Resource, r *ResourceState) error {
	kind := declared.kind
	properties, err := h.scope(t).resolve(declared.Properties)
	if err != nil {
		return err
	}
	f := &findings{file: "template"}
	kind.properties.check(f, declared.Type, properties)
	f.noDynamicReferences(properties)
	if err := f.err(); err != nil {
		return err
	}
	r.Properties = kind.properties.render(properties).(map[string]any)
	switch {
	case kind.identify != nil:
		r.PhysicalID = kind.identify(r.Properties)
	case kind.nameProperty != "" && textOf(r.Properties, kind.nameProperty) != "":
		r.PhysicalID = textOf(r.Properties, kind.nameProperty)
	default:
		// Nobody else has a name that was drawn just now.
		r.Attempted = true
		r.PhysicalID, err = kind.naming.generate(h.stack.Name, declared.LogicalID, e.opts.Random)
	}
	return err
}

// make calls the resource's operations until it is ready.
func (e *Engine) make(ctx context.Context, h *held, kind *resourceType, r *ResourceState, again bool) (map[string]string, error) {
	aws, err := e.aws(h)
	if err != nil {
		return nil, err
	}
	t := &target{id: r.PhysicalID, region: h.stack.Region, properties: r.Properties, again: again}
	if !r.Attempted {
		if err := e.claim(ctx, h, kind, aws, t, r); err != nil {
			return nil, err
		}
	}
	err = patiently(ctx, func() error {
		err := kind.create(ctx, aws, t)
		t.again = t.again || passing(err)
		return err
	})
	if err != nil {
		if !t.again && hasCode(err, taken...) {
			h.mu.Lock()
			r.Attempted = false // somebody else's: a rollback leaves it alone
			h.mu.Unlock()
		}
		return nil, err
	}
	err = until(ctx, "ready", func() (bool, error) { return kind.ready(ctx, aws, t) })
	return t.attributes, err
}

// taken are the codes by which services say that a name is in use.
var taken = []string{"BucketAlreadyExists", "BucketAlreadyOwnedByYou", "EntityAlreadyExists", "ResourceAlreadyExistsException", "ResourceInUseException"}

// claim makes sure that a name which the template chose is free, and makes
// durable that from now on the stack may have taken it.
func (e *Engine) claim(ctx context.Context, h *held, kind *resourceType, aws AWS, t *target, r *ResourceState) error {
	var exists bool
	err := patiently(ctx, func() (err error) { exists, err = kind.exists(ctx, aws, t); return err })
	if err != nil {
		return err
	}
	if exists {
		return fmt.Errorf("%s already exists", t.id)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	r.Attempted = true
	if err := e.save(h); err != nil {
		return &halt{err}
	}
	return nil
}
