package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/internal/replay"
)

func newReplay(g *globals) *cobra.Command {
	var stream string
	var dryRun, asJSON bool
	var retry time.Duration
	c := &cobra.Command{
		Use:   "replay s3://BUCKET/PREFIX",
		Short: "Deliver what lies in an error bucket again, with the same ids",
		Long: `Deliver the error objects under a prefix again, when the cause is mended.

Documents that search refused go to the index that they were meant for, under the id that they were meant to have.
Records of the other kinds (processing-failed, decompression-failed, format-conversion-failed, http-endpoint-failed) go to
the delivery stream that the object's key names, or to --stream.

What is refused again is kept under s3://BUCKET/replay-failed/, in the same shape; replay takes that prefix, too. An
object that is through gets a marker beside it, KEY.replayed: a second run passes over it. A run that was killed can be
repeated and doubles nothing: documents have ids, and the delivery streams of millrace know for a day which bytes of an
object they have (AWS does not).

The server is the one that runs on the data directory, or AWS_ENDPOINT_URL with the credentials of an AWS client
(and OPENSEARCH_URL, OPENSEARCH_USERNAME and OPENSEARCH_PASSWORD, as millrace env prints them). It ends with 0 if
everything was delivered or had been, with 1 if something was refused again or could not be replayed.`,
		Args: exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			bucket, prefix, err := parseS3URL(args[0])
			if err != nil {
				return usage(err)
			}
			if retry < 0 {
				return usage(fmt.Errorf("--retry %v is negative", retry))
			}
			access, err := newAWSAccess(c.Context(), g, retry, func(err error) { fmt.Fprintln(c.ErrOrStderr(), "waiting:", err) })
			if err != nil {
				return err
			}
			progress := newReplayProgress(c.OutOrStdout(), asJSON)
			sum, err := replay.New(replay.Options{
				Store: &replayStore{access}, Streams: &replayStreams{access}, Stream: stream, DryRun: dryRun, Progress: progress.object,
			}).Run(c.Context(), bucket, prefix)
			if err := progress.end(c.ErrOrStderr(), sum, dryRun, err != nil); err != nil {
				return err
			}
			switch {
			case err != nil:
				return err
			case sum.Failed > 0:
				return fmt.Errorf("%d of %d objects could not be replayed and are as they were", sum.Failed, sum.Objects)
			case sum.Refused > 0:
				return fmt.Errorf("%d records were refused again; they are kept under s3://%s/replay-failed/", sum.Refused, bucket)
			}
			return nil
		},
	}
	c.Flags().StringVar(&stream, "stream", "", "deliver to this delivery stream and not to the one that an object's key names")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "read and count, deliver and write nothing")
	c.Flags().BoolVar(&asJSON, "json", false, "print a line of JSON an object, and one with the sums")
	c.Flags().DurationVar(&retry, "retry", time.Minute, "how long a target that does not take records is asked again")
	return c
}

// parseS3URL reads s3://BUCKET or s3://BUCKET/PREFIX.
func parseS3URL(text string) (bucket, prefix string, err error) {
	rest, ok := strings.CutPrefix(text, "s3://")
	bucket, prefix, _ = strings.Cut(rest, "/")
	if !ok || bucket == "" {
		return "", "", fmt.Errorf("%q: want s3://BUCKET/PREFIX", text)
	}
	return bucket, prefix, nil
}

// replayProgress prints a line an object.
type replayProgress struct {
	out    io.Writer
	asJSON bool
	err    error // of writing
}

func newReplayProgress(out io.Writer, asJSON bool) *replayProgress {
	return &replayProgress{out: out, asJSON: asJSON}
}

func (p *replayProgress) object(r replay.Report) {
	var err error
	switch {
	case p.asJSON:
		err = json.NewEncoder(p.out).Encode(r)
	case r.Error != "":
		_, err = fmt.Fprintf(p.out, "%s  NOT REPLAYED: %s\n", r.Object, r.Error)
	case r.Done:
		_, err = fmt.Fprintf(p.out, "%s  replayed before\n", r.Object)
	case r.Refused > 0:
		_, err = fmt.Fprintf(p.out, "%s  %d lines, %d delivered, %d refused again: %s\n", r.Object, r.Lines, r.Delivered, r.Refused, r.RefusedTo)
	default:
		_, err = fmt.Fprintf(p.out, "%s  %d lines, %d delivered\n", r.Object, r.Lines, r.Delivered)
	}
	if p.err == nil {
		p.err = err
	}
}

// end prints the sums: as data for programs, as talk for people. A run that was
// cut short knows nothing of what it has not seen.
func (p *replayProgress) end(talk io.Writer, s replay.Summary, dryRun, cut bool) error {
	switch {
	case p.err != nil:
		return fmt.Errorf("write progress: %w", p.err)
	case p.asJSON:
		return json.NewEncoder(p.out).Encode(map[string]replay.Summary{"summary": s})
	case s.Objects == 0 && cut:
	case s.Objects == 0:
		fmt.Fprintln(talk, "there are no error objects under this prefix")
	case dryRun:
		fmt.Fprintf(talk, "%d objects with %d lines would be replayed, %d are done\n", s.Objects-s.Done-s.Failed, s.Lines, s.Done)
	default:
		fmt.Fprintf(talk, "%d objects: %d records delivered, %d refused again, %d objects done before\n", s.Objects, s.Delivered, s.Refused, s.Done)
	}
	if s.Skipped > 0 && !p.asJSON {
		fmt.Fprintf(talk, "%d other objects passed over\n", s.Skipped)
	}
	return nil
}
