package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
)

// A definition is what a namespace keeps beside its indices, as JSON under a kind and a name: templates, users, roles,
// role mappings.
type definitions map[definitionKey]map[string]string // name to text

type definitionKey struct{ namespace, kind string }

func loadDefinitions(ctx context.Context, db *sql.DB) (definitions, error) {
	rows, err := db.QueryContext(ctx, "SELECT namespace, kind, name, body, sum FROM definitions")
	if err != nil {
		return nil, fmt.Errorf("read definitions: %w", err)
	}
	defer rows.Close()
	out := definitions{}
	for rows.Next() {
		var k definitionKey
		var name, body string
		var sum int64
		if err := rows.Scan(&k.namespace, &k.kind, &name, &body, &sum); err != nil {
			return nil, fmt.Errorf("read definitions: %w", err)
		}
		if sum != k.checksum(name, body) {
			return nil, fmt.Errorf("read definitions: %s %q of domain %q is damaged: its checksum differs", k.kind, name, k.namespace)
		}
		out.set(k, name, body)
	}
	return out, rows.Err()
}

func (k definitionKey) checksum(name, body string) int64 {
	return checksum(0, k.namespace+"\x00"+k.kind+"\x00"+name, 0, 0, body)
}

// set replaces one; an empty text removes it. Maps given out are never changed.
func (d definitions) set(k definitionKey, name, body string) {
	names := maps.Clone(d[k])
	if names == nil {
		names = map[string]string{}
	}
	if names[name] = body; body == "" {
		delete(names, name)
	}
	d[k] = names
}

// Definitions returns the definitions of a kind by name; not to be changed.
func (v *View) Definitions(kind string) map[string]string {
	return v.store.definitions[definitionKey{v.namespace, kind}]
}

// Definitions returns the definitions of a kind by name, as this transaction has them; not to be changed.
func (tx *Tx) Definitions(namespace, kind string) map[string]string {
	k := definitionKey{namespace, kind}
	if names, changed := tx.definitions[k]; changed {
		return names
	}
	return tx.store.definitions[k]
}

// Define keeps a definition, in place of the one of that kind and name.
func (tx *Tx) Define(namespace, kind, name, body string) {
	k := definitionKey{namespace, kind}
	tx.exec("INSERT OR REPLACE INTO definitions (namespace, kind, name, body, sum) VALUES (?, ?, ?, ?, ?)", namespace, kind, name, body, k.checksum(name, body))
	tx.define(k, name, body)
}

// Undefine removes a definition.
func (tx *Tx) Undefine(namespace, kind, name string) {
	tx.exec("DELETE FROM definitions WHERE namespace = ? AND kind = ? AND name = ?", namespace, kind, name)
	tx.define(definitionKey{namespace, kind}, name, "")
}

// UndefineAll removes all definitions of a namespace.
func (tx *Tx) UndefineAll(namespace string) {
	for k, names := range tx.store.definitions {
		if k.namespace != namespace {
			continue
		}
		for _, name := range slices.Collect(maps.Keys(names)) {
			tx.Undefine(namespace, k.kind, name)
		}
	}
}

func (tx *Tx) define(k definitionKey, name, body string) {
	if _, changed := tx.definitions[k]; !changed {
		tx.definitions[k] = tx.store.definitions[k]
	}
	tx.definitions.set(k, name, body)
}
