package application

import (
	"context"
	"testing"

	"github.com/millrace/millrace/internal/application/applicationtest"
)

// TestForgetPrivateStreams deletes an application with a function before its
// schema and two as outputs, of which one was taken away: nothing is left but
// the streams of others.
func TestForgetPrivateStreams(t *testing.T) {
	s := readScenario(t, "testdata/scenarios/processor.txt")
	for i := range s.config.Outputs {
		s.config.Outputs[i].Kind, s.config.Outputs[i].ARN = ToFunction, applicationtest.FunctionARN(s.config.Outputs[i].Stream)
	}
	w := newWorld(t, s, mode{snapshots: 1})
	w.start(LastStoppedPoint)
	w.all("put 00:00:01 a 1 | ?c", "put 00:00:12 a 2")
	private := w.app.private.ids()
	w.app.Stop(context.Background())
	s.config.Outputs = s.config.Outputs[:1]
	w.start(LastStoppedPoint)
	w.all("clock 00:00:20")
	if len(private) != 3 || len(w.app.private.ids()) != 2 || w.disk.Extent(private[2]).Bytes != 0 {
		t.Errorf("streams %v, then %v", private, w.app.private.ids())
	}
	w.app.Stop(context.Background())
	if err := Forget(w.disk, "app"); err != nil {
		t.Fatal(err)
	}
	for e := range w.disk.Scan("") {
		t.Errorf("key %q is left", e.Key)
	}
	in, _ := w.streams.Stream(s.config.Input.ARN)
	if used, own := w.disk.Usage().Bytes, w.disk.Extent(in).Bytes; used != own {
		t.Errorf("%d bytes are used, %d of them by the input", used, own)
	}
}
