package loadgen

import (
	"math/rand/v2"
	"strconv"
	"time"
)

// fake writes combined lines as the Fake-Apache-Log-Generator does: a random IPv4 address, one of four methods and eight resources, HTTP/1.0, one of four status codes,
// about 5000 bytes, a random URI as referer and a browser as agent. Unless lines are paced, time goes on by 30 to 300 seconds from one to the next.
type fake struct {
	random *rand.Rand
	clock  time.Time // of the last line
	step   time.Duration
	real   bool // lines have the time at which they are due
}

// weighted is a text and its share of 1.
type weighted struct {
	text  string
	share float64
}

var (
	fakeMethods   = []weighted{{"GET", 0.6}, {"POST", 0.1}, {"DELETE", 0.1}, {"PUT", 0.2}}
	fakeStatus    = []weighted{{"200", 0.9}, {"404", 0.04}, {"500", 0.02}, {"301", 0.04}}
	fakeResources = []string{"/list", "/wp-content", "/wp-admin", "/explore", "/search/tag/list", "/app/main/posts", "/posts/posts/explore", cartResource}
	fakeBrowsers  = []struct {
		share float64
		agent func(*rand.Rand) string
	}{{0.5, firefox}, {0.3, chrome}, {0.1, safari}, {0.05, internetExplorer}, {0.05, opera}}
)

// cartResource gets a number behind it.
const cartResource = "/apps/cart.jsp?appID="

func newFake(opts Options) *fake {
	return &fake{random: rand.New(rand.NewPCG(opts.Seed, 0x66616b65)), step: opts.Sleep, real: opts.Rate > 0}
}

func (f *fake) appendLine(dst []byte, _ time.Duration, at time.Time) []byte {
	f.tick(at)
	dst = appendIPv4(dst, f.random)
	dst = append(dst, " - - "...)
	dst = f.clock.AppendFormat(dst, "[02/Jan/2006:15:04:05 -0700] ")
	dst = append(append(append(dst, '"'), f.weighted(fakeMethods)...), ' ')
	resource := fakeResources[f.random.IntN(len(fakeResources))]
	if dst = append(dst, resource...); resource == cartResource {
		dst = strconv.AppendInt(dst, 1000+f.random.Int64N(9001), 10)
	}
	dst = append(append(dst, ` HTTP/1.0" `...), f.weighted(fakeStatus)...)
	dst = strconv.AppendInt(append(dst, ' '), int64(5000+50*f.random.NormFloat64()), 10)
	dst = append(append(dst, ` "`...), fakeURI(f.random)...)
	dst = append(append(dst, `" "`...), f.browser()...)
	return append(dst, "\"\n"...)
}

func (f *fake) tick(at time.Time) {
	switch {
	case f.real:
		f.clock = at
		return
	case f.clock.IsZero():
		f.clock = at
	}
	if f.step > 0 {
		f.clock = f.clock.Add(f.step)
		return
	}
	f.clock = f.clock.Add(time.Duration(30+f.random.IntN(271)) * time.Second)
}

func (f *fake) weighted(of []weighted) string {
	x := f.random.Float64()
	for _, w := range of {
		if x -= w.share; x < 0 {
			return w.text
		}
	}
	return of[0].text
}

func (f *fake) browser() string {
	x := f.random.Float64()
	for _, b := range fakeBrowsers {
		if x -= b.share; x < 0 {
			return b.agent(f.random)
		}
	}
	return firefox(f.random)
}
