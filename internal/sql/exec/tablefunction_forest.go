package exec

import (
	"fmt"
	"strconv"

	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/forest"
	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/plan"
	"github.com/millrace/millrace/internal/sql/types"
)

// forestModel is RANDOM_CUT_FOREST: a score and, where it is asked for, an explanation.
type forestModel struct {
	forest   *forest.Forest
	parts    []forest.Part
	directed bool
	// heads are what of the explanation comes before a column's first value. It is empty where nobody reads explanations.
	heads []string
}

// forestSeed is where the random numbers of every forest begin.
const forestSeed = 1

func newForestModel(n *plan.TableFunction, p *bind.Forest) *forestModel {
	options := p.Options
	options.Seed = forestSeed
	f, err := forest.New(options)
	if err != nil {
		panic(fmt.Sprintf("BUG: a forest was bound that cannot be: %v", err))
	}
	m := &forestModel{forest: f, directed: p.Directed}
	if p.Explained && n.Wanted[n.Func.Passed+1] {
		m.parts = make([]forest.Part, len(n.Func.Values))
		cols := n.Input.Columns()
		for _, i := range n.Func.Values {
			m.heads = append(m.heads, string(append(types.AppendJSONString(nil, cols[i].Name), `:{"DIRECTION":"`...)))
		}
	}
	return m
}

func (m *forestModel) push(record []float64, row int32, added []*types.Vector, e *function.Eval) {
	if len(m.heads) == 0 {
		added[0].Float[row] = m.forest.Push(record)
		return
	}
	added[0].Float[row] = m.forest.PushExplained(record, m.parts)
	added[1].Str[row] = m.explanation(e)
}

// explanation writes the parts as the JSON that AWS returns: an object for each column, numbers as texts of four digits.
func (m *forestModel) explanation(e *function.Eval) string {
	text := append(e.Room(len(m.parts)*128), '{')
	for i, p := range m.parts {
		if i > 0 {
			text = append(text, ',')
		}
		if dialect.UndirectedIsLow && !m.directed {
			p.High, p.Strength = false, 0
		}
		text = append(text, m.heads[i]...)
		direction := "LOW"
		if p.High {
			direction = "HIGH"
		}
		text = append(text, direction...)
		text = append(text, `","STRENGTH":"`...)
		text = strconv.AppendFloat(text, p.Strength, 'f', 4, 64)
		text = append(text, `","ATTRIBUTION_SCORE":"`...)
		text = strconv.AppendFloat(text, p.Attribution, 'f', 4, 64)
		text = append(text, `"}`...)
	}
	return e.Keep(append(text, '}'))
}

func (m *forestModel) snapshot(dst []byte) []byte    { return m.forest.Snapshot(dst) }
func (m *forestModel) restore(snapshot []byte) error { return m.forest.Restore(snapshot) }
