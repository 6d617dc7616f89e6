package agent

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
)

// store keeps the checkpoint file. It is locked against a second agent.
type store struct {
	path string
	lock *os.File

	mu      sync.Mutex
	written []byte
}

// openStore locks the checkpoint and reads it. A file that is not there is an empty checkpoint, or what the Kinesis Agent left behind; one that cannot be understood is an
// error, because to begin anew would repeat or skip what its owner did not ask for.
func openStore(path string, flows []FlowConfig, logger *slog.Logger) (s *store, c checkpoint, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, c, fmt.Errorf("create folder of checkpoint: %w", err)
	}
	path, legacy, err := ownCheckpoint(path)
	if err != nil {
		return nil, c, err
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, c, fmt.Errorf("lock checkpoint %q: %w", path, err)
	}
	s = &store{path: path, lock: lock}
	if c, err = s.read(legacy, flows, logger); err != nil {
		lock.Close()
		return nil, c, err
	}
	return s, c, nil
}

func (s *store) read(legacy string, flows []FlowConfig, logger *slog.Logger) (c checkpoint, err error) {
	src, err := os.ReadFile(s.path)
	if err == nil {
		if c, err = decodeCheckpoint(src); err != nil {
			return c, fmt.Errorf("read checkpoint %q: %w; move it away to begin at each flow's initialPosition", s.path, err)
		}
		return c, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return c, fmt.Errorf("read checkpoint: %w", err)
	}
	if there, err := isSQLite(legacy); legacy == "" || err != nil || !there {
		return c, nil
	}
	if c, err = importLegacy(legacy, flows, logger); err != nil {
		return c, err
	}
	return c, s.save(c)
}

// save replaces the file in one step; when it returns, the new content is on disk.
func (s *store) save(c checkpoint) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	content := c.encode()
	if bytes.Equal(content, s.written) {
		return nil
	}
	if err := s.replace(content); err != nil {
		return fmt.Errorf("write checkpoint %q: %w", s.path, err)
	}
	s.written = content
	return nil
}

func (s *store) replace(content []byte) error {
	tmp, err := os.OpenFile(s.path+".tmp", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = tmp.Write(content)
	if err == nil {
		err = tmp.Sync()
	}
	if e := tmp.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), s.path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(s.path))
}

func (s *store) close() error { return s.lock.Close() }
