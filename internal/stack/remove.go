package stack

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// remove deletes the resources of a stack, a resource after all that depend on
// it, for a rollback or because the stack is to go. What cannot be deleted, and
// what that depends on, stays; the rest goes.
func (e *Engine) remove(ctx context.Context, h *held, status Status) error {
	failed := map[string]bool{}
	for h.status() == status {
		r := h.next(failed)
		if r == nil {
			break
		}
		ok, err := e.removeResource(ctx, h, r, status == RollbackInProgress)
		if err != nil {
			return err
		}
		failed[r.LogicalID] = !ok
	}
	if left := h.in(DeleteFailed); len(left) > 0 {
		slices.Sort(left)
		reason := fmt.Sprintf("The following resource(s) failed to delete: [%s]. ", strings.Join(left, ", "))
		return e.settle(h, status, map[Status]Status{RollbackInProgress: RollbackFailed, DeleteInProgress: DeleteFailed}[status], reason)
	}
	return e.settle(h, status, map[Status]Status{RollbackInProgress: RollbackComplete, DeleteInProgress: DeleteComplete}[status], "")
}

// next returns a resource that is still there and that nothing there depends
// on, the youngest first; nil if there is none.
func (h *held) next(failed map[string]bool) *ResourceState {
	h.mu.Lock()
	defer h.mu.Unlock()
	needed := map[string]bool{}
	for _, r := range h.stack.Resources {
		if !r.settled() {
			for _, d := range r.Dependencies {
				needed[d] = true
			}
		}
	}
	for _, r := range slices.Backward(h.stack.Resources) {
		if !r.settled() && !needed[r.LogicalID] && !failed[r.LogicalID] {
			return r
		}
	}
	return nil
}

// settled tells whether a deletion is done with the resource.
func (r *ResourceState) settled() bool {
	return r.Status == DeleteComplete || r.Status == DeleteSkipped
}

// removeResource deletes one resource and tells whether it is gone, or is to
// stay. Its error means that the operation halts.
func (e *Engine) removeResource(ctx context.Context, h *held, r *ResourceState, rollback bool) (bool, error) {
	switch {
	case !r.Attempted:
		return true, e.mark(h, r, DeleteComplete, "")
	case r.DeletionPolicy == policyRetain, r.DeletionPolicy == policyRetainOnDelete && !rollback:
		return true, e.mark(h, r, DeleteSkipped, "")
	}
	if err := e.mark(h, r, DeleteInProgress, ""); err != nil {
		return false, err
	}
	aws, err := e.aws(h)
	if err != nil {
		return false, e.mark(h, r, DeleteFailed, err.Error())
	}
	kind := typeNamed(r.Type)
	if kind == nil {
		return false, e.mark(h, r, DeleteFailed, "the resource type "+r.Type+" is not supported")
	}
	t := &target{id: r.PhysicalID, region: h.stack.Region, properties: r.Properties, again: true}
	err = until(ctx, "deleted", func() (bool, error) { return kind.remove(ctx, aws, t) })
	switch {
	case ctx.Err() != nil:
		return false, context.Cause(ctx)
	case err != nil:
		return false, e.mark(h, r, DeleteFailed, reason(err))
	}
	return true, e.mark(h, r, DeleteComplete, "")
}
