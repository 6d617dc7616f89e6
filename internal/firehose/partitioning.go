package firehose

import (
	"slices"

	"github.com/millrace/millrace/internal/delivery/processing"
)

const (
	minGroupedSizeInMBs = 64 // of buffers that are partitioned or converted
	minPartitionSeconds = 60
)

// partitioned tells whether dynamic partitioning is on.
func (c *extendedS3Configuration) partitioned() bool {
	return c.DynamicPartitioningConfiguration != nil && isOn(c.DynamicPartitioningConfiguration.Enabled)
}

// checkPartitioning holds the prefix, the processors and the hints against each
// other. Texts are AWS's where they are known.
func checkPartitioning(c *extendedS3Configuration, p processors) error {
	if !c.partitioned() {
		switch {
		case p.query != "":
			return errArgument("MetadataExtractionProcessor can only be present when Dynamic Partitioning is enabled.")
		case p.subRecordType != "":
			return errArgument("RecordDeAggregationProcessor can only be present when Dynamic Partitioning is enabled.")
		}
		return checkUnpartitioned(&c.s3Configuration)
	}
	prefix, err := parsePrefix("Prefix", c.Prefix)
	if err != nil {
		return err
	}
	hints := c.BufferingHints
	switch {
	case !prefix.Partitioned():
		return errArgument("S3 Prefix should contain Dynamic Partitioning namespaces when Dynamic Partitioning is enabled")
	case hints.SizeInMBs != nil && *hints.SizeInMBs < minGroupedSizeInMBs:
		return errArgument("BufferingHints.SizeInMBs must be at least %d when Dynamic Partitioning is enabled.", minGroupedSizeInMBs)
	case hints.IntervalInSeconds != nil && *hints.IntervalInSeconds < minPartitionSeconds:
		return errArgument("BufferingHints.IntervalInSeconds must be at least %d when Dynamic Partitioning is enabled.", minPartitionSeconds)
	case len(prefix.LambdaKeys()) > 0 && p.lambda == nil:
		return errArgument("Lambda processor should be present when S3 Prefix has partitionKeyFromLambda namespace.")
	case len(prefix.QueryKeys()) > 0 && p.query == "":
		return errArgument("MetadataExtraction processor should be present when S3 Prefix has partitionKeyFromQuery namespace.")
	case p.query == "":
		return nil
	}
	return checkQueryKeys(p.query, prefix.QueryKeys())
}

// checkUnpartitioned refuses partition keys where there are no partitions.
func checkUnpartitioned(c *s3Configuration) error {
	prefix, err := parsePrefix("Prefix", c.Prefix)
	if err != nil {
		return err
	}
	if prefix.Partitioned() {
		return errArgument("Dynamic Partitioning Namespaces can only be part of a prefix expression when Dynamic Partitioning is enabled.")
	}
	return nil
}

// checkQueryKeys: the query makes exactly the keys that the prefix names.
func checkQueryKeys(query string, named []string) error {
	made, err := processing.QueryKeys(query)
	if err != nil {
		return errArgument("MetadataExtractionQuery is invalid: %v", err)
	}
	for _, key := range made {
		if !slices.Contains(named, key) {
			return errArgument("MetaDataExtraction JQ Query can't contain keys that are not present in the S3 Prefix expression")
		}
	}
	for _, key := range named {
		if !slices.Contains(made, key) {
			return errArgument("S3 Prefix has the key %s that is not in the MetaDataExtraction JQ Query", key)
		}
	}
	return nil
}
