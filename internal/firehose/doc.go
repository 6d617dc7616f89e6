// Package firehose serves Amazon Data Firehose: delivery streams are created,
// described, listed and deleted, and records are put into them.
//
//	PutRecord ──────▶ gather ─┐
//	PutRecordBatch ─▶ scan ───┴▶ frame ─▶ journal, fsynced ─▶ 200 ─▶ delivery pipelines ─▶ S3, search
//
// A put is answered with success only once its frame is durable. Nothing that
// happens to a destination ever fails a put; only a full journal does.
//
// Each operation has a file of its own, op_*.go. What AWS knows and millrace
// does not do is refused by name (shapes: `valid:"unsupported"`).
//
// Names are one space for all regions: the region of a stream's ARN is that of
// the call that created it.
package firehose
