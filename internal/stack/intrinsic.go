package stack

import (
	"fmt"
	"slices"
	"strings"
)

// The pseudo parameters.
const (
	pseudoAccountID = "AWS::AccountId"
	pseudoNoValue   = "AWS::NoValue"
	pseudoPartition = "AWS::Partition"
	pseudoRegion    = "AWS::Region"
	pseudoStackID   = "AWS::StackId"
	pseudoStackName = "AWS::StackName"
	pseudoURLSuffix = "AWS::URLSuffix"
)

var pseudoParameters = []string{pseudoAccountID, pseudoNoValue, pseudoPartition, pseudoRegion, pseudoStackID, pseudoStackName, pseudoURLSuffix}

// reference is what a Ref, a GetAtt or a part of a Sub points to; attribute is
// empty for the first.
type reference struct {
	name      string
	attribute string
	at        Position
}

// references lists what a call points to directly; shape mistakes are found by
// checker before.
func references(call *Value) []reference {
	switch call.Text {
	case "Ref":
		return []reference{{name: call.argument().Text, at: call.At}}
	case "Fn::GetAtt":
		name, attribute := getAtt(call.argument())
		return []reference{{name, attribute, call.At}}
	case "Fn::Sub":
		return subReferences(call)
	}
	return nil
}

func getAtt(argument *Value) (name, attribute string) {
	if argument.Kind == List {
		return argument.Items[0].Text, argument.Items[1].Text
	}
	name, attribute, _ = strings.Cut(argument.Text, ".")
	return name, attribute
}

// subText returns a Sub's text and its own variables, nil in the short form.
func subText(call *Value) (body, variables *Value) {
	argument := call.argument()
	if argument.Kind == List {
		return argument.Items[0], argument.Items[1]
	}
	return argument, nil
}

func subReferences(call *Value) []reference {
	body, variables := subText(call)
	var refs []reference
	for _, p := range subParts(body.Text) {
		if p.name == "" || variables.Get(p.name) != nil {
			continue
		}
		name, attribute, _ := strings.Cut(p.name, ".")
		refs = append(refs, reference{name, attribute, body.At})
	}
	return refs
}

// subPart is literal text or, if it has a name, a ${Name}.
type subPart struct{ literal, name string }

// subParts cuts the text of a Sub. ${!Name} is the literal ${Name}; a $ that
// opens nothing is itself.
func subParts(s string) []subPart {
	var parts []subPart
	for {
		before, rest, found := strings.Cut(s, "${")
		if !found {
			return append(parts, subPart{literal: s})
		}
		inside, after, closed := strings.Cut(rest, "}")
		if !closed {
			return append(parts, subPart{literal: s})
		}
		parts = append(parts, subPart{literal: before})
		if literal, ok := strings.CutPrefix(inside, "!"); ok {
			parts = append(parts, subPart{literal: "${" + literal + "}"})
		} else {
			parts = append(parts, subPart{name: inside})
		}
		s = after
	}
}

// checker verifies every function of a template and gathers dependencies.
type checker struct {
	*findings
	t *Template
}

func (c *checker) check() {
	for _, r := range c.t.Resources {
		for _, d := range r.Dependencies {
			if c.t.Resource(d) == nil {
				c.add(r.At, "resource %s DependsOn: there is no resource %s%s", r.LogicalID, d, didYouMean(d, c.logicalIDs()))
			}
		}
		r.Dependencies = append(r.Dependencies, c.value(r.Properties)...)
		slices.Sort(r.Dependencies)
		r.Dependencies = slices.Compact(r.Dependencies)
	}
	for _, o := range c.t.Outputs {
		c.value(o.Value)
	}
}

// value checks the functions in it and returns the resources they refer to.
func (c *checker) value(v *Value) (dependencies []string) {
	c.noDynamicReferences(v)
	v.walk(func(v *Value) bool {
		if v.Kind != Call {
			return true
		}
		if !slices.Contains(honoured, v.Text) {
			c.add(v.At, "the function %s is not supported", v.Text)
			return false
		}
		if problem := malformed(v); problem != "" {
			c.add(v.At, "%s: %s", v.Text, problem)
			return false
		}
		for _, ref := range references(v) {
			if c.reference(v.Text, ref) {
				dependencies = append(dependencies, ref.name)
			}
		}
		return true
	})
	return dependencies
}

// noDynamicReferences refuses texts in whose place CloudFormation puts a secret
// or a parameter of Systems Manager: they would be taken as they stand.
func (f *findings) noDynamicReferences(v *Value) {
	v.walk(func(v *Value) bool {
		if v.scalar() && strings.Contains(v.Text, "{{resolve:") {
			f.add(v.At, "dynamic references such as {{resolve:ssm:Name}} are not supported")
		}
		return true
	})
}

// reference checks a target and tells whether it is a resource.
func (c *checker) reference(function string, ref reference) bool {
	r := c.t.Resource(ref.name)
	switch {
	case ref.attribute != "" && r == nil:
		c.add(ref.at, "%s: there is no resource %s%s", function, ref.name, didYouMean(ref.name, c.logicalIDs()))
	case ref.attribute != "" && !slices.Contains(r.kind.attributes, ref.attribute):
		c.add(ref.at, "%s: %s has no attribute %s%s", function, r.Type, ref.attribute, didYouMean(ref.attribute, r.kind.attributes))
	case r != nil:
		return true
	case ref.name == pseudoNoValue && function != "Ref":
		c.add(ref.at, "%s: %s has no value", function, pseudoNoValue)
	case c.t.Parameter(ref.name) == nil && !slices.Contains(pseudoParameters, ref.name):
		c.add(ref.at, "%s: there is no parameter or resource %s%s", function, ref.name, didYouMean(ref.name, c.targets()))
	}
	return false
}

func (c *checker) logicalIDs() []string {
	var ids []string
	for _, r := range c.t.Resources {
		ids = append(ids, r.LogicalID)
	}
	return ids
}

func (c *checker) targets() []string {
	targets := c.logicalIDs()
	for _, p := range c.t.Parameters {
		targets = append(targets, p.Name)
	}
	return append(targets, pseudoParameters...)
}

// malformed tells what is wrong with a call's argument.
func malformed(call *Value) string {
	argument := call.argument()
	switch call.Text {
	case "Ref":
		if argument.Kind != Text || argument.Text == "" {
			return "expected a name, found " + argument.Kind.String()
		}
	case "Fn::GetAtt":
		return malformedGetAtt(argument)
	case "Fn::Sub":
		return malformedSub(argument)
	case "Fn::Join":
		return malformedJoin(argument)
	}
	return ""
}

func malformedGetAtt(argument *Value) string {
	if argument.Kind == Text && strings.Contains(argument.Text, ".") {
		return ""
	}
	if argument.Kind == List && len(argument.Items) == 2 && argument.Items[0].Kind == Text && argument.Items[1].Kind == Text && argument.Items[1].Text != "" {
		return ""
	}
	return "expected a logical ID and an attribute, as in Bucket.Arn"
}

func malformedSub(argument *Value) string {
	body := argument
	if argument.Kind == List {
		if len(argument.Items) != 2 || argument.Items[1].Kind != Map {
			return "expected a text, or a list of a text and a map of variables"
		}
		body = argument.Items[0]
	}
	if !body.scalar() {
		return "expected a text, found " + body.Kind.String()
	}
	for _, p := range subParts(body.Text) {
		if p.name != "" && !variableName(p.name) {
			return fmt.Sprintf("a variable may hold letters, digits, underscores, periods and colons, found ${%s}", p.name)
		}
	}
	if strings.Contains(body.Text, "${}") {
		return "${} names no variable"
	}
	return ""
}

func variableName(s string) bool {
	for _, c := range s {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == ':') {
			return false
		}
	}
	return true
}

func malformedJoin(argument *Value) string {
	if argument.Kind != List || len(argument.Items) != 2 {
		return "expected a list of a delimiter and a list of values"
	}
	delimiter, items := argument.Items[0], argument.Items[1]
	if !delimiter.scalar() {
		return "expected a delimiter, found " + delimiter.Kind.String()
	}
	if items.Kind != List && items.Kind != Call {
		return "expected a list of values, found " + items.Kind.String()
	}
	return ""
}
