package store

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver named "sqlite"

	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/mapping"
)

// A document's number is its index's id and its place in the index; 2^40 documents an index.
//
//	documents   what was indexed; the only truth
//	columns     one blob a field and full segment; field "" marks the documents that exist. A cache: a segment without
//	            blobs is built from its sources, and a change of a document takes the blobs of its segment away
//	dropped     deleted indices whose documents are still to be removed
//	definitions what a namespace keeps beside its indices: templates, users, roles, role mappings
const schema = `
CREATE TABLE IF NOT EXISTS indices (
	id INTEGER PRIMARY KEY AUTOINCREMENT, namespace TEXT NOT NULL, name TEXT NOT NULL, uuid TEXT NOT NULL, created INTEGER NOT NULL,
	mapping TEXT NOT NULL, settings TEXT NOT NULL, next_place INTEGER NOT NULL, next_seq INTEGER NOT NULL, live INTEGER NOT NULL, bytes INTEGER NOT NULL,
	aliases TEXT NOT NULL DEFAULT '', UNIQUE (namespace, name));
CREATE TABLE IF NOT EXISTS documents (
	number INTEGER PRIMARY KEY, index_id INTEGER NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, seq INTEGER NOT NULL, source BLOB NOT NULL,
	sum INTEGER NOT NULL DEFAULT 0);
CREATE UNIQUE INDEX IF NOT EXISTS documents_id ON documents (index_id, id);
CREATE TABLE IF NOT EXISTS columns (
	index_id INTEGER NOT NULL, segment INTEGER NOT NULL, field TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (index_id, segment, field)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dropped (index_id INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS definitions (
	namespace TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, sum INTEGER NOT NULL, PRIMARY KEY (namespace, kind, name)) WITHOUT ROWID;
`

// schemaVersion 2 knows aliases, definitions and checksums.
const schemaVersion = 2

// fromVersion1 adds what version 2 has more; its last step is to say so, together with the rest.
const fromVersion1 = `BEGIN;
ALTER TABLE indices ADD COLUMN aliases TEXT NOT NULL DEFAULT '';
ALTER TABLE documents ADD COLUMN sum INTEGER NOT NULL DEFAULT 0;
PRAGMA user_version = 2;
COMMIT`

const placeBits = 40

func number(indexID, place int64) int64 { return indexID<<placeBits | place }
func placeOf(number int64) int64        { return number & (1<<placeBits - 1) }

func openDatabase(dir string) (*sql.DB, error) {
	path := filepath.Join(dir, "index.db")
	query := url.Values{"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-8000)", "journal_size_limit(67108864)"}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+query.Encode())
	if err != nil {
		return nil, fmt.Errorf("open search index %q: %w", path, err)
	}
	if err := prepareDatabase(db); err != nil {
		db.Close()
		return nil, fmt.Errorf("open search index %q: %w", path, err)
	}
	return db, nil
}

func prepareDatabase(db *sql.DB) error {
	var version int
	if err := db.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version > schemaVersion {
		return fmt.Errorf("its format %d is newer than this program's %d", version, schemaVersion)
	}
	if version == 1 {
		if _, err := db.Exec(fromVersion1); err != nil {
			return err
		}
	}
	if _, err := db.Exec(schema); err != nil {
		return err
	}
	_, err := db.Exec(fmt.Sprintf("PRAGMA user_version = %d", schemaVersion))
	return err
}

func loadIndices(ctx context.Context, db *sql.DB) ([]*Index, error) {
	rows, err := db.QueryContext(ctx, "SELECT id, namespace, name, uuid, created, mapping, settings, next_place, next_seq, live, bytes, aliases FROM indices ORDER BY id")
	if err != nil {
		return nil, fmt.Errorf("read indices: %w", err)
	}
	defer rows.Close()
	var out []*Index
	for rows.Next() {
		x := &Index{}
		var created int64
		var mappingText, settingsText, aliasesText string
		if err := rows.Scan(&x.ID, &x.Namespace, &x.Name, &x.UUID, &created, &mappingText, &settingsText, &x.nextPlace, &x.nextSeq, &x.Live, &x.Bytes, &aliasesText); err != nil {
			return nil, fmt.Errorf("read indices: %w", err)
		}
		x.Created = time.UnixMilli(created).UTC()
		if x.Mapping, err = loadMapping(mappingText); err != nil {
			return nil, fmt.Errorf("read mapping of index %q: %w", x.Name, err)
		}
		x.Settings, x.Aliases = loadSettings(settingsText), loadAliases(aliasesText)
		x.segments = make([]*Segment, (x.nextPlace+segmentMask)>>segmentBits)
		for i := range x.segments {
			x.segments[i] = &Segment{}
		}
		out = append(out, x)
	}
	return out, rows.Err()
}

func loadMapping(text string) (*mapping.Mapping, error) {
	tree, syntax := jsontree.Parse(text)
	if syntax != nil {
		return nil, syntax
	}
	m, err := mapping.Parse(tree)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// Settings are the blocks and sizes kept of an index, by their names without "index.".
type Settings map[string]string

func loadSettings(text string) Settings {
	s := Settings{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok {
			s[name] = value
		}
	}
	return s
}
