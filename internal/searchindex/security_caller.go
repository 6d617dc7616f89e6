package searchindex

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/store"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// caller is who sends a request, and what he may do.
type caller struct {
	name         string
	backendRoles []string
	roles        []string
	everything   bool // nothing is asked of roles
	access       []role
}

// user finds who a request with basic authentication is from; ok is false when it has none or the wrong password.
func (d *domain) user(r *http.Request) (who caller, ok bool) {
	name, password, basic := r.BasicAuth()
	if !basic {
		return caller{}, false
	}
	digest := sha256.Sum256([]byte(password))
	want, known := d.index.users[name]
	if subtle.ConstantTimeCompare(want[:], digest[:]) == 1 && known {
		return caller{name: name, backendRoles: []string{"admin"}, roles: []string{"all_access"}, everything: true}, true
	}
	if access := d.access(); access.MasterUser != "" && access.MasterUser == name {
		want = sha256.Sum256([]byte(access.MasterPassword))
		if subtle.ConstantTimeCompare(want[:], digest[:]) == 1 {
			return caller{name: name, roles: []string{"all_access", "security_manager"}, everything: true}, true
		}
	}
	body := d.definition(internalUsers, name)
	if body == "" {
		return caller{}, false
	}
	user := storedObject(body)
	hash, _ := user.Get("hash")
	if !d.index.fits(name, password, hash.Text) { // takes long: nobody waits for it
		return caller{}, false
	}
	backend, _ := user.Get("backend_roles")
	direct, _ := user.Get("opendistro_security_roles")
	who = caller{name: name, backendRoles: texts(backend)}
	return who, d.take(&who, texts(direct)) == nil
}

// definition is the text of one, "" when there is none.
func (d *domain) definition(kind, name string) (body string) {
	_ = d.index.store.View(d.name, func(v *store.View) error { // an index that closes knows nobody
		body = v.Definitions(kind)[name]
		return nil
	})
	return body
}

// take gives a caller his roles as they are at this moment.
func (d *domain) take(who *caller, direct []string) error {
	return d.index.store.View(d.name, func(v *store.View) error {
		who.take(viewLister{v}, direct)
		return nil
	})
}

func (d *domain) access() Access {
	if d.index.opts.Access == nil {
		return Access{}
	}
	return d.index.opts.Access(d.name)
}

// signer finds who signed a request; status is 0, or the one that refuses it.
func (d *domain) signer(r *http.Request, body []byte) (who caller, status int) {
	if d.index.opts.Authorize == nil {
		return who, http.StatusUnauthorized
	}
	principal, ok := d.index.opts.Authorize(d.name, r, body)
	switch {
	case !ok && principal != "":
		return who, http.StatusForbidden
	case !ok:
		return who, http.StatusUnauthorized
	}
	access := d.access()
	who = caller{name: principal, backendRoles: []string{principal}}
	if !access.FineGrained || access.MasterARN != "" && access.MasterARN == principal {
		who.everything, who.roles = true, []string{"all_access"}
		return who, 0
	}
	if err := d.take(&who, nil); err != nil {
		return who, http.StatusServiceUnavailable
	}
	return who, 0
}

// take gives the caller the roles that the mappings name, and those of his own.
func (c *caller) take(d definer, direct []string) {
	roles := rolesOf(d)
	for name, mapping := range mappingsOf(d) {
		if c.mapped(mapping) {
			direct = append(direct, name)
		}
	}
	slices.Sort(direct)
	c.roles = slices.Compact(direct)
	for _, name := range c.roles {
		if v, there := roles[name]; there {
			c.access = append(c.access, parseRole(v, d))
		}
	}
	c.everything = slices.Contains(c.roles, "all_access")
}

// mapped reports whether a role mapping means the caller: by name, by one of his backend roles, or by having all of
// and_backend_roles.
func (c *caller) mapped(m jsontree.Value) bool {
	users, _ := m.Get("users")
	backend, _ := m.Get("backend_roles")
	all, _ := m.Get("and_backend_roles")
	has := func(pattern string) bool {
		return slices.ContainsFunc(c.backendRoles, func(role string) bool { return like(pattern, role) })
	}
	if slices.ContainsFunc(texts(users), func(pattern string) bool { return like(pattern, c.name) }) || slices.ContainsFunc(texts(backend), has) {
		return true
	}
	needed := texts(all)
	return len(needed) > 0 && !slices.ContainsFunc(needed, func(pattern string) bool { return !has(pattern) })
}

// String is how messages name the caller.
func (c *caller) String() string {
	return fmt.Sprintf("User [name=%s, backend_roles=[%s], requestedTenant=null]", c.name, strings.Join(c.backendRoles, ", "))
}

// hashPassword makes what is kept of a password: pbkdf2-sha256$rounds$salt$key.
func hashPassword(password string) string {
	var salt [16]byte
	_, _ = rand.Read(salt[:]) // never fails
	return formatHash(password, salt[:])
}

const passwordRounds = 100_000

func formatHash(password string, salt []byte) string {
	key, err := pbkdf2.Key(sha256.New, password, salt, passwordRounds, sha256.Size)
	if err != nil {
		panic("BUG: pbkdf2: " + err.Error())
	}
	return fmt.Sprintf("pbkdf2-sha256$%d$%s$%s", passwordRounds, base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

// fits reports whether a password is the one whose hash is kept. What fitted once is remembered, for the hash takes long.
func (x *Index) fits(name, password, hash string) bool {
	digest := sha256.Sum256([]byte(name + "\x00" + hash + "\x00" + password))
	if _, known := x.verified.Load(digest); known {
		return true
	}
	parts := strings.Split(hash, "$")
	if len(parts) != 4 {
		return false
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[2])
	if err != nil || subtle.ConstantTimeCompare([]byte(formatHash(password, salt)), []byte(hash)) != 1 {
		return false
	}
	x.verified.Store(digest, true)
	return true
}

// weakPassword tells what is wrong with a password, as Amazon's domains judge it.
func weakPassword(name, password string) string {
	const special = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ "
	has := func(within func(rune) bool) bool { return strings.ContainsFunc(password, within) }
	switch {
	case len(password) < 8, len(password) > 128,
		!has(func(r rune) bool { return r >= 'a' && r <= 'z' }), !has(func(r rune) bool { return r >= 'A' && r <= 'Z' }),
		!has(func(r rune) bool { return r >= '0' && r <= '9' }), !has(func(r rune) bool { return strings.ContainsRune(special, r) }):
		return "Weak password"
	case strings.Contains(strings.ToLower(password), strings.ToLower(name)):
		return "Password is similar to user name"
	}
	return ""
}

func forbidden(c *caller, actions ...string) *wire.Error {
	e := wire.Errorf("security_exception", "no permissions for [%s] and %s", strings.Join(actions, ", "), c)
	e.Status = http.StatusForbidden
	return e
}
