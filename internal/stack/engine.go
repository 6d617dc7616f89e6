package stack

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/journal"
)

// What the engine answers to requests that cannot be met.
var (
	ErrNoStack = errors.New("stack does not exist")
	ErrExists  = errors.New("stack already exists")
)

// Options of Open.
type Options struct {
	Journal journal.Journal
	// AWS returns the operations as a caller may use them. Its error refuses
	// the caller: a stack never does what its creator may not do.
	AWS    func(Caller) (AWS, error)
	Logger *slog.Logger
	// Now is the clock; the system's if nil.
	Now func() time.Time
	// Random makes names and IDs; the system's if nil.
	Random io.Reader
}

// Engine keeps stacks and carries them out, one goroutine a stack and
// operation, resources that do not depend on each other at the same time.
type Engine struct {
	opts   Options
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu     sync.Mutex
	stacks []*held // in the order of creation, deleted ones included
}

// held is a stack with its lock. The stack is written under it only, and only
// after the journal has it may a step go on.
type held struct {
	mu    sync.Mutex
	stack *Stack
	done  chan struct{} // closed when the operation under way has ended; nil if none
}

// keepDeleted is how long a deleted stack can still be described by its ID.
const keepDeleted = 90 * 24 * time.Hour

// Open reads the stacks that the journal keeps. Nothing goes on before Resume.
func Open(opts Options) (*Engine, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Random == nil {
		opts.Random = rand.Reader
	}
	e := &Engine{opts: opts}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	for _, prefix := range []string{deletedPrefix, livePrefix} {
		if err := e.load(prefix); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(e.stacks, func(a, b *held) int { return a.stack.Created.Compare(b.stack.Created) })
	return e, e.forget()
}

func (e *Engine) load(prefix string) error {
	for entry, err := range e.opts.Journal.Scan(prefix) {
		if err != nil {
			return fmt.Errorf("read stacks: %w", err)
		}
		s, err := decodeStack(entry.Key, entry.Value)
		if err != nil {
			return err
		}
		e.stacks = append(e.stacks, &held{stack: s})
	}
	return nil
}

// forget gives up stacks that were deleted long ago, with their events.
func (e *Engine) forget() error {
	b := &journal.Batch{}
	kept := e.stacks[:0]
	for _, h := range e.stacks {
		if h.stack.Status != DeleteComplete || e.opts.Now().Sub(h.stack.Deleted) < keepDeleted {
			kept = append(kept, h)
			continue
		}
		b.Delete(deletedPrefix + h.stack.uuid())
		for n := range h.stack.Events {
			b.Delete(fmt.Sprintf("%s%08d", h.stack.eventsKey(), n+1))
		}
	}
	e.stacks = kept
	if len(b.Changes) == 0 {
		return nil
	}
	_, err := journal.Put(e.opts.Journal, b)
	return err
}

// Resume continues every operation that was under way when the program ended.
// It is called once, when the services can be reached.
func (e *Engine) Resume() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, h := range e.stacks {
		if h.stack.Status.underWay() {
			e.opts.Logger.Info("stack operation goes on after a restart", "stack", h.stack.Name, "status", h.stack.Status)
			e.start(h)
		}
	}
}

// Close stops every operation where it is; the next Resume continues it.
func (e *Engine) Close() {
	e.cancel()
	e.work.Wait()
}

// CreateInput is what a stack is made from. The template has been parsed, so
// that its mistakes are the caller's to report.
type CreateInput struct {
	Name         string
	Region       string
	RoleARN      string
	Template     *Template
	Text         string            // of the template
	Parameters   map[string]string // complete: of Template.Values
	Capabilities []string
	OnFailure    string
	Token        string
}

// Create begins to make a stack and returns its ID, once the journal holds it.
func (e *Engine) Create(in CreateInput) (string, error) {
	if _, err := e.opts.AWS(Caller{in.Region, in.RoleARN}); err != nil {
		return "", err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if h := e.named(in.Name); h != nil {
		h.mu.Lock()
		defer h.mu.Unlock()
		if in.Token != "" && h.stack.Token == in.Token {
			return h.stack.ID, nil
		}
		return "", ErrExists
	}
	id, err := uuid.NewRandomFromReader(e.opts.Random)
	if err != nil {
		return "", err
	}
	s := &Stack{
		Format: format, Name: in.Name, Region: in.Region, RoleARN: in.RoleARN,
		ID:       fmt.Sprintf("arn:aws:cloudformation:%s:%s:stack/%s/%s", in.Region, call.AccountID, in.Name, id),
		Template: in.Text, Description: in.Template.Description, Parameters: in.Parameters, Hidden: in.Template.hidden(),
		Capabilities: in.Capabilities, OnFailure: in.OnFailure, Token: in.Token,
		Status: CreateInProgress, Created: e.opts.Now().UTC(),
	}
	h := &held{stack: s}
	if err := e.save(h, e.stackEvent(s, "User Initiated")); err != nil {
		return "", err
	}
	e.stacks = append(e.stacks, h)
	e.start(h)
	return s.ID, nil
}

func (t *Template) hidden() []string {
	var names []string
	for _, p := range t.Parameters {
		if p.NoEcho {
			names = append(names, p.Name)
		}
	}
	return names
}

// Delete begins to delete a stack, given by name or ID. A creation under way
// is broken off between two steps. A stack that is deleted, or being deleted,
// is left to it. The resources go on behalf of the role, or of the account
// itself if it is empty.
func (e *Engine) Delete(nameOrID, roleARN, token string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	h := e.find(nameOrID)
	if h == nil {
		return ErrNoStack
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if s := h.stack.Status; s == DeleteInProgress || s == DeleteComplete {
		return nil
	}
	if _, err := e.opts.AWS(Caller{h.stack.Region, roleARN}); err != nil {
		return err
	}
	h.stack.RoleARN, h.stack.Token = roleARN, token
	h.stack.Status, h.stack.Reason, h.stack.Deleted = DeleteInProgress, "", e.opts.Now().UTC()
	if err := e.save(h, e.stackEvent(h.stack, "User Initiated")); err != nil {
		return err
	}
	e.start(h)
	return nil
}

// Stack returns a copy of a stack, given by name or ID; one that is deleted is
// found by its ID only.
func (e *Engine) Stack(nameOrID string) (*Stack, error) {
	e.mu.Lock()
	h := e.find(nameOrID)
	e.mu.Unlock()
	if h == nil {
		return nil, ErrNoStack
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.stack.clone(), nil
}

// Stacks returns copies of all stacks, the newest first, deleted ones included.
func (e *Engine) Stacks() []*Stack {
	e.mu.Lock()
	defer e.mu.Unlock()
	stacks := make([]*Stack, 0, len(e.stacks))
	for _, h := range slices.Backward(e.stacks) {
		h.mu.Lock()
		stacks = append(stacks, h.stack.clone())
		h.mu.Unlock()
	}
	return stacks
}

// Events returns what happened to a stack, the newest first.
func (e *Engine) Events(nameOrID string) (*Stack, []Event, error) {
	s, err := e.Stack(nameOrID)
	if err != nil {
		return nil, nil, err
	}
	var events []Event
	for entry, err := range e.opts.Journal.Scan(s.eventsKey()) {
		if err != nil {
			return nil, nil, fmt.Errorf("read events of stack %q: %w", s.Name, err)
		}
		var event Event
		if err := decode(entry.Value, &event); err != nil {
			return nil, nil, fmt.Errorf("read event %q: %w", entry.Key, err)
		}
		events = append(events, event)
	}
	slices.Reverse(events)
	return s, events, nil
}

// find returns a stack by name, if it is not deleted, or by ID.
func (e *Engine) find(nameOrID string) *held {
	if h := e.named(nameOrID); h != nil {
		return h
	}
	for _, h := range e.stacks {
		if h.stack.ID == nameOrID {
			return h
		}
	}
	return nil
}

func (e *Engine) named(name string) *held {
	for _, h := range e.stacks {
		h.mu.Lock()
		found := h.stack.Name == name && h.stack.Status != DeleteComplete
		h.mu.Unlock()
		if found {
			return h
		}
	}
	return nil
}
