package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/searchindex/column"
	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// Tx changes the store for one request. Failures of the database are not reported by its methods: they end the whole
// transaction, and Update returns them.
type Tx struct {
	store   *Store
	writer  *writer
	drafts  map[*Index]*draft // by the index it was, or is being created
	created map[string]*draft // by namespace and name
	err     error

	definitions definitions // the kinds that changed
}

// draft is an index as the transaction leaves it. Index is what callers hold.
type draft struct {
	Index
	was     *Index // nil when created here
	changes []change
	staled  map[int64]bool // segments whose blobs were deleted
	dropped bool
}

type change struct {
	place  int64
	cells  []mapping.Cell
	remove bool
}

func (tx *Tx) exec(query string, args ...any) (n int64) {
	if tx.err != nil {
		return 0
	}
	stmt, err := tx.writer.prepare(query)
	if err == nil {
		var result sql.Result
		if result, err = stmt.ExecContext(context.Background(), args...); err == nil {
			n, err = result.RowsAffected()
		}
	}
	tx.err = err
	return n
}

func (tx *Tx) row(query string, args []any, into ...any) (found bool) {
	if tx.err != nil {
		return false
	}
	stmt, err := tx.writer.prepare(query)
	if err == nil {
		err = stmt.QueryRowContext(context.Background(), args...).Scan(into...)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return false
	}
	tx.err = err
	return err == nil
}

func key(namespace, name string) string { return namespace + "\x00" + name }

// Index returns the index of that name as this transaction has it, or nil.
func (tx *Tx) Index(namespace, name string) *Index {
	if d := tx.created[key(namespace, name)]; d != nil && !d.dropped {
		return &d.Index
	}
	x := tx.store.namespaces[namespace][name]
	if x == nil {
		return nil
	}
	d := tx.draft(x)
	if d.dropped {
		return nil
	}
	return &d.Index
}

// Indices returns the indices of a namespace as this transaction has them, by name.
func (tx *Tx) Indices(namespace string) []*Index {
	var out []*Index
	for name := range tx.store.namespaces[namespace] {
		if x := tx.Index(namespace, name); x != nil && tx.created[key(namespace, name)] == nil {
			out = append(out, x)
		}
	}
	for _, d := range tx.created {
		if d.Namespace == namespace && !d.dropped {
			out = append(out, &d.Index)
		}
	}
	slices.SortFunc(out, func(a, b *Index) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func (tx *Tx) draft(x *Index) *draft {
	d := tx.drafts[x]
	if d == nil {
		d = &draft{Index: *x, was: x, staled: map[int64]bool{}}
		tx.drafts[x] = d
		tx.drafts[&d.Index] = d
	}
	return d
}

// Create makes an index. The name must be free.
func (tx *Tx) Create(namespace, name string, m *mapping.Mapping, settings Settings) *Index {
	d := &draft{Index: Index{Namespace: namespace, Name: name, UUID: newUUID(), Created: time.Now().UTC(), Mapping: m, Settings: settings}, staled: map[int64]bool{}}
	tx.row("INSERT INTO indices (namespace, name, uuid, created, mapping, settings, next_place, next_seq, live, bytes) VALUES (?, ?, ?, ?, '', '', 0, 0, 0, 0) RETURNING id",
		[]any{namespace, name, d.UUID, d.Created.UnixMilli()}, &d.ID)
	tx.drafts[&d.Index] = d
	tx.created[key(namespace, name)] = d
	return &d.Index
}

func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Drop deletes an index. Its documents go little by little afterwards.
func (tx *Tx) Drop(x *Index) {
	tx.drafts[x].dropped = true
	tx.exec("DELETE FROM indices WHERE id = ?", x.ID)
	tx.exec("INSERT INTO dropped (index_id) VALUES (?)", x.ID)
}

// SetMapping replaces the mapping of an index.
func (tx *Tx) SetMapping(x *Index, m *mapping.Mapping) { x.Mapping = m }

// SetSettings changes settings of an index; an empty value removes one.
func (tx *Tx) SetSettings(x *Index, changes Settings) {
	x.Settings = maps.Clone(x.Settings)
	for name, value := range changes {
		if x.Settings[name] = value; value == "" {
			delete(x.Settings, name)
		}
	}
}

// Outcome is what became of one document.
type Outcome struct {
	Version int64
	Seq     int64
	Result  string // created, updated, deleted, not_found
}

// Put indexes a document. With create, one that exists already is a conflict. A refusal changes nothing.
func (tx *Tx) Put(x *Index, doc mapping.Document, create bool) (Outcome, *wire.Error) {
	d := tx.drafts[x]
	cells, m, refused := x.Mapping.Cells(doc, nil)
	if refused != nil {
		return Outcome{}, refused
	}
	out := Outcome{Version: 1, Result: "created", Seq: x.nextSeq}
	place := x.nextPlace
	source := []byte(doc.Source)
	inserted := tx.exec("INSERT INTO documents (number, index_id, id, version, seq, source, sum) VALUES (?, ?, ?, 1, ?, ?, ?) ON CONFLICT (index_id, id) DO NOTHING",
		number(x.ID, place), x.ID, doc.ID, out.Seq, source, checksum(number(x.ID, place), doc.ID, 1, out.Seq, doc.Source))
	if inserted == 0 {
		old, _ := tx.find(x, doc.ID)
		if create {
			return Outcome{}, Conflict(x, doc.ID, old.version)
		}
		place = placeOf(old.number)
		out.Version, out.Result = old.version+1, "updated"
		tx.exec("UPDATE documents SET version = ?, seq = ?, source = ?, sum = ? WHERE number = ?",
			out.Version, out.Seq, source, checksum(old.number, doc.ID, out.Version, out.Seq, doc.Source), old.number)
		x.Bytes -= old.bytes
		x.Live--
		x.nextPlace--
		tx.stale(d, place)
	}
	x.nextSeq++
	x.nextPlace++
	x.Live++
	x.Bytes += int64(len(source))
	x.Mapping = m
	d.changes = append(d.changes, change{place: place, cells: cells})
	return out, nil
}

// Conflict refuses to create what exists.
func Conflict(x *Index, id string, version int64) *wire.Error {
	e := wire.Errorf("version_conflict_engine_exception", "[%s]: version conflict, document already exists (current version [%d])", id, version)
	e.Status = 409
	e.Extra = wire.Object{{Name: "index", Value: x.Name}, {Name: "shard", Value: "0"}, {Name: "index_uuid", Value: x.UUID}}
	return e
}

// Delete removes a document. One that is not there takes a sequence number all the same.
func (tx *Tx) Delete(x *Index, id string) Outcome {
	d := tx.drafts[x]
	out := Outcome{Version: 1, Seq: x.nextSeq, Result: "not_found"}
	x.nextSeq++
	if old, found := tx.find(x, id); found {
		tx.exec("DELETE FROM documents WHERE number = ?", old.number)
		place := placeOf(old.number)
		tx.stale(d, place)
		d.changes = append(d.changes, change{place: place, remove: true})
		x.Live--
		x.Bytes -= old.bytes
		out.Version, out.Result = old.version+1, "deleted"
	}
	return out
}

type found struct{ number, version, bytes int64 }

func (tx *Tx) find(x *Index, id string) (f found, ok bool) {
	ok = tx.row("SELECT number, version, length(source) FROM documents WHERE index_id = ? AND id = ?", []any{x.ID, id}, &f.number, &f.version, &f.bytes)
	return f, ok
}

// Document returns a document as this transaction has it. A damaged one is refused.
func (tx *Tx) Document(x *Index, id string) (s Stored, ok bool, refused *wire.Error) {
	var n, sum int64
	ok = tx.row("SELECT number, version, seq, source, sum FROM documents WHERE index_id = ? AND id = ?", []any{x.ID, id}, &n, &s.Version, &s.Seq, &s.Source, &sum)
	s.ID = id
	if !ok {
		return s, false, nil
	}
	if err := check(n, sum, s); err != nil {
		refused = wire.Errorf("corrupt_document_exception", "%s", err.Error())
		refused.Status = 500
	}
	return s, true, refused
}

// stale takes the blobs of the segment that holds the place away.
func (tx *Tx) stale(d *draft, place int64) {
	segment := place >> segmentBits
	if d.was == nil || segment >= int64(len(d.segments)) || d.staled[segment] {
		return
	}
	d.staled[segment] = true
	tx.exec("DELETE FROM columns WHERE index_id = ? AND segment = ?", d.ID, segment)
}

func (tx *Tx) saveSegment(ref segmentRef) {
	s := ref.index.segments[ref.segment]
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.whole || s.live == nil || s.saved {
		return
	}
	const insert = "INSERT OR REPLACE INTO columns (index_id, segment, field, data) VALUES (?, ?, ?, ?)"
	for path, c := range s.columns {
		tx.exec(insert, ref.index.ID, ref.segment, path, c.open.Encode())
	}
	tx.exec(insert, ref.index.ID, ref.segment, "", column.EncodeBitmap(s.live))
}

// purge removes some documents of deleted indices and reports whether there are more.
func (tx *Tx) purge() (more bool) {
	const atOnce = 2000
	var id int64
	if !tx.row("SELECT index_id FROM dropped LIMIT 1", nil, &id) {
		return false
	}
	n := tx.exec("DELETE FROM documents WHERE number IN (SELECT number FROM documents WHERE number BETWEEN ? AND ? LIMIT ?)", number(id, 0), number(id+1, 0)-1, atOnce)
	if n < atOnce {
		tx.exec("DELETE FROM columns WHERE index_id = ?", id)
		tx.exec("DELETE FROM dropped WHERE index_id = ?", id)
	}
	return true
}

// writeDrafts writes what became of the indices themselves.
func (tx *Tx) writeDrafts() {
	for x, d := range tx.drafts {
		if x != &d.Index || d.dropped {
			continue
		}
		mappingText := ""
		if d.was == nil || d.was.Mapping != d.Mapping {
			mappingText = string(wire.Append(nil, d.Mapping.Object()))
		}
		if d.was != nil && mappingText == "" && len(d.changes) == 0 && maps.Equal(d.was.Settings, d.Settings) && maps.Equal(d.was.Aliases, d.Aliases) && d.was.nextSeq == d.nextSeq {
			continue
		}
		tx.exec("UPDATE indices SET mapping = iif(? = '', mapping, ?), settings = ?, next_place = ?, next_seq = ?, live = ?, bytes = ?, aliases = ? WHERE id = ?",
			mappingText, mappingText, d.Settings.text(), d.nextPlace, d.nextSeq, d.Live, d.Bytes, d.Aliases.text(), d.ID)
	}
}

func (s Settings) text() string {
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(s)) {
		b.WriteString(name + "=" + s[name] + "\n")
	}
	return b.String()
}

// apply makes a committed transaction visible; the store's write lock is held.
func (tx *Tx) apply(saves []segmentRef) {
	for _, ref := range saves {
		tx.store.saved(ref)
	}
	for k, names := range tx.definitions {
		tx.store.definitions[k] = names
	}
	for x, d := range tx.drafts {
		switch {
		case x != &d.Index:
		case d.dropped && d.was != nil:
			if tx.store.namespaces[d.Namespace][d.Name] == d.was {
				delete(tx.store.namespaces[d.Namespace], d.Name)
			}
			for _, s := range d.was.segments {
				s.drop(tx.store)
			}
		case d.dropped:
		default:
			d.apply(tx.store)
		}
	}
	for _, d := range tx.created {
		if !d.dropped {
			tx.store.publish(d.was)
		}
	}
}

func (d *draft) apply(store *Store) {
	if d.was == nil {
		d.was = &Index{}
	}
	segments := d.was.segments
	*d.was = d.Index
	for _, c := range d.changes {
		segment := int(c.place >> segmentBits)
		for len(segments) <= segment {
			segments = append(segments, &Segment{live: &column.Bitmap{}, columns: map[string]*cachedColumn{}, whole: true})
		}
		s, place := segments[segment], int(c.place&segmentMask)
		if c.remove {
			s.remove(store, place)
		} else {
			s.put(store, place, c.cells)
			if place == segmentMask && s.whole {
				store.saveSoon(d.was, segment)
			}
		}
	}
	d.was.segments = segments
}

// saved makes the columns of a segment droppable.
func (s *Store) saved(ref segmentRef) {
	segment := ref.index.segments[ref.segment]
	if !segment.whole || segment.live == nil || segment.saved {
		return
	}
	segment.whole, segment.saved = false, true
	for path, c := range segment.columns {
		segment.columns[path] = s.cache(c.open)
		segment.columns[path].used = s.clock.Add(1)
	}
}
