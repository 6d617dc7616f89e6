package stack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/millrace/millrace/internal/journal"
)

// Status of a stack or a resource, in CloudFormation's words.
type Status string

// The statuses.
const (
	CreateInProgress   Status = "CREATE_IN_PROGRESS"
	CreateFailed       Status = "CREATE_FAILED"
	CreateComplete     Status = "CREATE_COMPLETE"
	RollbackInProgress Status = "ROLLBACK_IN_PROGRESS"
	RollbackFailed     Status = "ROLLBACK_FAILED"
	RollbackComplete   Status = "ROLLBACK_COMPLETE"
	DeleteInProgress   Status = "DELETE_IN_PROGRESS"
	DeleteFailed       Status = "DELETE_FAILED"
	DeleteComplete     Status = "DELETE_COMPLETE"
	DeleteSkipped      Status = "DELETE_SKIPPED" // of a retained resource
)

// underWay tells whether the engine is, or will be, at work on the stack.
func (s Status) underWay() bool {
	return s == CreateInProgress || s == RollbackInProgress || s == DeleteInProgress
}

// What happens when a creation fails.
const (
	OnFailureRollback  = "ROLLBACK"
	OnFailureDoNothing = "DO_NOTHING"
	OnFailureDelete    = "DELETE"
)

// Stack is a stack as the journal keeps it. The engine hands out copies.
type Stack struct {
	Format       int    // of this document
	ID           string // ARN
	Name         string
	Region       string
	RoleARN      string `json:",omitempty"` // of who called for the operation
	Template     string // as given
	Description  string `json:",omitempty"`
	Parameters   map[string]string
	Hidden       []string `json:",omitempty"` // parameters with NoEcho
	Capabilities []string `json:",omitempty"`
	OnFailure    string
	Token        string `json:",omitempty"` // ClientRequestToken of the newest operation
	Status       Status
	Reason       string    `json:",omitempty"`
	Created      time.Time `json:",omitzero"`
	Deleted      time.Time `json:",omitzero"` // when deleting began, ended
	Resources    []*ResourceState
	Outputs      []OutputValue `json:",omitempty"`
	Events       uint64        // how many there are
}

// ResourceState is a resource that a stack has begun to make.
type ResourceState struct {
	LogicalID      string
	Type           string
	PhysicalID     string `json:",omitempty"`
	Status         Status
	Reason         string    `json:",omitempty"`
	Updated        time.Time `json:",omitzero"`
	Dependencies   []string  `json:",omitempty"`
	DeletionPolicy string
	Properties     map[string]any    `json:",omitempty"` // resolved
	Attributes     map[string]string `json:",omitempty"`
	// Attempted says that create may have been called: there may be something
	// to find again or to delete.
	Attempted bool
}

// OutputValue is an output of a finished stack.
type OutputValue struct {
	Name, Value string
	Description string `json:",omitempty"`
}

// Event is something that happened to a stack or to one of its resources.
type Event struct {
	ID         string
	Time       time.Time
	LogicalID  string
	PhysicalID string `json:",omitempty"`
	Type       string
	Status     Status
	Reason     string         `json:",omitempty"`
	Properties map[string]any `json:",omitempty"`
	Token      string         `json:",omitempty"`
}

// stackType is the resource type of the events of the stack itself.
const stackType = "AWS::CloudFormation::Stack"

// format of the document; another one is refused, never guessed at.
const format = 1

// Keys of the state. A deleted stack keeps its document under its ID.
const (
	livePrefix    = "stack/live/"
	deletedPrefix = "stack/deleted/"
	eventPrefix   = "stack/event/"
)

func (s *Stack) eventsKey() string { return eventPrefix + s.uuid() + "/" }

// uuid is the last part of the ID.
func (s *Stack) uuid() string { return s.ID[len(s.ID)-36:] }

// Resource returns the state of a resource, nil if it was not begun.
func (s *Stack) Resource(logicalID string) *ResourceState {
	for _, r := range s.Resources {
		if r.LogicalID == logicalID {
			return r
		}
	}
	return nil
}

func (s *Stack) clone() *Stack {
	c := *s
	c.Resources = make([]*ResourceState, len(s.Resources))
	for i, r := range s.Resources {
		copied := *r
		c.Resources[i] = &copied
	}
	c.Outputs = slices.Clone(s.Outputs)
	return &c
}

// put adds the stack and the events to a batch.
func (s *Stack) put(b *journal.Batch, events ...Event) error {
	for _, e := range events {
		value, err := json.Marshal(e)
		if err != nil {
			return err
		}
		s.Events++
		b.Set(fmt.Sprintf("%s%08d", s.eventsKey(), s.Events), value)
	}
	value, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if s.Status == DeleteComplete {
		b.Delete(livePrefix + s.Name)
		b.Set(deletedPrefix+s.uuid(), value)
		return nil
	}
	b.Set(livePrefix+s.Name, value)
	return nil
}

// decode reads a document; numbers in properties stay as they were written.
func decode(value []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	return d.Decode(into)
}

func decodeStack(key string, value []byte) (*Stack, error) {
	s := &Stack{}
	if err := decode(value, s); err != nil {
		return nil, fmt.Errorf("read stack %q: %w", key, err)
	}
	if s.Format != format {
		return nil, fmt.Errorf("read stack %q: format %d, this program knows %d", key, s.Format, format)
	}
	return s, nil
}
