package forest

import (
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// recorded is a series with what Kinesis Data Analytics answered.
type recorded struct {
	values []float64
	scores map[int]float64
	top    []int
}

// readRecorded reads a file of testdata; speed_7578.txt says how they are written. The scores are as the service had them.
func readRecorded(t *testing.T, file string) recorded {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	r := recorded{scores: map[int]float64{}}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, word := range strings.Fields(line) {
			word, top := strings.CutSuffix(word, "*")
			if top {
				r.top = append(r.top, len(r.values))
			}
			word, score, scored := strings.Cut(word, "=")
			if scored {
				r.scores[len(r.values)] = 8 * number(t, score)
			}
			r.values = append(r.values, number(t, word))
		}
	}
	return r
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (r recorded) run(t *testing.T) []float64 {
	f := newForest(t, 1, nil)
	scores := make([]float64, len(r.values))
	for i, v := range r.values {
		scores[i] = f.Push([]float64{v})
	}
	return scores
}

// The scores are those that the service gave: in the median within 2 percent, and all but a tenth on either side within 6,
// which is about what chance leaves to 100 trees. Nine of its ten highest are among the ten highest.
func TestRecordedScores(t *testing.T) {
	for _, file := range []string{"speed_7578.txt", "ec2_cpu_utilization_24ae8d.txt", "nyc_taxi.txt"} {
		r := readRecorded(t, file)
		scores := r.run(t)
		var ratios []float64
		for i, want := range r.scores {
			ratios = append(ratios, scores[i]/want)
		}
		slices.Sort(ratios)
		median, p10, p90 := ratios[len(ratios)/2], ratios[len(ratios)/10], ratios[len(ratios)*9/10]
		t.Logf("%s: %d scores, p10 %.3f median %.3f p90 %.3f", file, len(ratios), p10, median, p90)
		if math.Abs(median-1) > 0.02 || p10 < 0.94 || p90 > 1.06 {
			t.Errorf("%s: ratios to the recorded scores p10 %.3f median %.3f p90 %.3f", file, p10, median, p90)
		}
		if len(r.top) == 0 {
			continue
		}
		order := make([]int, len(scores))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int { return int(math.Copysign(1, scores[b]-scores[a])) })
		found := 0
		for _, i := range order[:len(r.top)] {
			if slices.Contains(r.top, i) {
				found++
			}
		}
		t.Logf("%s: %d of the %d highest are the recorded ones", file, found, len(r.top))
		if 10*found < 9*len(r.top) {
			t.Errorf("%s: %d of the %d highest are the recorded ones", file, found, len(r.top))
		}
	}
}
