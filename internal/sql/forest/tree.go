package forest

// tree is a random cut tree in flat arrays. A reference to a node is its number; one to a leaf is the complement of the
// leaf's. The points of a leaf are all equal.
type tree struct {
	dims   int
	root   ref
	size   int // points, repeated ones included
	nodes  []node
	boxes  []float64 // of each node: the sum of the sides' lengths, the least value in each dimension, then the greatest
	masses []uint16
	values []float64
	// Numbers of nodes and leaves that are free again.
	freeNodes, freeLeaves []ref
}

// newTree returns an empty tree with room for a sample.
func newTree(dims, sample int) tree {
	return tree{
		dims: dims, nodes: make([]node, 0, sample-1), boxes: make([]float64, 0, (2*dims+1)*(sample-1)),
		masses: make([]uint16, 0, sample), values: make([]float64, 0, dims*sample),
	}
}

type ref int16

// node parts its points: those with values[dim] <= cut are on the left. It is as small as a way down through all trees needs
// it, which is most of the work of a forest.
type node struct {
	cut   float64
	dim   uint16
	mass  uint16
	below [2]ref // left, right
}

// side is 0 for a point that is on the left of the cut and 1 for one on the right.
func (n *node) side(point []float64) int {
	if point[n.dim] > n.cut {
		return 1
	}
	return 0
}

// nodeBytes is what a point takes besides its values and its box: a node, a length, a mass, and places to be used again.
const nodeBytes = 16 + 8 + 2 + 4

// step is a node on a way down, and the side on which it went on.
type step struct {
	at   ref
	side int
}

// box returns the least box that holds the points below r.
func (t *tree) box(r ref) box {
	if r < 0 {
		v := t.values[int(^r)*t.dims : int(^r+1)*t.dims]
		return box{v, v}
	}
	at := int(r)*(2*t.dims+1) + 1
	return box{t.boxes[at : at+t.dims], t.boxes[at+t.dims : at+2*t.dims]}
}

// length returns the sum of the lengths of a box's sides.
func (t *tree) length(r ref) float64 {
	if r < 0 {
		return 0
	}
	return t.boxes[int(r)*(2*t.dims+1)]
}

func (t *tree) setLength(r ref, length float64) { t.boxes[int(r)*(2*t.dims+1)] = length }

func (t *tree) mass(r ref) uint16 {
	if r < 0 {
		return t.masses[^r]
	}
	return t.nodes[r].mass
}

// insert puts the forest's point into the tree. On its way down it draws, at each box that does not hold the point, a cut of
// the box that would: one that parts them becomes a node, any other stands for the cut that is there already. At a leaf of
// another value every cut parts.
func (t *tree) insert(f *Forest) {
	if t.size++; t.size == 1 {
		t.root = t.newLeaf(f.shingle)
		return
	}
	path := f.path[:0]
	at := t.root
	for {
		b := t.box(at)
		if gap := b.gap(f.shingle); gap > 0 {
			if c, parts := b.draw(&f.random, f.shingle, t.length(at), gap); parts {
				t.part(path, at, c, f.shingle)
				break
			}
			b.extend(f.shingle)
			t.setLength(at, b.length())
		}
		if at < 0 {
			t.masses[^at]++
			break
		}
		n := &t.nodes[at]
		n.mass++
		s := step{at, n.side(f.shingle)}
		path = append(path, s)
		at = n.below[s.side]
	}
	f.path = path
}

// part puts a node above what stands at the end of a way down: there it was, and a leaf for the point.
func (t *tree) part(path []step, below ref, c cut, point []float64) {
	leaf := t.newLeaf(point)
	n := node{cut: c.at, dim: uint16(c.dim), mass: t.mass(below) + 1}
	n.below[n.side(point)], n.below[1-n.side(point)] = leaf, below
	at := t.newNode(n)
	t.bound(at)
	t.hang(path, at)
}

// bound makes the box of a node from those of its children.
func (t *tree) bound(at ref) {
	n, b := &t.nodes[at], t.box(at)
	left, right := t.box(n.below[0]), t.box(n.below[1])
	for d := range b.lo {
		b.lo[d], b.hi[d] = min(left.lo[d], right.lo[d]), max(left.hi[d], right.hi[d])
	}
	t.setLength(at, b.length())
}

// hang makes something the child at the end of a way down.
func (t *tree) hang(path []step, r ref) {
	if len(path) == 0 {
		t.root = r
		return
	}
	last := path[len(path)-1]
	t.nodes[last.at].below[last.side] = r
}

// remove takes a random point out of the tree. Where it was the last of its value, its brother takes the place of their
// parent, and the boxes above shrink to what is left.
func (t *tree) remove(f *Forest) {
	path := f.path[:0]
	at, nth := t.root, f.random.below(t.size)
	t.size--
	for at >= 0 {
		n := &t.nodes[at]
		n.mass--
		s := step{at: at}
		if left := int(t.mass(n.below[0])); nth >= left {
			nth -= left
			s.side = 1
		}
		path = append(path, s)
		at = n.below[s.side]
	}
	f.path = path
	if t.masses[^at]--; t.masses[^at] > 0 {
		return
	}
	t.freeLeaves = append(t.freeLeaves, ^at)
	if len(path) == 0 {
		return
	}
	parent := path[len(path)-1]
	path = path[:len(path)-1]
	t.hang(path, t.nodes[parent.at].below[1-parent.side])
	t.freeNodes = append(t.freeNodes, parent.at)
	gone := t.box(at).lo
	for i := len(path) - 1; i >= 0 && t.box(path[i].at).touches(gone); i-- {
		t.bound(path[i].at)
	}
}

func (t *tree) newLeaf(point []float64) ref {
	if n := len(t.freeLeaves); n > 0 {
		at := ^t.freeLeaves[n-1]
		t.freeLeaves = t.freeLeaves[:n-1]
		t.masses[^at] = 1
		copy(t.box(at).lo, point)
		return at
	}
	t.masses = append(t.masses, 1)
	t.values = append(t.values, point...)
	return ^ref(len(t.masses) - 1)
}

func (t *tree) newNode(n node) ref {
	if k := len(t.freeNodes); k > 0 {
		at := t.freeNodes[k-1]
		t.freeNodes = t.freeNodes[:k-1]
		t.nodes[at] = n
		return at
	}
	t.nodes = append(t.nodes, n)
	t.boxes = t.boxes[:len(t.boxes)+2*t.dims+1]
	return ref(len(t.nodes) - 1)
}
