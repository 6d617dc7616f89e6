package forest

import (
	"math"
	"strings"
	"testing"
)

// A CPU load of few values, a letter a record and an hour a word. It and the scores are from the Numenta Anomaly Benchmark
// (MIT licence), realAWSCloudwatch/ec2_cpu_utilization_24ae8d from the first record on.
const (
	recordedLoad = `cdddddd
		dacdacgbdcdd ecddaddadddc eddccddaddgd ddbcddddddda dddacdfcdeca dddfcedddadd ddcadcdcadcd dadcdcbccdcd
		ddaccaedadfd dacdaeddaddd bcddbdddddda dcdaccaddedd iadddddcadcd adddbcdacdda dcdaebccddfa ddbcaceacdda
		dcadddadcadd dbdbcddaddda cdadddaddcdb dcaddaccddcb ccdadacedbcc ddcadcddadfd adedaddddddd addcddaddccd
		cacdcdbddddc hacdadddaddd cddadedaddcd`
	recordedScored = `ddbdaccacddd dcddadddaccd aeddcbcdacdd dadddadadeed adddadcaddea ddaddaddacdd dacbcdadebdd daddddcadjdd
		ecacadcbdddd k`
)

var recordedValues = map[byte]float64{
	'a': 0.066, 'b': 0.068, 'c': 0.132, 'd': 0.134, 'e': 0.136, 'f': 0.2, 'g': 0.202, 'h': 0.204, 'i': 1.466, 'j': 0.198, 'k': 1.534,
}

// Kinesis Data Analytics' own scores of these records with (100, 256, 100000, 1) are on file, divided by 8: this is their
// mean for each value, over the second part.
func TestRecordedScores(t *testing.T) {
	f := newForest(t, 1, nil)
	for _, v := range strings.Join(strings.Fields(recordedLoad), "") {
		f.Push([]float64{recordedValues[byte(v)]})
	}
	sums, counts := map[byte]float64{}, map[byte]float64{}
	for _, v := range strings.Join(strings.Fields(recordedScored), "") {
		sums[byte(v)] += f.Push([]float64{recordedValues[byte(v)]}) / 8
		counts[byte(v)]++
	}
	for _, c := range []struct {
		value            byte
		score, tolerance float64
	}{
		{'a', 0.1162, 0.05}, {'c', 0.1015, 0.05}, {'d', 0.0848, 0.05}, {'b', 0.1525, 0.1}, {'e', 0.1374, 0.1},
		{'j', 0.2892, 0.15}, {'k', 0.6701, 0.15},
	} {
		got := sums[c.value] / counts[c.value]
		t.Logf("%v: %d times, %.4f, recorded %.4f", recordedValues[c.value], int(counts[c.value]), got, c.score)
		if math.Abs(got/c.score-1) > c.tolerance {
			t.Errorf("%v scores %.4f, recorded is %.4f", recordedValues[c.value], got, c.score)
		}
	}
}
