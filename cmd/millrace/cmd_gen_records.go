package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/internal/loadgen"
)

// recordFlags are those of gen records.
type recordFlags struct {
	template  string
	seed      uint64
	bursts    string
	noNewline bool
	print     bool
	opts      loadgen.RecordOptions
}

func newGenRecords() *cobra.Command {
	var f recordFlags
	c := &cobra.Command{
		Use:   "records STREAM --template FILE",
		Short: "Send records made from a template to a delivery stream",
		Long: `Send records made from a template to a delivery stream of the running server, or of the endpoint in AWS_ENDPOINT_URL.

The template is a text with functions in double braces, in the language of the Kinesis Data Generator:

  {"sensor": {{random.number({"min":1,"max":50})}}, "status": "{{random.arrayElement(["OK","FAIL"])}}", "at": "{{date.now("YYYY-MM-DD HH:mm:ss")}}"}

Records that the stream does not take are sent again, a growing while later. Counts go to standard error.`,
		Args: exactly(1),
		RunE: func(c *cobra.Command, args []string) error { return f.run(c, args[0]) },
	}
	flags := c.Flags()
	flags.StringVarP(&f.template, "template", "t", "", "file with the template, - for standard input")
	flags.Int64VarP(&f.opts.Records, "records", "n", 0, "end after so many; 0 goes on until interrupted")
	flags.Float64Var(&f.opts.Rate, "rate", 0, "records a second; 0 is as fast as they are taken")
	flags.StringVar(&f.bursts, "bursts", "", "EVERY,LENGTH,FACTOR: in the last LENGTH of each EVERY the rate is FACTOR times as high, as in 60s,10s,5")
	flags.IntVar(&f.opts.Batch, "batch", loadgen.MaxBatchRecords, "records a call, 1 to 500")
	flags.IntVar(&f.opts.Retries, "retries", 10, "how often a record that was not taken is sent again")
	flags.Uint64Var(&f.seed, "seed", 1, "the same seed gives the same records, apart from their times")
	flags.BoolVar(&f.noNewline, "no-newline", false, "put no newline behind a record")
	flags.BoolVar(&f.print, "print", false, "print the records instead of sending them")
	return c
}

func (f *recordFlags) run(c *cobra.Command, stream string) error {
	text, err := f.read(c)
	if err != nil {
		return err
	}
	if f.opts.Template, err = loadgen.ParseTemplate(text, f.seed, nil); err != nil {
		return badFile(fmt.Errorf("gen records: %w", err))
	}
	switch {
	case f.opts.Records < 0 || !(f.opts.Rate >= 0) || f.opts.Retries < 0:
		return usage(fmt.Errorf("gen records: --records, --rate and --retries must not be negative"))
	case f.opts.Batch < 1 || f.opts.Batch > loadgen.MaxBatchRecords:
		return usage(fmt.Errorf("gen records: --batch is %d, want 1 to %d", f.opts.Batch, loadgen.MaxBatchRecords))
	case f.bursts != "" && f.opts.Rate == 0:
		return usage(fmt.Errorf("gen records: --bursts needs --rate"))
	}
	if f.bursts != "" {
		if f.opts.Burst, err = loadgen.ParseBurst(f.bursts); err != nil {
			return usage(fmt.Errorf("gen records: --%w", err))
		}
	}
	f.opts.Newline = !f.noNewline
	var to loadgen.Putter = printer{c.OutOrStdout()}
	if !f.print {
		dir, err := c.Flags().GetString("dir")
		if err != nil {
			return err
		}
		access, err := newAWSAccess(c.Context(), &globals{dir: dir}, recordsRetry, func(err error) {
			fmt.Fprintln(c.ErrOrStderr(), "gen records: trying again:", err)
		})
		if err != nil {
			return err
		}
		to = streamPutter{access: access, stream: stream}
	}
	result, err := loadgen.Records(c.Context(), to, f.opts)
	fmt.Fprintf(c.ErrOrStderr(), "%d records taken, %d sent again, %d given up\n", result.Sent, result.Retried, result.Failed)
	return err
}

// recordsRetry is how long a call is made again that meets trouble.
const recordsRetry = time.Minute

const maxTemplateBytes = 1 << 20

func (f *recordFlags) read(c *cobra.Command) (string, error) {
	if f.template == "" {
		return "", usage(fmt.Errorf("gen records: --template is missing"))
	}
	in := c.InOrStdin()
	if f.template != "-" {
		file, err := os.Open(f.template)
		if err != nil {
			return "", fmt.Errorf("gen records: %w", err)
		}
		defer file.Close()
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, maxTemplateBytes+1))
	if err != nil {
		return "", fmt.Errorf("gen records: read template: %w", err)
	}
	if len(text) > maxTemplateBytes {
		return "", fmt.Errorf("gen records: the template is larger than %d bytes", maxTemplateBytes)
	}
	if n := len(text); n > 0 && text[n-1] == '\n' { // an editor's, not the record's
		text = text[:n-1]
	}
	if len(text) == 0 {
		return "", badFile(fmt.Errorf("gen records: the template is empty"))
	}
	return string(text), nil
}

// printer takes records for the terminal.
type printer struct{ to io.Writer }

func (p printer) PutRecordBatch(_ context.Context, records [][]byte) ([]string, error) {
	for _, record := range records {
		if _, err := p.to.Write(record); err != nil {
			return nil, fmt.Errorf("print record: %w", err)
		}
	}
	return nil, nil
}

// streamPutter takes records for a delivery stream.
type streamPutter struct {
	access *awsAccess
	stream string
}

func (p streamPutter) PutRecordBatch(ctx context.Context, records [][]byte) ([]string, error) {
	type entry struct{ Data []byte }
	in := struct {
		DeliveryStreamName string
		Records            []entry
	}{DeliveryStreamName: p.stream}
	for _, record := range records {
		in.Records = append(in.Records, entry{record})
	}
	var out struct {
		FailedPutCount   int
		RequestResponses []struct{ ErrorCode string }
	}
	header := http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {"Firehose_20150804.PutRecordBatch"}}
	if err := p.access.call(ctx, "firehose", http.MethodPost, "/", header, in, &out); err != nil {
		return nil, fmt.Errorf("put records into %s: %w", p.stream, err)
	}
	if out.FailedPutCount == 0 {
		return nil, nil
	}
	if len(out.RequestResponses) != len(records) {
		return nil, fmt.Errorf("put records into %s: %d answers to %d records", p.stream, len(out.RequestResponses), len(records))
	}
	failed := make([]string, len(records))
	for i, answer := range out.RequestResponses {
		failed[i] = answer.ErrorCode
	}
	return failed, nil
}
