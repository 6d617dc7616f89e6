// Package application runs a SQL application: it reads the frames of a
// delivery stream, makes rows of their records, pushes them through the engine
// and appends what the outputs' in-application streams get to other delivery
// streams, or keeps it for functions.
//
//	journal ─ frames ─▶ frames ─ batches ─▶ sql.Engine ─ rows ─▶ sink ─┬─ records of a step ─▶ journal, one commit
//	        └ bounds (idle) ──────────────────▲                       └─ ring of recent rows, counters
//
// # Steps and snapshots
//
// The engine is a pure function of the rows and bounds it is given, and rows
// are frames, which the journal keeps. A step is the work between two commits
// that had a result; it commits {the result's frames, how far the input was
// read, the bounds that were applied and before which sequence}. Every few
// seconds the engine's state is written beside them as a snapshot.
//
//	snapshot 7            step 41        step 42          crash
//	───┼──── f1 f2 b f3 ────┼──── f4 b b ───┼─── f5 f6 ─────✗
//	   └──── f1 f2 b f3 ───────── f4 b b ───┤ results dropped: they are committed
//	                                        └─ f5 f6 … results count
//
// A restart takes the newest snapshot, replays the frames after it with the
// bounds where they were, and drops results up to the last committed step. So
// the second stream gets each result once. Work that had no result needs no
// commit: it is simply done again.
//
// # Functions
//
// What a function answers is no pure function of anything, so it is kept. Two
// kinds of streams in the journal belong to an application alone: what its
// processor answered, which the engine reads in the input's place, and what
// each function that is an output has yet to take.
//
//	input ─▶ processor ═ function ═▶ processed stream ─▶ engine ─ step ─┬─▶ delivery stream
//	                                                                   └─▶ output's stream ─▶ functionOutput ═▶ function
package application
