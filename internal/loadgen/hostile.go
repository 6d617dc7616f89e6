package loadgen

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"time"
)

// hostile changes a share of another source's lines into such as servers on the open internet really log and readers stumble over. None has a newline inside.
type hostile struct {
	lines  source
	random *rand.Rand
	share  float64
}

func newHostile(lines source, seed uint64, share float64) *hostile {
	return &hostile{lines: lines, random: rand.New(rand.NewPCG(seed, 0x686f7374696c65)), share: share}
}

// Texts in place of a request, a referer or an agent.
var (
	hostileRequests = []string{"-", "", `\x16\x03\x01\x02\x00\x01`, `GET /?q=\"quoted\" HTTP/1.1`, `GET /a" "b HTTP/1.1`, "GET /\xff\xfe\xc3\x28 HTTP/1.1", "GET /${jndi:ldap://x.invalid/a} HTTP/1.1",
		"GET /?id=1%27%20OR%20%271%27=%271 HTTP/1.1", "GET /<script>alert(1)</script> HTTP/1.1", "GET /\u2028\u0085 HTTP/1.1", "GET /\x00\x1b[31m HTTP/1.1", "GET /日本/😀 HTTP/1.1", `GET /back\slash\ HTTP/1.1`,
		"GET /" + strings.Repeat("A", 8000) + " HTTP/1.1", "T", "OPTIONS * HTTP/1.1", "CONNECT x.invalid:443 HTTP/1.1"}
	hostileTexts = []string{"", `say \"hi\"`, `ends with \`, "\xf0\x9f\x98", "'; DROP TABLE visitors; --", "\t\t", "null", strings.Repeat("agent ", 500), `{"json":"inside"}`, "é\u00a0ü"}
	hostileHosts = []string{"2001:db8::7", "::1", "unknown", "10.0.0.1, 10.0.0.2", "xn--bcher-kva.example", "-", "host_with_underscore", "fe80::1%eth0"}
	hostileBytes = []string{"-", "0", "18446744073709551616", "-1"}
)

func (h *hostile) appendLine(dst []byte, elapsed time.Duration, at time.Time) []byte {
	start := len(dst)
	dst = h.lines.appendLine(dst, elapsed, at)
	if h.random.Float64() >= h.share {
		return dst
	}
	line := bytes.TrimSuffix(dst[start:], []byte("\n"))
	return append(append(dst[:start], h.change(string(line))...), '\n')
}

// change takes a combined line.
func (h *hostile) change(line string) string {
	quoted := strings.Split(line, `"`) // host…, request, status and bytes, referer, blank, agent, rest
	if len(quoted) != 7 {
		return line
	}
	pick := func(of []string) string { return of[h.random.IntN(len(of))] }
	switch h.random.IntN(8) {
	case 0:
		_, rest, _ := strings.Cut(quoted[0], " ")
		quoted[0] = pick(hostileHosts) + " " + rest
	case 1, 2:
		quoted[1] = pick(hostileRequests)
	case 3:
		status := strings.Fields(quoted[2])
		quoted[2] = " " + status[0] + " " + pick(hostileBytes) + " "
	case 4:
		quoted[3] = pick(hostileTexts)
	case 5:
		quoted[5] = pick(hostileTexts)
	case 6:
		quoted[6] += "\r"
	case 7:
		return line[:h.random.IntN(len(line))] // a line that was cut off
	}
	return strings.Join(quoted, `"`)
}
