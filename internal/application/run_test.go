package application

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestScenarios plays each file as it stands, with few and with many snapshots.
func TestScenarios(t *testing.T) {
	eachScenario(t, func(t *testing.T, s *scenario) {
		for _, snapshots := range []time.Duration{time.Hour, 1} {
			if got, _ := s.run(t, mode{snapshots: snapshots}); got != s.want {
				t.Errorf("snapshots every %v: got\n%s\nwant\n%s", snapshots, got, s.want)
			}
		}
	})
}

// TestScenariosKilledAtEveryStep kills the application at each of its commits,
// before and after it took effect: the outputs are the same each time.
func TestScenariosKilledAtEveryStep(t *testing.T) {
	eachScenario(t, func(t *testing.T, s *scenario) {
		fired := 0
		for _, snapshots := range []time.Duration{time.Hour, 1} {
			for _, late := range []bool{false, true} {
				for n := int64(1); ; n++ {
					got, killed := s.run(t, mode{snapshots: snapshots, killAt: n, late: late})
					if got != s.want {
						t.Fatalf("killed at commit %d (after effect: %v, snapshots every %v): got\n%s\nwant\n%s", n, late, snapshots, got, s.want)
					}
					if !killed {
						break
					}
					fired++
				}
			}
		}
		if fired < 8 {
			t.Errorf("killed %d times, which shows little", fired)
		}
	})
}

// TestScenariosOnPebble plays them on the journal of servers, as they stand and
// killed at some of the commits.
func TestScenariosOnPebble(t *testing.T) {
	eachScenario(t, func(t *testing.T, s *scenario) {
		for n := int64(0); n < 12; n += 3 {
			if got, _ := s.run(t, mode{snapshots: 1, killAt: n, late: n%2 == 0, pebble: true}); got != s.want {
				t.Errorf("killed at commit %d: got\n%s\nwant\n%s", n, got, s.want)
			}
		}
	})
}

func eachScenario(t *testing.T, run func(t *testing.T, s *scenario)) {
	files, err := filepath.Glob("testdata/scenarios/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios (%v)", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) { run(t, readScenario(t, f)) })
	}
}
