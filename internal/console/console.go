package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Options are what the console works with. All but Hosts, Health and Refresh
// must be given.
type Options struct {
	// Token opens everything; at least 16 characters.
	Token string
	// Hosts are names without port, besides the loopback ones, by which a
	// browser may call the console. Requests for others are refused, so that a
	// foreign name resolved to this machine reaches nothing.
	Hosts []string

	Path    Path
	Rows    Rows
	Search  Search
	Flusher Flusher
	Tapper  Tapper
	// Shutdown asks the process to end and returns at once.
	Shutdown func()
	// Health tells /healthz why the server cannot work; nil means it always can.
	Health  func(context.Context) error
	Metrics prometheus.Gatherer
	Logger  *slog.Logger
	// Refresh is how often live status goes out; 0 means every second.
	Refresh time.Duration
}

// Console is the handler of the console's port.
type Console struct {
	opts    Options
	auth    *auth
	hosts   map[string]bool
	pages   *pages
	status  *statusCache
	handler http.Handler

	// ended is closed by Close: live streams end, as http.Server.Shutdown
	// would wait for them.
	ended  context.Context
	finish context.CancelFunc
}

// New returns a console, or the name of what is missing in the options.
func New(opts Options) (*Console, error) {
	if err := opts.check(); err != nil {
		return nil, fmt.Errorf("start console: %w", err)
	}
	if opts.Refresh == 0 {
		opts.Refresh = time.Second
	}
	pages, err := loadPages()
	if err != nil {
		return nil, fmt.Errorf("start console: %w", err)
	}
	c := &Console{
		opts:   opts,
		auth:   newAuth(opts.Token),
		hosts:  allowedHosts(opts.Hosts),
		pages:  pages,
		status: &statusCache{path: opts.Path, validFor: min(opts.Refresh, time.Second) / 2},
	}
	c.ended, c.finish = context.WithCancel(context.Background())
	c.handler = c.guard(c.routes())
	return c, nil
}

func (o *Options) check() error {
	switch {
	case len(o.Token) < 16:
		return errors.New("the token is shorter than 16 characters")
	case o.Path == nil:
		return errors.New("Path is missing")
	case o.Rows == nil:
		return errors.New("Rows is missing")
	case o.Search == nil:
		return errors.New("Search is missing")
	case o.Flusher == nil:
		return errors.New("Flusher is missing")
	case o.Tapper == nil:
		return errors.New("Tapper is missing")
	case o.Shutdown == nil:
		return errors.New("Shutdown is missing")
	case o.Metrics == nil:
		return errors.New("Metrics is missing")
	case o.Logger == nil:
		return errors.New("Logger is missing")
	}
	return nil
}

// ServeHTTP answers the console's port.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.handler.ServeHTTP(w, r) }

// Close ends all live streams. Register it with http.Server.RegisterOnShutdown.
func (c *Console) Close() { c.finish() }

// routes is the table of everything that is served. Pages have addresses of
// their own, without fragments, so that each can be linked and reloaded.
func (c *Console) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", c.healthz)
	mux.HandleFunc("GET /assets/", c.pages.asset)

	page := c.auth.page(c.pages)
	mux.Handle("GET /{$}", page)
	mux.Handle("GET /streams/{name}", page)
	mux.Handle("GET /applications/{name}", page)
	mux.Handle("GET /visualize", page)

	api := func(pattern string, h http.HandlerFunc) { mux.Handle(pattern, c.auth.api(h)) }
	api("GET /metrics", promhttp.HandlerFor(c.opts.Metrics, promhttp.HandlerOpts{}).ServeHTTP)
	api("GET /api/v1/status", c.getStatus)
	api("GET /api/v1/status/live", c.liveStatus)
	api("GET /api/v1/applications/{name}", c.getApplication)
	api("GET /api/v1/applications/{name}/streams/{stream}/rows/live", c.liveRows)
	api("GET /api/v1/search/{pattern}/mapping", c.searchMapping)
	api("POST /api/v1/search/{pattern}", c.search)
	api("GET /api/v1/tap", c.tap)
	api("POST /api/v1/streams/{name}/flush", c.flush)
	api("POST /api/v1/shutdown", c.shutdown)
	api("/api/", func(w http.ResponseWriter, r *http.Request) {
		problem(w, http.StatusNotFound, "no such operation: "+r.Method+" "+r.URL.Path)
	})
	return mux
}

func (c *Console) healthz(w http.ResponseWriter, r *http.Request) {
	if c.opts.Health != nil {
		if err := c.opts.Health(r.Context()); err != nil {
			problem(w, http.StatusServiceUnavailable, err.Error())
			return
		}
	}
	writeJSON(w, map[string]string{"status": "ok"})
}
