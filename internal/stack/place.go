package stack

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/aws/awserr"
)

// refusals are the codes by which services find fault with a request itself.
var refusals = []string{"InvalidArgumentException", "ValidationError", "ValidationException"}

// placed adds to a service's refusal where in the template that stands what it
// refuses; other errors stay as they are. Services name members of a request,
// and properties have their names:
//
//	Value '0' at 's3DestinationConfiguration.bufferingHints.sizeInMBs' (template:31:37) failed to satisfy constraint: …
//	template:32:11: TypeName _doc is not supported: …
//
// What cannot be found has the place of the resource.
func (h *held) placed(err error, t *Template, declared *Resource) error {
	var refused *awserr.Error
	if !errors.As(err, &refused) || !slices.Contains(refusals, refused.Code) {
		return err
	}
	h.mu.Lock()
	properties, unresolved := h.scope(t).resolve(declared.Properties)
	h.mu.Unlock()
	if unresolved != nil { // not so when it was chosen
		return err
	}
	told := *refused
	told.Message = placedMessage(refused.Message, declared.At, properties)
	return &told
}

func placedMessage(message string, resource Position, properties *Value) string {
	if inline := placedViolations(message, properties); inline != message {
		return inline
	}
	at := resource
	if found := named(message, properties); found != nil {
		at = found.At
	}
	return fmt.Sprintf("%v: %s", place(at), message)
}

// place is a position as diagnostics print it.
type place Position

func (p place) String() string { return fmt.Sprintf("template:%d:%d", p.Line, p.Column) }

var violation = regexp.MustCompile(`at '([^']+)' failed to satisfy constraint`)

// placedViolations adds its place to each violated constraint that is told of.
func placedViolations(message string, properties *Value) string {
	return violation.ReplaceAllStringFunc(message, func(match string) string {
		path := violation.FindStringSubmatch(match)[1]
		found := properties.follow(path)
		if found == properties {
			return match
		}
		return strings.Replace(match, "' failed", fmt.Sprintf("' (%v) failed", place(found.At)), 1)
	})
}

// follow goes along a path such as processors.1.member.type as far as there is
// something: a member that is missing leads to the block that lacks it. Names
// begin in lower case; what follows a key of the template's own may hold dots.
func (v *Value) follow(path string) *Value {
	switch v.Kind {
	case Map:
		for _, m := range v.Members {
			for _, name := range []string{m.Name, lowerFirst(m.Name)} {
				if rest, ok := strings.CutPrefix(path, name); ok && (rest == "" || rest[0] == '.') {
					return m.Value.follow(strings.TrimPrefix(rest, "."))
				}
			}
		}
	case List:
		number, rest, _ := strings.Cut(path, ".member")
		if n, err := strconv.Atoi(number); err == nil && n >= 1 && n <= len(v.Items) {
			return v.Items[n-1].follow(strings.TrimPrefix(rest, "."))
		}
	}
	return v
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// word is what may be a name in a message: RoleARN, SchemaConfiguration.RoleARN,
// Processors[0].Type.
var word = regexp.MustCompile(`[A-Z][A-Za-z0-9]*(?:\[\d+\])?(?:\.[A-Z][A-Za-z0-9]*(?:\[\d+\])?)*`)

// named returns what the first name in a message means that means one thing in
// the template, nil if there is none. Words such as Name and Type are just words
// unless the message begins with them.
func named(message string, properties *Value) *Value {
	for _, at := range word.FindAllStringIndex(message, -1) {
		name := message[at[0]:at[1]]
		if at[0] > 0 && !strings.ContainsAny(name[1:], ".ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
			continue
		}
		if found := properties.find(strings.Split(name, ".")); len(found) == 1 {
			return found[0]
		}
	}
	return nil
}

// find returns the values that a path leads to from anywhere within. A path that
// leads nowhere may lack its end. Entries of lists that name themselves are found
// by that name, as processors and their parameters are.
func (v *Value) find(path []string) []*Value {
	var all, whole []*Value
	v.walk(func(v *Value) bool {
		for _, m := range v.Members {
			if (m.Name == "Type" || m.Name == "ParameterName") && len(path) == 1 && m.Value.scalar() && m.Value.Text == path[0] {
				all, whole = append(all, m.Value), append(whole, m.Value)
			}
		}
		if found, complete := v.descend(path); found != v {
			all = append(all, found)
			if complete {
				whole = append(whole, found)
			}
		}
		return true
	})
	if len(whole) > 0 {
		return whole
	}
	return all
}

// descend goes along names as far as there are such members.
func (v *Value) descend(path []string) (found *Value, complete bool) {
	for _, segment := range path {
		name, index, indexed := strings.Cut(strings.TrimSuffix(segment, "]"), "[")
		next := v.Get(name)
		if next != nil && indexed {
			n, err := strconv.Atoi(index)
			if err != nil || n >= len(next.Items) {
				return next, false
			}
			next = next.Items[n]
		}
		if next == nil {
			return v, false
		}
		v = next
	}
	return v, true
}
