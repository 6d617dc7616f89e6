package console_test

import (
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/millrace/millrace/internal/console"
	"github.com/millrace/millrace/internal/console/consoletest"
)

// Every page on a wide and a narrow screen, by day and by night: it fits, and
// the browser has nothing to complain about.
func TestPagesOnScreens(t *testing.T) {
	b := newBrowser(t)
	pages := []struct{ name, path, shows string }{
		{"path", "/", "next flush in"},
		{"application", "/applications/" + consoletest.Application + "?stream=" + consoletest.Source, "rows received"},
		{"stream", "/streams/" + consoletest.Ingest, "Flush now"},
		{"visualize", "/visualize", "Sum of STATUSCOUNT"},
		{"visualize-terms", "/visualize?x=terms", "by STATUS"},
	}
	screens := []struct {
		name          string
		width, height int64
		scheme        string
	}{{"wide-light", 1280, 800, "light"}, {"wide-dark", 1280, 800, "dark"}, {"phone", 400, 800, "light"}}
	for _, s := range screens {
		b.screen(s.width, s.height, s.scheme)
		for _, p := range pages {
			b.open(p.path)
			b.shows(p.shows)
			b.shows("live")
			b.fits()
			b.look(p.name + "-" + s.name)
			b.clean()
		}
	}
}

// What strangers write stays text, in every place that shows it.
func TestHostileTextsStayText(t *testing.T) {
	b := newBrowser(t)
	b.fake.Fail(`search refused: <img src=x onerror=window.hacked=1>`)
	for _, stream := range []string{consoletest.Source, consoletest.Errors} {
		b.open("/applications/" + consoletest.Application + "?stream=" + stream)
		b.until(`document.querySelectorAll(".rows tbody tr").length > 100`)
		b.shows("<script>window.hacked=1</script>")
		b.shows("<img src=x onerror=window.hacked=1>")
		b.clean()
	}
	b.open("/applications/" + consoletest.Application + "?stream=" + consoletest.Source)
	for _, text := range []string{`\u{202e}txt.exe`, `nul\u{0}byte`, `\u{1b}[31mred`, "9007199254"} {
		b.shows(text)
	}
	b.clean()

	// As terms: on the axis, in the legend, in the table.
	b.open("/visualize?x=terms&term=agent.keyword&term_size=100&split=agent.keyword&split_size=100")
	b.until(`document.querySelectorAll(".u-series").length > 50`)
	b.shows("<svg onload=window.hacked=1>")
	b.click("summary", "Show as table")
	b.until(`document.querySelectorAll("table.figures tbody tr").length > 50`)
	b.clean()

	b.open("/streams/" + consoletest.Results)
	b.shows("search refused: <img src=x onerror=window.hacked=1>")
	b.clean()
	b.open("/")
	b.shows("search refused: <img src=x onerror=window.hacked=1>")
	b.clean()
	if n := eval[int](b, `document.querySelectorAll("img, iframe, object, embed, form[action], a[href^='javascript']").length`); n > 0 {
		t.Errorf("%d elements grew out of texts", n)
	}
}

// The demo's chart moves without a click, and goes on in Visualize.
func TestChartMovesByItself(t *testing.T) {
	b := newBrowser(t)
	b.open("/")
	b.shows("Sum of STATUSCOUNT per 10s")
	b.click("summary", "Show as table")
	newest := `document.querySelector("table.figures tbody th").textContent`
	first := eval[string](b, newest)
	b.fake.Advance(10 * time.Second)
	b.until(newest + " !== " + quote(first))

	b.click("a", "Totals")
	b.until(`document.querySelector("table.figures tbody th").textContent === "200"`)
	b.click("a", "Open in Visualize")
	b.shows("Sum of STATUSCOUNT by STATUS")
	b.clean()
}

// A chart is made in the form, taken by Update, and kept in the address.
func TestVisualizeForm(t *testing.T) {
	b := newBrowser(t)
	b.open("/visualize")
	b.shows("Sum of STATUSCOUNT per 10s")
	if got := eval[string](b, "location.search"); got != "" {
		t.Errorf("the default chart wrote %s into the address", got)
	}

	// The form waits for Update, and Discard takes it back.
	b.choose("select[name=aggregation]", "max")
	b.until(`!document.querySelector("button[type=submit]").disabled`)
	b.click("button", "Discard")
	b.until(`document.querySelector("select[name=aggregation]").value === "sum"`)

	b.choose("select[name=aggregation]", "max")
	b.choose("input[name=label]", "Most at once")
	b.choose("select[name=x]", "terms")
	b.choose("select[aria-label='Order by']", "metric")
	b.choose("select[aria-label='Order']", "desc")
	b.click("button", "Update")
	b.shows("Most at once by STATUS")
	b.click("summary", "Show as table")
	b.until(`document.querySelector("table.figures tbody th").textContent === "200"`)

	// Reloaded, the address gives the same chart.
	address := eval[string](b, "location.href")
	b.open("/")
	b.do(chromedp.Navigate(address))
	b.shows("Most at once by STATUS")

	// Count needs no field; average over time leaves the range to the picker.
	b.choose("select[name=aggregation]", "count")
	b.choose("input[name=label]", "")
	b.choose("select[name=x]", "date_histogram")
	b.click("button", "Update")
	b.shows("Count per 10s")
	b.choose("select[aria-label='Interval']", "1m")
	b.choose("select[name=aggregation]", "avg")
	b.click("button", "Update")
	b.shows("Average of STATUSCOUNT per 1m")
	b.choose(".timebar select", "now-1m")
	b.until(`location.search.includes("from=now-1m")`)
	b.shows("refresh in")

	b.choose("input[name=index]", "nothing-here*")
	b.shows("No index matches nothing-here* yet")
	b.open("/visualize?index=down")
	b.shows("the search server did not answer: connection refused")
	b.mu.Lock()
	b.trouble = nil // Chromium logs the 502 that was asked for
	b.mu.Unlock()
	b.clean()
}

// Rows stop at Pause, are counted meanwhile, and what is left out is said.
func TestLiveRowsPauseAndSkip(t *testing.T) {
	b := newBrowser(t)
	b.open("/applications/" + consoletest.Application + "?stream=" + consoletest.Source)
	b.until(`document.querySelectorAll(".rows tbody tr").length > 0`)
	b.click("button", "Pause")
	b.shows("paused,")
	top := `document.querySelector(".rows tbody tr").textContent`
	held := eval[string](b, top)
	b.until(`/paused, [1-9]/.test(document.querySelector(".rows [role=status]").textContent)`)
	if now := eval[string](b, top); now != held {
		t.Errorf("the newest row changed while paused: %s, then %s", held, now)
	}
	b.click("button", "Resume")
	b.until(top + " !== " + quote(held))

	rows := make([]console.Row, 3000)
	for i := range rows {
		rows[i] = console.Row{RowTime: time.Now().UnixMilli(), Record: []byte(`{"agent":"burst"}`)}
	}
	b.fake.Push(consoletest.Source, rows, 0)
	b.shows("skipped")
	b.shows("burst")

	// Another stream of the list has its own rows.
	b.click("nav.list a", consoletest.Destination)
	b.until(`[...document.querySelectorAll(".rows thead th")].some((th) => th.textContent.includes("STATUSCOUNT"))`)
	b.shows("CREATE OR REPLACE PUMP")
	b.clean()
}

func TestFlushNow(t *testing.T) {
	b := newBrowser(t)
	b.open("/")
	b.click("a", consoletest.Ingest)
	b.shows("Last objects")
	b.click("button", "Flush now")
	b.shows("Flushed at")
	if got := b.fake.Flushes(); len(got) != 1 || got[0] != consoletest.Ingest {
		t.Errorf("flushed %v", got)
	}
	b.clean()
}

// Without the cookie the page asks for the token; with it, it is gone from the
// address.
func TestSignIn(t *testing.T) {
	b := newBrowser(t)
	if got := eval[string](b, "location.href"); got != b.url+"/" {
		t.Errorf("after signing in the address is %s", got)
	}
	if got := eval[string](b, "document.cookie"); got != "" {
		t.Errorf("a script reads the cookie %s", got)
	}
	b.clean()
	if _, err := chromedp.Call(b.ctx, network.ClearBrowserCookies, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	b.open("/visualize")
	b.choose("input[name=token]", "wrong-token-wrong-token")
	b.click("button", "Sign in")
	b.until(`document.readyState === "complete" && document.querySelector("input[name=token]")?.value === ""`)
	b.choose("input[name=token]", token)
	b.click("button", "Sign in")
	b.shows("next flush in")
	b.look("signed-in")
}
