// Package delivery carries one stream's records from the journal to one
// destination: it buffers by size and interval, seals, processes, delivers,
// writes what was refused to the error output, and only then moves its cursor.
//
//	journal ─ frames ─▶ buffer ─ size | interval | flush ─▶ seal ─┬▶ process ─▶ partitions ─▶ Deliver ─▶ error objects ─▶ finished
//	                      ▲                                       ├▶ …            several batches at once      │
//	                      │                                       └▶ …     breaker, back-off, kept results ◀───┘
//	                      └─ while the byte budget lasts                                                       │
//	     state: id, key, version, [first, next) of each batch     ◀─ cursor moves over the finished, in order ─┘
//
// What was sealed is delivered under the same id and key with the same records
// however often the process dies between two of these steps. Batches finish in
// any order; the cursor moves over those before which none is left.
//
// A pipeline owns its goroutines, its budget and its breaker: a destination that
// is slow or dead costs no other pipeline anything.
package delivery
