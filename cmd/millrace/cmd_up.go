package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/examples"
	"github.com/millrace/millrace/internal/config"
)

// demo is the example that `up --demo` deploys.
const demo = "status-codes"

// upFlags are the flags of up.
type upFlags struct {
	globals *globals

	demo       bool
	log        string
	stack      string
	parameters []string
	asJSON     bool
	strict     bool
	acceptLoss bool

	edgePort, consolePort, searchPort int
}

func newUp(g *globals) *cobra.Command {
	f := &upFlags{globals: g}
	c := &cobra.Command{
		Use:   "up [FOLDER|TEMPLATE …]",
		Short: "Start everything, deploy the templates, run until stopped",
		Long: `Start everything on the data directory, deploy the templates through the CloudFormation API, start their
applications, and run until stopped. A FOLDER holds template.yaml and optionally agent.json (an agent that ships to
the running server) and generate.yaml (a generator of access logs). The same command goes on where it was.`,
		RunE: func(c *cobra.Command, args []string) error { return f.up(c, args) },
	}
	c.Flags().BoolVar(&f.demo, "demo", false, "deploy the example "+demo+": access logs to a moving chart")
	c.Flags().StringVar(&f.log, "log", "", "ship this access log, from its beginning, instead of a generated one")
	c.Flags().StringVar(&f.stack, "stack", "", "name of the stack (default: the folder's or template's name); for one template only")
	c.Flags().StringArrayVar(&f.parameters, "parameter", nil, "KEY=VALUE for the template; may be repeated")
	c.Flags().BoolVar(&f.asJSON, "json", false, "print one line of JSON when everything is up")
	c.Flags().BoolVar(&f.strict, "strict", false, "refuse roles that do not exist")
	c.Flags().BoolVar(&f.acceptLoss, "accept-journal-loss", false, "go on with a journal that is missing or older than it was; records in it are lost")
	d := config.Default()
	c.Flags().IntVar(&f.edgePort, "edge-port", d.EdgePort, "port of the AWS edge; 0 takes a free one")
	c.Flags().IntVar(&f.consolePort, "console-port", d.ConsolePort, "port of the console; 0 takes a free one")
	c.Flags().IntVar(&f.searchPort, "search-port", d.SearchPort, "port of the search index; 0 takes a free one")
	return c
}

func (f *upFlags) up(c *cobra.Command, args []string) error {
	folders, err := f.folders(args)
	if err != nil {
		return err
	}
	dir, err := config.DataDir(f.globals.dir, os.Getenv)
	if err != nil {
		return err
	}
	ownFilesOnly()
	if err := config.MakeDataDir(dir); err != nil {
		return err
	}
	cfg, err := f.config(c, dir)
	if err != nil {
		return err
	}
	log := newLogger(c.ErrOrStderr())
	ctx, stop := context.WithCancel(c.Context())
	defer stop()
	s, err := openServer(ctx, dir, cfg, log, stop)
	if err != nil {
		return err
	}
	err = f.run(ctx, c, s, folders)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = nil // asked to stop
	}
	return errors.Join(err, s.failure(), s.Close())
}

// run deploys and then waits for the end.
func (f *upFlags) run(ctx context.Context, c *cobra.Command, s *server, folders []folder) error {
	aws := s.client(s.cfg.Region)
	parameters, err := parseParameters(f.parameters)
	if err != nil {
		return usage(err)
	}
	for _, folder := range folders {
		d := deployment{Stack: folder.Stack, Template: folder.Template, File: folder.File, Parameters: parameters}
		if _, err := d.Deploy(ctx, aws); err != nil {
			return err
		}
		if err := s.pipelines.Start(folder, f.log); err != nil {
			return badFile(err)
		}
	}
	s.run.Ready = true
	if err := config.WriteFile(filepath.Join(s.dir, config.RunFile), s.run); err != nil {
		return err
	}
	if f.asJSON {
		if err := json.NewEncoder(c.OutOrStdout()).Encode(s.run); err != nil {
			return err
		}
	} else {
		printWelcome(c.ErrOrStderr(), s)
	}
	<-ctx.Done()
	s.log.Info("stopping")
	return nil
}

func printWelcome(w io.Writer, s *server) {
	fmt.Fprintf(w, `
millrace is up

  console   %s
  AWS edge  %s    eval "$(millrace env)" and use any AWS client
  search    %s    user %s
  data      %s

Ctrl-C stops it; the same command goes on where it was.
`, s.run.Console, s.run.Edge, s.run.Search, s.run.SearchUser, s.dir)
}

// config reads millrace.yaml and puts the flags that were given over it.
func (f *upFlags) config(c *cobra.Command, dir string) (config.Config, error) {
	cfg, err := config.Load(dir, os.Getenv)
	if err != nil {
		return cfg, badFile(err)
	}
	for flag, set := range map[string]func(){
		"edge-port":    func() { cfg.EdgePort = f.edgePort },
		"console-port": func() { cfg.ConsolePort = f.consolePort },
		"search-port":  func() { cfg.SearchPort = f.searchPort },
		"strict":       func() { cfg.Strict = f.strict },
	} {
		if c.Flags().Changed(flag) {
			set()
		}
	}
	cfg.AcceptJournalLoss = f.acceptLoss
	if err := cfg.Check(); err != nil { // what the file and the environment say was checked by Load
		return cfg, usage(err)
	}
	return cfg, nil
}

// folders reads what is to be deployed, before anything is started.
func (f *upFlags) folders(args []string) ([]folder, error) {
	var folders []folder
	if f.demo {
		files, err := fs.Sub(examples.Files, demo)
		if err != nil {
			return nil, err
		}
		one, err := readFolder(files, filepath.Join("examples", demo), demo)
		if err != nil {
			return nil, err
		}
		folders = append(folders, one)
	}
	for _, arg := range args {
		one, err := readArgument(arg)
		if err == nil {
			err = one.check()
		}
		if err != nil {
			return nil, badFile(err)
		}
		folders = append(folders, one)
	}
	if f.stack != "" {
		if len(folders) != 1 {
			return nil, usage(fmt.Errorf("--stack names one stack, and %d are given", len(folders)))
		}
		folders[0].Stack = f.stack
	}
	if f.log != "" {
		file, err := filepath.Abs(f.log)
		if err == nil {
			_, err = os.Stat(file)
		}
		if err != nil {
			return nil, usage(fmt.Errorf("--log: %w", err))
		}
		if len(folders) != 1 {
			return nil, usage(fmt.Errorf("--log goes with one stack, and %d are given", len(folders)))
		}
		f.log = file
	}
	return folders, nil
}

// readArgument reads a folder or a single template.
func readArgument(arg string) (folder, error) {
	info, err := os.Stat(arg)
	if err != nil {
		return folder{}, err
	}
	abs, err := filepath.Abs(arg)
	if err != nil {
		return folder{}, err
	}
	if info.IsDir() {
		return readFolder(os.DirFS(arg), arg, stackName(filepath.Base(abs)))
	}
	text, err := os.ReadFile(arg)
	if err != nil {
		return folder{}, err
	}
	name := strings.TrimSuffix(filepath.Base(abs), filepath.Ext(abs))
	return folder{Stack: stackName(name), Template: string(text), File: arg}, nil
}

var notInStackName = regexp.MustCompile(`[^a-zA-Z0-9]+`)

// stackName makes a stack's name of a file's: letters, digits and hyphens, a
// letter first.
func stackName(s string) string {
	s = strings.Trim(notInStackName.ReplaceAllString(s, "-"), "-")
	if s == "" || s[0] >= '0' && s[0] <= '9' {
		s = "stack-" + s
	}
	return s
}

func parseParameters(list []string) (map[string]string, error) {
	out := map[string]string{}
	for _, p := range list {
		key, value, ok := strings.Cut(p, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("--parameter %q: want KEY=VALUE", p)
		}
		out[key] = value
	}
	return out, nil
}

// newLogger writes talk to stderr, warnings and worse in full, operations an
// operator asked for as they happen.
func newLogger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelInfo}))
}
