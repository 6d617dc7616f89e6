package delivery

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/millrace/millrace/internal/delivery/objectkey"
)

// move is one thing that happens to a pipeline.
type move struct {
	what  string
	n     int
	after bool
}

// game is what rapid draws before the clock of the test begins.
type game struct {
	parallel, bufferBytes, budget int
	processing, partitions        bool
	failEvery, loseEvery          int
	dropAfter                     time.Duration
	moves                         []move
}

func drawGame(t *rapid.T) game {
	g := game{
		parallel:    rapid.SampledFrom([]int{1, 2, 4}).Draw(t, "parallel"),
		bufferBytes: rapid.IntRange(1, 60).Draw(t, "buffer bytes"),
		budget:      rapid.SampledFrom([]int{200, 2000, 1 << 20}).Draw(t, "budget"),
		processing:  rapid.Bool().Draw(t, "processing"),
		failEvery:   rapid.IntRange(0, 4).Draw(t, "fail every"),
		loseEvery:   rapid.IntRange(0, 4).Draw(t, "lose every"),
	}
	g.partitions = g.processing && rapid.Bool().Draw(t, "partitions")
	if rapid.IntRange(0, 3).Draw(t, "drop") == 0 {
		g.dropAfter = 20 * time.Minute
	}
	what := []string{"put", "put", "put", "wait", "wait", "flush", "restart", "kill", "reconfigure", "bucket", "errors", "processor"}
	for i := range rapid.IntRange(1, 40).Draw(t, "moves") {
		g.moves = append(g.moves, move{
			what: rapid.SampledFrom(what).Draw(t, fmt.Sprint("move ", i)), n: rapid.IntRange(1, 30).Draw(t, "n"), after: rapid.Bool().Draw(t, "after"),
		})
	}
	return g
}

// Whatever fails, dies and changes: once everything works again, each record is
// exactly once in the bucket, in the error output, or was dropped.
func TestEveryRecordEndsOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		g := drawGame(rt)
		var trouble error
		synctest.Test(t, func(t *testing.T) { trouble = g.play(t) })
		if trouble != nil {
			rt.Fatal(trouble)
		}
	})
}

// player plays a game.
type player struct {
	game
	*rig
	processor *scripted
	records   []string
	pipeline  *Pipeline
	stop      func() error
	mortal    *mortal
	kills     int
	dropped   uint64
}

func (g game) play(t *testing.T) error {
	pl := &player{game: g, rig: newRig(t, 5*time.Second), processor: &scripted{keep: true}}
	o := &pl.opts
	o.Parallel, o.BudgetBytes, o.DropAfter, o.Config.BufferBytes = g.parallel, g.budget, g.dropAfter, g.bufferBytes
	if g.processing {
		o.Processor = pl.processor
	}
	if g.partitions {
		prefix, err := objectkey.Parse("!{partitionKeyFromQuery:c}/")
		if err != nil {
			return err
		}
		o.Config.Key = &objectkey.Namer{Stream: "web", Prefix: prefix}
	}
	o.Destination = fatal{picky{o.Destination}, &fate{}, new(atomic.Int64)}
	pl.weather(true)
	pl.run(t)
	for _, m := range g.moves {
		if err := pl.do(t, m); err != nil {
			return err
		}
	}
	return pl.end(t)
}

// weather is what fails by itself, or nothing.
func (pl *player) weather(bad bool) {
	every := func(n int) func(int) bool { return func(i int) bool { return bad && n > 0 && i%(n+1) == n } }
	fail, lose := every(pl.failEvery), every(pl.loseEvery)
	for _, b := range []*bucket{pl.archive, pl.errors} {
		b.setFail(func(n int) error {
			if fail(n) {
				return errDown
			}
			return nil
		})
		b.mu.Lock()
		b.lose = lose
		b.mu.Unlock()
	}
	pl.processor.fail.Store(nil)
}

func (pl *player) run(t *testing.T) {
	pl.mortal = &mortal{Journal: pl.journal, fate: &fate{}}
	pl.opts.Journal = pl.mortal
	f := pl.opts.Destination.(fatal)
	f.fate = pl.mortal.fate
	pl.opts.Destination = f
	pl.pipeline, pl.stop = pl.start(t)
}

func (pl *player) do(t *testing.T, m move) error {
	switch m.what {
	case "put":
		var frame []string
		for i := range m.n {
			text := fmt.Sprintf("%s%d", []string{"a", "b", "bad", "drop", "fail"}[(m.n+i)%5], len(pl.records))
			pl.records = append(pl.records, text)
			if pl.partitions {
				text += fmt.Sprintf("@p%d", i%3)
			}
			frame = append(frame, text)
		}
		return pl.tryPut(frame...)
	case "wait":
		time.Sleep(time.Duration(m.n*m.n) * time.Second)
	case "flush":
		go pl.pipeline.Flush(t.Context())
	case "restart":
		return pl.again(t)
	case "kill":
		pl.kills++
		pl.mortal.fate.strike(m.n%5, m.after)
		time.Sleep(time.Duration(m.n) * 100 * time.Millisecond)
		return pl.again(t)
	case "reconfigure":
		pl.opts.Config.Version++
		text := fmt.Sprintf("v%d/", pl.opts.Config.Version)
		if pl.partitions {
			text += "!{partitionKeyFromQuery:c}/"
		}
		prefix, err := objectkey.Parse(text)
		if err != nil {
			return err
		}
		pl.opts.Config.Key = &objectkey.Namer{Stream: "web", Prefix: prefix}
		pl.opts.Config.BufferBytes = 2 * m.n
		pl.opts.Config.Interval = time.Duration(m.n) * time.Second
		pl.pipeline.Reconfigure(pl.opts)
	case "bucket":
		pl.archive.setFail(func(int) error { return errDown })
	case "errors":
		pl.errors.setFail(func(int) error { return errDown })
	case "processor":
		pl.processor.fail.Store(errDown)
	}
	if m.after {
		pl.weather(true)
	}
	return nil
}

// again ends the process, if it has not died, and starts the next.
func (pl *player) again(t *testing.T) error {
	if err := pl.stop(); err != nil && !errors.Is(err, errKilled) {
		return err
	}
	pl.dropped += pl.pipeline.Status().Dropped
	pl.run(t)
	return nil
}

func (pl *player) end(t *testing.T) error {
	pl.weather(false)
	if err := pl.again(t); err != nil {
		return err
	}
	time.Sleep(10 * time.Minute)
	s := pl.pipeline.Status()
	if int(s.Delivered) != len(pl.records) || len(pl.records) > 0 && s.State != Waiting || s.Budget.Used != 0 || s.UnderWay != 0 {
		return fmt.Errorf("of %d records: %+v", len(pl.records), s)
	}
	for e := range pl.journal.Scan(StatePrefix(pl.stream)) {
		return fmt.Errorf("a sealed batch is left: %s %s", e.Key, e.Value)
	}
	if err := pl.again(t); err != nil {
		return err
	}
	return pl.account(t)
}

func (pl *player) account(t *testing.T) error {
	times := map[string]int{}
	for _, o := range pl.archive.objects(t) {
		for _, text := range splitRecords(string(o.body)) {
			times["sent "+text]++
		}
	}
	for _, text := range strings.Fields(refusedRecords(t, pl.errors)) {
		text, _, _ = strings.Cut(text, "@")
		times["refused "+text]++
	}
	var missing []string
	for _, text := range pl.records {
		want := "sent " + text
		switch {
		case strings.HasPrefix(text, "bad"), pl.processing && strings.HasPrefix(text, "fail"):
			want = "refused " + text
		case pl.processing && strings.HasPrefix(text, "drop"):
			continue
		}
		switch times[want] {
		case 0:
			missing = append(missing, text)
		case 1:
		default:
			return fmt.Errorf("%s %d times", want, times[want])
		}
		delete(times, want)
	}
	if len(times) > 0 {
		return fmt.Errorf("nobody sent %v", times)
	}
	slices.Sort(missing)
	if pl.dropAfter == 0 && len(missing) > 0 || pl.kills == 0 && len(missing) > int(pl.dropped) {
		return fmt.Errorf("%d dropped, missing are %v", pl.dropped, missing)
	}
	return nil
}

// splitRecords splits glued records, each letters and digits.
func splitRecords(text string) (all []string) {
	digit := true
	for i, c := range text {
		if now := c >= '0' && c <= '9'; digit && !now {
			all = append(all, "")
			digit = now
		} else {
			digit = now
		}
		all[len(all)-1] += text[i : i+1]
	}
	return all
}
