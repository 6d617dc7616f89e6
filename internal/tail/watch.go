package tail

import (
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// watcher turns file events into hints. It is no source of truth: without it, or when events are lost, polling finds the same a little later.
type watcher struct {
	hint   chan struct{}
	events *fsnotify.Watcher
	done   sync.WaitGroup

	watched map[string]os.FileInfo // the tailer's: folders as they were when their watching began
	failed  bool                   // a folder cannot be watched; the tailer's

	mu      sync.Mutex
	changed map[string]bool // paths that were written to
	named   bool            // files came or went
	lost    bool            // events were, so anything may have changed
	pending bool            // a hint is on its way
	last    time.Time
}

// hintPause is the shortest time between two hints, so that a busy writer costs few wake-ups.
const hintPause = 5 * time.Millisecond

func newWatcher(logger *slog.Logger, off bool) *watcher {
	w := &watcher{hint: make(chan struct{}, 1), watched: make(map[string]os.FileInfo), changed: make(map[string]bool)}
	if off {
		return w
	}
	events, err := fsnotify.NewWatcher()
	if err != nil {
		logger.Info("no file events, polling alone", "error", err)
		return w
	}
	w.events = events
	w.done.Go(w.run)
	return w
}

func (w *watcher) run() {
	for {
		select {
		case event, ok := <-w.events.Events:
			if !ok {
				return
			}
			w.note(event.Name, event.Op&^(fsnotify.Write|fsnotify.Chmod) != 0, false)
		case _, ok := <-w.events.Errors:
			if !ok {
				return
			}
			w.note("", true, true)
		}
	}
}

func (w *watcher) note(path string, named, lost bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changed[path] = true
	w.named, w.lost = w.named || named, w.lost || lost
	if w.pending {
		return
	}
	w.pending = true
	if wait := hintPause - time.Since(w.last); wait > 0 {
		time.AfterFunc(wait, w.wake)
	} else {
		go w.wake()
	}
}

func (w *watcher) wake() {
	w.mu.Lock()
	w.pending, w.last = false, time.Now()
	w.mu.Unlock()
	select {
	case w.hint <- struct{}{}:
	default:
	}
}

// take returns what was noted since the last call.
func (w *watcher) take() (changed map[string]bool, named, lost bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	named, lost = w.named, w.lost
	if len(w.changed) > 0 {
		changed, w.changed = w.changed, make(map[string]bool)
	}
	w.named, w.lost = false, false
	return changed, named, lost
}

// follow watches exactly these folders. One that was made anew under its name, or is what a symbolic link leads to now, is watched anew.
func (w *watcher) follow(dirs map[string]*folder) {
	if w.events == nil {
		return
	}
	still := make(map[string]bool)
	for _, dir := range w.events.WatchList() {
		still[dir] = true
	}
	for dir, was := range w.watched {
		if is := dirs[dir]; is == nil || !os.SameFile(is.info, was) || !still[dir] {
			w.events.Remove(dir)
			delete(w.watched, dir)
		}
	}
	w.failed = false
	for dir, is := range dirs {
		if w.watched[dir] == nil && w.events.Add(dir) == nil {
			w.watched[dir] = is.info
		}
		w.failed = w.failed || w.watched[dir] == nil
	}
}

// sees reports whether all folders are watched.
func (w *watcher) sees() bool { return w.events != nil && !w.failed && len(w.watched) > 0 }

func (w *watcher) close() error {
	if w.events == nil {
		return nil
	}
	err := w.events.Close()
	w.done.Wait()
	return err
}
