package config

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// SecretsFile is the file in the data directory that holds the generated keys.
const SecretsFile = "secrets.json"

// Secrets are made at the first start and kept with mode 0600. Nothing is
// built in: every data directory has its own.
type Secrets struct {
	AccessKeyID     string `json:"access_key_id"`
	SecretAccessKey string `json:"secret_access_key"`
	SearchUser      string `json:"search_user"`
	SearchPassword  string `json:"search_password"`
	ConsoleToken    string `json:"console_token"`
}

// LoadSecrets reads the secrets of a data directory, or makes them.
func LoadSecrets(dir string) (Secrets, error) {
	name := filepath.Join(dir, SecretsFile)
	text, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		s := newSecrets()
		return s, WriteFile(name, s)
	}
	if err != nil {
		return Secrets{}, fmt.Errorf("read secrets: %w", err)
	}
	if info, err := os.Stat(name); err == nil && info.Mode().Perm()&0o077 != 0 {
		return Secrets{}, fmt.Errorf("secrets %q: mode %v lets others read it; chmod 600 it", name, info.Mode().Perm())
	}
	var s Secrets
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("read secrets %q: %w", name, err)
	}
	if slices.Contains([]string{s.AccessKeyID, s.SecretAccessKey, s.SearchUser, s.SearchPassword, s.ConsoleToken}, "") {
		return s, fmt.Errorf("read secrets %q: a key is missing; delete the file to make new ones", name)
	}
	return s, nil
}

func newSecrets() Secrets {
	return Secrets{
		AccessKeyID:     "AKIA" + strings.ToUpper(randomHex(8)),
		SecretAccessKey: randomText(30),
		SearchUser:      "admin",
		SearchPassword:  randomText(18),
		ConsoleToken:    randomHex(20),
	}
}

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

func randomText(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// WriteFile writes a value as JSON that only the owner reads, whole or not at
// all, and durably.
func WriteFile(name string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %q: %w", name, err)
	}
	_, err = f.Write(append(text, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %q: %w", name, err), os.Remove(f.Name()))
	}
	return SyncDir(filepath.Dir(name))
}

// SyncDir makes the names in a directory durable.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
