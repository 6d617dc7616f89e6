package tail

import (
	"time"
)

// poll asks files for their size and folders for changes, and lets go of files that have come to their end. Where events tell which files changed, the others are
// asked less often; a change that they left out shows that they cannot be trusted here.
func (t *Tailer) poll(now time.Time) {
	changed, named, lost := t.watch.take()
	t.judge(changed, lost, now)
	trusted := t.trusted(now)
	full := !trusted || lost || !now.Before(t.nextFull)
	if full {
		longest := restPoll
		if trusted && t.listing.folders.local() {
			longest = localPoll
		}
		t.rest = min(longest, 2*max(t.rest, eventPoll))
		t.nextFull = now.Add(max(t.opts.Poll, t.rest/2))
	}
	if named {
		t.listing.next = time.Time{}
	}
	for path := range t.listing.complaint {
		if changed[path] { // perhaps it can be opened now
			t.listing.next = time.Time{}
		}
	}
	for i, f := range t.files {
		told := changed[f.path]
		if f.fd == nil && told && !f.gone {
			t.reopen(f, f.path)
		}
		if f.fd == nil || !full && !told && (!f.gone || f.finished(now, t.opts.Quiet)) {
			continue
		}
		if f.gone && f.finished(now, t.opts.Quiet) && f.overwritten() {
			t.closeFile(f) // nobody's log: what it holds now is a copy that somebody made, or nothing new
			continue
		}
		before := f.size
		fresh := t.refresh(f, now)
		if f.size != before || fresh != f {
			t.rest = 0
		}
		if fresh != f {
			t.files[i] = fresh
		}
		if trusted && full && !told && !lost && !f.gone && f.size != before && now.Sub(f.found) > eventPoll {
			t.untold = append(t.untold, f.path)
		}
	}
	t.list(now, full)
	kept, resting := t.files[:0], t.resting(now)
	for _, f := range t.files {
		if f.gone && f.finished(now, t.opts.Quiet) && !t.mayGrow(f, &resting) {
			t.letGo(f, now)
			t.opts.Logger.Info("rotated file read to its end", "path", f.path, "bytes", f.offset)
			continue
		}
		kept = append(kept, f)
	}
	clear(t.files[len(kept):])
	t.files = kept
	if t.open > maxOpenFiles {
		t.closeIdle(now)
	}
}

// judge is for file systems that others write to: their changes come without events. An event may come a moment after the change was seen, but not later than at the
// next look.
func (t *Tailer) judge(changed map[string]bool, lost bool, now time.Time) {
	for _, path := range t.untold {
		if !changed[path] && !lost {
			t.blind = now.Add(blindPause)
		}
	}
	t.untold = t.untold[:0]
}

// mayGrow reports whether a rotated file that was read to its end is still followed: a writer may hold it for as long as its last request takes. One that has
// no name any more is let go, for its space is free only then, and so are the oldest of many.
func (t *Tailer) mayGrow(f *File, resting *int) bool {
	if !f.rests() {
		return false
	}
	*resting--
	return *resting < maxResting
}

// resting counts the files that mayGrow is asked about.
func (t *Tailer) resting(now time.Time) (n int) {
	for _, f := range t.files {
		if f.gone && f.finished(now, t.opts.Quiet) && f.rests() {
			n++
		}
	}
	return n
}

func (t *Tailer) letGo(f *File, now time.Time) {
	for _, live := range t.files {
		if live != f && (live.path == f.path || isRotated(f.path, live.path)) {
			live.notBefore(f.newest())
		}
	}
	t.listing.remember(f, now)
	t.closeFile(f)
	if t.byID[f.identity] == f {
		delete(t.byID, f.identity)
	}
	t.revision.Add(1)
}

func (t *Tailer) closeFile(f *File) {
	if f.fd != nil {
		f.fd.Close()
		f.fd = nil
		t.open--
	}
}

func (t *Tailer) closeIdle(now time.Time) {
	for _, f := range t.files {
		if f.fd != nil && !f.gone && f.size <= f.offset && now.Sub(f.changed) > idleClose {
			t.closeFile(f)
		}
	}
}
