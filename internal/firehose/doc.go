// Package firehose serves Amazon Data Firehose: delivery streams are created,
// described, changed and deleted, and records are put into them.
//
//	PutRecord ──────▶ gather ─┐
//	PutRecordBatch ─▶ scan ───┴▶ limits ─▶ frame ─▶ journal, fsynced ─▶ 200 ─▶ delivery pipelines ─▶ S3, search, HTTP
//	                                                                                  └─ raw backup ─▶ S3
//
// A put is answered with success only once its frame is durable. Nothing that
// happens to a destination ever fails a put; only a full journal and limits that
// were set do.
//
// Each operation has a file of its own, op_*.go. A request is held against its
// shape (shapes*.go, validate.go), completed with AWS's defaults (defaults.go),
// checked as a whole (settings.go and what it calls) and made into options of
// delivery pipelines (pipelines.go, destination_*.go). What AWS knows and
// millrace does not do is refused by name; testdata/model.txt says of every
// member of AWS's model what becomes of it.
//
// Names are one space for all regions: the region of a stream's ARN is that of
// the call that created it.
package firehose
