package agent

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strconv"
	"strings"

	_ "modernc.org/sqlite" // the Kinesis Agent's checkpoints

	"github.com/millrace/millrace/internal/tail"
)

// The Kinesis Agent's checkpoints, where its package puts them.
const legacyCheckpointFile = "/var/run/aws-kinesis-agent/checkpoints"

// ownCheckpoint says where this agent keeps its checkpoint, and where the Kinesis Agent's is that it may go on from. A checkpointFile that is the Kinesis Agent's stays
// as it is; ours lies beside it.
func ownCheckpoint(path string) (own, legacy string, err error) {
	isLegacy, err := isSQLite(path)
	if err != nil {
		return "", "", err
	}
	if isLegacy {
		return path + ".millrace", path, nil
	}
	if path == DefaultCheckpointFile {
		return path, legacyCheckpointFile, nil
	}
	return path, "", nil
}

func isSQLite(path string) (bool, error) {
	fd, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read checkpoint: %w", err)
	}
	defer fd.Close()
	head := make([]byte, 16)
	n, _ := fd.Read(head)
	return bytes.Equal(head[:n], []byte("SQLite format 3\x00")), nil
}

// legacyRow is how far the Kinesis Agent came with a flow.
type legacyRow struct {
	flow, path    string
	device, inode uint64
	offset        uint64
}

// readLegacy reads the newest row of each flow.
func readLegacy(path string) ([]legacyRow, error) {
	db, err := sql.Open("sqlite", "file:"+strings.ReplaceAll(path, "?", "%3f")+"?mode=ro")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.Query(`SELECT flow, path, fileId, "offset" FROM FILE_CHECKPOINTS ORDER BY lastUpdated DESC, rowid DESC`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []legacyRow
	seen := make(map[string]bool)
	for rows.Next() {
		var row legacyRow
		var id string
		if err := rows.Scan(&row.flow, &row.path, &id, &row.offset); err != nil {
			return nil, err
		}
		if seen[row.flow] {
			continue
		}
		seen[row.flow] = true
		if row.device, row.inode, err = readFileKey(id); err != nil {
			return nil, fmt.Errorf("flow %s: %w", row.flow, err)
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

// readFileKey reads Java's text of a file's identity: (dev=fd01,ino=1234), the device in hexadecimal.
func readFileKey(text string) (device, inode uint64, err error) {
	dev, ino, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(text, "(dev="), ")"), ",ino=")
	if ok {
		if device, err = strconv.ParseUint(dev, 16, 64); err == nil {
			inode, err = strconv.ParseUint(ino, 10, 64)
		}
	}
	if !ok || err != nil {
		return 0, 0, fmt.Errorf("file id %q, want (dev=…,ino=…)", text)
	}
	return device, inode, nil
}

// importLegacy makes a checkpoint of the Kinesis Agent's for the flows of the configuration. The file that it was reading goes on where it stood; what is older was
// read before; what is newer begins at its start.
func importLegacy(path string, flows []FlowConfig, logger *slog.Logger) (checkpoint, error) {
	var c checkpoint
	rows, err := readLegacy(path)
	if err != nil {
		return c, fmt.Errorf("read the Kinesis Agent's checkpoints %q: %w", path, err)
	}
	for _, row := range rows {
		for _, flow := range flows {
			if flow.ID() != row.flow {
				continue
			}
			f, err := importFlow(row, flow)
			if err != nil {
				return c, fmt.Errorf("take over the Kinesis Agent's checkpoint of %s: %w", row.flow, err)
			}
			c.flows = append(c.flows, f)
			logger.Info("took over the Kinesis Agent's checkpoint", "flow", row.flow, "path", row.path, "offset", row.offset, "files", len(f.files))
		}
	}
	return c, nil
}

func importFlow(row legacyRow, flow FlowConfig) (flowCheckpoint, error) {
	f := flowCheckpoint{id: row.flow, files: []fileCheckpoint{}}
	files, err := tail.Survey(flow.FilePattern)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	at := -1
	for i, file := range files {
		if file.Inode == row.inode && file.Device == row.device {
			at = i
		}
	}
	if at < 0 { // rotated out of the pattern: what is there came later
		state, ok := tail.Locate(row.path, row.device, row.inode)
		if !ok {
			state = tail.State{Path: row.path, Device: row.device, Inode: row.inode, Size: row.offset}
		}
		state.Rotated = true
		f.files = append(f.files, fileCheckpoint{State: goOnAt(state, row.offset)})
		return f, nil
	}
	for i, file := range files[:at+1] {
		if i == at {
			file.State = goOnAt(file.State, row.offset)
		}
		f.files = append(f.files, fileCheckpoint{State: file.State})
	}
	return f, nil
}

// goOnAt is the place of the old checkpoint; a file that is shorter was truncated since.
func goOnAt(state tail.State, offset uint64) tail.State {
	state.Offset = offset
	if offset > state.Size {
		state.Offset = 0
	}
	return state
}
