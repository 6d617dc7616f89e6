package imported

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/millrace/millrace/internal/application/local"
	"github.com/millrace/millrace/internal/sql"
)

// Options say where applications will run, and what stands in for what is not
// there.
type Options struct {
	Region, Account string
	// InputStream is the delivery stream that the input reads in the place of a
	// Kinesis stream: an ARN, or a name. "" refuses Kinesis streams.
	InputStream string
	// Parameters are values of a template's parameters that are not its defaults.
	Parameters map[string]string
	// Skip leaves out outputs and options that are refused.
	Skip bool
}

// Application is one that can be made.
type Application struct {
	Name string
	// Target is the version of the API: the prefix of operations.
	Target string
	// Create is the body of CreateApplication; References, of the first version,
	// are those of AddApplicationReferenceDataSource behind it, without the
	// application's name and version.
	Create     map[string]any
	References []map[string]any
	// Streams and Functions are the ARNs that it needs.
	Streams, Functions []string
	Notes              []Note
}

// Refused tells whether something hinders the application from being made.
func (a *Application) Refused() bool {
	return slices.ContainsFunc(a.Notes, func(n Note) bool { return n.Kind == Refused })
}

// NoteKind is what becomes of something.
type NoteKind string

const (
	Refused NoteKind = "refused" // the application cannot be made with it
	LeftOut NoteKind = "left out"
	Kept    NoteKind = "kept"    // described, and without effect
	Changed NoteKind = "changed" // for the place where it will run
)

// Note says what becomes of something at a place of the file.
type Note struct {
	Place
	Kind NoteKind
	Text string
}

func (n Note) String() string { return fmt.Sprintf("%v: %s: %s", n.Place, n.Kind, n.Text) }

// ErrNothing says that a file holds no application.
var ErrNothing = errors.New("there is no Kinesis Analytics application for SQL in it: want an answer of DescribeApplication, a CloudFormation template or the output of terraform show -json")

// Read finds the applications of a file. Its errors are those of a text that
// cannot be read, and ErrNothing.
func Read(file string, src []byte, o Options) ([]*Application, error) {
	root, err := read(file, src)
	if err != nil {
		return nil, err
	}
	var found []*draft
	switch {
	case root.get("Resources") != nil:
		found = fromTemplate(root, o)
	case root.get("values") != nil || root.get("planned_values") != nil:
		found = fromTerraform(root)
	default:
		found = fromDescription(root)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: %w", file, ErrNothing)
	}
	var all []*Application
	for _, d := range found {
		d.options = o
		all = append(all, d.finish())
	}
	return all, nil
}

const (
	targetV1 = "KinesisAnalytics_20150814"
	targetV2 = "KinesisAnalytics_20180523"
)

// draft is an application in the shapes of CreateApplication, of the second
// version with v2, before it is adapted to where it will run. The first version's
// may have ReferenceDataSources.
type draft struct {
	v2      bool
	create  *value
	options Options
	notes   []Note
}

func (d *draft) note(at Place, kind NoteKind, format string, args ...any) {
	d.notes = append(d.notes, Note{at, kind, fmt.Sprintf(format, args...)})
}

// refuse refuses something that the application cannot do without.
func (d *draft) refuse(at Place, format string, args ...any) { d.note(at, Refused, format, args...) }

// leaveOut refuses something, or leaves it out where that was asked for.
func (d *draft) leaveOut(at Place, format string, args ...any) {
	kind := Refused
	if d.options.Skip {
		kind = LeftOut
	}
	d.note(at, kind, format, args...)
}

// sql is where inputs, outputs and tables are.
func (d *draft) sql() *value {
	if d.v2 {
		return d.create.get("ApplicationConfiguration", "SqlApplicationConfiguration")
	}
	return d.create
}

func (d *draft) finish() *Application {
	a := &Application{Name: d.create.str("ApplicationName"), Target: targetV1}
	if d.v2 {
		a.Target = targetV2
	}
	d.checkName()
	d.checkRuntime()
	if in := d.sql(); in != nil {
		d.inputs(in, a)
		d.outputs(in, a)
		d.tables(in)
	}
	d.kept()
	d.checkCode()
	if references := d.create.get("ReferenceDataSources"); references != nil && !d.v2 {
		for _, r := range references.items {
			a.References = append(a.References, map[string]any{"ReferenceDataSource": r.any()})
		}
		d.create.drop("ReferenceDataSources")
	}
	a.Create, _ = d.create.any().(map[string]any)
	sort.SliceStable(d.notes, func(i, k int) bool {
		x, y := d.notes[i].Place, d.notes[k].Place
		return x.Line < y.Line || x.Line == y.Line && x.Column < y.Column
	})
	a.Notes = d.notes
	return a
}

func (d *draft) checkName() {
	if d.create.str("ApplicationName") == "" {
		d.refuse(d.create.at, "the application has no name")
	}
}

// checkRuntime refuses applications that are not SQL, and parts of them that are
// for others.
func (d *draft) checkRuntime() {
	if !d.v2 {
		return
	}
	if r := d.create.get("RuntimeEnvironment"); r == nil || r.text != "SQL-1_0" {
		d.refuse(d.place("RuntimeEnvironment"), "the runtime is %q, and SQL-1_0 alone can run here", d.create.str("RuntimeEnvironment"))
	}
	c := d.create.get("ApplicationConfiguration")
	if c == nil {
		return
	}
	for _, m := range slices.Clone(c.members) {
		switch m.name {
		case "SqlApplicationConfiguration", "ApplicationCodeConfiguration":
		default:
			d.leaveOut(m.at, "%s is not for SQL applications", m.name)
			c.drop(m.name)
		}
	}
}

// place is that of a member of the application, or its own.
func (d *draft) place(path ...string) Place {
	if v := d.create.get(path...); v != nil {
		return v.at
	}
	return d.create.at
}

// inputs adapts the inputs.
func (d *draft) inputs(in *value, a *Application) {
	inputs := in.get("Inputs")
	if inputs == nil {
		return
	}
	for _, one := range inputs.items {
		if k := one.get("KinesisStreamsInput"); k != nil {
			d.fromKinesis(one, k)
		}
		d.resource(one.get("KinesisFirehoseInput"), "deliverystream", a)
		d.resource(one.get("InputProcessingConfiguration", "InputLambdaProcessor"), "function", a)
	}
}

// fromKinesis makes an input of a Kinesis stream one of a delivery stream.
func (d *draft) fromKinesis(input, stream *value) {
	if d.options.InputStream == "" {
		d.refuse(stream.at, "Kinesis stream %s cannot be an input here; --input-stream names a delivery stream to read in its place", stream.str("ResourceARN"))
		return
	}
	arn := d.options.InputStream
	if !strings.HasPrefix(arn, "arn:") {
		arn = d.arn("firehose", "deliverystream/"+arn)
	}
	d.note(stream.at, Changed, "Kinesis stream %s: %s is read in its place", stream.str("ResourceARN"), arn)
	stream.set("ResourceARN", newText(arn, stream.at))
	input.drop("KinesisStreamsInput")
	input.set("KinesisFirehoseInput", stream)
}

func (d *draft) arn(service, resource string) string {
	return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, d.options.Region, d.options.Account, resource)
}

// outputs adapts the outputs; those to Kinesis streams cannot be.
func (d *draft) outputs(in *value, a *Application) {
	outputs := in.get("Outputs")
	if outputs == nil {
		return
	}
	outputs.items = slices.DeleteFunc(outputs.items, func(one *value) bool {
		if k := one.get("KinesisStreamsOutput"); k != nil {
			d.leaveOut(k.at, "output %s goes to Kinesis stream %s, and there are none here; --skip-unsupported leaves it out", one.str("Name"), k.str("ResourceARN"))
			return true
		}
		d.resource(one.get("KinesisFirehoseOutput"), "deliverystream", a)
		d.resource(one.get("LambdaOutput"), "function", a)
		return false
	})
}

func (d *draft) tables(in *value) {
	sources := in.get("ReferenceDataSources")
	if sources == nil {
		return
	}
	for _, one := range sources.items {
		if s := one.get("S3ReferenceDataSource"); s != nil && d.v2 && s.get("ReferenceRoleARN") != nil {
			s.drop("ReferenceRoleARN") // the application has one role
		}
	}
}

// resource gives an ARN the account and region of where the application will
// run. The second version of the API has one role for all.
func (d *draft) resource(r *value, what string, a *Application) {
	if r == nil {
		return
	}
	if d.v2 {
		r.drop("RoleARN")
	}
	was := r.get("ResourceARN")
	if was == nil {
		d.refuse(r.at, "there is no ResourceARN")
		return
	}
	part := strings.SplitN(was.text, ":", 6)
	if len(part) < 6 || part[0] != "arn" {
		d.refuse(was.at, "%q is no ARN", was.text)
		return
	}
	if what == "function" {
		// it is invoked at an address that is given for its ARN
		a.Functions = append(a.Functions, was.text)
		return
	}
	here := d.arn("firehose", part[5])
	if here != was.text {
		d.note(was.at, Changed, "%s: %s is meant here", was.text, here)
		r.set("ResourceARN", newText(here, was.at))
	}
	a.Streams = append(a.Streams, here)
}

// kept notes what has no effect.
func (d *draft) kept() {
	if options := d.create.get("CloudWatchLoggingOptions"); options != nil {
		for _, o := range options.items {
			d.note(o.at, Kept, "CloudWatch log stream %s: what happens to the application is in the server's log", o.str("LogStreamARN"))
			if d.v2 {
				o.drop("RoleARN")
			}
		}
	}
}

// code is the application's SQL.
func (d *draft) code() *value {
	if !d.v2 {
		return d.create.get("ApplicationCode")
	}
	content := d.create.get("ApplicationConfiguration", "ApplicationCodeConfiguration", "CodeContent")
	for _, other := range []string{"S3ContentLocation", "ZipFileContent"} {
		if o := content.get(other); o != nil {
			d.refuse(o.at, "the code is in %s, and SQL is in TextContent alone", other)
			content.drop(other)
		}
	}
	return content.get("TextContent")
}

// checkCode compiles the SQL, so that it is known now what will be found at the
// start.
func (d *draft) checkCode() {
	code := d.code()
	if code == nil {
		return
	}
	schema, ok := d.schema()
	if !ok {
		return
	}
	var faults *sql.Diagnostics
	_, err := sql.Compile(d.create.str("ApplicationName")+".sql", code.text, schema)
	switch {
	case errors.As(err, &faults):
		for _, f := range faults.List {
			d.refuse(code.at, "%v", f)
		}
	case err != nil:
		d.refuse(code.at, "%v", err)
	}
}

// schema is what the SQL may read.
func (d *draft) schema() (s sql.Schema, ok bool) {
	ok = true
	in := d.sql()
	if in == nil {
		return s, true
	}
	each := func(list, schema string, add func(one *value, columns sql.Stream)) {
		all := in.get(list)
		if all == nil {
			return
		}
		for _, one := range all.items {
			stream, err := columnsOf(one.get(schema))
			if err != nil {
				d.refuse(one.at, "%s: %v", schema, err)
				ok = false
				continue
			}
			add(one, stream)
		}
	}
	each("Inputs", "InputSchema", func(one *value, stream sql.Stream) {
		count := 1
		if c := one.get("InputParallelism", "Count"); c != nil {
			_, _ = fmt.Sscan(c.text, &count) // what is no number, the service refuses
		}
		for i := range min(max(count, 1), maxStreams) {
			stream.Name = fmt.Sprintf("%s_%03d", one.str("NamePrefix"), i+1)
			s.Inputs = append(s.Inputs, stream)
		}
	})
	each("ReferenceDataSources", "ReferenceSchema", func(one *value, stream sql.Stream) {
		stream.Name, stream.Columns, stream.Hidden = one.str("TableName"), stream.Columns[:len(stream.Columns)-stream.Hidden], 0
		s.Tables = append(s.Tables, stream)
	})
	return s, ok
}

const maxStreams = 64

// columnsOf reads a schema in the API's shape.
func columnsOf(v *value) (sql.Stream, error) {
	if v == nil {
		return sql.Stream{}, errors.New("is missing")
	}
	text, err := json.Marshal(v.any())
	if err != nil {
		return sql.Stream{}, err
	}
	schema, err := local.ParseSchema("schema", string(text))
	if err != nil {
		return sql.Stream{}, err
	}
	layout, err := schema.Layout()
	if err != nil {
		return sql.Stream{}, err
	}
	return sql.Stream{Columns: layout.Columns(), Hidden: layout.Hidden()}, nil
}
