package console

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net"
	"net/http"
	"strings"
)

// auth knows the token. A command sends it as a bearer; a browser brings it
// once in the address and gets a cookie for it:
//
//	GET /?token=T ──▶ 303 /  Set-Cookie (HttpOnly, SameSite=Strict) ──▶ GET / ──▶ 200
//
// so that it stays neither in the address bar nor in the history.
type auth struct {
	token  [sha256.Size]byte // hashes compare in constant time whatever the length
	cookie string
}

func newAuth(token string) *auth {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("millrace console cookie"))
	return &auth{token: sha256.Sum256([]byte(token)), cookie: hex.EncodeToString(mac.Sum(nil))}
}

// allowed accepts a bearer token or the cookie. A bearer that is wrong is
// refused even beside a good cookie.
func (a *auth) allowed(r *http.Request) bool {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		return strings.EqualFold(scheme, "Bearer") && a.isToken(strings.TrimSpace(token))
	}
	cookie, err := r.Cookie(cookieName(r))
	return err == nil && subtle.ConstantTimeCompare([]byte(cookie.Value), []byte(a.cookie)) == 1
}

func (a *auth) isToken(token string) bool {
	sum := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(sum[:], a.token[:]) == 1
}

// api guards what programs call: without a token, 401 and how to bring one.
func (a *auth) api(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !a.allowed(r) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="millrace console"`)
			problem(w, http.StatusUnauthorized, "the console's token is missing or wrong: send it as Authorization: Bearer TOKEN")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// page guards what people open: a token in the address becomes a cookie,
// without one the page asks for it.
func (a *auth) page(p *pages) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		switch {
		case query.Has("token"):
			if !a.isToken(query.Get("token")) {
				p.signIn(w)
				return
			}
			http.SetCookie(w, a.newCookie(r))
			query.Del("token")
			to := *r.URL
			to.RawQuery = query.Encode()
			http.Redirect(w, r, to.RequestURI(), http.StatusSeeOther)
		case !a.allowed(r):
			p.signIn(w)
		default:
			p.app(w, r)
		}
	})
}

// newCookie lives as long as the browser's session.
func (a *auth) newCookie(r *http.Request) *http.Cookie {
	return &http.Cookie{
		Name: cookieName(r), Value: a.cookie, Path: "/",
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
	}
}

// cookieName holds the port: browsers share the cookies of a host between its
// ports, and two servers on one machine would sign each other's people out.
func cookieName(r *http.Request) string {
	_, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		return "millrace_console"
	}
	return "millrace_console_" + port
}
