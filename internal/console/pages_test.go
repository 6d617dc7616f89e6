package console_test

import (
	"testing"
	"time"

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
			time.Sleep(1200 * time.Millisecond) // rates need two statuses
			b.fits()
			b.look(p.name + "-" + s.name)
			b.clean()
		}
	}
}
