package exec

// fifo is a queue whose memory is used again.
type fifo[T any] struct {
	items []T
	head  int
}

func (q *fifo[T]) len() int    { return len(q.items) - q.head }
func (q *fifo[T]) push(v T)    { q.items = append(q.items, v) }
func (q *fifo[T]) first() T    { return q.items[q.head] }
func (q *fifo[T]) at(i int) *T { return &q.items[q.head+i] }

// pop takes the oldest away.
func (q *fifo[T]) pop() T {
	v := q.items[q.head]
	q.head++
	if q.head >= 64 && 2*q.head >= len(q.items) {
		q.items, q.head = shiftDown(q.items, q.head), 0
	}
	return v
}
