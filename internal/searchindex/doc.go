// Package searchindex is a small search server: the part of OpenSearch's REST interface that a delivery stream writes
// to and a chart reads from, kept in a directory of its own.
//
//	_bulk, _doc ──▶ jsontree ──▶ mapping ──▶ store ──▶ SQLite: ids, sources, mappings     fsynced before the answer
//	                                           └─────▶ column: a field of 4096 documents     blobs beside them
//	templates, aliases, users, roles ──────▶ store
//	_search, _count ──▶ query ──▶ documents that match ──▶ aggregate ──▶ wire ──▶ JSON as OpenSearch writes it
//
// What it answers it answers as OpenSearch does, errors included; what it does not support it refuses by name. It
// differs on purpose in these points: a write is found by the very next search; counts, terms, cardinalities and
// percentiles are exact; there is no relevance, every hit scores 1 or, when only filtered, 0; an index has one shard and
// asks for no copies by itself; a deleted document's version starts at 1 again; highlights are whole values.
//
// Who may do what: the users given at the start may do everything; those who sign are judged by Authorize, and in a
// domain with fine-grained access control by roles and role mappings, which the interface under _plugins/_security
// keeps, together with users who have passwords.
//
// One Index serves several domains, each a namespace with indices of its own.
package searchindex
