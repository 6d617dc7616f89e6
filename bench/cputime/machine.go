package cputime

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// Machine says in a line what figures were measured on: processor, cores, Go,
// kernel, time, how busy it is and how fast at the moment. What /proc does not
// tell is left out.
func Machine() string {
	said := []string{fmt.Sprintf("%d cores", runtime.NumCPU()), runtime.Version()}
	if name := processor(); name != "" {
		said = append([]string{name}, said...)
	}
	if text, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		said = append(said, "Linux "+strings.TrimSpace(string(text)))
	}
	said = append(said, time.Now().UTC().Format("2006-01-02 15:04 UTC"))
	text, _ := os.ReadFile("/proc/loadavg")
	if fields := strings.Fields(string(text)); len(fields) > 0 {
		said = append(said, "load average "+fields[0])
	}
	return fmt.Sprintf("%s; calibration %d ns", strings.Join(said, ", "), Calibrate().Nanoseconds())
}

func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.TrimSpace(strings.TrimLeft(name, "\t :"))
		}
	}
	return ""
}
