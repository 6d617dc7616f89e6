package searchindex_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/searchindex"
)

const deliverer = "arn:aws:iam::123456789012:role/firehose-role"

// A conversation under testdata/security names who speaks behind the method: a user with the password below, or the
// ARN of a role that signs. The domain has fine-grained access control.
const userPassword = "Qz7-tulip-Harbor!"

func TestSecurityWire(t *testing.T) {
	x := openIndex(t, searchindex.Options{
		Access: func(namespace string) searchindex.Access {
			return searchindex.Access{FineGrained: true, MasterARN: "arn:aws:iam::123456789012:role/master", MasterUser: "boss", MasterPassword: userPassword}
		},
		Authorize: func(_ string, r *http.Request, _ []byte) (string, bool) {
			who, ok := strings.CutPrefix(r.Header.Get("Authorization"), "signed ")
			return who, ok
		},
	})
	const file = "testdata/security/grant.txt"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	h := x.Namespace("demo")
	var out strings.Builder
	for _, e := range parseExchanges(t, string(text)) {
		who := strings.TrimPrefix(e.header, " | ")
		status, answer := speak(h, e, who)
		if !*rewrite && (status != e.status || answer != e.answer) {
			t.Errorf("%s> %s %s | %s\n%s< found %s\n%s< wanted %s\n%s", e.comment, e.method, e.path, who, e.body, status, answer, e.status, e.answer)
		}
		out.WriteString(e.comment + "> " + e.method + " " + e.path + e.header + "\n" + e.body + "< " + status + "\n" + answer + "\n")
	}
	if *rewrite {
		if err := os.WriteFile(file, []byte(strings.TrimRight(out.String(), "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func speak(h http.Handler, e exchange, who string) (status, answer string) {
	return e.sendTo(h, func(r *http.Request) {
		r.RemoteAddr = "127.0.0.1:1"
		r.Header.Del("Authorization")
		switch {
		case who == "nobody":
		case strings.HasPrefix(who, "arn:"):
			r.Header.Set("Authorization", "signed "+who)
		case who == user:
			r.SetBasicAuth(user, password)
		default:
			name, given, _ := strings.Cut(who, ":")
			if given == "" {
				given = userPassword
			}
			r.SetBasicAuth(name, given)
		}
	})
}

// Users and mappings are there after a restart, and only in their domain; a domain without fine-grained access control
// asks no mapping.
func TestSecurityLasts(t *testing.T) {
	dir := t.TempDir()
	opts := searchindex.Options{
		Dir:       dir,
		Access:    func(namespace string) searchindex.Access { return searchindex.Access{FineGrained: namespace != "open"} },
		Authorize: func(_ string, r *http.Request, _ []byte) (string, bool) { return deliverer, true },
	}
	x := openIndex(t, opts)
	put := func(path, body string) {
		t.Helper()
		if status, answer := speak(x.Namespace("closed"), exchange{method: "PUT", path: path, body: body + "\n"}, user); status != "201" && status != "200" {
			t.Fatal(path, status, answer)
		}
	}
	put("/_plugins/_security/api/internalusers/reader", `{"password":"`+userPassword+`","backend_roles":["readers"]}`)
	put("/_plugins/_security/api/rolesmapping/readall", `{"backend_roles":["readers"]}`)
	put("/_plugins/_security/api/rolesmapping/all_access", `{"backend_roles":["admin","`+deliverer+`"]}`)
	x.Close()
	x = openIndex(t, opts)
	document := exchange{method: "PUT", path: "/logs/_doc/1", body: "{\"a\":1}\n"}
	read := exchange{method: "GET", path: "/logs/_search"}
	for _, c := range []struct {
		namespace, who, want string
		e                    exchange
	}{
		{"closed", deliverer, "201", document},
		{"closed", "reader", "200", read},
		{"closed", "reader", "403", document},
		{"closed", "reader:wrong", "401", read},
		{"other", "reader", "401", read},
		{"other", deliverer, "403", document},
		{"open", deliverer, "201", document},
	} {
		if status, answer := speak(x.Namespace(c.namespace), c.e, c.who); status != c.want {
			t.Errorf("%s of %s as %s: %s %s", c.e.path, c.namespace, c.who, status, answer)
		}
	}
	if err := x.DropNamespace(t.Context(), "closed"); err != nil {
		t.Fatal(err)
	}
	if status, _ := speak(x.Namespace("closed"), read, "reader"); status != "401" {
		t.Errorf("a user of a dropped domain: %s", status)
	}
}

// No secret is kept as it was given, nor shown.
func TestPasswordsAreHashed(t *testing.T) {
	dir := t.TempDir()
	x := openIndex(t, searchindex.Options{Dir: dir})
	e := exchange{method: "PUT", path: "/_plugins/_security/api/internalusers/reader", body: `{"password":"` + userPassword + `"}` + "\n"}
	if status, answer := speak(x.Namespace("n"), e, user); status != "201" {
		t.Fatal(status, answer)
	}
	e = exchange{method: "GET", path: "/_plugins/_security/api/internalusers"}
	if _, answer := speak(x.Namespace("n"), e, user); strings.Contains(answer, "tulip") || strings.Contains(answer, "pbkdf2") {
		t.Error(answer)
	}
	x.Close()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(dir + "/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "tulip") {
			t.Errorf("%s holds the password", f.Name())
		}
	}
}
