package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/internal/application/imported"
	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/config"
)

// importFlags are those of import.
type importFlags struct {
	options       imported.Options
	parameters    []string
	start, dryRun bool
}

func newImport(g *globals) *cobra.Command {
	var f importFlags
	c := &cobra.Command{
		Use:   "import DESCRIBE.json|TEMPLATE|DIR",
		Short: "Make an application that ran on AWS run here",
		Long: `Make applications of what is left of them: an answer of DescribeApplication (of both versions of the API), a CloudFormation
template, the output of terraform show -json, or a folder of such files.

  aws kinesisanalytics describe-application --application-name clicks > clicks.json
  millrace import clicks.json --start

It says what becomes of everything that cannot be as it was, with its line: what is refused, kept without effect, or meant for where
the application runs now. With anything refused nothing is made; --skip-unsupported leaves out what an application can do without.
Delivery streams are those of the same names on the server and have to be there.

The server is the one that runs on the data directory, or AWS_ENDPOINT_URL with the credentials of an AWS client. It ends with 1 if an
application was refused.`,
		Args: exactly(1),
		RunE: func(c *cobra.Command, args []string) error { return f.run(c, g, args[0]) },
	}
	flags := c.Flags()
	flags.StringVar(&f.options.InputStream, "input-stream", "", "name or ARN of the delivery stream to read in the place of a Kinesis stream")
	flags.StringArrayVar(&f.parameters, "parameter", nil, "NAME=VALUE of a template's parameter")
	flags.BoolVar(&f.options.Skip, "skip-unsupported", false, "leave out outputs and options that are refused")
	flags.BoolVar(&f.start, "start", false, "start the applications and wait until they run")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print the requests and send none")
	return c
}

func (f *importFlags) run(c *cobra.Command, g *globals, path string) error {
	f.options.Parameters = map[string]string{}
	for _, p := range f.parameters {
		name, value, err := cutOption("--parameter", p)
		if err != nil {
			return err
		}
		f.options.Parameters[name] = value
	}
	files, err := importFiles(path)
	if err != nil {
		return err
	}
	var server *importServer
	f.options.Region, f.options.Account = config.Default().Region, call.AccountID
	if !f.dryRun {
		access, err := newAWSAccess(c.Context(), g, 0, func(error) {})
		if err != nil {
			return err
		}
		server = &importServer{access}
		f.options.Region = access.region
	}
	applications, err := f.read(files, path)
	if err != nil {
		return err
	}
	refused := 0
	for _, a := range applications {
		if err := f.one(c, server, a); err != nil {
			refused++
			fmt.Fprintf(c.ErrOrStderr(), "%s: %v\n", a.Name, err)
		}
	}
	if refused > 0 {
		return fmt.Errorf("%d of %s not imported", refused, count(int64(len(applications)), "application"))
	}
	return nil
}

// importFiles are the files of a folder that may hold an application, or the
// only one.
func importFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, usage(err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if !e.IsDir() && slices.Contains([]string{".json", ".yaml", ".yml", ".template"}, filepath.Ext(e.Name())) {
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	return files, nil
}

// read are the applications of the files. In a folder there may be others.
func (f *importFlags) read(files []string, path string) (all []*imported.Application, err error) {
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		found, err := imported.Read(file, text, f.options)
		if errors.Is(err, imported.ErrNothing) && file != path {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: %w", path, imported.ErrNothing)
	}
	return all, nil
}

// one makes an application, or says what it would take.
func (f *importFlags) one(c *cobra.Command, server *importServer, a *imported.Application) error {
	for _, n := range a.Notes {
		fmt.Fprintln(c.ErrOrStderr(), n)
	}
	if server != nil {
		if err := server.checkStreams(c.Context(), a); err != nil {
			return err
		}
	}
	for _, function := range slices.Compact(slices.Sorted(slices.Values(a.Functions))) {
		fmt.Fprintf(c.ErrOrStderr(), "%s: function %s is invoked at the address that functions of millrace.yaml gives for its ARN\n", a.Name, function)
	}
	if a.Refused() {
		return errors.New("not made, because of what is refused")
	}
	if f.dryRun {
		return printRequests(c.OutOrStdout(), a, f.start)
	}
	if err := server.create(c.Context(), a); err != nil {
		return err
	}
	fmt.Fprintf(c.OutOrStdout(), "%s: made\n", a.Name)
	if !f.start {
		return nil
	}
	ctx, cancel := context.WithTimeout(c.Context(), time.Minute)
	defer cancel()
	if err := startApplication(ctx, server, a.Name); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	fmt.Fprintf(c.OutOrStdout(), "%s: running\n", a.Name)
	return nil
}

// printRequests prints what would be sent, an operation and its body each.
func printRequests(w io.Writer, a *imported.Application, start bool) error {
	print := func(operation string, body any) error {
		text, err := json.MarshalIndent(body, "", "  ")
		if err == nil {
			_, err = fmt.Fprintf(w, "%s.%s %s\n", a.Target, operation, text)
		}
		return err
	}
	err := print("CreateApplication", a.Create)
	for _, r := range a.References {
		err = errors.Join(err, print("AddApplicationReferenceDataSource", r))
	}
	if start {
		err = errors.Join(err, print("StartApplication", map[string]any{"ApplicationName": a.Name}))
	}
	return err
}

// importServer sends the requests of an import.
type importServer struct{ access *awsAccess }

// JSON implements awsClient.
func (s *importServer) JSON(ctx context.Context, service, target string, in, out any) error {
	if out == nil {
		out = &json.RawMessage{}
	}
	header := http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {target}}
	return s.access.call(ctx, service, http.MethodPost, "/", header, in, out)
}

// Query implements awsClient.
func (s *importServer) Query(ctx context.Context, service, version, action string, form url.Values) ([]byte, error) {
	form = url.Values(http.Header(form).Clone())
	form.Set("Action", action)
	form.Set("Version", version)
	answer, err := s.access.send(ctx, service, http.MethodPost, "/", nil, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, []byte(form.Encode()))
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return io.ReadAll(io.LimitReader(answer.Body, maxAWSAnswer))
}

// checkStreams finds out whether the delivery streams are there: an application
// is made without them, and cannot be started.
func (s *importServer) checkStreams(ctx context.Context, a *imported.Application) error {
	var missing []string
	for _, arn := range slices.Compact(slices.Sorted(slices.Values(a.Streams))) {
		name := arn[strings.LastIndexByte(arn, '/')+1:]
		err := s.JSON(ctx, "firehose", "Firehose_20150804.DescribeDeliveryStream", map[string]string{"DeliveryStreamName": name}, nil)
		switch {
		case isCode(err, "ResourceNotFoundException"):
			missing = append(missing, name)
		case err != nil:
			return fmt.Errorf("describe delivery stream %q: %w", name, err)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("there is no delivery stream %s here: make it first, by a template or CreateDeliveryStream", strings.Join(missing, ", "))
	}
	return nil
}

func (s *importServer) create(ctx context.Context, a *imported.Application) error {
	if err := s.JSON(ctx, "kinesisanalytics", a.Target+".CreateApplication", a.Create, nil); err != nil {
		return err
	}
	for i, r := range a.References {
		body := map[string]any{"ApplicationName": a.Name, "CurrentApplicationVersionId": i + 1}
		for name, value := range r {
			body[name] = value
		}
		if err := s.JSON(ctx, "kinesisanalytics", a.Target+".AddApplicationReferenceDataSource", body, nil); err != nil {
			return fmt.Errorf("made, but without its reference data: %w", err)
		}
	}
	return nil
}
