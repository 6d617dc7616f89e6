package tail

import (
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// folders are what the pattern looks into, remembered as long as their times do not change.
type folders struct {
	known  map[string]*folder
	read   bool // one was read anew in this walk
	linked bool // it came upon symbolic links to files
	err    error
}

type folder struct {
	info   os.FileInfo
	read   time.Time
	local  bool     // it is on a file system whose times and events tell of every change
	names  []string // of what is no folder
	linked int      // how many of names, the last, are symbolic links: what they lead to may change without the folder
	subs   []string // folders, symbolic links to folders last
	links  int      // how many of subs are links
	seen   bool     // in this walk
}

// modifiedGrain covers the coarseness of a folder's time: what changes within it after the reading may leave no trace.
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
	f.read, f.linked, f.err = false, false, nil
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
		for i, name := range dir.names {
			if isCompressed(name) || !part.match(name) {
				continue
			}
			f.linked = f.linked || i >= len(dir.names)-dir.linked
			visit(filepath.Join(path, name))
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
	if dir != nil && (dir.seen || !again && os.SameFile(info, dir.info) && dir.upToDate(info)) {
		dir.seen = true
		return dir
	}
	begun := time.Now()
	entries, err := os.ReadDir(path)
	if err != nil {
		f.fail(err)
		return nil
	}
	dir = &folder{info: info, read: begun, local: isLocal(path), seen: true}
	var links, linked []string
	for _, entry := range entries {
		switch {
		case entry.IsDir():
			dir.subs = append(dir.subs, entry.Name())
		case entry.Type()&fs.ModeSymlink != 0 && isFolder(filepath.Join(path, entry.Name())):
			links = append(links, entry.Name())
		case entry.Type()&fs.ModeSymlink != 0:
			linked = append(linked, entry.Name())
		default:
			dir.names = append(dir.names, entry.Name())
		}
	}
	dir.subs, dir.links = append(dir.subs, links...), len(links)
	dir.names, dir.linked = append(dir.names, linked...), len(linked)
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

// local reports whether all that the last walk saw is on file systems that tell of every change. What symbolic links lead to may be anywhere.
func (f *folders) local() bool {
	for _, dir := range f.known {
		if !dir.local {
			return false
		}
	}
	return !f.linked && len(f.known) > 0
}

// unchanged reports whether the folders' times say that nothing came or went since the last walk.
func (f *folders) unchanged() bool {
	for path, dir := range f.known {
		info, err := os.Stat(path)
		if err != nil || !os.SameFile(info, dir.info) || !dir.upToDate(info) {
			return false
		}
	}
	return true
}

// upToDate reports whether what was read of a folder is what it holds, by its time.
func (d *folder) upToDate(info os.FileInfo) bool {
	return info.ModTime().Equal(d.info.ModTime()) && d.read.Sub(info.ModTime()) > modifiedGrain
}
