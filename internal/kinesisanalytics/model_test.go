package kinesisanalytics

import (
	"encoding/json"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	sdk1 "github.com/aws/aws-sdk-go-v2/service/kinesisanalytics"
	sdk2 "github.com/aws/aws-sdk-go-v2/service/kinesisanalyticsv2"

	"github.com/millrace/millrace/internal/journal/memory"
	"github.com/millrace/millrace/internal/realtest"
)

// pair is an operation's request in AWS's SDK and here.
type pair struct{ theirs, ours any }

var models = map[api][]pair{
	v1: {
		{sdk1.AddApplicationCloudWatchLoggingOptionInput{}, addLoggingInput{}},
		{sdk1.AddApplicationInputInput{}, addInputInput{}},
		{sdk1.AddApplicationInputProcessingConfigurationInput{}, addProcessingInput{}},
		{sdk1.AddApplicationOutputInput{}, addOutputInput{}},
		{sdk1.AddApplicationReferenceDataSourceInput{}, addReferenceInput{}},
		{sdk1.CreateApplicationInput{}, createApplicationV1Input{}},
		{sdk1.DeleteApplicationInput{}, deleteApplicationInput{}},
		{sdk1.DeleteApplicationCloudWatchLoggingOptionInput{}, deleteLoggingInput{}},
		{sdk1.DeleteApplicationInputProcessingConfigurationInput{}, deleteProcessingInput{}},
		{sdk1.DeleteApplicationOutputInput{}, deleteOutputInput{}},
		{sdk1.DeleteApplicationReferenceDataSourceInput{}, deleteReferenceInput{}},
		{sdk1.DescribeApplicationInput{}, describeApplicationV1Input{}},
		{sdk1.DiscoverInputSchemaInput{}, discoverInputSchemaV1Input{}},
		{sdk1.ListApplicationsInput{}, listApplicationsV1Input{}},
		{sdk1.ListTagsForResourceInput{}, listTagsInput{}},
		{sdk1.StartApplicationInput{}, startApplicationV1Input{}},
		{sdk1.StopApplicationInput{}, stopApplicationV1Input{}},
		{sdk1.TagResourceInput{}, tagResourceInput{}},
		{sdk1.UntagResourceInput{}, untagResourceInput{}},
		{sdk1.UpdateApplicationInput{}, updateApplicationV1Input{}},
	},
	v2: {
		{sdk2.AddApplicationCloudWatchLoggingOptionInput{}, addLoggingInput{}},
		{sdk2.AddApplicationInputInput{}, addInputInput{}},
		{sdk2.AddApplicationInputProcessingConfigurationInput{}, addProcessingInput{}},
		{sdk2.AddApplicationOutputInput{}, addOutputInput{}},
		{sdk2.AddApplicationReferenceDataSourceInput{}, addReferenceInput{}},
		{sdk2.AddApplicationVpcConfigurationInput{}, addVPCInput{}},
		{sdk2.CreateApplicationInput{}, createApplicationV2Input{}},
		{sdk2.CreateApplicationPresignedUrlInput{}, presignedURLInput{}},
		{sdk2.CreateApplicationSnapshotInput{}, snapshotInput{}},
		{sdk2.DeleteApplicationInput{}, deleteApplicationInput{}},
		{sdk2.DeleteApplicationCloudWatchLoggingOptionInput{}, deleteLoggingInput{}},
		{sdk2.DeleteApplicationInputProcessingConfigurationInput{}, deleteProcessingInput{}},
		{sdk2.DeleteApplicationOutputInput{}, deleteOutputInput{}},
		{sdk2.DeleteApplicationReferenceDataSourceInput{}, deleteReferenceInput{}},
		{sdk2.DeleteApplicationSnapshotInput{}, deleteSnapshotInput{}},
		{sdk2.DeleteApplicationVpcConfigurationInput{}, deleteVPCInput{}},
		{sdk2.DescribeApplicationInput{}, describeApplicationV2Input{}},
		{sdk2.DescribeApplicationOperationInput{}, describeOperationInput{}},
		{sdk2.DescribeApplicationSnapshotInput{}, snapshotInput{}},
		{sdk2.DescribeApplicationVersionInput{}, describeVersionInput{}},
		{sdk2.DiscoverInputSchemaInput{}, discoverInputSchemaV2Input{}},
		{sdk2.ListApplicationOperationsInput{}, listOperationsInput{}},
		{sdk2.ListApplicationSnapshotsInput{}, listSnapshotsInput{}},
		{sdk2.ListApplicationVersionsInput{}, listVersionsInput{}},
		{sdk2.ListApplicationsInput{}, listApplicationsV2Input{}},
		{sdk2.ListTagsForResourceInput{}, listTagsInput{}},
		{sdk2.RollbackApplicationInput{}, rollbackInput{}},
		{sdk2.StartApplicationInput{}, startApplicationV2Input{}},
		{sdk2.StopApplicationInput{}, stopApplicationV2Input{}},
		{sdk2.TagResourceInput{}, tagResourceInput{}},
		{sdk2.UntagResourceInput{}, untagResourceInput{}},
		{sdk2.UpdateApplicationInput{}, updateApplicationV2Input{}},
		{sdk2.UpdateApplicationMaintenanceConfigurationInput{}, updateMaintenanceInput{}},
	},
}

// TestModel goes over every member of AWS's own models, of the requests of all
// operations, and says what becomes of it here: testdata/model. A member that
// the shapes do not know fails the test, and so does a shape's member that AWS
// does not know.
func TestModel(t *testing.T) {
	s := open(t, testOptions(memory.New(memory.Options{}), testStreams()))
	for v, file := range map[api]string{v1: "testdata/model/v1.txt", v2: "testdata/model/v2.txt"} {
		w := &modelWalk{t: t, api: v}
		var names []string
		for _, p := range models[v] {
			name := strings.TrimSuffix(reflect.TypeOf(p.theirs).Name(), "Input")
			names = append(names, name)
			if slices.Contains(refusedOperations, name) {
				w.lines = append(w.lines, name+" | refused: "+name+" is not supported for SQL applications")
			}
			w.operation, w.request = name, reflect.TypeOf(p.ours)
			w.walk(reflect.TypeOf(p.theirs), w.request, name+".")
		}
		if want := len(s.APIs()[v-1].Operations); len(names) != want {
			t.Errorf("v%d has %d operations, its table %d", v, len(names), want)
		}
		for _, op := range s.APIs()[v-1].Operations {
			if !slices.Contains(names, op.Name) {
				t.Errorf("v%d has no operation %s", v, op.Name)
			}
		}
		got := strings.Join(w.lines, "\n") + "\n"
		if *rewrite {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(file); err != nil || got != string(want) {
			t.Errorf("%s is another one (%v); go test -run TestModel -rewrite shows the difference", file, err)
		}
	}
}

// refusedOperations are told of as a whole. TestWire has their answers.
var refusedOperations = []string{"AddApplicationVpcConfiguration", "CreateApplicationPresignedUrl", "CreateApplicationSnapshot",
	"DeleteApplicationSnapshot", "DeleteApplicationVpcConfiguration", "DescribeApplicationSnapshot", "ListApplicationSnapshots", "RollbackApplication"}

type modelWalk struct {
	t         *testing.T
	api       api
	operation string
	request   reflect.Type
	lines     []string
}

func (w *modelWalk) walk(theirs, ours reflect.Type, path string) {
	members := map[string]reflect.StructField{}
	for i := range ours.NumField() {
		if f := ours.Field(i); !rulesOf(f).absent(w.api) {
			members[f.Name] = f
		}
	}
	for i := range theirs.NumField() {
		their := theirs.Field(i)
		if !their.IsExported() {
			continue
		}
		our, known := members[their.Name]
		if !known {
			w.t.Errorf("v%d %s%s: the shape does not know it", w.api, path, their.Name)
			continue
		}
		delete(members, their.Name)
		w.member(their.Type, our, path+their.Name)
	}
	for name := range members {
		w.t.Errorf("v%d %s%s: AWS does not know it", w.api, path, name)
	}
}

func (w *modelWalk) member(theirs reflect.Type, our reflect.StructField, path string) {
	r := rulesOf(our)
	if r.has("unsupported") {
		w.say(path, "refused: "+w.refusal(path))
		return
	}
	their, list := element(theirs)
	ours, ourList := element(our.Type)
	if list != ourList || (their.Kind() == reflect.Struct && their.Name() != "Time") != (ours.Kind() == reflect.Struct) {
		w.t.Errorf("v%d %s: %s for AWS's %s", w.api, path, our.Type, theirs)
		return
	}
	if list {
		path += "[]"
	}
	switch honoured := w.api.constraint(r.shape()).honoured; {
	case ours.Kind() == reflect.Struct:
		w.walk(their, ours, path+".")
	case slices.Contains(refusedOperations, w.operation): // told once
	case honoured != nil:
		w.say(path, "honoured: "+strings.Join(honoured, ", ")+"; others are refused")
	case r.has("off"):
		w.say(path, "kept while it is off, else refused")
	case r.has("kept"):
		w.say(path, "kept")
	default:
		w.say(path, "honoured")
	}
}

func (w *modelWalk) say(path, fate string) { w.lines = append(w.lines, path+" | "+fate) }

// refusal is what validate says of a request with the member.
func (w *modelWalk) refusal(path string) string {
	var body any = []any{map[string]any{}}
	steps := strings.Split(path, ".")[1:]
	for _, step := range slices.Backward(steps) {
		if name, list := strings.CutSuffix(step, "[]"); list {
			body = map[string]any{name: []any{body}}
		} else {
			body = map[string]any{step: body}
		}
	}
	text, err := json.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	in := reflect.New(w.request)
	if err := json.Unmarshal(text, in.Interface()); err != nil {
		w.t.Fatalf("%s: %v", text, err)
	}
	f := findings{api: w.api}
	f.structure(in.Elem(), "", "")
	if len(f.unsupported) != 1 || !strings.Contains(f.unsupported[0], steps[len(steps)-1]) {
		w.t.Errorf("v%d %s: refused with %q", w.api, path, f.unsupported)
		return ""
	}
	return f.unsupported[0]
}

// element is what a pointer points to, or what a list that is not data holds.
func element(t reflect.Type) (elem reflect.Type, list bool) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8 {
		list = list || t.Kind() == reflect.Slice
		t = t.Elem()
	}
	return t, list
}

// modelScript prints the constraints of every member of every request in
// botocore's models.
const modelScript = `
import json, sys
from botocore.loaders import Loader
def told(shape):
    return {k: shape.get(k) for k in ("min", "max", "pattern", "enum") if k in shape}
def walk(shapes, name, path, out, above):
    for member, m in shapes[name]["members"].items():
        shape = shapes[m["shape"]]
        entry = dict(told(shape), required=member in shapes[name].get("required", []))
        at = path + member
        if shape["type"] == "list":
            item = shapes[shape["member"]["shape"]]
            entry["each"] = told(item)
            out[at] = entry
            if item["type"] == "structure" and shape["member"]["shape"] not in above:
                walk(shapes, shape["member"]["shape"], at + "[].", out, above + [shape["member"]["shape"]])
            continue
        out[at] = entry
        if shape["type"] == "structure":
            walk(shapes, m["shape"], at + ".", out, above)
out = {}
for n, service in enumerate(("kinesisanalytics", "kinesisanalyticsv2")):
    model = Loader().load_service_model(service, "service-2")
    members = {}
    for name, operation in model["operations"].items():
        walk(model["shapes"], operation["input"]["shape"], name + ".", members, [])
    out[str(n + 1)] = members
json.dump(out, sys.stdout)
`

// told is what botocore's model says of a member.
type told struct {
	Required bool
	Min, Max int
	Pattern  string
	Enum     []string
	Each     struct{ Min, Max int }
}

// TestModelConstraints compares what is required, lengths, ranges, patterns and
// enumerations with botocore's copy of AWS's models.
func TestModelConstraints(t *testing.T) {
	out, err := exec.Command(realtest.Python(t, "botocore"), "-c", modelScript).Output()
	if err != nil {
		t.Fatal(err)
	}
	var model map[api]map[string]told
	if err := json.Unmarshal(out, &model); err != nil {
		t.Fatal(err)
	}
	for v, pairs := range models {
		compared := 0
		for _, p := range pairs {
			name := strings.TrimSuffix(reflect.TypeOf(p.theirs).Name(), "Input")
			compared += compareConstraints(t, v, model[v], reflect.TypeOf(p.ours), name+".")
		}
		if compared < 150 {
			t.Errorf("v%d: only %d members", v, compared)
		}
	}
}

func compareConstraints(t *testing.T, v api, model map[string]told, ours reflect.Type, path string) (compared int) {
	for i := range ours.NumField() {
		f := ours.Field(i)
		r := rulesOf(f)
		if r.absent(v) {
			continue
		}
		want, known := model[path+f.Name]
		if !known {
			t.Errorf("v%d %s%s: not in the model", v, path, f.Name)
			continue
		}
		compared++
		if r.required(v) != want.Required {
			t.Errorf("v%d %s%s: required %v, the model says %v", v, path, f.Name, r.required(v), want.Required)
		}
		if r.has("unsupported") {
			continue
		}
		c := v.constraint(r.shape())
		slices.Sort(want.Enum)
		if c.min != want.Min || c.max != want.Max || c.pattern.text != want.Pattern || !slices.Equal(slices.Sorted(slices.Values(c.enum)), want.Enum) {
			t.Errorf("v%d %s%s: %d…%d %q %v, the model says %+v", v, path, f.Name, c.min, c.max, c.pattern.text, c.enum, want)
		}
		if each := v.constraint(r.each()); r.each() != "" && (each.min != want.Each.Min || each.max != want.Each.Max) {
			t.Errorf("v%d %s%s: each %d…%d, the model says %+v", v, path, f.Name, each.min, each.max, want.Each)
		}
		if elem, list := element(f.Type); elem.Kind() == reflect.Struct {
			below := path + f.Name
			if list {
				below += "[]"
			}
			compared += compareConstraints(t, v, model, elem, below+".")
		}
	}
	return compared
}
