package imported

import (
	"fmt"
	"slices"
	"strings"
)

const (
	typeV1 = "AWS::KinesisAnalytics::"
	typeV2 = "AWS::KinesisAnalyticsV2::"
)

// fromTemplate takes the applications of a CloudFormation template, with the
// outputs and reference data that are resources of their own.
func fromTemplate(root *value, o Options) (found []*draft) {
	t := &template{root: root, options: o}
	resources := root.get("Resources")
	byName := map[string]*draft{}
	for _, r := range resources.members {
		kind := r.value.str("Type")
		if kind != typeV1+"Application" && kind != typeV2+"Application" {
			continue
		}
		d := &draft{v2: kind == typeV2+"Application", options: o}
		t.draft = d
		properties := r.value.get("Properties")
		if properties == nil {
			properties = &value{kind: object, at: r.at}
		}
		d.create = t.resolve(properties)
		if d.create.get("ApplicationName") == nil {
			d.create.set("ApplicationName", newText(r.name, r.at))
		}
		d.create.drop("Tags")
		found, byName[d.create.str("ApplicationName")] = append(found, d), d
	}
	for _, r := range resources.members {
		if to, list, part := partOf(r.value); to != "" {
			t.addPart(r, byName, list, part)
		}
	}
	return found
}

// partOf tells which list of an application a resource belongs to.
func partOf(r *value) (kind, list, property string) {
	kind = r.str("Type")
	name := strings.TrimPrefix(strings.TrimPrefix(kind, typeV2), typeV1)
	switch {
	case name == kind:
		return "", "", ""
	case name == "ApplicationOutput":
		return kind, "Outputs", "Output"
	case name == "ApplicationReferenceDataSource":
		return kind, "ReferenceDataSources", "ReferenceDataSource"
	case name == "ApplicationCloudWatchLoggingOption":
		return kind, "CloudWatchLoggingOptions", "CloudWatchLoggingOption"
	}
	return "", "", ""
}

// addPart adds an output, a table or a logging option to its application.
func (t *template) addPart(r member, byName map[string]*draft, listName, property string) {
	properties := r.value.get("Properties")
	if properties == nil {
		return
	}
	probe := &draft{}
	t.draft = probe
	name := t.resolve(properties).str("ApplicationName")
	d := byName[name]
	if d == nil && len(byName) == 1 {
		for _, d = range byName { // the only one
		}
	}
	if d == nil {
		return
	}
	t.draft = d
	part := properties.get(property)
	if part == nil {
		d.refuse(r.at, "%s has no %s", r.name, property)
		return
	}
	to := d.create
	if listName != "CloudWatchLoggingOptions" {
		to = d.sql()
	}
	if to == nil {
		d.refuse(r.at, "%s is for an application without a SqlApplicationConfiguration", r.name)
		return
	}
	if to.get(listName) == nil {
		to.set(listName, &value{kind: list, at: r.at})
	}
	all := to.get(listName)
	all.items = append(all.items, t.resolve(part))
}

// template resolves the functions of its values.
type template struct {
	root    *value
	options Options
	draft   *draft // what values are resolved for
	depth   int
	calls   int
}

// maxCalls is how many functions are resolved: names that name each other in
// turn would take for ever.
const maxCalls = 10_000

// resolve is a value without functions. One that cannot be known is refused, and
// stands as it was.
func (t *template) resolve(v *value) *value {
	t.depth++
	defer func() { t.depth-- }()
	if t.depth > maxDepth {
		t.draft.refuse(v.at, "functions are nested too deep")
		return newText("", v.at)
	}
	switch v.kind {
	case list:
		out := &value{kind: list, at: v.at}
		for _, item := range v.items {
			out.items = append(out.items, t.resolve(item))
		}
		return out
	case object:
		if len(v.members) == 1 {
			if name := v.members[0].name; name == "Ref" || strings.HasPrefix(name, "Fn::") {
				return t.call(name, v.members[0].value, v.at)
			}
		}
		out := &value{kind: object, at: v.at}
		for _, m := range v.members {
			out.members = append(out.members, member{m.name, t.resolve(m.value), m.at})
		}
		return out
	}
	return v
}

func (t *template) call(name string, argument *value, at Place) *value {
	if t.calls++; t.calls > maxCalls {
		if t.calls == maxCalls+1 {
			t.draft.refuse(at, "the template has more than %d functions to resolve", maxCalls)
		}
		return newText("", at)
	}
	switch name {
	case "Ref":
		if s, ok := t.ref(argument.text); ok {
			return newText(s, at)
		}
	case "Fn::GetAtt":
		if len(argument.items) == 2 {
			if s, ok := t.attribute(argument.items[0].text, argument.items[1].text); ok {
				return newText(s, at)
			}
		}
	case "Fn::Sub":
		return newText(t.sub(argument), at)
	case "Fn::Join":
		if len(argument.items) == 2 && argument.items[1].kind == list {
			var parts []string
			for _, item := range t.resolve(argument.items[1]).items {
				parts = append(parts, item.text)
			}
			return newText(strings.Join(parts, argument.items[0].text), at)
		}
	}
	t.draft.refuse(at, "%s cannot be known here; put what it stands for in its place, or deploy the template with millrace up", strings.TrimSpace(name+" "+argument.text))
	return newText("", at)
}

// ref is what Ref of a name gives: a parameter's value, or a resource's name.
func (t *template) ref(name string) (string, bool) {
	switch name {
	case "AWS::Region":
		return t.options.Region, true
	case "AWS::AccountId":
		return t.options.Account, true
	case "AWS::Partition":
		return "aws", true
	case "AWS::URLSuffix":
		return "amazonaws.com", true
	case "AWS::StackName":
		return "imported", true
	}
	if p := t.root.get("Parameters", name); p != nil {
		if given, ok := t.options.Parameters[name]; ok {
			return given, true
		}
		d := p.get("Default")
		if d == nil {
			return "", false
		}
		return d.text, true
	}
	r := t.root.get("Resources", name)
	if r == nil {
		return "", false
	}
	return t.name(name, r), true
}

// name is that of a resource: what its properties say, or its logical ID.
func (t *template) name(logicalID string, r *value) string {
	properties := r.get("Properties")
	for _, p := range []string{"DeliveryStreamName", "ApplicationName", "RoleName", "BucketName", "FunctionName", "LogGroupName", "LogStreamName", "Name"} {
		if v := properties.get(p); v != nil {
			return t.resolve(v).text
		}
	}
	return logicalID
}

// attribute is an attribute of a resource: ARNs can be known.
func (t *template) attribute(logicalID, attribute string) (string, bool) {
	r := t.root.get("Resources", logicalID)
	if r == nil || attribute != "Arn" {
		return "", false
	}
	name, o := t.name(logicalID, r), t.options
	switch r.str("Type") {
	case "AWS::KinesisFirehose::DeliveryStream":
		return fmt.Sprintf("arn:aws:firehose:%s:%s:deliverystream/%s", o.Region, o.Account, name), true
	case "AWS::Kinesis::Stream":
		return fmt.Sprintf("arn:aws:kinesis:%s:%s:stream/%s", o.Region, o.Account, name), true
	case "AWS::Lambda::Function", "AWS::Serverless::Function":
		return fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s", o.Region, o.Account, name), true
	case "AWS::IAM::Role":
		return fmt.Sprintf("arn:aws:iam::%s:role/%s", o.Account, name), true
	case "AWS::S3::Bucket":
		return "arn:aws:s3:::" + name, true
	case "AWS::Logs::LogGroup":
		return fmt.Sprintf("arn:aws:logs:%s:%s:log-group:%s:*", o.Region, o.Account, name), true
	}
	return "", false
}

// sub replaces ${Name}, ${Resource.Arn} and the names of its own map; ${!x} is
// ${x}.
func (t *template) sub(argument *value) string {
	body, own := argument, &value{}
	if argument.kind == list && len(argument.items) == 2 {
		body, own = argument.items[0], argument.items[1]
	}
	var out strings.Builder
	rest := body.text
	for {
		before, after, ok := strings.Cut(rest, "${")
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		name, behind, closed := strings.Cut(after, "}")
		if !closed {
			out.WriteString("${" + after)
			return out.String()
		}
		rest = behind
		if literal, is := strings.CutPrefix(name, "!"); is {
			out.WriteString("${" + literal + "}")
			continue
		}
		out.WriteString(t.variable(name, own, body.at))
	}
}

func (t *template) variable(name string, own *value, at Place) string {
	name = strings.TrimSpace(name)
	if i := slices.IndexFunc(own.members, func(m member) bool { return m.name == name }); i >= 0 {
		return t.resolve(own.members[i].value).text
	}
	id, attribute, dotted := strings.Cut(name, ".")
	s, ok := t.ref(name)
	if dotted {
		s, ok = t.attribute(id, attribute)
	}
	if !ok {
		t.draft.refuse(at, "${%s} cannot be known here", name)
	}
	return s
}
