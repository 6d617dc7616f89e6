package kinesisanalytics

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/millrace/millrace/internal/journal"
)

// The states of an operation.
const (
	inProgress = "IN_PROGRESS"
	successful = "SUCCESSFUL"
	cancelled  = "CANCELLED"
	failed     = "FAILED"
)

// operation is an entry of an application's history.
type operation struct {
	ID     string `json:"id"`
	Name   string `json:"name"` // of the API: "StartApplication"
	Start  epoch  `json:"start"`
	End    epoch  `json:"end,omitempty"`
	Status string `json:"status"`
	From   int64  `json:"from,omitempty"` // version before and after, of an operation that made one
	To     int64  `json:"to,omitempty"`
	Error  string `json:"error,omitempty"`
}

// begin is a copy in which an operation has begun; one that was under way is
// cancelled by it. Only the newest maxOperations are kept.
func (a *stored) begin(o operation) (next stored, id string) {
	next = *a
	next.Operated++
	o.ID = uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "%s/%d/operation/%d", a.ARN, a.Created, next.Operated)).String()
	if o.Status == "" {
		o.Status = inProgress
	}
	next.Operations = append(finished(a.Operations, cancelled, "", o.Start), o)
	if n := len(next.Operations); n > maxOperations {
		next.Operations = slices.Clone(next.Operations[n-maxOperations:])
	}
	return next, o.ID
}

// over is a copy in another status, in which the operation under way, if there
// is one, has succeeded.
func (a *stored) over(status string, now epoch) stored {
	next := a.with(status)
	next.Operations = finished(a.Operations, successful, "", now)
	return next
}

// maxErrorString is how long an operation's error may be.
const maxErrorString = 512

// failed is a copy in which the operation under way has failed.
func (a *stored) failed(cause error, now epoch) stored {
	next, text := *a, cause.Error()
	if len(text) > maxErrorString {
		text = strings.ToValidUTF8(text[:maxErrorString], "")
	}
	next.Operations = finished(a.Operations, failed, text, now)
	return next
}

// finished copies a history in which nothing is under way any more.
func finished(all []operation, status, cause string, now epoch) []operation {
	all = slices.Clone(all)
	for i := range all {
		if o := &all[i]; o.Status == inProgress {
			o.Status, o.End, o.Error = status, now, cause
		}
	}
	return all
}

// supersede is the change of the journal that keeps a version which is being
// replaced, and gives up the one that is too old.
func (a *stored) supersede() ([]journal.Change, error) {
	old := a.Config
	old.Status = a.Status
	value, err := json.Marshal(old)
	if err != nil {
		return nil, fmt.Errorf("write version %d of application %q: %w", old.ID, a.Name, err)
	}
	changes := []journal.Change{{Key: versionKey(a.Name, old.ID), Value: value}}
	if first := old.ID - maxVersions; first > 0 {
		changes = append(changes, journal.Change{Key: versionKey(a.Name, first)})
	}
	return changes, nil
}

// version returns one of the versions that are kept, nil if it is not.
func (s *Service) version(a *stored, id int64) (*configuration, error) {
	if id == a.Config.ID {
		current := a.Config
		current.Status = a.Status
		return &current, nil
	}
	value, err := s.opts.Journal.Get(versionKey(a.Name, id))
	if err != nil || value == nil {
		return nil, err
	}
	c := &configuration{}
	if err := json.Unmarshal(value, c); err != nil {
		return nil, fmt.Errorf("read version %d of application %q: %w", id, a.Name, err)
	}
	return c, nil
}
