package exec

import (
	"fmt"

	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/hotspot"
	"github.com/millrace/millrace/internal/sql/plan"
	"github.com/millrace/millrace/internal/sql/types"
)

// hotspotModel is HOTSPOTS: the dense regions among the last rows.
type hotspotModel struct {
	finder *hotspot.Finder
	spot   []byte
}

func newHotspotModel(_ *plan.TableFunction, p *bind.Hotspots) *hotspotModel {
	f, err := hotspot.New(p.Options)
	if err != nil {
		panic(fmt.Sprintf("BUG: hotspots were bound that cannot be: %v", err))
	}
	return &hotspotModel{finder: f}
}

func (m *hotspotModel) push(record []float64, row int32, added []*types.Vector, e *function.Eval) {
	text := m.result(m.finder.Push(record), e)
	for _, v := range added {
		v.Str[row] = text
	}
}

// result writes hotspots as the JSON that AWS returns, as many as there is room for.
func (m *hotspotModel) result(all []hotspot.Hotspot, e *function.Eval) string {
	const end = "]}"
	text := append(e.Room(64+128*min(len(all), dialect.MaxHotspotsLength/64)), `{"hotspots":[`...)
	for i, h := range all {
		m.spot = m.spot[:0]
		if i > 0 {
			m.spot = append(m.spot, ',')
		}
		m.spot = append(m.spot, `{"density":`...)
		m.spot = types.AppendFloat(m.spot, h.Density, 64)
		m.spot = appendNumbers(append(m.spot, `,"maxValues":`...), h.Max)
		m.spot = appendNumbers(append(m.spot, `,"minValues":`...), h.Min)
		m.spot = append(m.spot, '}')
		if len(text)+len(m.spot)+len(end) > dialect.MaxHotspotsLength {
			break
		}
		text = append(text, m.spot...)
	}
	return e.Keep(append(text, end...))
}

func appendNumbers(dst []byte, all []float64) []byte {
	dst = append(dst, '[')
	for i, v := range all {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = types.AppendFloat(dst, v, 64)
	}
	return append(dst, ']')
}

func (m *hotspotModel) snapshot(dst []byte) []byte    { return m.finder.Snapshot(dst) }
func (m *hotspotModel) restore(snapshot []byte) error { return m.finder.Restore(snapshot) }
