package searchindex

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/store"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// authInfo tells a caller who he is and which roles he has.
func authInfo(r *request) answer {
	c := &r.caller
	return answer{object: wire.Object{
		{Name: "user", Value: c.String()}, {Name: "user_name", Value: c.name}, {Name: "user_requested_tenant", Value: nil}, {Name: "remote_address", Value: r.RemoteAddr},
		{Name: "backend_roles", Value: list(c.backendRoles)}, {Name: "custom_attribute_names", Value: []string{}}, {Name: "roles", Value: list(c.roles)},
		{Name: "tenants", Value: wire.Object{{Name: c.name, Value: true}}}, {Name: "principal", Value: nil}, {Name: "peer_certificates", Value: "0"}, {Name: "sso_logout_url", Value: nil},
	}}
}

// list is the list itself, never null.
func list(texts []string) []string {
	if texts == nil {
		return []string{}
	}
	return texts
}

func securityHealth(*request) answer {
	return answer{object: wire.Object{{Name: "message", Value: nil}, {Name: "mode", Value: "strict"}, {Name: "status", Value: "UP"}, {Name: "settings", Value: wire.Object{}}}}
}

// said answers as the security plugin does.
func said(code int, status, message string) answer {
	return answer{status: code, object: wire.Object{{Name: "status", Value: status}, {Name: "message", Value: message}}}
}

func badRequest(reason string) *answer {
	return &answer{status: http.StatusBadRequest, object: wire.Object{{Name: "status", Value: "error"}, {Name: "reason", Value: reason}}}
}

// securityAPI reads and changes users, roles, role mappings and action groups; only administrators may.
func securityAPI(r *request) answer {
	kind, name := r.name, r.id
	if kind == "account" && name == "" {
		return account(r)
	}
	allowed := r.caller.everything || slices.Contains(r.caller.roles, "security_manager") || slices.Contains(r.caller.roles, "security_rest_api_access")
	switch {
	case !allowed:
		return said(http.StatusForbidden, "FORBIDDEN", "No permission to access REST API: User "+r.caller.name+" with Security roles ["+strings.Join(r.caller.roles, ", ")+
			"] does not have any role privileged for admin access. No client TLS certificate found in request")
	case !slices.Contains([]string{internalUsers, securityRoles, roleMappings, actionGroups}, kind):
		return refusal(wire.Unsupported("[" + kind + "] of the security interface"))
	case r.Method == http.MethodGet:
		return getDefinitions(r, kind, name)
	case r.Method == http.MethodPatch:
		return patchDefinitions(r, kind, name)
	case name == "" || r.Method == http.MethodPost:
		return answer{status: http.StatusMethodNotAllowed, object: wire.Object{{Name: "status", Value: "METHOD_NOT_ALLOWED"}, {Name: "message", Value: "Method " + r.Method + " not supported for this action."}}}
	case r.Method == http.MethodDelete:
		return deleteDefinition(r, kind, name)
	}
	return putDefinition(r, kind, name)
}

func account(r *request) answer {
	if r.Method != http.MethodGet {
		return refusal(wire.Unsupported("changing the own account: use internalusers; it"))
	}
	return answer{object: wire.Object{
		{Name: "user_name", Value: r.caller.name}, {Name: "is_reserved", Value: false}, {Name: "is_hidden", Value: false}, {Name: "is_internal_user", Value: true},
		{Name: "user_requested_tenant", Value: nil}, {Name: "backend_roles", Value: list(r.caller.backendRoles)}, {Name: "custom_attribute_names", Value: []string{}},
		{Name: "tenants", Value: wire.Object{}}, {Name: "roles", Value: list(r.caller.roles)},
	}}
}

func missing(name string) *answer {
	a := said(http.StatusNotFound, "NOT_FOUND", "Resource '"+name+"' not found.")
	return &a
}

func getDefinitions(r *request, kind, name string) answer {
	o := wire.Object{}
	failed := r.domain.index.store.View(r.domain.name, func(v *store.View) error {
		all := defined(viewLister{v}, kind)
		for _, one := range sortedNames(all) {
			if name == "" || name == one {
				_, reserved := builtIn(kind)[one]
				o = append(o, wire.Member{Name: one, Value: showDefinition(kind, all[one], reserved)})
			}
		}
		return nil
	})
	switch {
	case failed != nil:
		return failure(failed)
	case name != "" && len(o) == 0:
		return *missing(name)
	}
	return answer{object: o}
}

// showDefinition writes a definition with the members it always has; a password's hash is never shown.
func showDefinition(kind string, v jsontree.Value, reserved bool) wire.Object {
	lists := func(o wire.Object, names ...string) wire.Object {
		for _, name := range names {
			member, _ := v.Get(name)
			o = append(o, wire.Member{Name: name, Value: list(texts(member))})
		}
		return o
	}
	description, described := v.Get("description")
	var o wire.Object
	switch kind {
	case roleMappings:
		o = lists(wire.Object{}, "hosts", "users")
		o = append(o, wire.Member{Name: "reserved", Value: reserved}, wire.Member{Name: "hidden", Value: false})
		o = lists(o, "backend_roles", "and_backend_roles")
	case internalUsers:
		o = wire.Object{{Name: "hash", Value: ""}, {Name: "reserved", Value: reserved}, {Name: "hidden", Value: false}}
		attributes, _ := v.Get("attributes")
		o = append(lists(o, "backend_roles"), wire.Member{Name: "attributes", Value: raw(attributes, "{}")})
		o = append(lists(o, "opendistro_security_roles"), wire.Member{Name: "static", Value: reserved})
	case actionGroups:
		actions := v
		if allowed, ok := v.Get("allowed_actions"); ok {
			actions = allowed
		}
		o = wire.Object{{Name: "reserved", Value: reserved}, {Name: "hidden", Value: false}, {Name: "allowed_actions", Value: list(texts(actions))}, {Name: "static", Value: reserved}}
	default:
		o = lists(wire.Object{{Name: "reserved", Value: reserved}, {Name: "hidden", Value: false}}, "cluster_permissions")
		permissions, _ := v.Get("index_permissions")
		shown := []any{}
		for _, e := range permissions.Elems {
			patterns, _ := e.Get("index_patterns")
			actions, _ := e.Get("allowed_actions")
			shown = append(shown, wire.Object{{Name: "index_patterns", Value: list(texts(patterns))}, {Name: "fls", Value: []string{}}, {Name: "masked_fields", Value: []string{}}, {Name: "allowed_actions", Value: list(texts(actions))}})
		}
		tenants, _ := v.Get("tenant_permissions")
		o = append(o, wire.Member{Name: "index_permissions", Value: shown}, wire.Member{Name: "tenant_permissions", Value: raw(tenants, "[]")}, wire.Member{Name: "static", Value: reserved})
	}
	if described {
		o = append(o, wire.Member{Name: "description", Value: description.Text})
	}
	return o
}

func raw(v jsontree.Value, otherwise string) json.RawMessage {
	if v.Kind == jsontree.Null || v.Raw == "" {
		return json.RawMessage(otherwise)
	}
	return json.RawMessage(v.Raw)
}

func putDefinition(r *request, kind, name string) answer {
	v, err := r.object()
	if err != nil {
		return *badRequest("Request body required for this action.")
	}
	body, refused := checkDefinition(kind, name, v)
	if refused != nil {
		return *refused
	}
	return r.define(kind, func(d definer) (string, string, *answer) { return name, body, nil })
}

// define keeps what change makes, unless it is reserved, or maps a role that is not there.
func (r *request) define(kind string, change func(definer) (name, body string, refused *answer)) answer {
	var a *answer
	failed := r.domain.index.store.Update(r.Context(), func(tx *store.Tx) {
		l := txLister{tx, r.domain.name}
		name, body, refused := change(l)
		if a = refused; a != nil {
			return
		}
		if _, reserved := builtIn(kind)[name]; reserved {
			denied := said(http.StatusForbidden, "FORBIDDEN", "Resource '"+name+"' is reserved.")
			a = &denied
			return
		}
		before := defined(l, kind)
		if kind == roleMappings {
			if _, known := rolesOf(l)[name]; !known {
				denied := said(http.StatusNotFound, "NOT_FOUND", "role '"+name+"' not found.")
				a = &denied
				return
			}
		}
		old, exists := before[name]
		if kind == internalUsers {
			if body, a = keepHash(body, old); a != nil {
				return
			}
		}
		tx.Define(r.domain.name, kind, name, body)
		done := said(http.StatusCreated, "CREATED", "'"+name+"' created.")
		if exists {
			done = said(http.StatusOK, "OK", "'"+name+"' updated.")
		}
		a = &done
	})
	if failed != nil {
		return failure(failed)
	}
	return *a
}

// keepHash leaves a user the password that he has when none is given.
func keepHash(body string, old jsontree.Value) (string, *answer) {
	v := storedObject(body)
	if _, given := v.Get("hash"); given {
		return body, nil
	}
	hash, ok := old.Get("hash")
	if !ok {
		return "", badRequest("Please specify either 'hash' or 'password' when creating a new internal user.")
	}
	o := wire.Object{{Name: "hash", Value: hash.Text}}
	for _, m := range v.Members {
		o = append(o, wire.Member{Name: m.Name, Value: json.RawMessage(m.Value.Raw)})
	}
	return string(wire.Append(nil, o)), nil
}

func deleteDefinition(r *request, kind, name string) answer {
	var a answer
	failed := r.domain.index.store.Update(r.Context(), func(tx *store.Tx) {
		l := txLister{tx, r.domain.name}
		_, exists := defined(l, kind)[name]
		_, reserved := builtIn(kind)[name]
		switch {
		case !exists:
			a = *missing(name)
		case reserved:
			a = said(http.StatusForbidden, "FORBIDDEN", "Resource '"+name+"' is reserved.")
		case kind == roleMappings && name == "all_access":
			tx.Define(r.domain.name, kind, name, removedDefinition)
			a = said(http.StatusOK, "OK", "'"+name+"' deleted.")
		default:
			tx.Undefine(r.domain.name, kind, name)
			a = said(http.StatusOK, "OK", "'"+name+"' deleted.")
		}
	})
	if failed != nil {
		return failure(failed)
	}
	return a
}
