package exec

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/types"
)

// Adding all rows, and adding parts that are then merged, give the same results; so does a snapshot in between.
func TestPartsMerge(t *testing.T) {
	const rows, groups = 300, 7
	r := rand.New(rand.NewPCG(1, 1))
	for _, kind := range []types.Kind{types.Bigint, types.Decimal, types.Double, types.Varchar, types.Timestamp, types.Boolean} {
		for _, f := range []string{"COUNT", "SUM", "AVG", "MIN", "MAX", "VAR_POP", "VAR_SAMP", "STDDEV_POP", "STDDEV_SAMP", "FIRST_VALUE", "LAST_VALUE", "ANY", "EVERY"} {
			spread := strings.HasPrefix(f, "VAR") || strings.HasPrefix(f, "STD")
			if !kind.IsNumeric() && (f == "SUM" || f == "AVG" || spread) || (kind == types.Boolean) != (f == "ANY" || f == "EVERY") {
				continue
			}
			in := types.Type{Kind: kind, Precision: 18, Scale: 2}
			agg := bind.Aggregate{Func: f, Arg: &bind.Column{T: in}, T: in, IgnoreNulls: kind == types.Double}
			if f == "FIRST_VALUE" {
				agg.N = 1
			}
			if spread {
				agg.T = types.Of(types.Double)
			}
			if f == "COUNT" {
				agg.T = types.Of(types.Bigint)
			}
			whole, part, merged := newAccumulator(agg), newAccumulator(agg), newAccumulator(agg)
			v := &types.Vector{Kind: kind}
			ids := make([]uint32, rows)
			for i := range rows {
				n := r.Int64N(1000) - 500
				if kind == types.Boolean {
					n &= 1
				}
				v.Int, v.Float = append(v.Int, n), append(v.Float, float64(n))
				v.Str, v.Null = append(v.Str, fmt.Sprint(n)), append(v.Null, r.IntN(5) == 0)
				ids[i] = uint32(r.IntN(groups - 1)) // the last group stays empty
			}
			all := (&context{}).all(rows)
			for _, a := range []accumulator{whole, part, merged} {
				a.grow(groups)
			}
			whole.add(ids, all, v)
			merged.add(ids[:100], all[:100], v)
			part.add(ids[100:], all[100:], v)
			again := newAccumulator(agg)
			d := &decoder{src: part.snapshot(nil)}
			if again.restore(d); d.err != nil || len(d.src) > 0 || again.groups() != groups {
				t.Fatalf("%s of %s: restore: %v, %d bytes left, %d groups", f, kind, d.err, len(d.src), again.groups())
			}
			merged.merge(again, []uint32{0, 1, 2, 3, 4, 5, 6})
			if want, got := resultsOf(whole, agg.T.Kind, groups), resultsOf(merged, agg.T.Kind, groups); got != want {
				t.Errorf("%s of %s: merged %s, want %s", f, kind, got, want)
			}
		}
	}
}

func resultsOf(a accumulator, kind types.Kind, groups int) string {
	out := &types.Vector{Kind: kind}
	results(a, 0, groups, out, &function.Eval{})
	s := ""
	for g := range groups {
		switch {
		case out.IsNull(g):
			s += " NULL"
		case kind.Physical() == types.FloatValues:
			s += fmt.Sprintf(" %.9g", out.Float[g])
		case kind.Physical() == types.StrValues:
			s += " " + out.Str[g]
		default:
			s += fmt.Sprint(" ", out.Int[g])
		}
	}
	return s
}
