package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/millrace/millrace/internal/tail"
)

// Status is how far an agent has come, by its checkpoint.
type Status struct {
	Checkpoint string       `json:"checkpoint"`
	Running    bool         `json:"running"` // an agent holds the lock
	Flows      []FlowStatus `json:"flows"`
}

// FlowStatus is a flow of the configuration.
type FlowStatus struct {
	Flow   string       `json:"flow"`
	Behind uint64       `json:"bytes_behind"`
	Files  []FileStatus `json:"files"`
}

// FileStatus is a file that the flow's pattern matches, or that the checkpoint knows.
type FileStatus struct {
	Path   string `json:"path"`
	Offset uint64 `json:"offset"` // all before is acknowledged
	Size   uint64 `json:"size"`
	Remark string `json:"remark,omitempty"`
}

// Inspect reads the checkpoint of a configuration, at checkpointPath if that is given, and compares it with the files as they are now. It changes nothing.
func Inspect(cfg Config, checkpointPath string) (Status, error) {
	path := cfg.CheckpointFile
	if checkpointPath != "" {
		path = checkpointPath
	}
	path, _, err := ownCheckpoint(path)
	if err != nil {
		return Status{}, err
	}
	s := Status{Checkpoint: path}
	if _, err := os.Stat(path + ".lock"); err == nil {
		lock, err := lockFile(path + ".lock")
		if s.Running = err != nil; err == nil {
			lock.Close()
		}
	}
	var c checkpoint
	src, err := os.ReadFile(path)
	if err == nil {
		c, err = decodeCheckpoint(src)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, fmt.Errorf("read checkpoint %q: %w", path, err)
	}
	for _, cfg := range cfg.Flows {
		flow, err := inspectFlow(cfg, c.flow(cfg.ID()))
		if err != nil {
			return s, err
		}
		s.Flows = append(s.Flows, flow)
	}
	return s, nil
}

func inspectFlow(cfg FlowConfig, known *flowCheckpoint) (FlowStatus, error) {
	flow := FlowStatus{Flow: cfg.ID(), Files: []FileStatus{}}
	there, err := tail.Survey(cfg.FilePattern)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return flow, fmt.Errorf("look at the files of %s: %w", flow.Flow, err)
	}
	sizes := make(map[uint64]uint64)
	for _, file := range there {
		sizes[file.Inode] = file.Size
	}
	if known == nil {
		known = new(flowCheckpoint)
	}
	for _, file := range known.files {
		f := FileStatus{Path: file.Path, Offset: file.Offset, Size: file.Size}
		if size, here := sizes[file.Inode]; here {
			f.Size = size
		} else {
			f.Remark = ", rotated away"
		}
		delete(sizes, file.Inode)
		if file.Ended {
			f.Remark += ", its rest is not wanted"
		} else {
			flow.Behind += f.Size - min(f.Size, f.Offset)
		}
		flow.Files = append(flow.Files, f)
	}
	for _, file := range there {
		if size, unknown := sizes[file.Inode]; unknown {
			flow.Behind += size
			flow.Files = append(flow.Files, FileStatus{Path: file.Path, Size: size, Remark: ", not begun"})
		}
	}
	return flow, nil
}
