package forest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// checkTrees holds every tree to what it must be: each box the least one, each cut between its halves, each mass the sum.
func checkTrees(t interface{ Fatalf(string, ...any) }, f *Forest) {
	for i := range f.trees {
		tree := &f.trees[i]
		if err := tree.check(tree.root); err != nil {
			t.Fatalf("tree %d: %v", i, err)
		}
		if tree.size != f.points || tree.size > 0 && int(tree.mass(tree.root)) != tree.size {
			t.Fatalf("tree %d has %d points, its root %d, the forest %d", i, tree.size, tree.mass(tree.root), f.points)
		}
		if nodes := len(tree.nodes) - len(tree.freeNodes); tree.size > 0 && nodes != len(tree.masses)-len(tree.freeLeaves)-1 {
			t.Fatalf("tree %d has %d nodes and %d leaves", i, nodes, len(tree.masses)-len(tree.freeLeaves))
		}
	}
}

func (t *tree) check(r ref) error {
	if r < 0 || t.size == 0 {
		return nil
	}
	n, b := t.nodes[r], t.box(r)
	left, right := t.box(n.below[0]), t.box(n.below[1])
	if left.hi[n.dim] > n.cut || right.lo[n.dim] <= n.cut {
		return fmt.Errorf("node %d is cut at %v, its halves end at %v and begin at %v", r, n.cut, left.hi[n.dim], right.lo[n.dim])
	}
	for d := range b.lo {
		if b.lo[d] != min(left.lo[d], right.lo[d]) || b.hi[d] != max(left.hi[d], right.hi[d]) {
			return fmt.Errorf("node %d has the box %v of %v and %v", r, b, left, right)
		}
	}
	if t.length(r) != b.length() {
		return fmt.Errorf("node %d has the length %v, its box %v", r, t.length(r), b.length())
	}
	if n.mass != t.mass(n.below[0])+t.mass(n.below[1]) || t.mass(n.below[0]) == 0 || t.mass(n.below[1]) == 0 {
		return fmt.Errorf("node %d has the mass %d of %d and %d", r, n.mass, t.mass(n.below[0]), t.mass(n.below[1]))
	}
	if err := t.check(n.below[0]); err != nil {
		return err
	}
	return t.check(n.below[1])
}

// Trees stay sound whatever goes in, and a forest restored at any record goes on bit for bit as the stored one.
func TestTreesStaySoundAndRestored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns := rapid.IntRange(1, 3).Draw(t, "columns")
		o := Options{
			Columns: columns, Trees: rapid.IntRange(1, 5).Draw(t, "trees"), SampleSize: rapid.IntRange(10, 40).Draw(t, "sample"),
			TimeDecay: rapid.SampledFrom([]int{41, 100, 100_000}).Draw(t, "decay"), ShingleSize: rapid.IntRange(1, 4).Draw(t, "shingle"),
			Seed: rapid.Uint64().Draw(t, "seed"),
		}
		f, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		distinct := rapid.SampledFrom([]int{1, 2, 5, 1 << 30}).Draw(t, "distinct")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "values"), 0))
		for i := range rapid.IntRange(0, 300).Draw(t, "records") {
			if i%17 == 3 {
				checkTrees(t, f)
				g, err := New(o)
				if err != nil {
					t.Fatal(err)
				}
				snapshot := f.Snapshot(nil)
				if err := g.Restore(snapshot); err != nil {
					t.Fatal(err)
				}
				if again := g.Snapshot(nil); !slices.Equal(again, snapshot) {
					t.Fatalf("after %d records the restored forest has another snapshot", i)
				}
				checkTrees(t, g)
				record := randomRecord(random, columns, distinct)
				if a, b := f.Push(record), g.Push(record); a != b {
					t.Fatalf("the restored forest scores record %d as %v, the stored one as %v", i, b, a)
				}
				f = g
				continue
			}
			f.Push(randomRecord(random, columns, distinct))
		}
	})
}

func randomRecord(random *rand.Rand, columns, distinct int) []float64 {
	record := make([]float64, columns)
	for c := range record {
		record[c] = float64(random.IntN(distinct)) / 8
	}
	return record
}

// What is no snapshot of the forest is refused and never panics.
func FuzzRestore(f *testing.F) {
	o := Options{Columns: 2, Trees: 2, SampleSize: 10, TimeDecay: 100, ShingleSize: 2}
	for _, n := range []int{0, 1, 5, 60} {
		forest, err := New(o)
		if err != nil {
			f.Fatal(err)
		}
		random := rand.New(rand.NewPCG(1, 1))
		for range n {
			forest.Push(randomRecord(random, 2, 5))
		}
		f.Add(forest.Snapshot(nil))
	}
	f.Fuzz(func(t *testing.T, snapshot []byte) {
		forest, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		if forest.Restore(snapshot) != nil {
			return
		}
		checkTrees(t, forest)
		for i := range 30 {
			forest.Push([]float64{float64(i), float64(-i)})
		}
		checkTrees(t, forest)
	})
}
