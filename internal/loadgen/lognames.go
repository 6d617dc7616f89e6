package loadgen

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// CreateLog makes a new file named as the Fake-Apache-Log-Generator names its own: access_log_YYYYMMDD-HHMMSS.log, behind a prefix and '_' if there is one, with .gz behind
// for a compressed one. Of files begun in one second the second gets -2, the third -3. A prefix may hold folders, which exist.
func CreateLog(prefix string, at time.Time, compressed bool) (*os.File, error) {
	name := "access_log_" + at.Format("20060102-150405")
	if prefix != "" {
		name = prefix + "_" + name
	}
	end := ".log"
	if compressed {
		end += ".gz"
	}
	for n := 1; ; n++ {
		file := name + end
		if n > 1 {
			file = fmt.Sprintf("%s-%d%s", name, n, end)
		}
		f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o644)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("create access log: %w", err)
		}
		return f, nil
	}
}
