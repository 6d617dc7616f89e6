package application

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// waits is what an application waits for now, by what of it waits.
type waits struct {
	mu  sync.Mutex
	why map[string]string
}

// set says why something waits, or with an empty text that it does not. It tells
// whether it was waiting before.
func (w *waits) set(what, why string) (before bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, before = w.why[what]
	if why == "" {
		delete(w.why, what)
		return before
	}
	if w.why == nil {
		w.why = map[string]string{}
	}
	w.why[what] = why
	return before
}

func (w *waits) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for _, what := range slices.Sorted(maps.Keys(w.why)) {
		all = append(all, w.why[what])
	}
	return strings.Join(all, "; ")
}
