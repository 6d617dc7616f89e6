package searchindex

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"sync/atomic"

	"github.com/millrace/millrace/internal/searchindex/store"
)

// Limits of requests.
const (
	MaxBodyBytes     = 10 << 20 // of a request, unpacked
	MaxPressureBytes = 96 << 20 // of all requests under way
	MaxResultWindow  = 10_000   // from + size
)

// Options opens an Index. With neither Users nor Authorize nobody is let in.
type Options struct {
	Dir        string // made when it does not exist
	Logger     *slog.Logger
	Users      map[string]string // name to password, for basic authentication; each may do everything
	CacheBytes int64             // for columns between searches; 0 = store.DefaultCacheBytes

	// Authorize judges a request without basic authentication, one signed with SigV4. A principal without ok is known
	// but not allowed: 403 instead of 401. body is the request's body as sent.
	Authorize func(namespace string, r *http.Request, body []byte) (principal string, ok bool)

	// Access says how a domain controls who does what; it is asked at every request. nil: no domain has fine-grained
	// access control.
	Access func(namespace string) Access
}

// Access is a domain's AdvancedSecurityOptions. Without FineGrained, whoever Authorize lets in may do everything; with
// it, a principal has the roles that role mappings give to its ARN, as a user or a backend role, and none otherwise.
// Users that were made over the REST interface have their roles in either case.
type Access struct {
	FineGrained                bool
	MasterARN                  string // may do everything
	MasterUser, MasterPassword string // the same, by basic authentication; "" for none
}

// Index is an open search server without a listener.
type Index struct {
	opts     Options
	users    map[string][32]byte // name to the password's digest
	store    *store.Store
	pressure atomic.Int64
	verified sync.Map // digest of a user's name, password and stored hash, once they were found to fit
}

// Open opens or makes the index in a directory. It must be the only one on it.
func Open(opts Options) (*Index, error) {
	if opts.CacheBytes == 0 {
		opts.CacheBytes = store.DefaultCacheBytes
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(opts.Dir, 0o700); err != nil {
		return nil, err
	}
	s, err := store.Open(opts.Dir, opts.CacheBytes, opts.Logger)
	if err != nil {
		return nil, err
	}
	x := &Index{opts: opts, store: s, users: map[string][32]byte{}}
	for name, password := range opts.Users {
		x.users[name] = sha256.Sum256([]byte(password))
	}
	return x, nil
}

// Close waits for requests being written; what was answered is on disk already.
func (x *Index) Close() error { return x.store.Close() }

// Namespace returns the server of one domain. Two of the same name serve the same indices.
func (x *Index) Namespace(name string) http.Handler { return &domain{index: x, name: name} }

// DropNamespace deletes all indices of a domain, its templates, users and roles.
func (x *Index) DropNamespace(ctx context.Context, name string) error {
	return x.store.Update(ctx, func(tx *store.Tx) {
		for _, idx := range tx.Indices(name) {
			tx.Drop(idx)
		}
		tx.UndefineAll(name)
	})
}

// domain serves one namespace.
type domain struct {
	index *Index
	name  string
}
