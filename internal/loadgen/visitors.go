package loadgen

import (
	"math"
	"math/rand/v2"
	"strconv"
	"time"
)

// visitors draw requests. Of each kind the first ones are drawn far more often than the last.
type visitors struct {
	random *rand.Rand
	hosts  []string
	second int64  // of stamp
	stamp  []byte // [22/Nov/2026:18:49:57 +0000]
}

var (
	users  = []string{"frank", "j.doe", "maria", "ops_team", "li-wei"}
	pages  = []string{"/", "/products", "/products/blue-widget", "/search?q=widget", "/cart", "/assets/site.4f2c9a.css", "/assets/app.91be07.js", "/img/logo.svg", "/products/red-widget?ref=mail", "/blog/2026/windows-and-pumps", "/checkout/address", "/checkout/payment", "/api/v1/prices?sku=AB-1234-99", "/account/orders", "/about"}
	gone   = []string{"/old-catalogue.pdf", "/wp-login.php", "/favicon.ico", "/.env", "/products/green-widget"}
	posts  = []string{"/cart/items", "/checkout/payment", "/api/v1/sessions", "/newsletter"}
	from   = []string{"-", "https://www.example.com/", "https://www.example.com/products", "https://search.example.net/?q=widget", "https://news.example.org/item?id=4711"}
	agents = []string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
		"Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
		"Mozilla/5.0 (compatible; ExampleBot/2.1; +https://bot.example.net/)",
		"curl/8.14.1",
		"-",
	}
)

const hostCount = 300

func newVisitors(seed uint64) *visitors {
	v := &visitors{random: rand.New(rand.NewPCG(seed, 0x6d696c6c72616365)), second: math.MinInt64}
	for range hostCount {
		host := strconv.Itoa(11+v.random.IntN(200)) + "." + strconv.Itoa(v.random.IntN(256)) + "." + strconv.Itoa(v.random.IntN(256)) + "." + strconv.Itoa(1+v.random.IntN(254))
		v.hosts = append(v.hosts, host)
	}
	return v
}

// busy draws an index below n, the small ones often.
func (v *visitors) busy(n int) int {
	x := v.random.Float64()
	return int(x * x * x * float64(n))
}

func (v *visitors) pick(of []string) string { return of[v.busy(len(of))] }

// appendLine writes the next request: what it is depends on the seed and on elapsed, its time is at.
func (v *visitors) appendLine(dst []byte, elapsed time.Duration, at time.Time) []byte {
	status := v.status(elapsed)
	dst = append(dst, v.pick(v.hosts)...)
	dst = append(dst, " - "...)
	if v.random.IntN(20) == 0 {
		dst = append(dst, v.pick(users)...)
	} else {
		dst = append(dst, '-')
	}
	dst = append(dst, ' ')
	dst = append(dst, v.time(at)...)
	dst = append(dst, ` "`...)
	dst = v.appendRequest(dst, status)
	dst = append(dst, `" `...)
	dst = strconv.AppendInt(dst, int64(status), 10)
	dst = append(dst, ' ')
	dst = v.appendBytes(dst, status)
	dst = append(dst, ` "`...)
	dst = append(dst, v.pick(from)...)
	dst = append(dst, `" "`...)
	dst = append(dst, v.pick(agents)...)
	return append(dst, "\"\n"...)
}

// status draws a code. Missing pages swell and ebb within two minutes; every ninety seconds the server is in trouble for twelve; a redirect campaign comes
// and goes within three minutes.
func (v *visitors) status(elapsed time.Duration) int {
	s := elapsed.Seconds()
	missing := 0.04 + 0.03*math.Sin(2*math.Pi*s/120)
	redirect := 0.03 + 0.025*math.Sin(2*math.Pi*s/180)
	broken := 0.004
	if math.Mod(s, 90) >= 60 && math.Mod(s, 90) < 72 {
		broken = 0.12
	}
	x := v.random.Float64()
	for _, code := range [...]struct {
		status int
		share  float64
	}{{404, missing}, {301, redirect}, {500, broken * 0.7}, {503, broken * 0.3}, {304, 0.09}, {206, 0.01}, {403, 0.006}, {201, 0.02}} {
		if x -= code.share; x < 0 {
			return code.status
		}
	}
	return 200
}

func (v *visitors) appendRequest(dst []byte, status int) []byte {
	switch {
	case status == 201 || status == 200 && v.random.IntN(25) == 0:
		dst = append(dst, "POST "...)
		dst = append(dst, v.pick(posts)...)
	case status == 404 || status == 403:
		dst = append(dst, "GET "...)
		dst = append(dst, v.pick(gone)...)
	default:
		dst = append(dst, "GET "...)
		dst = append(dst, v.pick(pages)...)
	}
	return append(dst, " HTTP/1.1"...)
}

func (v *visitors) appendBytes(dst []byte, status int) []byte {
	switch {
	case status == 304:
		return append(dst, '-')
	case status >= 300:
		return strconv.AppendInt(dst, 180+int64(v.random.IntN(400)), 10)
	}
	return strconv.AppendInt(dst, int64(300*math.Exp(v.random.Float64()*5)), 10)
}

// time is the time in brackets, formatted once a second.
func (v *visitors) time(at time.Time) []byte {
	if second := at.Unix(); second != v.second {
		v.second = second
		v.stamp = at.UTC().AppendFormat(v.stamp[:0], "[02/Jan/2006:15:04:05 -0700]")
	}
	return v.stamp
}
