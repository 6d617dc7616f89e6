package exec

import "github.com/millrace/millrace/internal/sql/plan"

const (
	// maxRound is how many rows a round takes at most; more would leave the caches.
	maxRound = 4096
	// maxCells is how many values a round may take, over all streams and operators that hold rows until it ends.
	maxCells = 16 << 20
	// maxMade is how many rows the pumps should make in a round.
	maxMade = 256 << 10
	// firstRound is how many rows a round takes before it is known what they become: a join may hold many already.
	firstRound = 64
)

// pace is how many rows the next round takes. Rows of a join that meet many others become many, so rounds follow what the last
// one made.
type pace struct{ rows, most int }

func newPace(most int) pace { return pace{min(firstRound, most), most} }

// took says what became of the rows of a round.
func (p *pace) took(rows, made int) {
	if made > maxMade {
		p.rows = max(rows*maxMade/made, 1)
	} else if made <= maxMade/4 {
		p.rows = min(2*p.rows, p.most)
	}
}

// roundSize is how many rows of an input a round takes. Everything that a row becomes is held until its round ends: pumps that
// fan out and in again, and chains of UNION ALL, may make very many rows of one. Outputs do not depend on it.
func roundSize(app *plan.Application, streams []*stream) int {
	w := weigher{rows: map[string]int{}}
	for _, s := range streams {
		if !s.created {
			w.rows[s.name] = 1
			continue
		}
		for _, p := range s.writers {
			w.rows[s.name] = bounded(w.rows[s.name] + w.below(app.Pumps[p]))
		}
	}
	return min(max(maxCells/max(w.cells, 1), 1), maxRound)
}

// weigher counts what one row of every input becomes when each operator hands on as many rows as it gets.
type weigher struct {
	rows  map[string]int // by stream
	cells int
}

// below returns the rows that come out of a node, and counts the values that it and those below it hold.
func (w *weigher) below(n plan.Node) int {
	if scan, ok := n.(*plan.Scan); ok {
		return w.rows[scan.Stream]
	}
	rows := 0
	for _, in := range n.Inputs() {
		rows = bounded(rows + w.below(in))
	}
	w.cells = bounded(w.cells + bounded(rows)*(len(n.Columns())+1))
	return rows
}

// bounded keeps counts from overflowing.
func bounded(n int) int { return min(n, 1<<40) }
