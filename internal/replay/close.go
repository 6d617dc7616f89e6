package replay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// marker is the text of an object's marker (KEY.replayed).
type marker struct {
	Format int `json:"format"` // 1
	// ETag is that of the object which was replayed: another one under the same key is not.
	ETag      string    `json:"etag"`
	Delivered int       `json:"delivered"`
	Refused   int       `json:"refused"`
	RefusedTo string    `json:"refused_to,omitempty"`
	At        time.Time `json:"at"`
}

const maxMarkerBytes = 64 << 10

// marker returns the marker of an object that is done, nil for one that is not.
func (r *Replay) marker(ctx context.Context, bucket string, o Object) (*marker, error) {
	body, err := r.opts.Store.Get(ctx, bucket, o.Key+markerSuffix)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open marker: %w", err)
	}
	defer body.Close()
	text, err := io.ReadAll(io.LimitReader(body, maxMarkerBytes))
	if err != nil {
		return nil, fmt.Errorf("read marker: %w", err)
	}
	var m marker
	if err := json.Unmarshal(text, &m); err != nil || m.Format != 1 {
		return nil, left("its marker s3://%s/%s%s is not one of this program's; look at it and remove it (%v)", bucket, o.Key, markerSuffix, err)
	}
	if m.ETag != o.ETag {
		return nil, nil
	}
	return &m, nil
}

// close writes what was refused again, then the marker. A run that was killed between the two, or before, may have left
// refused lines that are delivered now: they go.
func (r *Replay) close(ctx context.Context, bucket string, o Object, refused []byte, report *Report) error {
	again := againPrefix + o.Key
	if len(refused) > 0 {
		if err := r.opts.Store.Put(ctx, bucket, again, refused); err != nil {
			return fmt.Errorf("keep refused lines in s3://%s/%s: %w", bucket, again, err)
		}
		report.RefusedTo = "s3://" + bucket + "/" + again
	} else if err := r.opts.Store.Delete(ctx, bucket, again); err != nil {
		return fmt.Errorf("delete refused lines of a run before in s3://%s/%s: %w", bucket, again, err)
	}
	text, err := json.Marshal(marker{1, o.ETag, report.Delivered, report.Refused, report.RefusedTo, time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		return fmt.Errorf("write marker: %w", err)
	}
	if err := r.opts.Store.Put(ctx, bucket, o.Key+markerSuffix, append(text, '\n')); err != nil {
		return fmt.Errorf("write marker: %w", err)
	}
	return nil
}
