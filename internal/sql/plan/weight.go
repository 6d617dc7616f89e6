package plan

// Weight is what one row of each input becomes when every operator hands on as many rows as it gets: pumps that fan out and in
// again, and chains of UNION ALL, may make very many of one.
type Weight struct {
	// Most is the stream that gets the most rows, and Rows how many; both count no further than 1<<40.
	Most string
	Rows int
	// Cells is how many values all operators and streams hold of them together.
	Cells int
}

// Weight counts what the application makes of a row.
func (a *Application) Weight() Weight {
	w := weigher{rows: map[string]int{}, pumps: map[string][]*Insert{}}
	for _, in := range a.Inputs {
		w.rows[in.Name] = 1
	}
	for _, p := range a.Pumps {
		w.pumps[p.Target] = append(w.pumps[p.Target], p)
	}
	for _, s := range a.Streams {
		if n := w.stream(s.Name); n > w.Rows {
			w.Most, w.Rows = s.Name, n
		}
	}
	return w.Weight
}

type weigher struct {
	Weight
	rows  map[string]int // by stream, once known
	pumps map[string][]*Insert
}

func (w *weigher) stream(name string) int {
	n, known := w.rows[name]
	if known {
		return n
	}
	for _, p := range w.pumps[name] {
		n = bounded(n + w.below(p))
	}
	w.rows[name] = n
	return n
}

// below returns the rows that come out of a node, and counts the values that it and those below it hold.
func (w *weigher) below(n Node) int {
	if scan, ok := n.(*Scan); ok {
		return w.stream(scan.Stream)
	}
	rows := 0
	for _, in := range n.Inputs() {
		rows = bounded(rows + w.below(in))
	}
	w.Cells = bounded(w.Cells + rows*(len(n.Columns())+1))
	return rows
}

// bounded keeps counts from overflowing.
func bounded(n int) int { return min(n, 1<<40) }
