package forest

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func newForest(t testing.TB, columns int, change func(*Options)) *Forest {
	t.Helper()
	o := Defaults()
	o.Columns, o.Seed = columns, 1
	if change != nil {
		change(&o)
	}
	f, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// The first 256 records are learned from, the 257th is the first to be scored; a shingle takes so many records more.
func TestTheFirstScoresAreZero(t *testing.T) {
	for _, shingle := range []int{1, 2, 7} {
		f := newForest(t, 2, func(o *Options) { o.ShingleSize = shingle; o.Trees = 10 })
		random := rand.New(rand.NewPCG(1, 2))
		for i := range 300 {
			score := f.Push([]float64{random.NormFloat64(), random.NormFloat64()})
			if zero := i < 256+shingle-1; zero != (score == 0) {
				t.Fatalf("shingles of %d: the score of record %d is %v", shingle, i, score)
			}
		}
	}
}

// A constant series scores log2(n)/(n+1), as was recorded of Kinesis Data Analytics: 0.00389105 × 8 for 256 points.
func TestAConstantSeries(t *testing.T) {
	f := newForest(t, 1, nil)
	for i := range 1000 {
		score := f.Push([]float64{45})
		if want := 8.0 / 257; i >= 256 && math.Abs(score-want) > 1e-12 {
			t.Fatalf("the score of record %d is %v, want %v", i, score, want)
		}
	}
	if got := f.Push([]float64{46}); math.Abs(got-8) > 1e-12 {
		t.Errorf("the first other value scores %v, want 8", got)
	}
}

// Two values that are far apart, 128 times each: the cut parts them at the root, so a point of one of them has 127 others
// beside it in a leaf of depth 1. A value between, above or below has a score that follows from where the only cut may lie.
func TestTwoValues(t *testing.T) {
	f := newForest(t, 1, nil)
	for i := range 256 {
		f.Push([]float64{float64(i % 2 * 100)})
	}
	equal := 8 / (1 + math.Log2(128))
	for _, c := range []struct{ value, want float64 }{
		{0, equal}, {100, equal},
		{50, 8.0 / 2},
		// The box grows from 100 to 200: half of the cuts part the point at the root, all others below it.
		{200, 8 * (0.5 + 0.5/2)},
		{-300, 8 * (0.75 + 0.25/2)},
	} {
		f.shingle[0] = c.value
		f.ways.descend(f.trees, f.shingle)
		for i := range f.trees {
			if score := f.score(i, nil) * math.Log2(256); math.Abs(score-c.want) > 1e-12 {
				t.Errorf("tree %d scores %v as %v, want %v", i, c.value, score, c.want)
			}
		}
	}
}

// series are made-up ones of the kinds that are watched: each has n records.
var series = map[string]func(n int, random *rand.Rand) [][]float64{
	"normal": func(n int, random *rand.Rand) (all [][]float64) {
		for range n {
			all = append(all, []float64{random.NormFloat64()})
		}
		return all
	},
	"repeated": func(n int, random *rand.Rand) (all [][]float64) {
		for range n {
			all = append(all, []float64{float64(random.IntN(4)) * 0.002})
		}
		return all
	},
	"rounded": func(n int, random *rand.Rand) (all [][]float64) {
		for range n {
			all = append(all, []float64{math.Round(6 * random.NormFloat64())})
		}
		return all
	},
	"daily": func(n int, random *rand.Rand) (all [][]float64) {
		for i := range n {
			all = append(all, []float64{100*math.Sin(float64(i)*2*math.Pi/288) + 5*random.NormFloat64()})
		}
		return all
	},
	"drifting": func(n int, random *rand.Rand) (all [][]float64) {
		for i := range n {
			all = append(all, []float64{float64(i)/100 + random.NormFloat64()})
		}
		return all
	},
	"three columns": func(n int, random *rand.Rand) (all [][]float64) {
		for range n {
			x := random.NormFloat64()
			all = append(all, []float64{x, x + 0.1*random.NormFloat64(), float64(random.IntN(3))})
		}
		return all
	},
}

// The trees that points go into and out of score as trees made from scratch of a sample drawn from scratch: in the median
// within 5 percent, and all but a tenth on either side within 15.
func TestAgreesWithTheDefinition(t *testing.T) {
	for name, make := range series {
		for _, p := range []struct{ seen, decay int }{{256, 100_000}, {1200, 100_000}, {1500, 600}} {
			random := rand.New(rand.NewPCG(7, uint64(p.seen)))
			all := make(p.seen+48, random)
			f := newForest(t, len(all[0]), func(o *Options) { o.TimeDecay = p.decay })
			r := &reference{sample: 256, decay: p.decay, random: random}
			var ratios []float64
			for i, x := range all {
				got := f.Push(x)
				if i >= p.seen && i%2 == 0 {
					ratios = append(ratios, got/r.score(all[:i], x, 40))
				}
			}
			slices.Sort(ratios)
			median, p10, p90 := ratios[len(ratios)/2], ratios[len(ratios)/10], ratios[len(ratios)*9/10]
			t.Logf("%s after %d records, decay %d: p10 %.3f median %.3f p90 %.3f", name, p.seen, p.decay, p10, median, p90)
			if math.Abs(median-1) > 0.05 || p10 < 0.85 || p90 > 1.15 {
				t.Errorf("%s after %d records, decay %d: ratios to the definition p10 %.3f median %.3f p90 %.3f", name, p.seen, p.decay, p10, median, p90)
			}
		}
	}
}

// Of a series with a few planted outliers, those have the highest scores.
func TestOutliersScoreHighest(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	all := series["daily"](3000, random)
	planted := []int{700, 1100, 1333, 1800, 2150, 2500, 2600, 2777, 2900, 2990}
	for n, i := range planted {
		all[i][0] += float64(300 - n%2*600)
	}
	f := newForest(t, 1, nil)
	type scored struct {
		at    int
		score float64
	}
	var scores []scored
	for i, x := range all {
		scores = append(scores, scored{i, f.Push(x)})
	}
	slices.SortFunc(scores, func(a, b scored) int { return int(math.Copysign(1, b.score-a.score)) })
	found := 0
	for _, s := range scores[:10] {
		if slices.Contains(planted, s.at) {
			found++
		}
	}
	if found < 9 {
		t.Errorf("%d of the 10 highest scores are planted outliers, want at least 9: %v", found, scores[:10])
	}
}

// With a short time decay the trees forget a level soon after the series has left it, with a long one they do not.
func TestTimeDecay(t *testing.T) {
	after := func(decay int) float64 {
		f := newForest(t, 1, func(o *Options) { o.TimeDecay = decay })
		random := rand.New(rand.NewPCG(5, 6))
		for range 2000 {
			f.Push([]float64{random.NormFloat64()})
		}
		for range 3000 {
			f.Push([]float64{1000 + random.NormFloat64()})
		}
		return f.Push([]float64{0})
	}
	short, long := after(500), after(1_000_000)
	if short < 4 || long > 2 {
		t.Errorf("the old level scores %.2f with a short decay and %.2f with a long one, want above 4 and below 2", short, long)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, c := range []struct {
		change func(*Options)
		want   string
	}{
		{func(o *Options) { o.Columns = 0 }, "the number of numeric columns must be from 1 to 30, it is 0"},
		{func(o *Options) { o.Columns = 31 }, "the number of numeric columns must be from 1 to 30, it is 31"},
		{func(o *Options) { o.Trees = 0 }, "numberOfTrees must be from 1 to 1000, it is 0"},
		{func(o *Options) { o.Trees = 1001 }, "numberOfTrees must be from 1 to 1000, it is 1001"},
		{func(o *Options) { o.SampleSize = 9 }, "subSampleSize must be from 10 to 1000, it is 9"},
		{func(o *Options) { o.SampleSize = 1001 }, "subSampleSize must be from 10 to 1000, it is 1001"},
		{func(o *Options) { o.TimeDecay = 0 }, "timeDecay must be from 1 to 2147483647, it is 0"},
		{func(o *Options) { o.TimeDecay = 256 }, "subSampleSize must be less than timeDecay, they are 256 and 256"},
		{func(o *Options) { o.ShingleSize = 31 }, "shingleSize must be from 1 to 30, it is 31"},
		{func(o *Options) { o.Columns, o.ShingleSize, o.Trees, o.SampleSize = 30, 30, 1000, 1000 },
			"1000 trees of 1000 points of 900 values take 20627 MB, at most 1024 are allowed"},
	} {
		o := Defaults()
		o.Columns = 1
		c.change(&o)
		if err := o.Check(); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

// Extreme values are scored and leave the trees sound.
func TestExtremeValues(t *testing.T) {
	f := newForest(t, 2, func(o *Options) { o.Trees = 10; o.SampleSize = 10 })
	random := rand.New(rand.NewPCG(8, 9))
	values := []float64{0, math.Copysign(0, -1), 5e-324, -5e-324, math.MaxFloat64, -math.MaxFloat64, 1, math.Nextafter(1, 2), 1 << 53, math.MinInt64}
	for range 3000 {
		score := f.Push([]float64{values[random.IntN(len(values))], values[random.IntN(len(values))]})
		if math.IsNaN(score) || score < 0 || score > math.Log2(10) {
			t.Fatalf("a score of %v", score)
		}
	}
	checkTrees(t, f)
}
