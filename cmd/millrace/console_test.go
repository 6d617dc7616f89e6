//go:build unix

package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/millrace/millrace/internal/realtest"
)

// The console of a real demo: a line chart that moves, live rows, the path with
// its counters. Screenshots go into the folder that MILLRACE_SCREENSHOTS names.
func TestConsole(t *testing.T) {
	program := realtest.Program(t, "chromium", "chromium-browser", "google-chrome")
	t.Parallel()
	began := time.Now()
	p := up(t, dataDir(t), "--demo") // as it is: windows of ten seconds
	t.Logf("ready after %.1f s", time.Since(began).Seconds())
	page := openPage(t, program, p.Run.Console)

	// rows of every in-application stream, as they come
	for _, stream := range []string{"SOURCE_SQL_STREAM_001", "DESTINATION_SQL_STREAM"} {
		page.open("/applications/status-codes?stream=" + stream)
		page.until(`document.querySelectorAll(".rows tbody tr").length > 0`)
		t.Logf("first row of %s after %.1f s", stream, time.Since(began).Seconds())
	}
	page.until(`[...document.querySelectorAll(".rows thead th")].some((th) => th.textContent.includes("STATUSCOUNT"))`)
	page.look("application")

	// the chart: its points are in the table below it
	page.open("/")
	page.until(`document.body.innerText.includes("Sum of STATUSCOUNT per 10s")`)
	page.eval(`[...document.querySelectorAll("summary")].find((e) => e.textContent.includes("Show as table")).click()`)
	const points = `document.querySelectorAll("table.figures tbody tr").length`
	page.until(points + " > 0")
	t.Logf("first point of the chart after %.1f s", time.Since(began).Seconds())
	page.until(`document.querySelectorAll(".u-legend .u-series, .u-series").length > 3`) // a line a status
	page.eval(`window.newest = document.querySelector("table.figures tbody th").textContent`)
	page.until(`document.querySelector("table.figures tbody th").textContent !== window.newest`)
	t.Logf("the chart moved after %.1f s", time.Since(began).Seconds())
	page.look("path")

	// the same over the terms of STATUS
	page.open("/visualize?x=terms")
	page.until(`document.body.innerText.includes("Sum of STATUSCOUNT by STATUS")`)
	page.look("visualize")
}

// browserPage is a tab of a headless Chromium.
type browserPage struct {
	t    *testing.T
	ctx  context.Context
	base *url.URL
}

func openPage(t *testing.T, program, address string) *browserPage {
	t.Helper()
	base, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.WindowSize(1280, 900))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(cancel)
	page := &browserPage{t: t, ctx: ctx, base: base}
	page.navigate(address)
	return page
}

func (b *browserPage) navigate(address string) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, chromedp.Navigate(address)); err != nil {
		b.t.Fatal(err)
	}
	b.eval(`window.noted = [];
addEventListener("securitypolicyviolation", (e) => noted.push("policy: " + e.violatedDirective + " " + e.blockedURI));
addEventListener("error", (e) => noted.push("error: " + e.message));
addEventListener("unhandledrejection", (e) => noted.push("rejection: " + e.reason));`)
}

func (b *browserPage) open(path string) {
	b.t.Helper()
	b.navigate(b.base.Scheme + "://" + b.base.Host + path)
}

func (b *browserPage) eval(statements string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("(() => {"+statements+"; return true})()")); err != nil {
		b.t.Fatalf("%s: %v", statements, err)
	}
}

func (b *browserPage) text(expression string) string {
	b.t.Helper()
	s, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return s
}

// until waits for a JavaScript expression to become true.
func (b *browserPage) until(expression string) {
	b.t.Helper()
	eventually(b.t, expression, 60*time.Second, func() error {
		ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if err == nil && !ok {
			err = fmt.Errorf("the page is\n%s", b.text("document.body.innerText"))
		}
		return err
	})
}

// look fails the test if the browser complained, and takes a screenshot.
func (b *browserPage) look(name string) {
	b.t.Helper()
	if complaints := b.text(`window.noted.join("\n")`); complaints != "" {
		b.t.Errorf("%s: the browser complains: %s", name, complaints)
	}
	dir := os.Getenv("MILLRACE_SCREENSHOTS")
	if dir == "" {
		return
	}
	time.Sleep(1200 * time.Millisecond) // rates need two statuses
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "demo-"+name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
