package agent

// revision changes with everything that a checkpoint holds.
func (f *flow) revision() uint64 { return 1 + f.tailer.Revision() + f.acks.Load() }

// checkpoint describes the flow's files: each at its lowest unacknowledged byte.
func (f *flow) checkpoint() flowCheckpoint {
	f.mu.Lock()
	defer f.mu.Unlock()
	known := f.tailer.Checkpoint(f.done)
	states := []fileCheckpoint{}
	followed := make(map[[16]byte]bool)
	for _, state := range known.Files {
		s := fileCheckpoint{State: state}
		if i := f.incarnations[s.ID]; i != nil {
			i.state = state
			s = f.unacknowledged(i)
		} else {
			s.cuts = f.oldCuts[s.ID]
		}
		followed[s.ID] = true
		states = append(states, s)
	}
	for id, i := range f.incarnations {
		switch {
		case followed[id]:
		case !f.pending(i):
			f.memory.add(-cap(i.gathered.event) - cap(i.gathered.pack))
			delete(f.incarnations, id) // read to its end and acknowledged
			delete(f.oldCuts, id)
		default: // its inode may be another file's by now, but a copy or a compressed one may be there
			states = append(states, f.unacknowledged(i))
		}
	}
	return flowCheckpoint{f.id, states, known.Past, known.Missed}
}

// done says how far the lines of an incarnation are acknowledged or left out.
func (f *flow) done(id [16]byte, read uint64) uint64 {
	if i := f.incarnations[id]; i != nil {
		return i.low
	}
	return read
}

// pending reports whether there are lines of i that were handed out and are neither acknowledged nor left out.
func (f *flow) pending(i *incarnation) bool {
	return len(i.spans) > 0 || i.gathering || f.taking == i
}

// unacknowledged is where the next run goes on with i. Before that is the footer, it has to be found again.
func (f *flow) unacknowledged(i *incarnation) fileCheckpoint {
	s := fileCheckpoint{State: i.state, cuts: append([]uint64{}, i.cuts...)}
	s.Offset, s.Ended = i.low, s.Ended && !f.pending(i)
	return s
}

// noteSaved remembers what the checkpoint file holds now.
func (f *flow) noteSaved(files []fileCheckpoint, revision uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.durable)
	for _, s := range files {
		f.durable[s.ID] = s.Prefix.Len > 0
	}
	f.saved = revision
}

func (f *flow) savedRevision() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.saved
}
