package bind

import (
	"fmt"

	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/forest"
	"github.com/millrace/millrace/internal/sql/hotspot"
	"github.com/millrace/millrace/internal/sql/types"
)

// Forest is what RANDOM_CUT_FOREST takes, and whether scores are explained, with directions.
type Forest struct {
	forest.Options
	Explained, Directed bool
}

func (f *Forest) String() string {
	return fmt.Sprintf("trees %d sample %d decay %d shingle %d directions %v", f.Trees, f.SampleSize, f.TimeDecay, f.ShingleSize, f.Directed)
}

// Hotspots is what HOTSPOTS takes.
type Hotspots struct{ hotspot.Options }

func (h *Hotspots) String() string {
	return fmt.Sprintf("window %d radius %v least %d", h.WindowSize, h.ScanRadius, h.MinRecords)
}

// forest resolves RANDOM_CUT_FOREST(cursor [, trees [, sample [, decay [, shingle]]]]) and, explained, a fifth argument.
func (c *tableCall) forest(explained bool) {
	names := []string{"numberOfTrees", "subSampleSize", "timeDecay", "shingleSize", "withDirectionality"}
	if !explained {
		names = names[:4]
	}
	c.takes(0, names...)
	c.numeric()
	f := &Forest{Options: forest.Defaults(), Explained: explained}
	f.Columns = len(c.out.Values)
	f.Trees = c.integer(0, f.Trees)
	f.SampleSize = c.integer(1, f.SampleSize)
	f.TimeDecay = c.integer(2, f.TimeDecay)
	f.ShingleSize = c.integer(3, f.ShingleSize)
	c.out.Added = append(c.out.Added, added("ANOMALY_SCORE", types.Of(types.Double)))
	if explained {
		f.Directed = c.boolean(4)
		c.out.Added = append(c.out.Added, added("ANOMALY_EXPLANATION", types.VarcharOf(dialect.MaxExplanationLength)))
	}
	c.check(f.Check())
	c.out.Params = f
}

// hotspots resolves HOTSPOTS(cursor, window, radius, least). The column has two names in the reference.
func (c *tableCall) hotspots() {
	c.takes(3, "windowSize", "scanRadius", "minimumNumberOfPointsInAHotspot")
	c.numeric()
	h := &Hotspots{hotspot.Options{Columns: len(c.out.Values), WindowSize: c.integer(0, 0), ScanRadius: c.number(1), MinRecords: c.integer(2, 0)}}
	c.check(h.Check())
	t := types.VarcharOf(dialect.MaxHotspotsLength)
	c.out.Added, c.out.Hidden = []types.Column{added("HOTSPOTS_RESULT", t), added("HOTSPOT_RESULTS", t)}, 1
	c.out.Params = h
}
