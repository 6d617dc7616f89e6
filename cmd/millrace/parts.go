package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/millrace/millrace/internal/archive"
	"github.com/millrace/millrace/internal/config"
	"github.com/millrace/millrace/internal/destination/conversion"
	"github.com/millrace/millrace/internal/firehose"
)

// dropAfter is how long AWS keeps what it cannot deliver.
const dropAfter = 24 * time.Hour

// retention is what millrace.yaml says of records that cannot be delivered;
// zero waits.
func retention(cfg config.Config) time.Duration {
	if cfg.Retention == config.RetentionDrop {
		return dropAfter
	}
	return 0
}

// remoteArchive is the S3 that millrace.yaml names in place of the embedded one,
// nil without it. Without keys there those of the AWS chain are used.
func remoteArchive(c config.Archive, edge string) (*archive.Remote, error) {
	if c.Endpoint == "" {
		return nil, nil
	}
	if sameServer(c.Endpoint, edge) {
		return nil, fmt.Errorf("archive: %s is this server itself", c.Endpoint)
	}
	secret, err := c.Secret()
	if err != nil {
		return nil, err
	}
	return &archive.Remote{
		Endpoint: c.Endpoint, Region: c.Region, PathStyle: c.PathStyle,
		AccessKeyID: c.AccessKeyID, SecretAccessKey: secret, CAFile: c.CAFile,
	}, nil
}

func limits(l config.Limits) firehose.Limits {
	return firehose.Limits{
		AWS: l.AWS, RecordsPerSecond: l.RecordsPerSecond, RequestsPerSecond: l.RequestsPerSecond,
		MiBPerSecond: l.MiBPerSecond, ControlCallsPerSecond: l.ControlCallsPerSecond,
	}
}

// table reads the schemas that stand in place of AWS Glue. The file is read
// when a delivery stream asks for it, so that a new table needs no restart.
func (s *server) table(database, table string) (conversion.Schema, error) {
	name := database + "." + table
	file, ok := s.cfg.Tables[name]
	if !ok {
		return conversion.Schema{}, fmt.Errorf("table %s is not in millrace.yaml: name the file of its schema below the key tables", name)
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(s.dir, file)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return conversion.Schema{}, fmt.Errorf("read schema of table %s: %w", name, err)
	}
	return conversion.ParseSchema(file, text)
}
