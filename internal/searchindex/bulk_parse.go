package searchindex

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/mapping"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

const maxIDBytes = 512

// operation is one action of a bulk request with its document.
type operation struct {
	action string // index, create, delete, update
	index  string
	named  bool // an index was named, if only by ""
	id     string
	refuse *wire.Error // of this operation alone
	doc    mapping.Document
	update update
}

// parseBulk reads the lines of a bulk request. An error refuses the whole request; what concerns one document alone is
// kept with its operation.
//
//	bulk   = { action "\n" [ document "\n" ] }
//	action = "{" ( "index" | "create" | "delete" | "update" ) ":" "{" [ _index, _id, … ] "}" "}"
func parseBulk(body, pathIndex string) ([]operation, *wire.Error) {
	if body == "" {
		return nil, wire.Errorf("parse_exception", "request body is required")
	}
	if body[len(body)-1] != '\n' {
		return nil, wire.IllegalArgument(`The bulk request must be terminated by a newline [\n]`)
	}
	var ops []operation
	for line := 1; body != ""; line++ {
		text, rest, _ := strings.Cut(body, "\n")
		body = rest
		if strings.TrimSpace(text) == "" {
			continue
		}
		op, err := parseAction(text, line, pathIndex)
		if err != nil {
			return nil, err
		}
		if op.action != "delete" {
			if body == "" {
				break // an action without its document is not there, as on the real server
			}
			text, body, _ = strings.Cut(body, "\n")
			line++
			if err := op.take(text); err != nil {
				return nil, err
			}
		}
		ops = append(ops, op)
	}
	return ops, validate(ops)
}

// take reads the document of an operation.
func (op *operation) take(text string) (err *wire.Error) {
	text = strings.TrimSuffix(text, "\r")
	if op.action == "update" {
		op.update, err = parseUpdate(text)
		return err
	}
	if op.refuse == nil {
		op.doc, op.refuse = mapping.ParseDocument(op.id, text)
	}
	return nil
}

func parseAction(text string, line int, pathIndex string) (operation, *wire.Error) {
	malformed := func(format string, args ...any) (operation, *wire.Error) {
		return operation{}, wire.IllegalArgument("Malformed action/metadata line [%d], %s", line, fmt.Sprintf(format, args...))
	}
	v, syntax := jsontree.Parse(text)
	if syntax != nil {
		return operation{}, wire.Syntax(text, syntax)
	}
	switch {
	case v.Kind != jsontree.Object:
		return malformed("expected START_OBJECT but found [%s]", mapping.Token(v))
	case len(v.Members) == 0:
		return malformed("expected FIELD_NAME but found [END_OBJECT]")
	}
	op := operation{action: v.Members[0].Name, index: pathIndex, named: pathIndex != ""}
	meta := v.Members[0].Value
	switch op.action {
	case "index", "create", "delete", "update":
	default:
		return malformed("expected one of [create, delete, index, update] but found [%s]", op.action)
	}
	switch {
	case meta.Kind != jsontree.Object:
		return malformed("expected START_OBJECT or END_OBJECT but found [%s]", mapping.Token(meta))
	case len(v.Members) > 1:
		return malformed("expected END_OBJECT but found [%s]", v.Members[1].Name)
	}
	hasID := false
	for _, m := range meta.Members {
		if m.Value.Kind == jsontree.Object || m.Value.Kind == jsontree.Array {
			return malformed("expected a simple value for field [%s] but found [%s]", m.Name, mapping.Token(m.Value))
		}
		switch m.Name {
		case "_index":
			op.index, op.named = m.Value.Text, m.Value.Kind != jsontree.Null
		case "_id":
			op.id, hasID = m.Value.Text, m.Value.Kind != jsontree.Null
		case "retry_on_conflict": // there is one writer: nothing to retry
		case "require_alias":
			if m.Value.Text == "true" {
				return operation{}, wire.Unsupported("bulk parameter [require_alias]")
			}
		case "routing", "version", "version_type", "if_seq_no", "if_primary_term", "pipeline", "op_type", "_source", "dynamic_templates", "list_executed_pipelines":
			return operation{}, wire.Unsupported("bulk parameter [" + m.Name + "] in line " + fmt.Sprint(line))
		default:
			return operation{}, wire.IllegalArgument("Action/metadata line [%d] contains an unknown parameter [%s]", line, m.Name)
		}
	}
	switch {
	case hasID && op.id == "":
		op.refuse = wire.IllegalArgument("if _id is specified it must not be empty")
	case !hasID && (op.action == "index" || op.action == "create"):
		op.id = newID()
	}
	return op, nil
}

// newID makes an id of 20 characters.
func newID() string {
	var b [15]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// validate refuses requests that miss what every operation needs.
func validate(ops []operation) *wire.Error {
	var problems []string
	for _, op := range ops {
		switch {
		case !op.named && op.refuse == nil:
			problems = append(problems, "index is missing")
		case op.id == "" && op.refuse == nil && (op.action == "delete" || op.action == "update"):
			problems = append(problems, "id is missing")
		case len(op.id) > maxIDBytes:
			problems = append(problems, fmt.Sprintf("id [%s] is too long, must be no longer than %d bytes but was: %d", op.id, maxIDBytes, len(op.id)))
		}
	}
	if len(ops) == 0 {
		problems = append(problems, "no requests added")
	}
	if len(problems) == 0 {
		return nil
	}
	var b strings.Builder
	b.WriteString("Validation Failed: ")
	for i, problem := range problems {
		fmt.Fprintf(&b, "%d: %s;", i+1, problem)
	}
	return wire.Errorf("action_request_validation_exception", "%s", b.String())
}
