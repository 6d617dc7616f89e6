//go:build unix

package main

import (
	"math/rand/v2"
	"os"
	"testing"
	"time"
)

// What our agent sends again counts once, whatever is wrong with the route to
// the server, while agents are killed. The last scene is the same trouble for
// requests that do not say where their records come from: there each repeat is
// another line of the archive, so the trouble is real.
func TestRepeatsOfTheAgentCountOnce(t *testing.T) {
	for _, scene := range []struct {
		name, settings string
		trouble        func(random *rand.Rand, r *routed)
		serverKilled   bool
		anonymous      bool
	}{
		{name: "answers cut", trouble: cutAnswers},
		{name: "answers cut, server killed", trouble: cutAnswers, serverKilled: true},
		{name: "records failed", trouble: failRecords},
		{name: "limits", settings: "limits:\n  records_per_second: 1500\n", trouble: cutAnswers},
		{name: "answers cut, records anonymous", trouble: cutAnswers, anonymous: true},
	} {
		t.Run(scene.name, func(t *testing.T) {
			t.Parallel()
			w := newOriginWorld(t, scene.settings)
			w.route.trouble, w.route.anonymous = scene.trouble, scene.anonymous
			done := w.write("access.log", 4500, 1500)
			for range 3 {
				a := w.startAgent()
				a.until("some batches went through", w.route.passed(15))
				a.kill()
				if scene.serverKilled {
					w.restartServer()
				}
			}
			a := w.startAgent()
			<-done
			w.arrive(a)
			again := 0
			if scene.anonymous {
				again = w.route.repeats
			}
			w.sameAsLogs(again)
			t.Logf("%+v", w.route.counts)
			if w.route.repeats == 0 || w.route.overtaken == 0 {
				t.Errorf("%d records came again, %d of them after later ones of their file: nothing was shown", w.route.repeats, w.route.overtaken)
			}
			if scene.settings != "" && w.route.refused == 0 {
				t.Error("the limits refused nothing")
			}
		})
	}
}

// cutAnswers lets the server keep a batch, waits while later ones go through,
// and then tells nobody.
func cutAnswers(random *rand.Rand, r *routed) {
	if random.IntN(3) == 0 {
		r.cutAfter = time.Duration(1 + random.Int64N(int64(300*time.Millisecond)))
	}
}

// failRecords answers with errors for the first, a middle and the last record,
// or some of them; some are kept by the server all the same.
func failRecords(random *rand.Rand, r *routed) {
	n := len(r.origin.Ranges)
	for _, i := range []int{0, n / 2, n - 1, random.IntN(n)} {
		switch random.IntN(4) {
		case 0:
			r.fail[i] = true
		case 1:
			r.fail[i], r.hold[i] = true, true
		}
	}
}

// An agent without its checkpoint takes its files for new ones: all of them
// count again. That is the limit.
func TestRepeatsAfterALostCheckpoint(t *testing.T) {
	t.Parallel()
	w := newOriginWorld(t, "")
	<-w.write("access.log", 1000, 0)
	w.arrive(w.startAgent())
	w.sameAsLogs(0)
	w.must(os.RemoveAll(w.checkpoint))
	a := w.startAgent()
	a.until("all came again", func() bool { return w.route.records() == 2000 })
	w.arrive(a)
	w.sameAsLogs(1000)
}
