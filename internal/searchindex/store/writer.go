package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
)

// groupTasks bounds how many requests share a transaction, groupSaves how many segments one saves beside them.
const (
	groupTasks = 64
	groupSaves = 4
)

// task is one request's part of a transaction.
type task struct {
	run  func(*Tx)
	done chan error
}

// Update runs fn in a transaction that other requests may share, and returns when it is durable. An error means that
// nothing of it happened. fn must not block on anything but the Tx.
func (s *Store) Update(ctx context.Context, fn func(*Tx)) error {
	t := &task{run: fn, done: make(chan error, 1)}
	select {
	case s.tasks <- t:
	case <-s.stop:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-t.done:
		return err
	case <-s.stopped:
		select {
		case err := <-t.done:
			return err
		default:
			return ErrClosed
		}
	}
}

// writer is the connection of the one goroutine that writes.
type writer struct {
	conn       *sql.Conn
	statements map[string]*sql.Stmt

	mu      sync.Mutex
	unsaved []segmentRef // full segments in memory without blobs
	kick    chan struct{}
}

type segmentRef struct {
	index   *Index
	segment int
}

func newWriter(db *sql.DB) (*writer, error) {
	conn, err := db.Conn(context.Background())
	if err != nil {
		return nil, err
	}
	return &writer{conn: conn, statements: map[string]*sql.Stmt{}, kick: make(chan struct{}, 1)}, nil
}

func (w *writer) close() error {
	var errs []error
	for _, stmt := range w.statements {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(append(errs, w.conn.Close())...)
}

func (w *writer) prepare(query string) (*sql.Stmt, error) {
	if stmt := w.statements[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := w.conn.PrepareContext(context.Background(), query)
	if err == nil {
		w.statements[query] = stmt
	}
	return stmt, err
}

// saveSoon has the blobs of a full segment written with one of the next transactions.
func (s *Store) saveSoon(x *Index, segment int) {
	s.writer.later(segmentRef{x, segment})
	s.wake()
}

func (w *writer) later(ref segmentRef) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unsaved = append(w.unsaved, ref)
}

func (s *Store) wake() {
	select {
	case s.writer.kick <- struct{}{}:
	default:
	}
}

func (w *writer) takeUnsaved() []segmentRef {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(groupSaves, len(w.unsaved))
	refs := w.unsaved[:n:n]
	w.unsaved = w.unsaved[n:]
	return refs
}

func (w *writer) hasUnsaved() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.unsaved) > 0
}

// write is the writing goroutine.
func (s *Store) write() {
	defer close(s.stopped)
	for {
		var group []*task
		select {
		case <-s.stop:
			return
		case <-s.writer.kick:
		case t := <-s.tasks:
			group = append(group, t)
		}
	gather:
		for len(group) < groupTasks {
			select {
			case t := <-s.tasks:
				group = append(group, t)
			default:
				break gather
			}
		}
		s.commit(group, s.writer.takeUnsaved())
	}
}

// commit runs a group of tasks in one transaction, makes it durable, then visible, and answers them. Segments are saved
// before the tasks run, for a task takes the blobs of what it changes away.
func (s *Store) commit(group []*task, saves []segmentRef) {
	tx := &Tx{store: s, writer: s.writer, drafts: map[*Index]*draft{}, created: map[string]*draft{}, definitions: definitions{}}
	tx.exec("BEGIN IMMEDIATE")
	for _, ref := range saves {
		tx.saveSegment(ref)
	}
	for _, t := range group {
		t.run(tx)
	}
	more := tx.purge()
	tx.writeDrafts()
	err := tx.err
	if err == nil {
		s.mu.Lock()
		if tx.exec("COMMIT"); tx.err == nil {
			tx.apply(saves)
		}
		err = tx.err
		s.mu.Unlock()
	}
	if err != nil {
		s.logger.Error("search index could not write", "requests", len(group), "error", err)
		if _, rollback := s.writer.conn.ExecContext(context.Background(), "ROLLBACK"); rollback != nil {
			s.logger.Warn("search index could not roll back", "error", rollback)
		}
		err = fmt.Errorf("write search index: %w", err)
		for _, ref := range saves {
			s.writer.later(ref)
		}
	} else if more || s.writer.hasUnsaved() {
		s.wake()
	}
	for _, t := range group {
		t.done <- err
	}
}
