package stack

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Parameter is what a template says of one of its parameters.
type Parameter struct {
	Name, Type, Description string
	ConstraintDescription   string
	Default                 *string
	AllowedValues           []string
	AllowedPattern          *regexp.Regexp // of the whole value
	pattern                 string         // as written
	MinLength, MaxLength    *int64
	MinValue, MaxValue      *float64
	NoEcho                  bool
	At                      Position
}

// The types of parameters.
const (
	typeString             = "String"
	typeNumber             = "Number"
	typeCommaDelimitedList = "CommaDelimitedList"
)

var parameterShape = object(
	required("Type", oneOf(typeString, typeNumber, typeCommaDelimitedList)),
	optional("Default", textShape()),
	optional("Description", textShape()),
	optional("ConstraintDescription", textShape()),
	optional("AllowedValues", listOf(textShape())),
	optional("AllowedPattern", textShape()),
	optional("MinLength", integerShape()),
	optional("MaxLength", integerShape()),
	optional("MinValue", textShape()),
	optional("MaxValue", textShape()),
	optional("NoEcho", booleanShape()),
)

// parseParameter reads a declaration; nil if it cannot be used.
func parseParameter(f *findings, m *Member) *Parameter {
	if !alphanumeric(m.Name) {
		f.add(m.At, "the parameter name %q is not alphanumeric", m.Name)
	}
	before := len(f.list)
	parameterShape.check(f, "parameter "+m.Name, m.Value)
	m.Value.walk(func(v *Value) bool {
		if v.Kind == Call {
			f.add(v.At, "parameter %s: functions are not allowed in parameters, found %s", m.Name, v.Text)
		}
		return v.Kind != Call
	})
	if len(f.list) > before {
		return nil
	}
	p := &Parameter{Name: m.Name, At: m.At, Type: m.Value.Get("Type").Text}
	p.texts(m.Value)
	p.bounds(f, m.Value)
	p.compile(f, m.Value)
	if p.Default != nil {
		if err := p.Check(*p.Default); err != nil {
			f.add(m.Value.Get("Default").At, "the default: %v", err)
		}
	}
	return p
}

func (p *Parameter) texts(v *Value) {
	for name, field := range map[string]*string{"Description": &p.Description, "ConstraintDescription": &p.ConstraintDescription} {
		if d := v.Get(name); d != nil {
			*field = d.Text
		}
	}
	if d := v.Get("Default"); d != nil {
		p.Default = &d.Text
	}
	if a := v.Get("AllowedValues"); a != nil {
		for _, item := range a.Items {
			p.AllowedValues = append(p.AllowedValues, item.Text)
		}
	}
	if n := v.Get("NoEcho"); n != nil {
		p.NoEcho, _ = boolean(n.Text)
	}
}

func (p *Parameter) bounds(f *findings, v *Value) {
	for name, field := range map[string]**int64{"MinLength": &p.MinLength, "MaxLength": &p.MaxLength} {
		if b := v.Get(name); b != nil {
			n, _ := integer(b.Text)
			*field = &n
			p.only(f, b, name, typeString)
		}
	}
	for name, field := range map[string]**float64{"MinValue": &p.MinValue, "MaxValue": &p.MaxValue} {
		if b := v.Get(name); b != nil {
			n, ok := number(b.Text)
			if !ok {
				f.add(b.At, "parameter %s %s: expected a number, found %q", p.Name, name, b.Text)
			}
			*field = &n
			p.only(f, b, name, typeNumber)
		}
	}
}

func (p *Parameter) compile(f *findings, v *Value) {
	a := v.Get("AllowedPattern")
	if a == nil {
		return
	}
	pattern, err := regexp.Compile(`\A(?:` + a.Text + `)\z`)
	if err != nil {
		f.add(a.At, "parameter %s AllowedPattern: %v", p.Name, err)
		return
	}
	p.AllowedPattern, p.pattern = pattern, a.Text
	p.only(f, a, "AllowedPattern", typeString, typeCommaDelimitedList)
}

// only refuses a constraint that has no meaning for the parameter's type.
func (p *Parameter) only(f *findings, at *Value, name string, types ...string) {
	if !slices.Contains(types, p.Type) {
		f.add(at.At, "parameter %s: %s does not go with the type %s", p.Name, name, p.Type)
	}
}

// Check tells what is wrong with a value in the words of CloudFormation.
func (p *Parameter) Check(value string) error {
	for _, item := range p.items(value) {
		if reason := p.violated(item); reason != "" {
			if p.ConstraintDescription != "" {
				reason = "failed to satisfy constraint: " + p.ConstraintDescription
			}
			return fmt.Errorf("Parameter '%s' %s", p.Name, reason) //nolint:staticcheck // AWS's own text
		}
	}
	return nil
}

func (p *Parameter) violated(item string) string {
	switch {
	case len(p.AllowedValues) > 0 && !slices.Contains(p.AllowedValues, item):
		return "must be one of AllowedValues"
	case p.AllowedPattern != nil && !p.AllowedPattern.MatchString(item):
		return "must match pattern " + p.pattern
	case p.MinLength != nil && int64(len([]rune(item))) < *p.MinLength:
		return fmt.Sprintf("must contain at least %d characters", *p.MinLength)
	case p.MaxLength != nil && int64(len([]rune(item))) > *p.MaxLength:
		return fmt.Sprintf("must contain at most %d characters", *p.MaxLength)
	case p.Type == typeNumber:
		return p.outOfRange(item)
	}
	return ""
}

func (p *Parameter) outOfRange(item string) string {
	n, ok := number(item)
	switch {
	case !ok:
		return "must be a number"
	case p.MinValue != nil && n < *p.MinValue:
		return fmt.Sprintf("must be a number not less than %v", *p.MinValue)
	case p.MaxValue != nil && n > *p.MaxValue:
		return fmt.Sprintf("must be a number not greater than %v", *p.MaxValue)
	}
	return ""
}

// items are the values of a list, or the value itself.
func (p *Parameter) items(value string) []string {
	if p.Type != typeCommaDelimitedList {
		return []string{value}
	}
	items := strings.Split(value, ",")
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	return items
}

// value is what a Ref to the parameter gives.
func (p *Parameter) value(given string, at Position) *Value {
	if p.Type != typeCommaDelimitedList {
		return text(given, at)
	}
	v := &Value{Kind: List, At: at}
	for _, item := range p.items(given) {
		v.Items = append(v.Items, text(item, at))
	}
	return v
}

// Values joins what a caller gives with the defaults and checks it all.
func (t *Template) Values(given map[string]string) (map[string]string, error) {
	var unknown, missing []string
	for name := range given {
		if t.Parameter(name) == nil {
			unknown = append(unknown, name)
		}
	}
	values := map[string]string{}
	for _, p := range t.Parameters {
		value, ok := given[p.Name]
		if !ok && p.Default != nil {
			value, ok = *p.Default, true
		}
		if !ok {
			missing = append(missing, p.Name)
			continue
		}
		if err := p.Check(value); err != nil {
			return nil, err
		}
		values[p.Name] = value
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return nil, fmt.Errorf("Parameters: [%s] do not exist in the template", strings.Join(unknown, ", ")) //nolint:staticcheck // AWS's own text
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("Parameters: [%s] must have values", strings.Join(missing, ", ")) //nolint:staticcheck // AWS's own text
	}
	return values, nil
}

func number(s string) (float64, bool) {
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
}

func alphanumeric(s string) bool {
	for _, c := range s {
		if c > 'z' || !(c >= 'a' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') {
			return false
		}
	}
	return s != ""
}
