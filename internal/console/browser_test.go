package console_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/millrace/millrace/internal/console"
	"github.com/millrace/millrace/internal/console/consoletest"
	"github.com/millrace/millrace/internal/realtest"
)

const token = "a-token-of-the-tests"

// browser is a headless Chromium looking at a console over a scripted pipeline.
type browser struct {
	t    *testing.T
	ctx  context.Context
	url  string
	fake *consoletest.Fake

	mu      sync.Mutex
	trouble []string // what the browser complained about
}

// watchPage notes what a page must never do, before its own scripts begin.
const watchPage = `window.noted = [];
addEventListener("securitypolicyviolation", (e) => noted.push("policy violation: " + e.violatedDirective + " " + e.blockedURI + " " + e.sample));
addEventListener("error", (e) => noted.push("error: " + e.message));
addEventListener("unhandledrejection", (e) => noted.push("rejection: " + e.reason));`

// newBrowser skips the test where no Chromium is installed, unless MILLRACE_REAL
// says that the real components are there.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	program := realtest.Program(t, "chromium", "chromium-browser", "google-chrome")
	now := time.Now().Truncate(100 * time.Millisecond)
	b := &browser{t: t, fake: consoletest.New(now.Add(-10 * time.Minute))}
	b.fake.Advance(10 * time.Minute)
	b.url = serve(t, b.fake)
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	go b.fake.Run(ctx)

	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox)
	ctx, cancel := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	b.ctx = ctx
	if _, err := chromedp.Call(b.started(), page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watchPage}); err != nil {
		t.Fatal(err)
	}
	b.listen()
	b.open("/?token=" + token)
	return b
}

func serve(t *testing.T, fake *consoletest.Fake) string {
	c, err := console.New(fake.Options(token))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	t.Cleanup(c.Close) // first: live streams end
	return server.URL
}

// started has the tab begin, which commands need.
func (b *browser) started() context.Context {
	b.do(chromedp.Navigate("about:blank"))
	return b.ctx
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// listen gathers exceptions, console errors and what Chromium logs itself.
func (b *browser) listen() {
	note := func(format string, args ...any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.trouble = append(b.trouble, fmt.Sprintf(format, args...))
	}
	exceptions := chromedp.Events(b.ctx, runtime.ExceptionThrown)
	entries := chromedp.Events(b.ctx, log.EntryAdded)
	calls := chromedp.Events(b.ctx, runtime.ConsoleAPICalled)
	go func() {
		for e, err := range exceptions {
			if err != nil {
				return
			}
			note("exception: %s", e.ExceptionDetails.Text)
		}
	}()
	go func() {
		for e, err := range entries {
			if err != nil {
				return
			}
			if e.Entry.Level == "error" || e.Entry.Level == "warning" {
				note("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
			}
		}
	}()
	go func() {
		for e, err := range calls {
			if err != nil {
				return
			}
			if e.Type == "error" || e.Type == "warning" {
				note("console.%s: %v", e.Type, e.Args)
			}
		}
	}()
}

func (b *browser) open(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.url + path))
}

// eval is the value of a JavaScript expression.
func eval[T any](b *browser, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("evaluate %s: %v", expression, err)
	}
	return v
}

// until waits for a JavaScript expression to become true. One that fails, as
// while the browser goes from page to page, is not true yet.
func (b *browser) until(expression string) {
	b.t.Helper()
	var ok bool
	var err error
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if ok, err = chromedp.Run(b.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")")); ok && err == nil {
			return
		}
	}
	b.t.Fatalf("never became true: %s (%v)\nthe page:\n%s", expression, err, eval[string](b, "document.body.innerText"))
}

// shows waits for text on the page.
func (b *browser) shows(text string) {
	b.t.Helper()
	b.until(fmt.Sprintf("document.body.innerText.toLowerCase().includes(%q)", strings.ToLower(text)))
}

// click presses the first element of the selector whose text contains text.
func (b *browser) click(selector, text string) {
	b.t.Helper()
	find := fmt.Sprintf("[...document.querySelectorAll(%q)].find((e) => e.textContent.includes(%q))", selector, text)
	b.until(find)
	eval[bool](b, "("+find+".click(), true)")
}

// choose sets a form's control and tells the page, as a person's hand does.
func (b *browser) choose(selector, value string) {
	b.t.Helper()
	b.until(fmt.Sprintf("document.querySelector(%q)", selector))
	eval[bool](b, fmt.Sprintf(`(() => {
		const e = document.querySelector(%q);
		e.value = %q;
		e.dispatchEvent(new Event("input", {bubbles: true}));
		e.dispatchEvent(new Event("change", {bubbles: true}));
		return true;
	})()`, selector, value))
}

// clean fails the test if the page did what it must not.
func (b *browser) clean() {
	b.t.Helper()
	if eval[bool](b, `"hacked" in window`) {
		b.t.Error("a text got to run as a script")
	}
	for _, n := range eval[[]string](b, "window.noted") {
		b.t.Error(n)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, n := range b.trouble {
		b.t.Error(n)
	}
	b.trouble = nil
}

// look writes a screenshot into the folder that MILLRACE_SCREENSHOTS names.
func (b *browser) look(name string) {
	b.t.Helper()
	dir := os.Getenv("MILLRACE_SCREENSHOTS")
	if dir == "" {
		return
	}
	time.Sleep(1200 * time.Millisecond) // rates need two statuses
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err := errors.Join(err, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644)); err != nil {
		b.t.Fatal(err)
	}
}

// screen sets the size and the scheme, "light" or "dark".
func (b *browser) screen(width, height int64, scheme string) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, height))
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
		b.t.Fatal(err)
	}
}

// fits fails the test if the page is wider than the screen.
func (b *browser) fits() {
	b.t.Helper()
	if over := eval[int](b, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); over > 0 {
		b.t.Errorf("%s is %d pixels wider than the screen", eval[string](b, "location.pathname"), over)
	}
}
