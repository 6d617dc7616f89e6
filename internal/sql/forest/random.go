package forest

// random is the splitmix64 generator: its state is one number, and a forest draws from nothing else, so a restored forest
// goes on exactly as the stored one would have.
type random struct{ state uint64 }

func (r *random) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	x := r.state
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// float returns an even number in [0, 1).
func (r *random) float() float64 { return float64(r.next()>>11) / (1 << 53) }

// below returns an even number in [0, n). n is at most maxSample, so the bias of the remainder is below 2⁻⁵⁰.
func (r *random) below(n int) int { return int(r.next() % uint64(n)) }
