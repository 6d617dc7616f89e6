package logformat

// jsonWriter writes objects with Jackson's bytes: without any blank, or as its default pretty printer does, with two blanks a level, entries of an object on lines
// of their own and those of a list on one.
//
//	COMPACT      {"a":[1,{}],"b":null}
//	PRETTYPRINT  {
//	               "a" : [ 1, { } ],
//	               "b" : null
//	             }
type jsonWriter struct{ pretty bool }

// key writes what stands before a value: the brace or comma, the name, the colon. Level is how many objects are open with this one.
func (w jsonWriter) key(dst []byte, first bool, level int, name []byte) []byte {
	if first {
		dst = append(dst, '{')
	} else {
		dst = append(dst, ',')
	}
	dst = append(w.indent(dst, level), '"')
	dst = appendText(dst, name)
	if w.pretty {
		return append(dst, `" : `...)
	}
	return append(dst, `":`...)
}

// end closes an object that has entries; level is how many objects remain open.
func (w jsonWriter) end(dst []byte, level int) []byte { return append(w.indent(dst, level), '}') }

func (w jsonWriter) indent(dst []byte, level int) []byte {
	if !w.pretty {
		return dst
	}
	dst = append(dst, '\n')
	for range level {
		dst = append(dst, "  "...)
	}
	return dst
}

// value writes a node inside of level objects.
func (w jsonWriter) value(dst []byte, n *jsonNode, level int) []byte {
	switch n.kind {
	case jsonObject:
		return w.object(dst, n, level)
	case jsonArray:
		return w.array(dst, n, level)
	case jsonString:
		dst = appendText(append(dst, '"'), n.text)
		return append(dst, '"')
	}
	return append(dst, n.text...)
}

func (w jsonWriter) object(dst []byte, n *jsonNode, level int) []byte {
	if len(n.items) == 0 {
		if w.pretty {
			return append(dst, "{ }"...)
		}
		return append(dst, "{}"...)
	}
	for i, item := range n.items {
		dst = w.key(dst, i == 0, level+1, n.keys[i])
		dst = w.value(dst, item, level+1)
	}
	return w.end(dst, level)
}

func (w jsonWriter) array(dst []byte, n *jsonNode, level int) []byte {
	dst = append(dst, '[')
	for i, item := range n.items {
		if i > 0 {
			dst = append(dst, ',')
		}
		if w.pretty {
			dst = append(dst, ' ')
		}
		dst = w.value(dst, item, level)
	}
	if w.pretty {
		dst = append(dst, ' ')
	}
	return append(dst, ']')
}
