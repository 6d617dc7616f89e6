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

// roundSize is how many rows of an input a round takes. Everything that a row becomes is held until its round ends. Outputs do
// not depend on it.
func roundSize(app *plan.Application) int {
	return min(max(maxCells/max(app.Weight().Cells, 1), 1), maxRound)
}
