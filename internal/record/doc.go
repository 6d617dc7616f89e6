// Package record holds the words every stage shares: the record, the frame
// that carries records from the socket to the window, the sequence that names
// them, the byte ranges that recognise a repeat, and the kinds of failure.
//
//	producer ── PutRecordBatch ─▶ Builder ─ Seal ─▶ Sealed ─ journal stamps sequence, arrival ─▶ Frame ─▶ readers
//
// The unit is the frame, never the record: one call of a producer, or several
// small calls gathered while the previous commit was under way, is one frame in
// the journal, in queues and in the engine.
package record
