package application

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/millrace/millrace/internal/application/input"
	"github.com/millrace/millrace/internal/sql/types"
)

// Objects are the S3 objects that hold reference data.
type Objects interface {
	// Open reads an object. Its error wraps fs.ErrNotExist when there is none.
	Open(ctx context.Context, bucket, key string) (io.ReadCloser, error)
}

// maxTableBytes is how large the object of a table may be, as AWS limits it.
const maxTableBytes = 1 << 30

// bucketName is the last part of a bucket's ARN: arn:aws:s3:::NAME.
func bucketName(arn string) (string, bool) {
	service, name, ok := strings.Cut(arn, ":::")
	return name, ok && strings.HasPrefix(service, "arn:") && strings.HasSuffix(service, ":s3") && name != ""
}

// loadTables gives the engine, which has seen no row, its reference data, and
// notes the fingerprint of what it was.
func (a *Application) loadTables(ctx context.Context) error {
	a.tables = ""
	if len(a.plan.Tables) == 0 {
		return nil
	}
	sum := sha256.New()
	for i, t := range a.plan.Tables {
		if err := a.loadTable(ctx, t, a.plan.layouts[i], sum); err != nil {
			return err
		}
	}
	a.tables = hex.EncodeToString(sum.Sum(nil))
	return nil
}

func (a *Application) loadTable(ctx context.Context, t Table, l *input.Layout, sum io.Writer) error {
	arn := t.BucketARN + "/" + t.Key
	if err := a.opts.Authorizer.AuthorizeRole(ctx, t.RoleARN, "s3:GetObject", arn); err != nil {
		return err
	}
	bucket, _ := bucketName(t.BucketARN)
	object, err := a.opts.Objects.Open(ctx, bucket, t.Key)
	if errors.Is(err, fs.ErrNotExist) {
		return invalid("reference table %q: there is no object %s", t.Name, arn)
	}
	if err != nil {
		return fmt.Errorf("reference table %q: read %s: %w", t.Name, arn, err)
	}
	defer object.Close()
	limited := &io.LimitedReader{R: object, N: maxTableBytes + 1}
	rows, failed := 0, 0
	push := func(b *types.Batch) {
		rows += b.N
		a.engine.Load(t.Name, b)
	}
	fail := func(e types.ErrorRow) {
		if failed++; failed == 1 {
			a.log.Warn("reference data has rows that are refused", "table", t.Name, "object", arn, "error", e.Message)
		}
		a.sink.note(e)
	}
	err = input.Object(l, io.TeeReader(limited, sum), push, fail)
	switch {
	case limited.N == 0:
		return invalid("reference table %q: object %s has more than %d bytes", t.Name, arn, maxTableBytes)
	case errors.Is(err, input.ErrTooLarge):
		return invalid("reference table %q: object %s: %v", t.Name, arn, err)
	case err != nil:
		return fmt.Errorf("reference table %q: read %s: %w", t.Name, arn, err)
	}
	a.log.Info("reference data loaded", "table", t.Name, "object", arn, "rows", rows, "refused", failed)
	return nil
}
