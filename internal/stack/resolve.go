package stack

import (
	"fmt"
	"strings"

	"github.com/millrace/millrace/internal/aws/call"
)

// scope is what functions are evaluated with.
type scope struct {
	values map[string]*Value // parameters and pseudo parameters
	// attribute returns a finished resource's attribute, or its physical ID
	// for the empty name.
	attribute func(logicalID, name string) (string, error)
}

// newScope has the stack's parameters and pseudo parameters.
func newScope(t *Template, given map[string]string, stack *Stack, attribute func(logicalID, name string) (string, error)) *scope {
	s := &scope{values: map[string]*Value{}, attribute: attribute}
	for name, value := range map[string]string{
		pseudoAccountID: call.AccountID,
		pseudoPartition: "aws",
		pseudoRegion:    stack.Region,
		pseudoStackID:   stack.ID,
		pseudoStackName: stack.Name,
		pseudoURLSuffix: "amazonaws.com",
	} {
		s.values[name] = text(value, Position{})
	}
	for _, p := range t.Parameters {
		s.values[p.Name] = p.value(given[p.Name], p.At)
	}
	return s
}

// resolve evaluates the functions in a value. The result is nil for
// AWS::NoValue, which takes its member or item with it.
func (s *scope) resolve(v *Value) (*Value, error) {
	switch v.Kind {
	case Call:
		return s.call(v)
	case List:
		return s.list(v)
	case Map:
		return s.members(v)
	}
	return v, nil
}

func (s *scope) list(v *Value) (*Value, error) {
	resolved := &Value{Kind: List, At: v.At}
	for _, item := range v.Items {
		r, err := s.resolve(item)
		if err != nil {
			return nil, err
		}
		if r != nil {
			resolved.Items = append(resolved.Items, r)
		}
	}
	return resolved, nil
}

func (s *scope) members(v *Value) (*Value, error) {
	resolved := &Value{Kind: Map, At: v.At}
	for _, m := range v.Members {
		r, err := s.resolve(m.Value)
		if err != nil {
			return nil, err
		}
		if r != nil {
			resolved.Members = append(resolved.Members, &Member{m.Name, m.At, r})
		}
	}
	return resolved, nil
}

func (s *scope) call(v *Value) (*Value, error) {
	switch v.Text {
	case "Ref":
		return s.ref(reference{name: v.argument().Text, at: v.At})
	case "Fn::GetAtt":
		name, attribute := getAtt(v.argument())
		return s.ref(reference{name, attribute, v.At})
	case "Fn::Sub":
		return s.sub(v)
	case "Fn::Join":
		return s.join(v)
	}
	panic("BUG: a function that the checker let through: " + v.Text)
}

func (s *scope) ref(ref reference) (*Value, error) {
	if ref.name == pseudoNoValue {
		return nil, nil
	}
	if v := s.values[ref.name]; v != nil && ref.attribute == "" {
		return v.moved(ref.at), nil
	}
	value, err := s.attribute(ref.name, ref.attribute)
	return text(value, ref.at), err
}

func (s *scope) sub(v *Value) (*Value, error) {
	body, variables := subText(v)
	var b strings.Builder
	for _, p := range subParts(body.Text) {
		b.WriteString(p.literal)
		if p.name == "" {
			continue
		}
		value, err := s.variable(p.name, variables, body.At)
		if err != nil {
			return nil, err
		}
		if value == nil || !value.scalar() {
			return nil, fmt.Errorf("evaluate Fn::Sub at %d:%d: ${%s} is no text", v.At.Line, v.At.Column, p.name)
		}
		b.WriteString(value.Text)
	}
	return text(b.String(), v.At), nil
}

func (s *scope) variable(name string, variables *Value, at Position) (*Value, error) {
	if own := variables.Get(name); own != nil {
		return s.resolve(own)
	}
	name, attribute, _ := strings.Cut(name, ".")
	return s.ref(reference{name, attribute, at})
}

func (s *scope) join(v *Value) (*Value, error) {
	items, err := s.resolve(v.argument().Items[1])
	if err != nil {
		return nil, err
	}
	if items == nil || items.Kind != List {
		return nil, fmt.Errorf("evaluate Fn::Join at %d:%d: the values are no list", v.At.Line, v.At.Column)
	}
	texts := make([]string, len(items.Items))
	for i, item := range items.Items {
		if !item.scalar() {
			return nil, fmt.Errorf("evaluate Fn::Join at %d:%d: value %d is no text", v.At.Line, v.At.Column, i+1)
		}
		texts[i] = item.Text
	}
	return text(strings.Join(texts, v.argument().Items[0].Text), v.At), nil
}
