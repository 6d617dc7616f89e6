package loadgen

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Burst multiplies the rate by Factor for the last Length of each Every.
type Burst struct {
	Every, Length time.Duration
	Factor        float64
}

// ParseBurst reads EVERY,LENGTH,FACTOR, as in 60s,10s,5.
func ParseBurst(text string) (Burst, error) {
	parts := strings.Split(text, ",")
	if len(parts) != 3 {
		return Burst{}, fmt.Errorf("bursts %q: want EVERY,LENGTH,FACTOR, as in 60s,10s,5", text)
	}
	var b Burst
	var err [3]error
	b.Every, err[0] = time.ParseDuration(parts[0])
	b.Length, err[1] = time.ParseDuration(parts[1])
	b.Factor, err[2] = strconv.ParseFloat(parts[2], 64)
	for _, err := range err {
		if err != nil {
			return Burst{}, fmt.Errorf("bursts %q: %w", text, err)
		}
	}
	return b, b.check()
}

func (b Burst) check() error {
	if b.Length <= 0 || b.Length > b.Every || !(b.Factor > 0) || math.IsInf(b.Factor, 0) {
		return fmt.Errorf("bursts %s,%s,%v: want a length of at most every, and a factor above 0", b.Every, b.Length, b.Factor)
	}
	return nil
}

// pace says when each line is due. It depends on nothing but the options, so neither do the lines.
type pace struct {
	elapsed time.Duration // of the next line since the first
	paced   bool          // lines wait until they are due
	rate    float64
	burst   Burst
	daily   bool
	begin   time.Time // of the first line
	n       int64
	seconds float64 // elapsed, where the rate varies
}

func newPace(opts Options, begun time.Time) *pace {
	p := &pace{paced: opts.Rate > 0 || opts.Sleep > 0, rate: opts.Rate, burst: opts.Burst, daily: opts.Daily, begin: opts.Start}
	switch {
	case opts.Sleep > 0:
		p.rate = 1 / opts.Sleep.Seconds()
	case opts.Rate == 0:
		p.rate = virtualRate
	}
	if p.begin.IsZero() {
		p.begin = begun
	}
	return p
}

// due tells whether the next line is, so long after the first.
func (p *pace) due(since time.Duration) bool { return !p.paced || p.elapsed <= since }

func (p *pace) next() {
	p.n++
	if p.burst == (Burst{}) && !p.daily {
		p.elapsed = time.Duration(float64(p.n) / p.rate * float64(time.Second))
		return
	}
	p.seconds += 1 / (p.rate * p.factor())
	p.elapsed = time.Duration(math.Round(p.seconds*1e6)) * time.Microsecond // so that a burst begins where it should
}

// factor is what the rate is multiplied by now.
func (p *pace) factor() float64 {
	f := 1.0
	if p.burst != (Burst{}) && p.elapsed%p.burst.Every >= p.burst.Every-p.burst.Length {
		f = p.burst.Factor
	}
	if p.daily {
		at := p.begin.Add(p.elapsed)
		hour := float64(at.Hour()) + float64(at.Minute())/60
		f *= 1 - 0.8*math.Cos(2*math.Pi*(hour-4)/24)
	}
	return f
}
