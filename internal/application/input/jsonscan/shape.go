package jsonscan

// Bounds on what is learned: a record beyond them is always read strictly.
const (
	maxShapes     = 4
	maxSteps      = 256
	maxTokenBytes = 4096
	// learning is paid for by records that follow a learned shape, so that
	// records which never repeat their names do not pay for it each time.
	learnCredit = 16
	hitsAPoint  = 64
)

// shape is the bytes between the values of a record.
type shape struct {
	steps []step
	// depth is how many objects are open after the last step. At 0 the shape is
	// of whole documents: last is the token that closes one, and missing are
	// the wanted values that it does not have.
	depth   int
	missing []int
	last    *token
}

// step is a token and what to do with the value after it.
type step struct {
	token
	want int // or -1
	// parent: a wanted member is below this one, which was no object.
	parent bool
	depth  int // of the object that the value is in
}

// token compares a run of bytes by its first and last eight.
type token struct {
	text       string
	head, tail uint64
	mask       uint64 // of head, where text is shorter than 8
}

func newToken(s string) token {
	t := token{text: s, mask: ^uint64(0)}
	var b [8]byte
	copy(b[:], s)
	t.head = load(b[:], 0)
	if len(s) < 8 {
		t.mask = 1<<(8*len(s)) - 1
		return t
	}
	t.tail = load([]byte(s[len(s)-8:]), 0)
	return t
}

// at reports whether the token stands at p.
func (t *token) at(data []byte, p, end int) bool {
	n := len(t.text)
	if p+n > end {
		return false
	}
	if p+8 > len(data) {
		return string(data[p:p+n]) == t.text
	}
	if load(data, p)&t.mask != t.head {
		return false
	}
	if n <= 8 {
		return true
	}
	return load(data, p+n-8) == t.tail && (n <= 16 || string(data[p+8:p+n-8]) == t.text[8:n-8])
}

// lesson gathers the shape of a record that is read strictly.
type lesson struct {
	steps []step
	from  int // where the bytes since the last value begin
	bytes int
	void  bool // it cannot become a shape
}

func (l *lesson) begin(p int) { *l = lesson{steps: l.steps[:0], from: p} }

// value notes the value at data[p:q].
func (l *lesson) value(t text, p, q int, st step) {
	l.bytes += p - l.from
	if l.void = l.void || len(l.steps) == maxSteps || l.bytes > maxTokenBytes; l.void {
		return
	}
	st.token = newToken(string(t.data[l.from:p]))
	l.steps = append(l.steps, st)
	l.from = q
}
