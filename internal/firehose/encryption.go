package firehose

import (
	"strings"
	"time"
)

// encryption is the state of a stream's server-side encryption. It is a state
// that is kept, and no more: the journal is not encrypted, whatever the key.
// Clients see what they would see on AWS.
type encryption struct {
	KeyARN  *string `json:",omitempty"`
	KeyType *string `json:",omitempty"`
	// Status is ENABLING, ENABLED, DISABLING, DISABLED; empty means DISABLED.
	Status string `json:",omitempty"`
}

const (
	maxEncryptionCalls   = 25 // in encryptionCallsOver, of Start and Stop together
	encryptionCallsOver  = 24 * time.Hour
	customerManaged      = "CUSTOMER_MANAGED_CMK"
	awsOwned             = "AWS_OWNED_CMK"
	encryptionEnabling   = "ENABLING"
	encryptionEnabled    = "ENABLED"
	encryptionDisabling  = "DISABLING"
	encryptionIsDisabled = "DISABLED"
)

// newEncryption begins to enable the encryption with a key.
func newEncryption(in *encryptionInput) (encryption, error) {
	e := encryption{KeyARN: in.KeyARN, KeyType: in.KeyType, Status: encryptionEnabling}
	switch {
	case *in.KeyType == customerManaged && in.KeyARN == nil:
		return e, errArgument("KeyARN has to be specified when KeyType is %s", customerManaged)
	case *in.KeyType == awsOwned && in.KeyARN != nil:
		return e, errArgument("KeyARN cannot be specified when KeyType is %s", awsOwned)
	case in.KeyARN != nil && strings.Contains(*in.KeyARN, ":alias/"):
		return e, errArgument("KeyARN %s is the ARN of an alias; the ARN of the key is needed", *in.KeyARN)
	}
	return e, nil
}

func (e encryption) changing() bool {
	return e.Status == encryptionEnabling || e.Status == encryptionDisabling
}

// settled is what becomes of a change.
func (e encryption) settled() encryption {
	switch e.Status {
	case encryptionEnabling:
		e.Status = encryptionEnabled
	case encryptionDisabling:
		return encryption{}
	}
	return e
}

// encrypts is what puts answer.
func (e encryption) encrypts() bool {
	return e.Status == encryptionEnabled || e.Status == encryptionDisabling
}

// described shows the key only while there is one.
func (e encryption) described() encryption {
	if e.Status == "" {
		return encryption{Status: encryptionIsDisabled}
	}
	return e
}

// changeEncryption begins a change, which goes on after a restart, and counts
// it: AWS allows 25 a day.
func (s *Service) changeEncryption(name string, change func(encryption) encryption) error {
	s.admin.Lock()
	defer s.admin.Unlock()
	st, err := s.lookup(name)
	if err != nil {
		return err
	}
	conf := st.current()
	if conf.Status != active {
		return errInUse(name, conf.Status)
	}
	if conf.Encryption.changing() {
		return errInUse(name, status(conf.Encryption.Status))
	}
	now := time.Now()
	calls := callsSince(conf.EncryptionCalls, now.Add(-encryptionCallsOver))
	if len(calls) >= maxEncryptionCalls {
		return errLimit("Firehose %s has reached the limit of %d calls to StartDeliveryStreamEncryption and StopDeliveryStreamEncryption in 24 hours",
			name, maxEncryptionCalls)
	}
	next := conf.with(func(c *config) {
		c.Encryption, c.EncryptionCalls = change(c.Encryption), append(calls, now.UnixMilli())
	})
	if err := st.change(next); err != nil {
		return err
	}
	s.tasks.Go(func() { s.settleEncryption(st) })
	return nil
}

// callsSince returns a copy without what is older.
func callsSince(calls []int64, since time.Time) (kept []int64) {
	for _, at := range calls {
		if at > since.UnixMilli() {
			kept = append(kept, at)
		}
	}
	return kept
}

// settleEncryption ends a change.
func (s *Service) settleEncryption(st *stream) {
	s.admin.Lock()
	defer s.admin.Unlock()
	conf := st.current()
	if conf.Status != active || !conf.Encryption.changing() {
		return
	}
	if err := st.change(conf.with(func(c *config) { c.Encryption = c.Encryption.settled() })); err != nil {
		s.opts.Logger.Error("encryption stays in change until the next start", "delivery_stream", st.name, "error", err)
	}
}
