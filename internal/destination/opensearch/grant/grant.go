// Package grant lets a deliverer into a search server that asks for roles: OpenSearch's security plugin, Elasticsearch's
// security, the embedded index.
//
//	who delivers ──▶ a mapping or a user ──▶ a role ──▶ "may make the indices analysed-logs-* and write them"
//
// New reads what is there and keeps the calls that are missing, so a second grant has none, and what others were granted
// stays as it is.
package grant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// AllAccess is the role that may do everything, in OpenSearch.
const AllAccess = "all_access"

// superuser is the same in Elasticsearch.
const superuser = "superuser"

// ErrNoSecurity means that the server asks nobody for a role: there is nothing to grant.
var ErrNoSecurity = errors.New("the server has no security: it lets in whoever reaches it")

// Server is asked as one of its administrators.
type Server interface {
	// Do sends a request and returns the answer's status and body, whatever it is. Its error is that there was none.
	Do(ctx context.Context, method, path string, body []byte) (status int, answer []byte, err error)
}

// Request says who is to write where.
type Request struct {
	// Principal delivers: the ARN of a role, or the name of a user.
	Principal string
	// Indices are patterns of index names; not used with AllAccess.
	Indices []string
	// Role is the name of the role that is made for it.
	Role      string
	AllAccess bool
}

// Call is one request that changes something.
type Call struct {
	Method, Path string
	Body         json.RawMessage
}

func (c Call) String() string { return c.Method + " " + c.Path + "\n" + string(c.Body) }

// Key is an API key that Elasticsearch made. It is shown once.
type Key struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Encoded string `json:"encoded"` // for the header "Authorization: ApiKey …"
}

// Grant is what is missing.
type Grant struct {
	server Server
	Calls  []Call
}

// New reads the server's roles. It returns ErrNoSecurity if the server has none.
func New(ctx context.Context, server Server, r Request) (*Grant, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	g := &Grant{server: server}
	api, err := security(ctx, server)
	switch {
	case err != nil:
		return nil, err
	case api != "":
		return g, g.openSearch(ctx, api, r)
	}
	return g, g.elasticsearch(ctx, r)
}

// security finds where an OpenSearch server keeps its roles; "" means Elasticsearch's way. The error is ErrNoSecurity if
// the server has none.
func security(ctx context.Context, server Server) (api string, err error) {
	for _, root := range []string{"/_plugins/_security", "/_opendistro/_security"} { // the second one up to Elasticsearch 7.10 of Amazon
		status, answer, err := server.Do(ctx, http.MethodGet, root+"/authinfo", nil)
		switch {
		case err != nil:
			return "", fmt.Errorf("ask for security: %w", err)
		case status == http.StatusOK:
			return root + "/api", nil
		case !unknownPath(status):
			return "", refused("ask for security", status, answer)
		}
	}
	status, answer, err := server.Do(ctx, http.MethodGet, "/_security/_authenticate", nil)
	switch {
	case err != nil:
		return "", fmt.Errorf("ask for security: %w", err)
	case status == http.StatusOK:
		return "", nil
	case unknownPath(status), status == http.StatusInternalServerError && strings.Contains(string(answer), "not enabled"):
		return "", ErrNoSecurity
	}
	return "", refused("ask for security", status, answer)
}

func (r Request) check() error {
	switch {
	case r.Principal == "":
		return errors.New("grant to nobody: want the ARN of a role or the name of a user")
	case r.AllAccess:
		return nil
	case r.Role == "" || strings.ContainsAny(r.Role, "/?#% "):
		return fmt.Errorf("role name %q: want letters, digits, _ and -", r.Role)
	case len(r.Indices) == 0:
		return errors.New("grant of no index: want a pattern of index names")
	}
	for _, pattern := range r.Indices {
		if pattern == "" || strings.ContainsAny(pattern, " ,\"\\/") {
			return fmt.Errorf("index pattern %q: want the name of an index, with * for what may follow", pattern)
		}
	}
	return nil
}

// isRole tells a role, which comes as a backend role, from a user.
func (r Request) isRole() bool { return strings.HasPrefix(r.Principal, "arn:") }

// Apply makes the calls in their order. The key is Elasticsearch's for a role; nil otherwise.
func (g *Grant) Apply(ctx context.Context) (*Key, error) {
	var key *Key
	for _, c := range g.Calls {
		status, answer, err := g.server.Do(ctx, c.Method, c.Path, c.Body)
		what := c.Method + " " + c.Path
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", what, err)
		case status >= 300:
			return nil, refused(what, status, answer)
		case c.Path == apiKeyPath:
			key = &Key{}
			if err := json.Unmarshal(answer, key); err != nil {
				return nil, fmt.Errorf("%s: read the key: %w", what, err)
			}
			if key.Encoded == "" {
				return nil, fmt.Errorf("%s: the answer holds no key", what)
			}
		}
	}
	return key, nil
}

func (g *Grant) add(method, path string, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic("BUG: a call that JSON cannot write: " + err.Error())
	}
	g.Calls = append(g.Calls, Call{method, path, text})
}

// read gets what is kept under a name of a path; false if there is none.
func (g *Grant) read(ctx context.Context, path, name string, into any) (bool, error) {
	status, answer, err := g.server.Do(ctx, http.MethodGet, path+url.PathEscape(name), nil)
	switch {
	case err != nil:
		return false, fmt.Errorf("read %s: %w", path+name, err)
	case status == http.StatusNotFound:
		return false, nil
	case status != http.StatusOK:
		return false, refused("read "+path+name, status, answer)
	}
	var named map[string]json.RawMessage
	if err := json.Unmarshal(answer, &named); err != nil {
		return false, fmt.Errorf("read %s: %w", path+name, err)
	}
	if named[name] == nil {
		return false, nil
	}
	if err := json.Unmarshal(named[name], into); err != nil {
		return false, fmt.Errorf("read %s: %w", path+name, err)
	}
	return true, nil
}

// unknownPath is how servers answer a path that they have no handler for.
func unknownPath(status int) bool {
	return status == http.StatusNotFound || status == http.StatusBadRequest || status == http.StatusMethodNotAllowed || status == http.StatusNotImplemented
}

func refused(what string, status int, answer []byte) error {
	const shown = 500
	text := strings.TrimSpace(string(answer))
	if len(text) > shown {
		text = strings.ToValidUTF8(text[:shown], "") + "…"
	}
	return fmt.Errorf("%s: %d %s: %s", what, status, http.StatusText(status), text)
}
