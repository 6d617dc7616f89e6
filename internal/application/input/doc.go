// Package input makes rows of an input's records, and of the objects that hold
// reference data, by a schema: JSON documents or CSV rows become columns of SQL
// types.
//
//	record ─┬─ JSON ─ jsonscan: the needed members ─┬─▶ values ─ coerced ─▶ rows ─ batch ─▶ push
//	        │                                       └─▶ elements of one array, a row each
//	        └─ CSV ── the needed fields ────────────▶ values ─ coerced ─▶ rows
//
// What does not fit its column refuses its row, and a record that is neither
// refuses itself: both become error rows with the record in them, and the rest
// goes on.
package input
