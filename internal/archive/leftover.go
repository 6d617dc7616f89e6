package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// childRecord is gateway.json: the child under way. A process id alone may belong
// to somebody else by now; with its start time it does not.
type childRecord struct {
	PID   int    `json:"pid"`
	Start string `json:"start"`
}

func writeRecord(name string, pid int) error {
	start, err := startTime(pid)
	if err != nil {
		return nil // it has ended already, which Wait reports
	}
	text, _ := json.Marshal(childRecord{pid, start})
	return os.WriteFile(name, append(text, '\n'), 0o600)
}

// endLeftover ends the gateway of a server that died, if it is still there.
// The lock says that no server is alive.
func endLeftover(name string) error {
	text, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var r childRecord
	if json.Unmarshal(text, &r) != nil || r.PID <= 0 {
		return os.Remove(name) // cut off by the crash that ended the server
	}
	deadline := time.Now().Add(stopTimeout)
	for {
		start, err := startTime(r.PID)
		if err != nil || start != r.Start {
			return os.Remove(name)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the gateway of an earlier server, process %d, does not end", r.PID)
		}
		if p, err := os.FindProcess(r.PID); err == nil {
			_ = p.Kill()
		}
		time.Sleep(5 * time.Millisecond)
	}
}
