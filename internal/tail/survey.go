package tail

import (
	"path/filepath"
	"slices"
	"time"
)

// Surveyed is a file as it would be followed: its State stands behind its last complete line.
type Surveyed struct {
	State
	Modified time.Time
}

// Survey describes the files that a pattern matches now, the oldest first.
func Survey(pattern string) ([]Surveyed, error) {
	t, err := New(Options{Pattern: pattern, NoEvents: true})
	if err != nil {
		return nil, err
	}
	var all []found
	seen := make(map[identity]int)
	if _, err := t.listing.folders.walk(t.glob, true, func(path string) { t.note(&all, seen, path) }); err != nil && len(all) == 0 {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b found) int { return a.modified.Compare(b.modified) })
	var out []Surveyed
	for _, m := range all {
		if state, err := describe(m.path); err == nil {
			out = append(out, Surveyed{state, m.modified})
		}
	}
	return out, nil
}

// Locate describes the file of the folder of path that has an inode, whatever its name.
func Locate(path string, device, inode uint64) (State, bool) {
	name := findInode(filepath.Dir(path), identity{device, inode})
	if name == "" {
		return State{}, false
	}
	state, err := describe(name)
	return state, err == nil
}

func describe(path string) (State, error) {
	f, err := open(path, time.Time{})
	if err != nil {
		return State{}, err
	}
	defer f.fd.Close()
	f.learn()
	f.offset = f.endOfLines()
	return f.state(), nil
}
