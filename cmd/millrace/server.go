package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/millrace/millrace/internal/archive"
	"github.com/millrace/millrace/internal/aws/edge"
	"github.com/millrace/millrace/internal/aws/query"
	"github.com/millrace/millrace/internal/aws/sigv4"
	"github.com/millrace/millrace/internal/cloudformation"
	"github.com/millrace/millrace/internal/config"
	"github.com/millrace/millrace/internal/console"
	"github.com/millrace/millrace/internal/domains"
	"github.com/millrace/millrace/internal/firehose"
	"github.com/millrace/millrace/internal/iam"
	"github.com/millrace/millrace/internal/invoke"
	"github.com/millrace/millrace/internal/journal/pebble"
	"github.com/millrace/millrace/internal/kinesisanalytics"
	"github.com/millrace/millrace/internal/outbound"
	"github.com/millrace/millrace/internal/searchindex"
	"github.com/millrace/millrace/internal/stack"
)

const (
	shutdownTimeout = 5 * time.Second

	// searchConnections are kept to a search domain while they are idle.
	searchConnections = 4
)

// server is one millrace: all parts on one data directory. It is wired by
// hand, from the ground up; Close takes it apart in the opposite order.
//
//	journal ◀─ firehose ◀─ applications        listeners: edge, console, search
//	archive ◀─ firehose ─▶ search ◀─ domains   stacks ─▶ edge, in memory
type server struct {
	dir     string
	cfg     config.Config
	secrets config.Secrets
	run     config.Run
	log     *slog.Logger
	started time.Time
	// stop asks the process to end.
	stop   context.CancelFunc
	failed atomic.Pointer[error]

	journal       *pebble.Journal
	archive       *archive.Archive
	index         *searchindex.Index
	iam           *iam.Service
	domains       *domains.Service
	searchDomains *searchDomains
	diagnostics   *diagnostics
	functions     *invoke.Functions // of delivery streams and applications
	firehose      *firehose.Service
	analytics     *kinesisanalytics.Service
	stacks        *stack.Engine
	verifier      *sigv4.Verifier
	edge          *edge.Edge
	search        *searchClient
	pipelines     *pipelines
	metrics       *prometheus.Registry

	searchTransport http.RoundTripper
	closers         []func() error
}

// openServer opens all parts on a data directory and serves them. On an error
// whatever was opened is closed.
func openServer(ctx context.Context, dir string, cfg config.Config, log *slog.Logger, stop context.CancelFunc) (s *server, err error) {
	s = &server{dir: dir, cfg: cfg, log: log, started: time.Now(), stop: stop, metrics: prometheus.NewRegistry()}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
			s = nil
		}
	}()
	unlock, err := waitForLock(ctx, dir, lockWait)
	if err != nil {
		return s, err
	}
	s.closes(func() error { unlock(); return nil })
	if s.secrets, err = config.LoadSecrets(dir); err != nil {
		return s, badFile(err)
	}
	edgeListener, err := s.listen("edge", "edge-port", cfg.EdgePort)
	if err != nil {
		return s, err
	}
	consoleListener, err := s.listen("console", "console-port", cfg.ConsolePort)
	if err != nil {
		return s, err
	}
	var searchListener net.Listener
	if cfg.Search.URL == "" {
		if searchListener, err = s.listen("search", "search-port", cfg.SearchPort); err != nil {
			return s, err
		}
	}
	if err := s.describe(edgeListener, consoleListener, searchListener); err != nil {
		return s, badFile(err)
	}
	for _, open := range []func(context.Context) error{
		s.openJournal, s.openIAM, s.openArchive,
		func(context.Context) error { return s.openSearch(searchListener) },
		s.openFirehose, s.openAnalytics, s.openStacks,
	} {
		if err := open(ctx); err != nil {
			return s, err
		}
	}
	if err := s.serve(edgeListener, consoleListener); err != nil {
		return s, err
	}
	return s, nil
}

// closes remembers how to take something apart.
func (s *server) closes(f func() error) { s.closers = append(s.closers, f) }

// Close stops everything, the newest first: agents drain before the edge goes,
// the journal is the last to close.
func (s *server) Close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	s.closers = nil
	return errors.Join(errs...)
}

func (s *server) listen(what, flag string, port int) (net.Listener, error) {
	l, err := listen(what, flag, port)
	if err == nil {
		s.closes(func() error { _ = l.Close(); return nil })
	}
	return l, err
}

// describe fills in what run.json tells.
func (s *server) describe(edge, console, search net.Listener) error {
	s.run = config.Run{
		Edge: httpURL(edge), Console: httpURL(console) + "/?token=" + s.secrets.ConsoleToken,
		Region: s.cfg.Region, AccessKeyID: s.secrets.AccessKeyID, SecretAccessKey: s.secrets.SecretAccessKey,
		SearchUser: s.secrets.SearchUser, SearchPassword: s.secrets.SearchPassword,
		Dir: s.dir, PID: os.Getpid(),
	}
	transport := outbound.NewTransport(searchConnections)
	transport.DisableCompression = false // answers to _bulk are long
	s.searchTransport = transport
	if search != nil {
		s.run.Search = httpURL(search)
		return nil
	}
	cluster := s.cfg.Search
	password, err := cluster.Secret()
	if err != nil {
		return err
	}
	s.run.Search, s.run.SearchUser, s.run.SearchPassword = cluster.URL, cluster.Username, password
	if transport.TLSClientConfig, err = outbound.TLS(cluster.CAFile); err != nil {
		return fmt.Errorf("search: %w", err)
	}
	return nil
}

func (s *server) openJournal(context.Context) (err error) {
	const mebibyte = 1 << 20
	var closeJournal func() error
	s.journal, closeJournal, err = openNotedJournal(s.dir, pebble.Options{
		Logger: s.log, QuotaBytes: s.cfg.JournalQuotaMiB * mebibyte, DiskReserveBytes: s.cfg.DiskReserveMiB * mebibyte,
	}, s.cfg.AcceptJournalLoss)
	if err == nil {
		s.closes(closeJournal)
	}
	return err
}

func (s *server) openIAM(context.Context) (err error) {
	s.iam, err = iam.Open(iam.Options{Journal: s.journal, Logger: s.log, Strict: s.cfg.Strict})
	return err
}

func (s *server) openArchive(ctx context.Context) error {
	executable, err := os.Executable()
	if err != nil {
		return fmt.Errorf("open archive: %w", err)
	}
	remote, err := remoteArchive(s.cfg.Archive, s.run.Edge)
	if err != nil {
		return badFile(err)
	}
	s.archive, err = archive.Open(ctx, archive.Options{
		Dir: filepath.Join(s.dir, "s3"), Executable: executable, Authorizer: s.iam, Region: s.cfg.Region, Remote: remote, Logger: s.log,
	})
	switch {
	case err == nil:
		s.closes(s.archive.Close)
	case remote != nil: // which is not asked for anything yet: what is wrong is what was written
		return badFile(err)
	}
	return err
}

func (s *server) openSearch(l net.Listener) (err error) {
	dir, access := filepath.Join(s.dir, "search"), &domainAccess{}
	if l != nil {
		s.verifier = s.newVerifier()
		s.index, err = searchindex.Open(searchindex.Options{
			Dir: dir, Logger: s.log, Users: map[string]string{s.secrets.SearchUser: s.secrets.SearchPassword}, Authorize: s.searchAuthorize, Access: access.of,
		})
		if err != nil {
			return err
		}
		s.closes(s.index.Close)
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	s.searchDomains, err = openSearchDomains(dir, s.index, s.cfg.Search.URL, l, s.log)
	if err != nil {
		return err
	}
	s.closes(func() error { s.searchDomains.Close(); return nil })
	if l != nil { // before the deliveries, so that it answers until they have stopped
		s.start("search", newHTTPServer(s.searchDomains), l)
	}
	s.search = &searchClient{
		domains: s.searchDomains, user: s.run.SearchUser, password: s.run.SearchPassword,
		client: &http.Client{Transport: s.searchTransport, Timeout: 30 * time.Second},
	}
	s.domains, err = domains.Open(domains.Options{
		Journal: s.journal, Authorizer: s.iam, Logger: s.log, Endpoint: s.searchDomains.URL,
		Drop: func(name string) error { return s.searchDomains.Drop(context.Background(), name) },
	})
	if err != nil {
		return err
	}
	access.known.Store(s.domains)
	return nil
}

func (s *server) newVerifier() *sigv4.Verifier {
	return sigv4.NewVerifier(sigv4.Options{Credentials: s.credential})
}

func (s *server) openFirehose(context.Context) (err error) {
	s.functions, err = invoke.New(invoke.Options{Functions: s.cfg.Functions, Logger: s.log})
	if err != nil {
		return badFile(err)
	}
	s.diagnostics, err = openDiagnostics(s.dir, s.log)
	if err != nil {
		return err
	}
	s.closes(s.diagnostics.Close)
	s.firehose, err = firehose.Open(firehose.Options{
		Journal: s.journal, Authorizer: s.iam, Assume: s.assume, Archive: s.archive, Search: s.searchDestination, Functions: s.functions, Table: s.table,
		Limits: limits(s.cfg.Limits), DropAfter: retention(s.cfg), Diagnose: s.diagnostics.Write, Logger: s.log,
	})
	if err == nil {
		s.closes(s.firehose.Close)
	}
	return err
}

// assume asks a role's trust policy for Firehose.
func (s *server) assume(roleARN, streamARN string) error {
	return s.iam.Assume("firehose.amazonaws.com", roleARN, streamARN)
}

// openStacks makes the edge and, behind it, the stacks that call it.
func (s *server) openStacks(context.Context) (err error) {
	s.stacks, err = stack.Open(stack.Options{Journal: s.journal, Logger: s.log, AWS: s.stackAWS})
	if err != nil {
		return err
	}
	s.closes(func() error { s.stacks.Close(); return nil })
	formation := cloudformation.New(cloudformation.Options{Stacks: s.stacks, Authorizer: s.iam, Logger: s.log})
	if s.verifier == nil {
		s.verifier = s.newVerifier()
	}
	s.edge = edge.New(edge.Options{
		Verifier: s.verifier,
		JSON:     append(s.analytics.APIs(), s.firehose.JSONRPC()),
		Query:    append([]*query.Service{formation.API()}, s.iam.API()...),
		REST:     []edge.RESTService{{Service: s.domains.API(), Prefixes: domains.Prefixes()}},
		S3:       s.archive,
		Logger:   s.log,
		Observe:  s.observe(),
	})
	s.stacks.Resume()
	return nil
}

// stackAWS is how stacks make their resources: signed requests through the edge.
func (s *server) stackAWS(c stack.Caller) (stack.AWS, error) {
	if c.RoleARN != "" {
		return nil, fmt.Errorf("stacks on behalf of a role (%s) are not supported yet", c.RoleARN)
	}
	return s.client(c.Region), nil
}

// client sends requests as the account itself.
func (s *server) client(region string) *edge.Client {
	return edge.NewClient(s.edge, sigv4.Signer{
		AccessKeyID: s.secrets.AccessKeyID, Secret: s.secrets.SecretAccessKey, Region: region,
	})
}

// serve opens the doors: everything behind them works already.
func (s *server) serve(edgeListener, consoleListener net.Listener) error {
	s.pipelines = newPipelines(s.dir, s.log)
	s.pipelines.endpoint, s.pipelines.region = s.run.Edge, s.cfg.Region
	s.pipelines.accessKeyID, s.pipelines.secret = s.secrets.AccessKeyID, s.secrets.SecretAccessKey
	pages, err := console.New(console.Options{
		Token: s.secrets.ConsoleToken, Path: pathStatus{s}, Rows: rows{s}, Search: s.search, Flusher: flusher{s}, Tapper: tapper{s},
		Shutdown: s.stop, Health: s.health, Metrics: s.metrics, Logger: s.log,
	})
	if err != nil {
		return err
	}
	s.metrics.MustRegister(newCollector(s), newAWSCollector(s.firehose.Streams), newAnalyticsCollector(s.analytics.Applications))
	consoleServer := newHTTPServer(pages)
	consoleServer.RegisterOnShutdown(pages.Close)
	s.start("console", consoleServer, consoleListener)
	s.start("edge", s.edge.Server(), edgeListener)
	// the last to be opened is the first to be closed: agents drain while the edge still answers
	s.closes(func() error { s.pipelines.Stop(); return nil })
	run := s.run
	if err := config.WriteFile(filepath.Join(s.dir, config.RunFile), run); err != nil {
		return err
	}
	s.closes(func() error { return os.Remove(filepath.Join(s.dir, config.RunFile)) })
	return nil
}

func (s *server) start(what string, server *http.Server, l net.Listener) {
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			s.fail(fmt.Errorf("%s is not served any more: %w", what, err))
		}
	}()
	s.closes(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			return server.Close() // somebody holds a connection open
		}
		return nil
	})
}

// fail ends the process with an error.
func (s *server) fail(err error) {
	s.failed.CompareAndSwap(nil, &err)
	s.stop()
}

// failure is why the server had to end, nil if it was asked to.
func (s *server) failure() error {
	if err := s.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// health tells why the server cannot work.
func (s *server) health(ctx context.Context) error {
	if s.journal.Usage().Full() {
		return errors.New("the journal is full: puts are answered with ServiceUnavailableException")
	}
	if err := s.archive.Ready(ctx); err != nil {
		return fmt.Errorf("the archive does not answer: %w", err)
	}
	return nil
}
