package tail

import (
	"log/slog"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// watcher turns file events of one folder into hints. It is no source of truth: without it, or when events are lost, polling finds the same a little later.
type watcher struct {
	dir    string
	hint   chan struct{}
	events *fsnotify.Watcher
	added  bool
	done   sync.WaitGroup
}

// hintPause is the shortest time between two hints. Meanwhile the kernel merges equal events, so a busy writer costs few wake-ups.
const hintPause = 5 * time.Millisecond

func newWatcher(dir string, logger *slog.Logger) *watcher {
	w := &watcher{dir: dir, hint: make(chan struct{}, 1)}
	events, err := fsnotify.NewWatcher()
	if err != nil {
		logger.Info("no file events, polling alone", "path", dir, "error", err)
		return w
	}
	w.events = events
	w.done.Go(w.run)
	return w
}

func (w *watcher) run() {
	for {
		select {
		case _, ok := <-w.events.Events:
			if !ok {
				return
			}
			select {
			case w.hint <- struct{}{}:
			default:
			}
			time.Sleep(hintPause)
		case _, ok := <-w.events.Errors:
			if !ok {
				return
			}
		}
	}
}

// add begins to watch once the folder exists.
func (w *watcher) add() {
	if w.events != nil && !w.added {
		w.added = w.events.Add(w.dir) == nil
	}
}

func (w *watcher) close() error {
	if w.events == nil {
		return nil
	}
	err := w.events.Close()
	w.done.Wait()
	return err
}
