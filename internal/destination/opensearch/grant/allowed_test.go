package grant

import (
	"errors"
	"testing"
)

// Whoever may write by any role is told from whoever may not: by name or ARN, by all_access, by patterns and groups of actions.
func TestAllowed(t *testing.T) {
	const me = "arn:aws:iam::1:role/r"
	for name, c := range map[string]struct {
		mappings, roles string
		indices         []string
		want            bool
	}{
		"nobody":          {`{}`, `{}`, []string{"a-*"}, false},
		"another":         {`{"all_access":{"backend_roles":["admin"],"users":["u"]}}`, `{}`, []string{"a-*"}, false},
		"all access":      {`{"all_access":{"backend_roles":["admin","` + me + `"]}}`, `{}`, []string{"a-*"}, true},
		"as a user":       {`{"w":{"users":["` + me + `"]}}`, `{"w":{"index_permissions":[{"index_patterns":["a-*"],"allowed_actions":["crud","create_index"]}]}}`, []string{"a-*"}, true},
		"wider pattern":   {`{"w":{"backend_roles":["arn:aws:iam::1:role/*"]}}`, `{"w":{"index_permissions":[{"index_patterns":["*"],"allowed_actions":["*"]}]}}`, []string{"a-*", "b"}, true},
		"across slashes":  {`{"w":{"users":["arn:*"]}}`, `{"w":{"index_permissions":[{"index_patterns":["?-*"],"allowed_actions":["*"]}]}}`, []string{"a-*"}, true},
		"one is missing":  {`{"w":{"backend_roles":["` + me + `"]}}`, `{"w":{"index_permissions":[{"index_patterns":["a-*"],"allowed_actions":["*"]}]}}`, []string{"a-*", "b"}, false},
		"two roles":       {`{"w":{"backend_roles":["` + me + `"]},"v":{"users":["*"]}}`, `{"w":{"index_permissions":[{"index_patterns":["a-*"],"allowed_actions":["indices_all"]}]},"v":{"index_permissions":[{"index_patterns":["b"],"allowed_actions":["write","manage"]}]}}`, []string{"a-*", "b"}, true},
		"only reads":      {`{"w":{"backend_roles":["` + me + `"]}}`, `{"w":{"index_permissions":[{"index_patterns":["*"],"allowed_actions":["read","create_index"]}]}}`, []string{"a-*"}, false},
		"makes no index":  {`{"w":{"backend_roles":["` + me + `"]}}`, `{"w":{"index_permissions":[{"index_patterns":["*"],"allowed_actions":["crud"]}]}}`, []string{"a-*"}, false},
		"role is missing": {`{"w":{"backend_roles":["` + me + `"]}}`, `{}`, []string{"a-*"}, false},
	} {
		got, err := Allowed(t.Context(), answers{"GET /_plugins/_security/authinfo": "200 {}", "GET /_plugins/_security/api/rolesmapping": "200 " + c.mappings,
			"GET /_plugins/_security/api/roles": "200 " + c.roles}, Request{Principal: me, Indices: c.indices})
		if err != nil || got != c.want {
			t.Errorf("%s: %t, %v", name, got, err)
		}
	}
	nothing := answers{"GET /_plugins/_security/authinfo": "400 no handler", "GET /_opendistro/_security/authinfo": "400 no handler", "GET /_security/_authenticate": "400 no handler"}
	if _, err := Allowed(t.Context(), nothing, Request{Principal: me}); !errors.Is(err, ErrNoSecurity) {
		t.Error(err)
	}
	nothing["GET /_security/_authenticate"] = "200 {}"
	if _, err := Allowed(t.Context(), nothing, Request{Principal: me}); !errors.Is(err, ErrUnseen) {
		t.Error(err)
	}
	hidden := answers{"GET /_plugins/_security/authinfo": "200 {}", "GET /_plugins/_security/api/rolesmapping": "403 no", "GET /_plugins/_security/api/roles": "403 no"}
	if _, err := Allowed(t.Context(), hidden, Request{Principal: me}); !errors.Is(err, ErrUnseen) {
		t.Error(err)
	}
	if _, err := Allowed(t.Context(), answers{"GET /_plugins/_security/authinfo": "401 Unauthorized"}, Request{Principal: me}); err == nil || errors.Is(err, ErrUnseen) {
		t.Error(err)
	}
	nothing["GET /_security/_authenticate"] = "500 out of memory"
	if _, err := Allowed(t.Context(), nothing, Request{Principal: me}); err == nil || errors.Is(err, ErrNoSecurity) {
		t.Errorf("a server in trouble is none without security: %v", err)
	}
	if _, err := Allowed(t.Context(), answers{}, Request{Principal: me}); err == nil {
		t.Error("no answer is an answer")
	}
}
