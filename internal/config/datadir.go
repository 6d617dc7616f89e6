package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// RunFile is written while a server runs, so that the other commands find it.
const RunFile = "run.json"

// LocalDir is used as the data directory where it exists.
const LocalDir = ".millrace"

// Run is run.json, and with Ready the line that `up --json` prints.
type Run struct {
	Ready           bool   `json:"ready"`
	Edge            string `json:"edge"`
	Console         string `json:"console"` // with its token
	Search          string `json:"search"`
	Region          string `json:"region"`
	AccessKeyID     string `json:"access_key_id"`
	SecretAccessKey string `json:"secret_access_key"`
	SearchUser      string `json:"search_user"`
	SearchPassword  string `json:"search_password"`
	Dir             string `json:"dir"`
	PID             int    `json:"pid"`
}

// DataDir resolves the --dir flag: the flag, else MILLRACE_DIR, else
// ./.millrace where it exists, else the XDG data directory.
func DataDir(flag string, getenv func(string) string) (string, error) {
	dir := flag
	if dir == "" {
		dir = getenv("MILLRACE_DIR")
	}
	if dir == "" {
		if info, err := os.Stat(LocalDir); err == nil && info.IsDir() {
			dir = LocalDir
		}
	}
	if dir == "" {
		base := getenv("XDG_DATA_HOME")
		if base == "" {
			home, err := os.UserHomeDir()
			if err != nil {
				return "", fmt.Errorf("find the data directory: %w; give --dir", err)
			}
			base = filepath.Join(home, ".local", "share")
		}
		dir = filepath.Join(base, "millrace")
	}
	return filepath.Abs(dir)
}

// MakeDataDir makes the directory for its owner alone and checks that it can
// be written to.
func MakeDataDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make data directory: %w", err)
	}
	f, err := os.CreateTemp(dir, ".writable.*")
	if err != nil {
		return fmt.Errorf("data directory %q cannot be written to: %w", dir, err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// ErrNotRunning says that no server runs on a data directory.
var ErrNotRunning = errors.New("no server is running")

// FindRun reads the addresses of the server that runs on a directory. It does
// not tell whether that server still answers.
func FindRun(dir string) (Run, error) {
	var r Run
	text, err := os.ReadFile(filepath.Join(dir, RunFile))
	if errors.Is(err, os.ErrNotExist) {
		return r, fmt.Errorf("%w on %s; start one with: millrace up", ErrNotRunning, dir)
	}
	if err != nil {
		return r, fmt.Errorf("find the running server: %w", err)
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("read %q: %w", filepath.Join(dir, RunFile), err)
	}
	return r, nil
}
