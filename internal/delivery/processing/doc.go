// Package processing changes the records of a batch before they go to a
// destination, as the processors of a delivery stream's ProcessingConfiguration
// ask. Whatever order they were declared in, the stages are Firehose's:
//
//	record ─ decompress ─ extract messages ─ de-aggregate ─ invoke the function ─ extract partition keys ─▶ destination
//	              │               │               │                 │                      │
//	              ▼               ▼               ▼                 ▼                      ▼
//	       decompression-failed                       processing-failed
//
// A record that a stage cannot take is refused alone and the others go on. What
// the error output gets of it is what the producer sent; of a record that was
// split, it is the part that was refused, so that the parts which went well are
// not among what is delivered again.
//
// Nothing is kept between batches: a batch that comes again after a crash is
// processed again, and its function called again with the same record ids.
package processing
