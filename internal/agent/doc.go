// Package agent ships lines of log files to Firehose delivery streams, as the Amazon Kinesis Agent does and from the same agent.json.
//
//	file ─ tail ─▶ lines ─ convert ─▶ batch of ≤ 500 records, ≤ 4 MiB ─ sign ─▶ PutRecordBatch ─▶ acknowledged ─▶ checkpoint moves
//
// A flow is one file pattern and one delivery stream. Its reader fills one batch per file incarnation; batches are in flight several at a time, so they are
// acknowledged out of order, but the checkpoint of a file stands at its lowest unacknowledged byte. Nothing is lost by a crash; what comes twice says so in the
// origin header, and a millrace server counts it once (AWS ignores the header).
//
// Only the failed records of a batch are sent again. Errors that a retry will not cure (access denied, unknown stream) are logged at once and retried slowly:
// the file is the buffer, nothing is given up.
package agent
