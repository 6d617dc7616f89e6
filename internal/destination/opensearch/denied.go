package opensearch

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/millrace/millrace/internal/record"
)

// failure is a document's last attempt as Firehose's logs name it. Where the server's security refuses the deliverer, it
// ends with what lets it in.
func (d *Destination) failure(doc *document) *record.Failure {
	f := &record.Failure{Kind: record.Retryable, Code: unreachable, Message: doc.code + ": " + doc.message}
	switch doc.code {
	case unreachable:
		f.Message = doc.message
	case "401", "403":
		f.Code = "ES.AccessDenied"
		f.Message += d.advice(doc)
	case "404":
		f.Code = "ES.ResourceNotFound"
	}
	return f
}

// advice tells a refused caller (a role is missing: it can be granted) from one that is not known, and both from a block
// of the index and from a policy of IAM, where no role of the server helps.
func (d *Destination) advice(doc *document) string {
	switch {
	case doc.code == "401":
		return "; the server does not know the deliverer: its user or password, or the keys that sign, are wrong"
	case d.opts.Deliverer == "" || errorType(doc.message) != "security_exception":
		return ""
	}
	return "; to let it in: " + GrantCommand(d.opts.Deliverer, d.opts.Domain, d.opts.IndexName, d.opts.Rotation)
}

// GrantCommand lets a deliverer write the indices of an index name, on the first search domain or cluster, or on the
// domain that is named.
func GrantCommand(deliverer, domain, indexName string, rotation Rotation) string {
	command := fmt.Sprintf("millrace search grant %s --index %s", shellWord(deliverer), shellWord(rotation.Pattern(indexName)))
	if domain != "" {
		command += " --domain " + shellWord(domain)
	}
	return command
}

// Pattern covers every index that the name rotates to.
func (r Rotation) Pattern(name string) string {
	if r == NoRotation {
		return name
	}
	return name + "-*"
}

// shellWord quotes what a shell would take apart.
func shellWord(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@,+=") == "" && s != "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func errorType(message string) string {
	var e struct {
		Type string `json:"type"`
	}
	if json.Unmarshal([]byte(message), &e) != nil {
		return ""
	}
	return e.Type
}
