package tail

import (
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// folders are what the pattern looks into, remembered as long as their times do not change.
type folders struct {
	known map[string]*folder
	read  bool // one was read anew in this walk
	err   error
}

type folder struct {
	modified time.Time
	names    []string // of what is no folder
	subs     []string // folders, symbolic links to folders last
	links    int      // how many of subs are links
	seen     bool     // in this walk
}

// modifiedGrain covers the coarseness of a folder's time: within it, a second change may leave no trace.
const modifiedGrain = time.Second

// walk calls visit for each file that the pattern matches. With again, folders are read whatever their time says. It reports whether any of them was; the paths
// are complete only then.
func (f *folders) walk(g Glob, again bool, visit func(path string)) (changed bool, err error) {
	if f.known == nil {
		f.known = make(map[string]*folder)
	}
	for _, dir := range f.known {
		dir.seen = false
	}
	f.read, f.err = false, nil
	seen := make(map[string]bool)
	f.descend(g.Dir, g.parts, again, func(path string) {
		if !seen[path] {
			seen[path] = true
			visit(path)
		}
	})
	for path, dir := range f.known {
		if !dir.seen {
			delete(f.known, path)
			f.read = true
		}
	}
	return f.read, f.err
}

func (f *folders) descend(path string, parts []globPart, again bool, visit func(path string)) {
	part, last := parts[0], len(parts) == 1
	if part.literal != "" && !last {
		f.descend(filepath.Join(path, part.literal), parts[1:], again, visit)
		return
	}
	dir := f.look(path, again)
	if dir == nil {
		return
	}
	if last {
		for _, name := range dir.names {
			if !isCompressed(name) && part.match(name) {
				visit(filepath.Join(path, name))
			}
		}
		if !part.any {
			return
		}
	}
	if part.any && !last {
		f.descend(path, parts[1:], again, visit)
	}
	for i, sub := range dir.subs {
		switch {
		case part.any && i < len(dir.subs)-dir.links: // links could lead in circles
			f.descend(filepath.Join(path, sub), parts, again, visit)
		case !part.any && part.match(sub):
			f.descend(filepath.Join(path, sub), parts[1:], again, visit)
		}
	}
}

// look returns what a folder holds, nil if it cannot be had.
func (f *folders) look(path string, again bool) *folder {
	info, err := os.Stat(path)
	if err != nil {
		f.fail(err)
		return nil
	}
	dir := f.known[path]
	if dir != nil && (dir.seen || !again && info.ModTime().Equal(dir.modified) && time.Since(info.ModTime()) > modifiedGrain) {
		dir.seen = true
		return dir
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		f.fail(err)
		return nil
	}
	dir = &folder{modified: info.ModTime(), seen: true}
	var links []string
	for _, entry := range entries {
		switch {
		case entry.IsDir():
			dir.subs = append(dir.subs, entry.Name())
		case entry.Type()&fs.ModeSymlink != 0 && isFolder(filepath.Join(path, entry.Name())):
			links = append(links, entry.Name())
		default:
			dir.names = append(dir.names, entry.Name())
		}
	}
	dir.subs, dir.links = append(dir.subs, links...), len(links)
	f.known[path] = dir
	f.read = true
	return dir
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (f *folders) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}
