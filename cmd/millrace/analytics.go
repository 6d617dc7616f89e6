package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/millrace/millrace/internal/application"
	"github.com/millrace/millrace/internal/archive"
	"github.com/millrace/millrace/internal/kinesisanalytics"
	"github.com/millrace/millrace/internal/record"
	"github.com/millrace/millrace/internal/sql"
)

func (s *server) openAnalytics(context.Context) (err error) {
	s.analytics, err = kinesisanalytics.Open(kinesisanalytics.Options{
		Application: application.Options{
			Journal: s.journal, Streams: s.firehose, Authorizer: s.iam, Functions: s.functions, Objects: objects{s.archive},
			Limits: sql.Limits(s.cfg.SQL.Limits), Logger: s.log,
		},
		Assume: func(roleARN, applicationARN string) error {
			return s.iam.Assume("kinesisanalytics.amazonaws.com", roleARN, applicationARN)
		},
	})
	if err == nil {
		s.closes(func() error {
			ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
			defer cancel()
			s.analytics.Close(ctx)
			return nil
		})
	}
	return err
}

// objects are those of the archive, as applications read their tables.
type objects struct{ archive *archive.Archive }

// Open implements application.Objects.
func (o objects) Open(ctx context.Context, bucket, key string) (io.ReadCloser, error) {
	body, err := o.archive.Get(ctx, bucket, key)
	var failure *record.Failure
	if errors.As(err, &failure) && (failure.Code == "S3.NoSuchKey" || failure.Code == "S3.NoSuchBucket") {
		return nil, fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return body, err
}
