package replay

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

const (
	// maxLineBytes bounds a line: a record of at most 1 000 KiB (6 MiB after a function) in base64, and an error's text.
	maxLineBytes = 16 << 20
	// maxRefusedBytes bounds what of one object is refused again: it is held until the object is through.
	maxRefusedBytes = 256 << 20
)

// object replays one error object, unless it is done.
func (r *Replay) object(ctx context.Context, bucket string, o Object) (Report, error) {
	report := Report{Object: "s3://" + bucket + "/" + o.Key, Stream: r.opts.Stream}
	if report.Stream == "" {
		report.Stream = streamOf(o.Key)
	}
	done, err := r.marker(ctx, bucket, o)
	if err != nil {
		return report, err
	}
	if done != nil {
		report.Done, report.Delivered, report.Refused, report.RefusedTo = true, done.Delivered, done.Refused, done.RefusedTo
		report.Lines = done.Delivered + done.Refused
		return report, nil
	}
	if report.Stream == "" {
		return report, left("its key does not name a delivery stream; name one with --stream")
	}
	target, err := r.target(ctx, report.Stream)
	if err != nil {
		return report, err
	}
	// The whole object is read before any of it is sent: one that somebody has to mend first is not delivered in part.
	s := r.sender(bucket, o, target)
	s.dryRun = true
	if err := r.read(ctx, bucket, o, s); err != nil {
		return report, err
	}
	if report.Lines = s.lines; r.opts.DryRun {
		return report, nil
	}
	s = r.sender(bucket, o, target)
	if err := r.read(ctx, bucket, o, s); err != nil {
		return report, err
	}
	report.Lines, report.Delivered, report.Refused = s.lines, s.lines-s.refusals, s.refusals
	return report, r.close(ctx, bucket, o, s.refused, &report)
}

func (r *Replay) sender(bucket string, o Object, target Target) *sender {
	return &sender{target: target, origin: originOf(bucket, o), named: r.opts.Stream != ""}
}

func (r *Replay) read(ctx context.Context, bucket string, o Object, s *sender) error {
	body, err := r.opts.Store.Get(ctx, bucket, o.Key)
	if err != nil {
		return fmt.Errorf("open object: %w", err)
	}
	defer body.Close()
	return s.object(ctx, body)
}

func (r *Replay) target(ctx context.Context, stream string) (Target, error) {
	if t, ok := r.targets[stream]; ok {
		return t, nil
	}
	t, err := r.opts.Streams.Target(ctx, stream)
	var none *NoTarget
	switch {
	case errors.As(err, &none):
		return t, left("%w", err)
	case err != nil:
		return t, fmt.Errorf("find delivery stream %q: %w", stream, err)
	}
	r.targets[stream] = t
	return t, nil
}

// readLines calls each with every line of an object. What each gets is its own.
func readLines(body io.Reader, each func(number int, at int64, text []byte) error) error {
	text, err := unpack(body)
	if err != nil {
		return left("unpack object: %w", err)
	}
	in := bufio.NewReaderSize(text, 64<<10)
	at := int64(0)
	for number := 1; ; number++ {
		text, err := readLine(in)
		if errors.Is(err, io.EOF) && len(text) == 0 {
			return nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return left("line %d: %w", number, err)
		}
		if len(bytes.TrimSpace(text)) > 0 {
			if err := each(number, at, text); err != nil {
				return err
			}
		}
		at += int64(len(text))
	}
}

// readLine returns a line with its line feed, which the last one need not have.
func readLine(in *bufio.Reader) ([]byte, error) {
	var text []byte
	for {
		part, err := in.ReadSlice('\n')
		if text = append(text, part...); len(text) > maxLineBytes {
			return nil, fmt.Errorf("it is longer than %d bytes", maxLineBytes)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return text, err
		}
	}
}
