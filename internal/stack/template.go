package stack

import (
	"slices"
	"strings"
)

// Template is a template that this program can carry out.
type Template struct {
	Description string
	Parameters  []*Parameter // as written
	Resources   []*Resource  // as written
	Outputs     []*Output    // as written
}

// Resource is a resource as its template declares it.
type Resource struct {
	LogicalID      string
	Type           string
	Properties     *Value // a Map, unresolved
	DeletionPolicy string
	// Dependencies are the logical IDs that must be complete before: those of
	// DependsOn and those that the properties refer to. Sorted.
	Dependencies []string
	At           Position

	kind *resourceType
}

// Output is a value that a finished stack shows.
type Output struct {
	Name, Description string
	Value             *Value // unresolved
}

// What happens to a resource when its stack is deleted or rolled back.
const (
	policyDelete         = "Delete"
	policyRetain         = "Retain"
	policyRetainOnDelete = "RetainExceptOnCreate" // deleted in a rollback
)

// Limits of a template.
const (
	maxResources  = 500
	maxParameters = 200
	maxOutputs    = 200
)

var (
	templateSections = []string{"AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Resources", "Outputs"}
	refusedSections  = []string{"Conditions", "Mappings", "Transform", "Rules", "Hooks"}

	resourceShape = object(
		required("Type", textShape()),
		optional("Properties", shape{kind: shapeObject}),
		optional("DependsOn", shape{}),
		optional("DeletionPolicy", oneOf(policyDelete, policyRetain, policyRetainOnDelete)),
		// Nothing is ever replaced, so it is kept by being accepted.
		optional("UpdateReplacePolicy", oneOf(policyDelete, policyRetain)),
		optional("Metadata", documentShape()),
	).refusing("Condition", "CreationPolicy", "UpdatePolicy")

	outputShape = object(
		required("Value", textShape()),
		optional("Description", textShape()),
	).refusing("Export", "Condition")
)

// Parse reads a template. Its error is Diagnostics: everything that is wrong,
// under the given file name.
func Parse(file string, src []byte) (*Template, error) {
	f := &findings{file: file}
	root := read(f, src)
	if root == nil || root.Kind != Map {
		if root != nil && len(f.list) == 0 {
			f.add(root.At, "expected a template, found %v", root.Kind)
		}
		return nil, f.err()
	}
	t := &Template{}
	t.sections(f, root)
	t.parameters(f, root.Get("Parameters"))
	t.resources(f, root)
	t.outputs(f, root.Get("Outputs"))
	if len(f.list) == 0 {
		(&checker{f, t}).check()
	}
	if len(f.list) == 0 {
		t.order(f)
	}
	return t, f.err()
}

func (t *Template) sections(f *findings, root *Value) {
	for _, m := range root.Members {
		switch {
		case slices.Contains(refusedSections, m.Name):
			f.add(m.At, "the section %s is not supported", m.Name)
		case !slices.Contains(templateSections, m.Name):
			f.add(m.At, "unknown section %s%s", m.Name, didYouMean(m.Name, templateSections))
		}
	}
	if v := root.Get("AWSTemplateFormatVersion"); v != nil && v.Text != "2010-09-09" {
		f.add(v.At, "the AWSTemplateFormatVersion %s is not supported, expected 2010-09-09", v)
	}
	if v := root.Get("Description"); v != nil {
		textShape().check(f, "Description", v)
		t.Description = v.Text
	}
}

// members of a section that is a map, at most that many.
func members(f *findings, section string, v *Value, most int) []*Member {
	switch {
	case v == nil:
		return nil
	case v.Kind != Map:
		f.add(v.At, "%s: expected a map, found %v", section, v.Kind)
		return nil
	case len(v.Members) > most:
		f.add(v.At, "%s: found %d, the most is %d", section, len(v.Members), most)
		return nil
	}
	return v.Members
}

func (t *Template) parameters(f *findings, v *Value) {
	for _, m := range members(f, "Parameters", v, maxParameters) {
		if p := parseParameter(f, m); p != nil {
			t.Parameters = append(t.Parameters, p)
		}
	}
}

func (t *Template) resources(f *findings, root *Value) {
	section := root.Get("Resources")
	if section == nil || section.Kind == Map && len(section.Members) == 0 {
		f.add(root.At, "at least one resource must be declared in Resources")
		return
	}
	for _, m := range members(f, "Resources", section, maxResources) {
		if t.Parameter(m.Name) != nil {
			f.add(m.At, "%s is a parameter already", m.Name)
		}
		if r := t.resource(f, m); r != nil {
			t.Resources = append(t.Resources, r)
		}
	}
}

func (t *Template) resource(f *findings, m *Member) *Resource {
	if !alphanumeric(m.Name) {
		f.add(m.At, "the logical ID %q is not alphanumeric", m.Name)
	}
	if m.Value.Kind != Map {
		f.add(m.Value.At, "resource %s: expected a map, found %v", m.Name, m.Value.Kind)
		return nil
	}
	r := &Resource{LogicalID: m.Name, At: m.At, DeletionPolicy: policyDelete, Properties: &Value{Kind: Map, At: m.Value.At}}
	for _, a := range m.Value.Members {
		r.attribute(f, a)
	}
	if r.Type == "" && m.Value.Get("Type") == nil {
		f.add(m.At, "resource %s: the Type is missing", m.Name)
	}
	if r.kind != nil {
		r.kind.properties.check(f, r.Type, r.Properties)
	}
	return r
}

// attribute reads Type, Properties and their like.
func (r *Resource) attribute(f *findings, a *Member) {
	path := "resource " + r.LogicalID
	if a.Value.Kind == Call && a.Name != "Metadata" {
		f.add(a.Value.At, "%s %s: %s is not allowed here", path, a.Name, a.Value.Text)
		return
	}
	switch a.Name {
	case "Metadata":
	case "DependsOn":
		r.dependsOn(f, a.Value)
	case "Properties":
		if a.Value.Kind != Map {
			f.add(a.Value.At, "%s Properties: expected a map, found %v", path, a.Value.Kind)
			return
		}
		r.Properties = a.Value
	default:
		before := len(f.list)
		resourceShape.checkMember(f, path, a)
		if len(f.list) > before {
			return
		}
		switch a.Name {
		case "Type":
			r.setType(f, a.Value)
		case "DeletionPolicy":
			r.DeletionPolicy = a.Value.Text
		}
	}
}

func (r *Resource) setType(f *findings, v *Value) {
	r.Type = v.Text
	if r.kind = typeNamed(r.Type); r.kind == nil {
		f.add(v.At, "resource %s: the resource type %s is not supported%s", r.LogicalID, r.Type, didYouMean(r.Type, typeNames()))
	}
}

func (r *Resource) dependsOn(f *findings, v *Value) {
	items := []*Value{v}
	if v.Kind == List {
		items = v.Items
	}
	for _, item := range items {
		if item.Kind != Text {
			f.add(item.At, "resource %s DependsOn: expected a logical ID, found %v", r.LogicalID, item.Kind)
			continue
		}
		r.Dependencies = append(r.Dependencies, item.Text)
	}
}

func (t *Template) outputs(f *findings, v *Value) {
	for _, m := range members(f, "Outputs", v, maxOutputs) {
		if !alphanumeric(m.Name) {
			f.add(m.At, "the output name %q is not alphanumeric", m.Name)
		}
		before := len(f.list)
		outputShape.check(f, "output "+m.Name, m.Value)
		if len(f.list) > before || m.Value.Kind != Map {
			continue
		}
		o := &Output{Name: m.Name, Value: m.Value.Get("Value")}
		if d := m.Value.Get("Description"); d != nil {
			o.Description = d.Text
		}
		t.Outputs = append(t.Outputs, o)
	}
}

// Parameter returns a declared parameter, nil if there is none of the name.
func (t *Template) Parameter(name string) *Parameter {
	for _, p := range t.Parameters {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// Resource returns a declared resource, nil if there is none of the logical ID.
func (t *Template) Resource(logicalID string) *Resource {
	for _, r := range t.Resources {
		if r.LogicalID == logicalID {
			return r
		}
	}
	return nil
}

// Capabilities are the acknowledgements that CreateStack wants for the
// template: CAPABILITY_IAM if it makes IAM resources, CAPABILITY_NAMED_IAM if
// it names them itself.
func (t *Template) Capabilities() []string {
	var needed string
	for _, r := range t.Resources {
		if !strings.HasPrefix(r.Type, "AWS::IAM::") {
			continue
		}
		if needed == "" {
			needed = CapabilityIAM
		}
		if r.kind.nameProperty != "" && r.Properties.Get(r.kind.nameProperty) != nil {
			needed = CapabilityNamedIAM
		}
	}
	if needed == "" {
		return nil
	}
	return []string{needed}
}

// The capabilities of IAM resources; the second implies the first.
const (
	CapabilityIAM      = "CAPABILITY_IAM"
	CapabilityNamedIAM = "CAPABILITY_NAMED_IAM"
)
