package agent

import (
	"crypto/md5"
	"encoding/hex"
	"math/rand/v2"
	"regexp"
	"strconv"
)

// service is one of the two AWS services that take records: what its requests look like and what it allows.
type service struct {
	name       string // for the signature
	prefix     string // of flow ids
	dimension  string // in CloudWatch
	target     string // of the X-Amz-Target header
	streamKey  string // of the request
	failedKey  string // of the answer
	entriesKey string
	okKey      string // of an accepted record's entry
	host       *regexp.Regexp

	maxRecords, maxBatchBytes, maxRecordBytes int
	partitionKeys                             bool
}

// Both count records before base64; Kinesis counts partition keys, too.
func firehoseService() *service {
	return &service{
		name: "firehose", prefix: "fh:", dimension: "DeliveryStream", target: "Firehose_20150804.PutRecordBatch", streamKey: "DeliveryStreamName",
		failedKey: "FailedPutCount", entriesKey: "RequestResponses", okKey: "RecordId",
		host:       regexp.MustCompile(`^https?://(?:[0-9a-z.-]+\.)?firehose(?:-fips)?\.([a-z]{2}(?:-[a-z]+)+-\d+)\.`),
		maxRecords: maxBatchRecords, maxBatchBytes: maxBatchBytes, maxRecordBytes: maxRecordBytes,
	}
}

func kinesisService() *service {
	return &service{
		name: "kinesis", prefix: "kinesis:", dimension: "KinesisStream", target: "Kinesis_20131202.PutRecords", streamKey: "StreamName",
		failedKey: "FailedRecordCount", entriesKey: "Records", okKey: "SequenceNumber",
		host:       regexp.MustCompile(`^https?://(?:[0-9a-z.-]+\.)?(?:data-|control-)?kinesis(?:-streams)?(?:-fips)?\.([a-z]{2}(?:-[a-z]+)+-\d+)\.`),
		maxRecords: maxBatchRecords, maxBatchBytes: maxKinesisBatchBytes, maxRecordBytes: maxKinesisRecordBytes, partitionKeys: true,
	}
}

// partitionKey writes the key that spreads a record over shards: text of a random number below a million, as the Kinesis Agent's, or a digest of the record, so that
// equal records meet in one shard.
func partitionKey(dst, data []byte, deterministic bool) []byte {
	if deterministic {
		sum := md5.Sum(data)
		return hex.AppendEncode(dst, sum[:])
	}
	return strconv.AppendFloat(dst, rand.Float64()*1e6, 'f', -1, 64)
}

// keyBytes is the length of the longest partition key.
const keyBytes = 32
