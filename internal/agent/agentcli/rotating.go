package agentcli

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// rotating is a log file of which each hour is put aside compressed, for seven days, as the Kinesis Agent's configuration of log4j does it.
type rotating struct {
	mu   sync.Mutex
	path string
	fd   *os.File
	hour time.Time
	now  func() time.Time
	done sync.WaitGroup
}

const logKept = 7 * 24 * time.Hour

// openRotating appends to the file at path, or where that cannot be written, to fallback.
func openRotating(path, fallback string) (*rotating, error) {
	r := &rotating{now: time.Now}
	first := r.open(path)
	if first == nil {
		return r, nil
	}
	if err := r.open(fallback); err != nil {
		return nil, fmt.Errorf("open log: %w; %w", first, err)
	}
	return r, nil
}

func (r *rotating) open(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	fd, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	r.path, r.fd, r.hour = path, fd, r.now().Truncate(time.Hour)
	if info, err := fd.Stat(); err == nil && info.Size() > 0 {
		r.hour = info.ModTime().Truncate(time.Hour) // what a former run wrote
	}
	return nil
}

func (r *rotating) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if hour := r.now().Truncate(time.Hour); hour.After(r.hour) {
		r.rotate(hour)
	}
	return r.fd.Write(p)
}

// rotate goes on with the same file where it cannot be renamed.
func (r *rotating) rotate(hour time.Time) {
	aside := r.path + r.hour.Format(".2006-01-02-15")
	r.hour = hour
	if err := os.Rename(r.path, aside); err != nil {
		return
	}
	fd, err := os.OpenFile(r.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return
	}
	r.fd.Close()
	r.fd = fd
	r.done.Go(func() {
		if compress(aside) == nil {
			os.Remove(aside)
		}
		r.expire()
	})
}

// compress writes path.gz.
func compress(path string) (err error) {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(path+".gz", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	w := gzip.NewWriter(out)
	_, err = io.Copy(w, in)
	if e := w.Close(); err == nil {
		err = e
	}
	if e := out.Close(); err == nil {
		err = e
	}
	return err
}

func (r *rotating) expire() {
	old, err := filepath.Glob(r.path + ".????-??-??-??*")
	if err != nil {
		return
	}
	for _, path := range old {
		if info, err := os.Stat(path); err == nil && r.now().Sub(info.ModTime()) > logKept {
			os.Remove(path)
		}
	}
}

// Close waits for what is being compressed.
func (r *rotating) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done.Wait()
	return r.fd.Close()
}
