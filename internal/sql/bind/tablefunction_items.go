package bind

import (
	"fmt"
	"math"
	"strings"

	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/types"
)

// Limits of the functions of items, as AWS documents them.
const (
	maxTopK          = 100_000
	maxWindowSeconds = 3600
)

// TopK is what TOP_K_ITEMS_TUMBLING takes; Window is the size of the tumbling window in milliseconds.
type TopK struct {
	K      int
	Window int64
}

func (t *TopK) String() string { return fmt.Sprintf("k %d window %d ms", t.K, t.Window) }

// CountDistinct is what COUNT_DISTINCT_ITEMS_TUMBLING takes.
type CountDistinct struct{ Window int64 }

func (t *CountDistinct) String() string { return fmt.Sprintf("window %d ms", t.Window) }

// GroupRank is what GROUP_RANK takes. Output is the order in which a group's rows leave, as they came where it is empty, and
// Most how many of them, 0 for all.
type GroupRank struct {
	Descending bool
	Output     string
	Most       int
}

func (g *GroupRank) String() string {
	sort := "asc"
	if g.Descending {
		sort = "desc"
	}
	output := g.Output
	if output == "" {
		output = "as they came"
	}
	return fmt.Sprintf("sort %s output %s most %d", sort, output, g.Most)
}

// topK resolves TOP_K_ITEMS_TUMBLING(cursor, column, k, seconds). Its columns are ITEM and ITEM_COUNT in applications and in
// AWS's templates; the reference calls them by the column's name and MOST_FREQUENT_VALUES.
func (c *tableCall) topK() {
	c.takes(3, "columnName", "K", "windowSize")
	c.out.Values = []int{c.column(0)}
	c.out.Params = &TopK{K: c.within(1, 1, maxTopK), Window: 1000 * int64(c.within(2, 1, maxWindowSeconds))}
	item, count := types.VarcharOf(dialect.MaxItemLength), types.Of(types.Bigint)
	c.out.Added = []types.Column{added("ITEM", item), added("ITEM_COUNT", count), added("MOST_FREQUENT_VALUES", count)}
	c.out.Hidden = 1
	switch name := c.out.Input.Items[c.out.Values[0]].Name; name {
	case "ITEM", "ITEM_COUNT", "MOST_FREQUENT_VALUES":
	default:
		c.out.Added = append(c.out.Added, added(name, item))
		c.out.Hidden = 2
	}
}

// countDistinct resolves COUNT_DISTINCT_ITEMS_TUMBLING(cursor, column, seconds).
func (c *tableCall) countDistinct() {
	c.takes(2, "columnName", "windowSize")
	c.out.Values = []int{c.column(0)}
	c.out.Params = &CountDistinct{1000 * int64(c.within(1, 1, maxWindowSeconds))}
	c.out.Added = []types.Column{added("NUMBER_OF_DISTINCT_ITEMS", types.Of(types.Bigint))}
}

// groupRank resolves GROUP_RANK(cursor, column, rank column, sort order, output order, idle, most). A group ends when time
// has passed its ROWTIME, which is never later than maxIdle asks.
func (c *tableCall) groupRank() {
	c.takes(6, "rankByColumnName", "rankOutColumnName", "sortOrder", "outputOrder", "maxIdle", "outputMax")
	c.out.Values, c.out.Passed = []int{c.column(0)}, len(c.out.Input.Items)
	rank := c.text(1, "the name of a column in single quotes")
	if rank == "" {
		c.wrong(1, "the name of a column in single quotes")
	}
	g := &GroupRank{Output: strings.ToLower(c.text(3, "'asc' or 'desc'"))}
	switch strings.ToLower(c.text(2, "'asc' or 'desc'")) {
	case "asc":
	case "desc":
		g.Descending = true
	default:
		c.wrong(2, "'asc' or 'desc'")
	}
	if g.Output != "asc" && g.Output != "desc" && g.Output != "" {
		c.wrong(3, "'asc' or 'desc', or '' for the order of arrival")
	}
	c.within(4, 0, math.MaxInt32)
	g.Most = c.within(5, 0, math.MaxInt32)
	c.out.Added = []types.Column{added(rank, types.Of(types.Integer))}
	c.out.Params = g
}
