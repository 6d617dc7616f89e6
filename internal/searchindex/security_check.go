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

// definitionMembers are what a definition may say. What is not carried out is refused where it says something.
var definitionMembers = map[string][]string{
	internalUsers: {"password", "hash", "backend_roles", "attributes", "description", "opendistro_security_roles"},
	securityRoles: {"cluster_permissions", "index_permissions", "tenant_permissions", "description"},
	roleMappings:  {"backend_roles", "and_backend_roles", "hosts", "users", "description"},
	actionGroups:  {"allowed_actions", "type", "description"},
}

// shownOnly are members that answers have and that come back with them.
var shownOnly = []string{"reserved", "hidden", "static"}

// checkDefinition returns the text to keep, or the answer that refuses it.
func checkDefinition(kind, name string, v jsontree.Value) (body string, refused *answer) {
	kept := wire.Object{}
	for _, m := range v.Members {
		switch {
		case slices.Contains(shownOnly, m.Name):
			continue
		case !slices.Contains(definitionMembers[kind], m.Name):
			return "", &answer{status: http.StatusBadRequest, object: wire.Object{
				{Name: "status", Value: "error"}, {Name: "reason", Value: "Invalid configuration"}, {Name: "invalid_keys", Value: wire.Object{{Name: "keys", Value: m.Name}}}}}
		case m.Name == "hosts" && len(m.Value.Elems) > 0, m.Name == "tenant_permissions" && len(m.Value.Elems) > 0:
			a := refusal(wire.Unsupported("[" + m.Name + "] of a definition of access control"))
			return "", &a
		case m.Name == "password":
			if weak := weakPassword(name, m.Value.Text); weak != "" {
				return "", badRequest(weak)
			}
			kept = append(kept, wire.Member{Name: "hash", Value: hashPassword(m.Value.Text)})
			continue
		case m.Name == "hash" && m.Value.Text == "":
			continue
		case m.Name == "hash" && !strings.HasPrefix(m.Value.Text, "pbkdf2-sha256$"):
			a := refusal(wire.Unsupported("a user's [hash] that was not made here: give the [password]; it"))
			return "", &a
		case m.Name == "index_permissions":
			if a := checkIndexPermissions(m.Value); a != nil {
				return "", a
			}
		case slices.Contains([]string{"backend_roles", "and_backend_roles", "users", "cluster_permissions", "allowed_actions", "opendistro_security_roles"}, m.Name) && m.Value.Kind != jsontree.Array:
			return "", &answer{status: http.StatusBadRequest, object: wire.Object{{Name: "status", Value: "error"}, {Name: "reason", Value: "Wrong datatype"}, {Name: m.Name, Value: "Array expected"}}}
		}
		kept = append(kept, wire.Member{Name: m.Name, Value: json.RawMessage(m.Value.Raw)})
	}
	return string(wire.Append(nil, kept)), nil
}

// checkIndexPermissions refuses what hides documents or fields, which would not be hidden here.
func checkIndexPermissions(v jsontree.Value) *answer {
	for _, e := range v.Elems {
		for _, m := range e.Members {
			said := len(m.Value.Elems) > 0 || m.Value.Kind == jsontree.String && m.Value.Text != ""
			switch {
			case m.Name == "index_patterns" || m.Name == "allowed_actions":
			case (m.Name == "dls" || m.Name == "fls" || m.Name == "masked_fields") && !said:
			default:
				a := refusal(wire.Unsupported("[" + m.Name + "] of [index_permissions]"))
				return &a
			}
		}
	}
	return nil
}

// patchDefinitions carries out a JSON patch of members of definitions: add, replace, remove; of all or none.
func patchDefinitions(r *request, kind, name string) answer {
	v, syntax := jsontree.Parse(r.body)
	if syntax != nil || v.Kind != jsontree.Array {
		return *badRequest("Could not parse content of request.")
	}
	last := answer{}
	var refused *answer
	failed := r.domain.index.store.Update(r.Context(), func(tx *store.Tx) {
		l := txLister{tx, r.domain.name}
		changed := map[string]jsontree.Value{}
		all := defined(l, kind)
		var order []string
		for _, step := range v.Elems {
			one, body, a := patchOne(kind, name, step, all)
			if a != nil {
				refused = a
				return
			}
			if _, again := changed[one]; !again {
				order = append(order, one)
			}
			all[one], changed[one] = body, body
		}
		bodies := map[string]string{}
		for _, one := range order {
			_, reserved := builtIn(kind)[one]
			if reserved {
				a := said(http.StatusForbidden, "FORBIDDEN", "Resource '"+one+"' is reserved.")
				refused = &a
				return
			}
			if changed[one].Kind == jsontree.Null {
				continue
			}
			if bodies[one], refused = checkDefinition(kind, one, changed[one]); refused != nil {
				return
			}
		}
		for _, one := range order {
			if body, ok := bodies[one]; ok {
				tx.Define(r.domain.name, kind, one, body)
			} else {
				tx.Undefine(r.domain.name, kind, one)
			}
		}
		last = said(http.StatusOK, "OK", "'"+name+"' updated.")
		if name == "" {
			last = said(http.StatusOK, "OK", "Resource updated.")
		}
	})
	switch {
	case failed != nil:
		return failure(failed)
	case refused != nil:
		return *refused
	}
	return last
}

// patchOne applies one step; its path is /member of the named definition, or /name and /name/member of all.
func patchOne(kind, name string, step jsontree.Value, all map[string]jsontree.Value) (one string, body jsontree.Value, refused *answer) {
	op, _ := step.Get("op")
	at, _ := step.Get("path")
	value, _ := step.Get("value")
	path := strings.Split(strings.TrimPrefix(at.Text, "/"), "/")
	for i := range path {
		path[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(path[i])
	}
	if name == "" {
		name, path = path[0], path[1:]
	}
	old, exists := all[name]
	switch {
	case !slices.Contains([]string{"add", "replace", "remove"}, op.Text):
		a := refusal(wire.Unsupported("patch operation [" + op.Text + "]"))
		return name, body, &a
	case !exists && (len(path) > 0 || op.Text != "add"):
		return name, body, missing(name)
	case len(path) == 0 && op.Text == "remove":
		return name, jsontree.Value{}, nil
	case len(path) == 0:
		return name, value, nil
	case len(path) == 2 && path[1] == "-" && op.Text == "add":
		list, _ := old.Get(path[0])
		items := append(slices.Clone(list.Elems), value)
		parts := make([]string, len(items))
		for i, e := range items {
			parts[i] = e.Raw
		}
		value = storedObject("[" + strings.Join(parts, ",") + "]")
	case len(path) > 1:
		a := refusal(wire.Unsupported("patch path [" + at.Text + "]"))
		return name, body, &a
	}
	o := wire.Object{}
	replaced := false
	for _, m := range old.Members {
		switch {
		case m.Name != path[0]:
			o = append(o, wire.Member{Name: m.Name, Value: json.RawMessage(m.Value.Raw)})
		case op.Text != "remove":
			o = append(o, wire.Member{Name: m.Name, Value: json.RawMessage(value.Raw)})
			replaced = true
		}
	}
	if !replaced && op.Text != "remove" {
		o = append(o, wire.Member{Name: path[0], Value: json.RawMessage(value.Raw)})
	}
	return name, storedObject(string(wire.Append(nil, o))), nil
}
