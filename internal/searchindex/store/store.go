// Package store keeps indices in one SQLite database: documents durably, their fields as columns beside them.
//
// One goroutine writes. It takes what is waiting, however many requests that is, into one transaction, and tells them
// all after its fsync. Searches hold a read lock, and a commit the write lock, so a search sees all of a request or
// nothing of it, and what was answered is found by the next search.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace/millrace/internal/searchindex/column"
	"github.com/millrace/millrace/internal/searchindex/mapping"
)

const (
	segmentBits = 12
	segmentMask = column.SegmentSize - 1

	// DefaultCacheBytes bounds the columns of full segments that stay in memory between searches.
	DefaultCacheBytes = 64 << 20
)

// ErrClosed is what requests get while and after the store closes.
var ErrClosed = errors.New("search index is closed")

// Index is one index. What a View or a Tx gives out must not be kept after it.
type Index struct {
	ID        int64
	Namespace string
	Name      string
	UUID      string
	Created   time.Time
	Mapping   *mapping.Mapping
	Settings  Settings
	Aliases   Aliases
	Live      int64 // documents
	Bytes     int64 // of their sources

	nextPlace int64
	nextSeq   int64
	segments  []*Segment
}

// Store is open until Close.
type Store struct {
	db     *sql.DB
	logger *slog.Logger

	mu          sync.RWMutex // read while searching, write while committing
	namespaces  map[string]map[string]*Index
	definitions definitions

	writer     *writer
	tasks      chan *task
	stop       chan struct{}
	stopped    chan struct{}
	closeOnce  sync.Once
	cacheBytes int64
	cached     atomic.Int64 // bytes of columns that could be dropped
	clock      atomic.Int64 // counts uses of columns; the least recently used go first
}

// Open opens the store in an existing directory.
func Open(dir string, cacheBytes int64, logger *slog.Logger) (*Store, error) {
	db, err := openDatabase(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{
		db: db, logger: logger, namespaces: map[string]map[string]*Index{}, cacheBytes: cacheBytes,
		tasks: make(chan *task, 256), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	if err := s.start(); err != nil {
		db.Close()
		return nil, fmt.Errorf("open search index %q: %w", dir, err)
	}
	go s.write()
	s.wake()
	return s, nil
}

func (s *Store) start() error {
	indices, err := loadIndices(context.Background(), s.db)
	if err != nil {
		return err
	}
	for _, x := range indices {
		s.publish(x)
	}
	if s.definitions, err = loadDefinitions(context.Background(), s.db); err != nil {
		return err
	}
	s.writer, err = newWriter(s.db)
	return err
}

func (s *Store) publish(x *Index) {
	if s.namespaces[x.Namespace] == nil {
		s.namespaces[x.Namespace] = map[string]*Index{}
	}
	s.namespaces[x.Namespace][x.Name] = x
}

// Close waits for what is being written and searched. Requests that wait get ErrClosed.
func (s *Store) Close() error {
	s.closeOnce.Do(func() { close(s.stop) })
	<-s.stopped
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.writer.close(), s.db.Close())
}

// View is what one search sees: all that was committed before it began.
type View struct {
	store     *Store
	namespace string
	unpacked  map[string]*unpackedColumn // by path, of the segment asked for last
}

// View calls fn with the state of a namespace, which does not change until it returns.
func (s *Store) View(namespace string, fn func(*View) error) error {
	defer s.evict()
	s.mu.RLock()
	defer s.mu.RUnlock()
	select {
	case <-s.stop:
		return ErrClosed
	default:
	}
	return fn(&View{s, namespace, map[string]*unpackedColumn{}})
}

// Index returns the index of that name, or nil.
func (v *View) Index(name string) *Index { return v.store.namespaces[v.namespace][name] }

// Indices returns all indices of the namespace by name.
func (v *View) Indices() []*Index {
	var out []*Index
	for _, x := range v.store.namespaces[v.namespace] {
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b *Index) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Segments returns how many segments the index has.
func (x *Index) Segments() int { return len(x.segments) }

// NextSeq is the sequence number that the next write to the index takes.
func (x *Index) NextSeq() int64 { return x.nextSeq }

// Stored is a document as it was indexed.
type Stored struct {
	ID      string
	Place   int64
	Version int64
	Seq     int64
	Source  string
}

// Document returns the document of that id; found is false when there is none.
func (v *View) Document(ctx context.Context, x *Index, id string) (d Stored, found bool, err error) {
	row := v.store.db.QueryRowContext(ctx, "SELECT number, id, version, seq, source, sum FROM documents WHERE index_id = ? AND id = ?", x.ID, id)
	return scanStored(row)
}

// At returns the document at that place of the index.
func (v *View) At(ctx context.Context, x *Index, place int64) (d Stored, found bool, err error) {
	row := v.store.db.QueryRowContext(ctx, "SELECT number, id, version, seq, source, sum FROM documents WHERE number = ?", number(x.ID, place))
	return scanStored(row)
}

func scanStored(row *sql.Row) (d Stored, found bool, err error) {
	var n, sum int64
	switch err := row.Scan(&n, &d.ID, &d.Version, &d.Seq, &d.Source, &sum); {
	case errors.Is(err, sql.ErrNoRows):
		return d, false, nil
	case err != nil:
		return d, false, fmt.Errorf("read document: %w", err)
	}
	d.Place = placeOf(n)
	return d, true, check(n, sum, d)
}
