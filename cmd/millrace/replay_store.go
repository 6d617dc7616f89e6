package main

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/millrace/millrace/internal/replay"
)

// replayStore is the S3 that the error objects lie in.
type replayStore struct{ access *awsAccess }

// listing is what of a ListObjectsV2 answer matters.
type listing struct {
	IsTruncated           bool
	NextContinuationToken string
	Contents              []struct{ Key, ETag string }
}

// List implements replay.Store.
func (s *replayStore) List(ctx context.Context, bucket, prefix string) iter.Seq2[replay.Object, error] {
	return func(yield func(replay.Object, error) bool) {
		token := ""
		for {
			page, err := s.page(ctx, bucket, prefix, token)
			if err != nil {
				yield(replay.Object{}, err)
				return
			}
			for _, o := range page.Contents {
				key, err := url.PathUnescape(strings.ReplaceAll(o.Key, "+", "%20"))
				if !yield(replay.Object{Key: key, ETag: o.ETag}, err) || err != nil {
					return
				}
			}
			if !page.IsTruncated {
				return
			}
			if page.NextContinuationToken == "" || page.NextContinuationToken == token {
				yield(replay.Object{}, fmt.Errorf("the listing does not go on after %q", token))
				return
			}
			token = page.NextContinuationToken
		}
	}
}

func (s *replayStore) page(ctx context.Context, bucket, prefix, token string) (p listing, err error) {
	query := url.Values{"list-type": {"2"}, "encoding-type": {"url"}}
	if prefix != "" {
		query.Set("prefix", prefix)
	}
	if token != "" {
		query.Set("continuation-token", token)
	}
	answer, err := s.access.send(ctx, "s3", http.MethodGet, "/"+bucket, query, nil, nil)
	if err != nil {
		return p, err
	}
	defer answer.Body.Close()
	if err := xml.NewDecoder(io.LimitReader(answer.Body, maxAWSAnswer)).Decode(&p); err != nil {
		return p, fmt.Errorf("read listing: %w", err)
	}
	return p, nil
}

// Get implements replay.Store. The object is fetched whole before it is read:
// between two of its lines a target may be waited for, longer than any server
// keeps an answer open.
func (s *replayStore) Get(ctx context.Context, bucket, key string) (io.ReadCloser, error) {
	answer, err := s.access.send(ctx, "s3", http.MethodGet, "/"+bucket+"/"+key, nil, nil, nil)
	if isCode(err, "NoSuchKey") {
		return nil, fmt.Errorf("s3://%s/%s: %w", bucket, key, replay.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	f, err := spool(answer.Body)
	if err != nil {
		return nil, fmt.Errorf("fetch s3://%s/%s: %w", bucket, key, err)
	}
	return f, nil
}

// spool keeps what is read in a file that nobody else sees and that is gone
// when it is closed.
func spool(in io.Reader) (*spooled, error) {
	f, err := os.CreateTemp("", "millrace-replay-*")
	if err != nil {
		return nil, err
	}
	s := &spooled{f}
	if _, err := io.Copy(f, in); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

type spooled struct{ *os.File }

// Close closes and removes the file.
func (s *spooled) Close() error { return errors.Join(s.File.Close(), os.Remove(s.Name())) }

// Put implements replay.Store.
func (s *replayStore) Put(ctx context.Context, bucket, key string, body []byte) error {
	answer, err := s.access.send(ctx, "s3", http.MethodPut, "/"+bucket+"/"+key, nil, http.Header{"Content-Type": {"application/octet-stream"}}, body)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

// Delete implements replay.Store.
func (s *replayStore) Delete(ctx context.Context, bucket, key string) error {
	answer, err := s.access.send(ctx, "s3", http.MethodDelete, "/"+bucket+"/"+key, nil, nil, nil)
	if err != nil {
		if isCode(err, "NoSuchKey") {
			return nil
		}
		return err
	}
	return answer.Body.Close()
}
