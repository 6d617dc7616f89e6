package stack

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/firehose"
)

// The resource type has every member of CreateDeliveryStream that the service
// honours or keeps, of the kind that AWS's model says, and refuses by name those
// that it refuses. What the service does with each is in its own model.txt.
func TestDeliveryStreamHasWhatTheServiceHas(t *testing.T) {
	text, err := os.ReadFile("../firehose/testdata/model.txt")
	if err != nil {
		t.Fatal(err)
	}
	w := &memberWalk{t: t, fates: map[string]string{}}
	for line := range strings.Lines(string(text)) {
		path, fate, _ := strings.Cut(strings.TrimSpace(line), " | ")
		if path, ok := strings.CutPrefix(path, "CreateDeliveryStream."); ok {
			w.fates[path] = fate
		}
	}
	w.members(reflect.TypeFor[sdk.CreateDeliveryStreamInput](), deliveryStreamShape, "")
	if w.seen < 150 {
		t.Errorf("only %d members", w.seen)
	}
}

type memberWalk struct {
	t     *testing.T
	fates map[string]string
	seen  int
}

func (w *memberWalk) members(theirs reflect.Type, ours shape, path string) {
	known := slices.Concat(ours.names(), ours.refused)
	for i := range theirs.NumField() {
		f := theirs.Field(i)
		if !f.IsExported() {
			continue
		}
		known = slices.DeleteFunc(known, func(name string) bool { return name == f.Name })
		if strings.HasPrefix(w.fates[path+f.Name], "refused") {
			if !slices.Contains(ours.refused, f.Name) {
				w.t.Errorf("%s%s is not refused by name", path, f.Name)
			}
			continue
		}
		p := ours.member(f.Name)
		if p == nil {
			w.t.Errorf("%s%s is missing", path, f.Name)
			continue
		}
		w.seen++
		w.member(f.Type, p.shape, path+f.Name)
	}
	if len(known) > 0 {
		w.t.Errorf("%s: AWS does not know %q", path, known)
	}
}

func (w *memberWalk) member(theirs reflect.Type, ours shape, path string) {
	for theirs.Kind() == reflect.Pointer {
		theirs = theirs.Elem()
	}
	kind := map[reflect.Kind]shapeKind{
		reflect.String: shapeText, reflect.Int32: shapeInteger, reflect.Int64: shapeInteger, reflect.Float64: shapeNumber,
		reflect.Bool: shapeBoolean, reflect.Map: shapeTexts, reflect.Slice: shapeList, reflect.Struct: shapeObject,
	}
	if want, ok := kind[theirs.Kind()]; !ok || want != ours.kind {
		w.t.Errorf("%s: %s for AWS's %s", path, ours.expects(), theirs)
		return
	}
	switch ours.kind {
	case shapeObject:
		w.members(theirs, ours, path+".")
	case shapeList:
		w.member(theirs.Elem(), *ours.item, path+"[]")
	}
}
