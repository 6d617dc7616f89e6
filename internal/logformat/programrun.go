package logformat

import (
	"bytes"
	"slices"
)

// match appends the span of the line and those of the groups to spans. Without a match, failed says where the first way through the line ended; final says that there is no
// other way, so that the line does not match. Failed is nil if the program cannot read the line.
//
// A cautious way takes the first end from which all of the next characters fit, for a match. Another one is content with the text that comes next: where it ends is what a
// person would call the place where the line stops to match.
func (p *program) match(spans []span, line []byte, cautious bool) (found []span, failed *Mismatch, final bool) {
	ascii := isASCII(line)
	clean := !p.dots || ascii && bytes.IndexByte(line, '\n') < 0 && bytes.IndexByte(line, '\r') < 0
	if p.ascii && !ascii {
		return nil, nil, false
	}
	spans = slices.Grow(spans, p.groups+1)[:p.groups+1]
	spans[0] = span{0, len(line)}
	i := 0
	for k := range p.steps {
		s := &p.steps[k]
		ok := true
		switch s.op {
		case stepOpen:
			spans[s.group].start = i
		case stepClose:
			spans[s.group].end = i
		case stepText:
			if n := len(s.text); len(line)-i >= n && string(line[i:i+n]) == string(s.text) {
				i += n
			} else {
				ok = false
			}
		case stepRun:
			end := s.set.run(line, i, s.max, clean)
			ok = end-i >= s.min
			i = end
		case stepShortest:
			i, ok = s.shortest(line, i, clean, cautious)
		case stepLongest:
			i, ok = s.longest(line, i, clean, cautious)
		case stepLineAtEnd:
			ok = i == len(line)
		}
		if !ok {
			return nil, &Mismatch{Pos: i, Expected: s.expected}, p.onePass
		}
	}
	return spans, nil, true
}

// run returns where the characters of the set that begin at i end, at most max bytes on.
func (b *byteSet) run(line []byte, i, max int, clean bool) int {
	end := len(line)
	if max >= 0 && max < end-i {
		end = i + max
	}
	switch {
	case b.dot:
		if clean {
			return end
		}
		if at := lineTerminator(line[i:end]); at >= 0 {
			return i + at
		}
		return end
	case b.until >= 0:
		if at := bytes.IndexByte(line[i:end], byte(b.until)); at >= 0 {
			return i + at
		}
		return end
	}
	for i < end && b.has[line[i]] {
		i++
	}
	return i
}

// shortest finds the first place at least min characters on where what has to follow does, with nothing but the set's characters before it.
func (s *step) shortest(line []byte, i int, clean, cautious bool) (int, bool) {
	start, checked := i, i // up to checked there are characters of the set only
	if s.set.dot {
		checked = s.set.run(line, start, -1, clean) // at once: a terminator has several bytes
	}
	for at := start + s.min; at <= len(line); at++ {
		if len(s.next.text) > 0 {
			n := bytes.Index(line[at:], s.next.text)
			if n < 0 {
				break
			}
			at += n
		}
		if s.max >= 0 && at-start > s.max {
			break
		}
		if checked < at {
			if !s.set.dot {
				checked = s.set.run(line, checked, at-checked, clean)
			}
			if checked < at {
				return checked, false
			}
		}
		if s.next.fits(line, at, cautious) {
			return at, true
		}
	}
	return start, false
}

// longest is the last place of that kind.
func (s *step) longest(line []byte, i int, clean, cautious bool) (int, bool) {
	end := s.set.run(line, i, s.max, clean)
	for at := end; at >= i+s.min; at-- {
		if n := len(s.next.text); n > 0 {
			at = i + bytes.LastIndex(line[i:min(at+n, len(line))], s.next.text)
			if at < i+s.min {
				break
			}
		}
		if s.next.fits(line, at, cautious) {
			return at, true
		}
	}
	return i, false
}

func (l *lookahead) fits(line []byte, at int, cautious bool) bool {
	if !cautious && len(l.text) > 0 {
		return len(line)-at >= len(l.text) && string(line[at:at+len(l.text)]) == string(l.text)
	}
	end := at + len(l.text) + len(l.sets)
	if end > len(line) || l.end && end < len(line) || string(line[at:at+len(l.text)]) != string(l.text) {
		return false
	}
	for k, set := range l.sets {
		if !set.has[line[at+len(l.text)+k]] {
			return false
		}
	}
	return true
}
