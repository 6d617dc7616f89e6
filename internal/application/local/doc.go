// Package local runs the SQL of an application over files, without a server: lines or records in, the rows of one
// in-application stream out, byte for byte as an output would deliver them.
//
//	file ─ gunzip ─ blocks of whole records ─┬─ worker: lines to JSON, ROWTIME of each record ─┐
//	                                         └─ worker ────────────────────────────────────────┴─▶ held, by ROWTIME
//	held for the reorder window ─▶ merged with the other files ─▶ columns ─▶ engine ─▶ rows of one stream ─▶ records
//
// A record's ROWTIME is read from one of its columns, so that the same files give the same rows, whenever they are read.
// Records are held as they are until a record of their file is newer by the reorder window; they leave in the order of
// ROWTIME. One that comes later than that is left out and counted. What is held at once is what files have within the
// window, so that bounds the memory beside the engine's own limits. The end of the files closes all windows.
package local
