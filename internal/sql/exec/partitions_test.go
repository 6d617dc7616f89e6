package exec

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millrace/millrace/internal/sql/function"
	"github.com/millrace/millrace/internal/sql/types"
)

// Keys come and go as in a map. The number of a key stays while it is there and is no other's.
func TestPartitionsAreAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPartitions()
		ids := map[string]uint32{}
		col := &types.Vector{Kind: types.Varchar, Str: []string{""}}
		span := rapid.SampledFrom([]int{5, 50, 400}).Draw(t, "keys")
		steps := rapid.SliceOfN(rapid.IntRange(0, 2*span-1), 0, 1500).Draw(t, "steps")
		for _, step := range steps {
			name := fmt.Sprint("key", step%span)
			col.Str[0] = name
			id, there := p.find([]*types.Vector{col}, 0)
			if known, is := ids[name]; is != there || is && known != id {
				t.Fatalf("%s: found %v %d, want %v %d", name, there, id, is, known)
			}
			switch {
			case step < span && !there:
				id = p.add()
				for other, taken := range ids {
					if taken == id {
						t.Fatalf("%s gets the number of %s", name, other)
					}
				}
				ids[name] = id
			case step >= span && there:
				p.remove(id)
				delete(ids, name)
			}
			if p.len() != len(ids) {
				t.Fatalf("%d keys, want %d", p.len(), len(ids))
			}
		}
		out := []*types.Vector{{Kind: types.Varchar, Str: make([]string, 1), Null: make([]bool, 1)}}
		for name, id := range ids {
			if putKey(p.key(id), out, 0, &function.Eval{}); out[0].Str[0] != name {
				t.Fatalf("number %d is %s, want %s", id, out[0].Str[0], name)
			}
		}
	})
}

// Texts that are set and cleared many times over stay what they are, and what is lost is given back.
func TestCellsKeepTexts(t *testing.T) {
	c := cells{kind: types.Varchar}
	const n = 40
	c.grow(n)
	want := make([]string, n)
	v := &types.Vector{Kind: types.Varchar, Str: []string{""}, Null: []bool{false}}
	old := ""
	for i := range 20_000 {
		k := i * 7 % n
		switch {
		case i%11 == 0:
			c.clear(uint32(k))
			want[k] = ""
			continue
		case i%13 == 0:
			v.Null[0] = true
			want[k] = ""
		default:
			v.Null[0] = false
			want[k] = strings.Repeat(fmt.Sprint(i), 5)
		}
		v.Str[0] = want[k]
		c.set(uint32(k), v, 0)
		if i == 500 {
			old = c.text(uint32(k))
		}
		if c.null[k] != v.Null[0] {
			t.Fatalf("step %d: NULL is %v", i, c.null[k])
		}
	}
	for k := range n {
		if got := c.text(uint32(k)); got != want[k] {
			t.Errorf("text %d is %q, want %q", k, got, want[k])
		}
	}
	if old != strings.Repeat("500", 5) {
		t.Errorf("a text that was read is now %q", old)
	}
	if len(c.arena) > 4*minDead {
		t.Errorf("%d bytes hold 40 texts", len(c.arena))
	}
}
