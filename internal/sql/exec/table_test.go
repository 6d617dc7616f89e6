package exec

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/types"
)

// zipf returns n keys out of many different ones, the common ones often.
func zipf(n, different int) []string {
	r := rand.New(rand.NewPCG(1, 2))
	z := rand.NewZipf(r, 1.1, 1, uint64(different-1))
	names := make([]string, different)
	for i := range names {
		names[i] = fmt.Sprintf("/page/%d", i)
	}
	keys := make([]string, n)
	for i := range keys {
		keys[i] = names[z.Uint64()]
	}
	return keys
}

func TestKeysAreNumberedByFirstArrival(t *testing.T) {
	keys := zipf(50_000, 20_000)
	for _, nulls := range []bool{false, true} {
		v := &types.Vector{Kind: types.Varchar, Str: keys}
		ints := &types.Vector{Kind: types.Bigint}
		for i, k := range keys {
			n := int64(0)
			for _, c := range k {
				n = n*31 + int64(c)
			}
			ints.Int = append(ints.Int, n)
			if nulls {
				v.Null = append(v.Null, i%97 == 3)
			}
		}
		ints.Null = v.Null
		all := (&context{}).all(len(keys))
		want := map[string]uint32{}
		var order []string
		for i, k := range keys {
			if nulls && v.Null[i] {
				k = "NULL"
			}
			if _, ok := want[k]; !ok {
				want[k] = uint32(len(want))
				order = append(order, k)
			}
		}
		for name, table := range map[string]groupKeys{
			"text":  newGroupKeys([]types.Kind{types.Varchar}, 0),
			"int":   newGroupKeys([]types.Kind{types.Bigint}, 0),
			"tuple": newGroupKeys([]types.Kind{types.Varchar, types.Bigint}, 0),
		} {
			cols := map[string][]*types.Vector{"text": {v}, "int": {ints}, "tuple": {v, ints}}[name]
			for round := range 3 {
				ids := make([]uint32, len(keys))
				table.lookup(cols, all[:1000], ids)
				// What is restored goes on where the snapshot was taken.
				again := newGroupKeys(map[string][]types.Kind{"text": {types.Varchar}, "int": {types.Bigint}, "tuple": {types.Varchar, types.Bigint}}[name], 0)
				d := &decoder{src: table.snapshot(nil)}
				again.restore(d)
				if d.err != nil || len(d.src) != 0 {
					t.Fatalf("%s: restore: %v, %d bytes left", name, d.err, len(d.src))
				}
				table = again
				table.lookup(cols, all, ids)
				for i, k := range keys {
					if nulls && v.Null[i] {
						k = "NULL"
					}
					if ids[i] != want[k] {
						t.Fatalf("%s, round %d: key %q is group %d, want %d", name, round, k, ids[i], want[k])
					}
				}
				if table.groups() != len(want) {
					t.Fatalf("%s: %d groups, want %d", name, table.groups(), len(want))
				}
				if name == "text" {
					out := []*types.Vector{{Kind: types.Varchar}}
					table.columns(10, 20, out, &function.Eval{})
					for g := 10; g < 20; g++ {
						if got := out[0].Str[g-10]; got != order[g] && !out[0].IsNull(g-10) {
							t.Fatalf("key of group %d is %q, want %q", g, got, order[g])
						}
					}
				}
				table.reset()
			}
		}
	}
}

func TestTupleKeysComeBack(t *testing.T) {
	cols := []*types.Vector{
		{Kind: types.Varchar, Str: []string{"a", "", "a\x01b", ""}, Null: []bool{false, false, false, true}},
		{Kind: types.Double, Float: []float64{1.5, -0.0, 0, 7}},
		{Kind: types.Integer, Int: []int64{-1, 1 << 40, 0, 3}, Null: []bool{false, false, true, false}},
	}
	k := newGroupKeys([]types.Kind{types.Varchar, types.Double, types.Integer}, 0)
	ids := make([]uint32, 4)
	k.lookup(cols, []int32{0, 1, 2, 3}, ids)
	out := []*types.Vector{{Kind: types.Varchar}, {Kind: types.Double}, {Kind: types.Integer}}
	k.columns(0, 4, out, &function.Eval{})
	for i := range 4 {
		for c := range cols {
			if out[c].IsNull(i) != cols[c].IsNull(i) {
				t.Errorf("row %d column %d: NULL is %v", i, c, out[c].IsNull(i))
			}
		}
		if !cols[0].IsNull(i) && out[0].Str[i] != cols[0].Str[i] || out[1].Float[i] != cols[1].Float[i] || !cols[2].IsNull(i) && out[2].Int[i] != cols[2].Int[i] {
			t.Errorf("row %d: %q %v %d", i, out[0].Str[i], out[1].Float[i], out[2].Int[i])
		}
	}
}

const benchRows = 4096

func BenchmarkKeys(b *testing.B) {
	for _, different := range []int{16, 1000, 20_000, 600_000} {
		keys := zipf(1<<18, different)
		if different == 600_000 {
			r := rand.New(rand.NewPCG(3, 4))
			for i := range keys {
				keys[i] = fmt.Sprintf("/page/%d", r.IntN(different))
			}
		}
		sel := (&context{}).all(benchRows)
		b.Run(fmt.Sprintf("table/%d", different), func(b *testing.B) {
			k := newGroupKeys([]types.Kind{types.Varchar}, 0)
			counts := &counter{}
			ids := make([]uint32, benchRows)
			b.ReportAllocs()
			for n := 0; n < b.N; n += benchRows {
				at := n % (1<<18 - benchRows)
				v := types.Vector{Kind: types.Varchar, Str: keys[at : at+benchRows]}
				k.lookup([]*types.Vector{&v}, sel, ids)
				counts.grow(k.groups())
				counts.add(ids, sel, nil)
			}
		})
		b.Run(fmt.Sprintf("map/%d", different), func(b *testing.B) {
			m := map[string]int64{}
			buf := []byte(nil)
			b.ReportAllocs()
			for n := 0; n < b.N; n++ {
				// As a reader would: the key is a part of a line.
				buf = append(buf[:0], keys[n%(1<<18-benchRows)]...)
				m[string(buf)]++
			}
		})
	}
	b.Run("int/16", func(b *testing.B) {
		k := newIntKeys()
		v := types.Vector{Kind: types.Integer, Int: make([]int64, benchRows)}
		for i := range v.Int {
			v.Int[i] = int64(200 + i%16)
		}
		counts := &counter{}
		ids := make([]uint32, benchRows)
		sel := (&context{}).all(benchRows)
		for n := 0; n < b.N; n += benchRows {
			k.lookup([]*types.Vector{&v}, sel, ids)
			counts.grow(k.groups())
			counts.add(ids, sel, nil)
		}
	})
}
