package logformat

// class reads a class behind its '[' or behind "&&"; the latter ends before the ']', which belongs to the class around it.
//
//	class = [ "^" ] { "[" class | character [ "-" character ] | escape } { "&&" class } "]"
func (p *javaParser) class(bracketed bool) charset {
	start := p.pos - 1
	negative := bracketed && p.accept("^")
	var s charset
	empty := true
	for {
		switch {
		case !p.more():
			p.refuseAt(start, "'[' without ']'")
		case p.peek() == '[':
			p.pos++
			s, empty = s.union(p.class(true)), false
			continue
		case p.peek() == '&' && p.at(1) == '&':
			s, empty = p.intersect(s, empty), false
			continue
		case p.peek() == ']' && !empty:
			if bracketed {
				p.pos++
			}
			if negative {
				return s.not()
			}
			return s
		}
		s, empty = s.union(p.classItem()), false
	}
}

// intersect reads "&&" and what follows it, up to the class's end or a further "&&".
func (p *javaParser) intersect(left charset, empty bool) charset {
	start := p.pos
	p.pos += 2
	var right charset
	none := true
	for p.more() && p.peek() != ']' && p.peek() != '&' {
		if p.peek() == '[' {
			p.pos++
			right = right.union(p.class(true))
		} else {
			right = right.union(p.class(false))
		}
		none = false
	}
	if none {
		p.refuseAt(start, "'&&' with nothing behind")
	}
	if empty {
		return right
	}
	return left.and(right)
}

func (p *javaParser) classItem() charset {
	if p.peek() == '\\' {
		if s, ok := p.classEscape(); ok {
			return s
		}
	}
	first := p.classChar()
	if p.peek() != '-' || p.at(1) == ']' || p.at(1) == '[' || p.at(1) == 0 {
		return p.literal(first)
	}
	start := p.pos
	p.pos++
	last := p.classChar()
	if last < first {
		p.refuseAt(start, "range with its largest character first")
	}
	if s := (charset{{first, last}}); p.flags.caseless {
		return s.foldASCII()
	} else {
		return s
	}
}

func (p *javaParser) classChar() rune {
	if p.peek() == '\\' {
		return p.charEscape()
	}
	p.pos++
	return p.src[p.pos-1]
}
