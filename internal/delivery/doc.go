// Package delivery carries one stream's records from the journal to one
// destination: it buffers by size and interval, seals, delivers, writes what
// was refused to the error output, and only then moves its cursor.
//
//	journal ─ frames ─▶ buffer ─ size | interval | flush ─▶ seal ─▶ Deliver ─▶ error objects ─▶ cursor moves
//	                                                        │          ▲  │                     sealed entry goes
//	                                                        ▼          └──┘ back-off
//	                                       state: id, key, version, [first, next)
//
// What was sealed is delivered under the same id and key with the same records
// however often the process dies between two of these steps.
package delivery
