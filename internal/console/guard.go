package console

import (
	"net"
	"net/http"
	"net/url"
	"strings"
)

// contentPolicy lets a page load its own files and call its own server, and
// nothing else: log lines are written by strangers, and whatever one of them
// smuggles into a page finds nothing to run and nowhere to send.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// guard is what every request passes, before it is known what it asks for:
// response headers, then the host it was sent to, then the page it comes from.
func (c *Console) guard(next http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	crossOrigin.SetDenyHandler(http.HandlerFunc(refuseOrigin))
	next = crossOrigin.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if !c.hosts[hostname(r.Host)] {
			problem(w, http.StatusMisdirectedRequest, "host "+quoted(r.Host)+" is not one of this console's names")
			return
		}
		// Reading across origins is useless without CORS; it is refused all the
		// same, as live streams and searches cost something.
		if foreign(r) {
			refuseOrigin(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func refuseOrigin(w http.ResponseWriter, r *http.Request) {
	problem(w, http.StatusForbidden, "requests from pages of other origins are refused")
}

// foreign tells whether a script of another origin sent the request. A person
// who follows a link from elsewhere to a page is welcome.
func foreign(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" {
		u, err := url.Parse(origin)
		return err != nil || !strings.EqualFold(u.Host, r.Host)
	}
	site := r.Header.Get("Sec-Fetch-Site")
	return (site == "cross-site" || site == "same-site") && r.Header.Get("Sec-Fetch-Mode") != "navigate"
}

// allowedHosts are the loopback names and the given ones, lower case.
func allowedHosts(more []string) map[string]bool {
	hosts := map[string]bool{"localhost": true, "127.0.0.1": true, "::1": true}
	for _, h := range more {
		hosts[strings.ToLower(strings.Trim(h, "[]"))] = true
	}
	return hosts
}

// hostname is a Host header without port and brackets, lower case.
func hostname(hostport string) string {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}
