package iam

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/policy"
	"github.com/millrace/millrace/internal/journal"
)

// role is what the journal keeps of a role, as JSON. It does not change once
// it is in the table: changes are made to a copy.
type role struct {
	Format      int
	Name        string
	Path        string
	ID          string
	ARN         string
	Description string `json:",omitempty"`
	Trust       string // AssumeRolePolicyDocument as it was sent
	MaxSession  int64  // seconds
	Policies    []inlinePolicy
	Tags        []tag `json:",omitempty"`
	Created     time.Time

	compiled []*policy.Policy // of Policies, in their order
	keys     map[string]string
	// trust is Trust, nil for one that was kept before conditions were looked at
	// and has some that cannot be evaluated: nobody assumes the role then.
	trust      *policy.Trust
	trustError error
}

// inlinePolicy is a document under its name. A role's are ordered by name.
type inlinePolicy struct {
	Name     string
	Document string // as it was sent
}

const (
	format    = 1
	keyPrefix = "iam/role/"
)

// roles is a table of all roles. It is replaced, never changed, so that whoever
// asks for permission need not wait for a change on its way to disk.
type roles struct {
	byName map[string]*role // in lower case: case does not tell roles apart
	byARN  map[string]*role
}

func (t *roles) named(name string) *role {
	if r := t.byName[strings.ToLower(name)]; r != nil && r.Name == name {
		return r
	}
	return nil
}

func (t *roles) with(r *role) *roles {
	next := &roles{maps.Clone(t.byName), maps.Clone(t.byARN)}
	next.byName[strings.ToLower(r.Name)] = r
	next.byARN[r.ARN] = r
	return next
}

func (t *roles) without(r *role) *roles {
	next := &roles{maps.Clone(t.byName), maps.Clone(t.byARN)}
	delete(next.byName, strings.ToLower(r.Name))
	delete(next.byARN, r.ARN)
	return next
}

// sorted lists the roles by name.
func (t *roles) sorted() []*role {
	return slices.SortedFunc(maps.Values(t.byName), func(a, b *role) int { return strings.Compare(a.Name, b.Name) })
}

func restore(j journal.Journal) (*roles, error) {
	t := &roles{map[string]*role{}, map[string]*role{}}
	for e, err := range j.Scan(keyPrefix) {
		if err != nil {
			return nil, fmt.Errorf("read roles: %w", err)
		}
		r := &role{}
		if err := json.Unmarshal(e.Value, r); err != nil {
			return nil, fmt.Errorf("read role %q: %w", e.Key, err)
		}
		if r.Format != format {
			return nil, fmt.Errorf("read role %q: format %d, this program reads %d", e.Key, r.Format, format)
		}
		if err := r.compile(); err != nil {
			return nil, fmt.Errorf("read role %q: %w", e.Key, err)
		}
		t.byName[strings.ToLower(r.Name)], t.byARN[r.ARN] = r, r
	}
	return t, nil
}

// compile makes the role ready to be asked.
func (r *role) compile() error {
	r.compiled = make([]*policy.Policy, len(r.Policies))
	for i, p := range r.Policies {
		var err error
		if r.compiled[i], err = policy.Parse(p.Document, vocabulary()); err != nil {
			return fmt.Errorf("policy %q: %w", p.Name, err)
		}
	}
	r.trust, r.trustError = policy.ParseTrust(r.Trust, trustVocabulary())
	r.keys = map[string]string{"aws:principalarn": r.ARN, "aws:principalaccount": call.AccountID, "aws:principaltype": "AssumedRole"}
	return nil
}

// put makes a role, or what it has become, durable and then known. The caller
// holds s.changing.
func (s *Service) put(r *role) error {
	r.Format = format
	if err := r.compile(); err != nil {
		return err
	}
	value, err := json.Marshal(r)
	if err != nil {
		return err
	}
	b := &journal.Batch{}
	b.Set(keyPrefix+r.Name, value)
	if _, err := journal.Put(s.opts.Journal, b); err != nil {
		return err
	}
	s.roles.Store(s.roles.Load().with(r))
	return nil
}

// drop forgets a role. The caller holds s.changing.
func (s *Service) drop(r *role) error {
	b := &journal.Batch{}
	b.Delete(keyPrefix + r.Name)
	if _, err := journal.Put(s.opts.Journal, b); err != nil {
		return err
	}
	s.roles.Store(s.roles.Load().without(r))
	s.forgetWarning(r.ARN)
	return nil
}

// policy returns where the role's policy of that name is, or would be.
func (r *role) policy(name string) (int, bool) {
	return slices.BinarySearchFunc(r.Policies, name, func(p inlinePolicy, name string) int { return strings.Compare(p.Name, name) })
}

func roleARN(path, name string) string {
	return "arn:aws:iam::" + call.AccountID + ":role" + path + name
}

// newID returns a unique ID as roles have them.
func newID() string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	random := make([]byte, 17)
	_, _ = rand.Read(random) // never fails
	for i, b := range random {
		random[i] = letters[b%32]
	}
	return "AROA" + string(random)
}
