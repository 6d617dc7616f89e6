//go:build unix

package agent

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// writeLegacy makes the Kinesis Agent's database as its own code does, with a row for each file that it read; the last one is the newest.
func writeLegacy(t *testing.T, path, flow string, files []string, offset int) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`CREATE TABLE IF NOT EXISTS FILE_CHECKPOINTS(  flow VARCHAR(200),  path VARCHAR(200),  fileId VARCHAR(200),  lastModifiedTime BIGINT,  size BIGINT,
		offset BIGINT,  lastUpdated DATETIME,  PRIMARY KEY (flow, path))`); err != nil {
		t.Fatal(err)
	}
	for i, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		stat := info.Sys().(*syscall.Stat_t)
		if _, err := db.Exec(`INSERT INTO FILE_CHECKPOINTS VALUES(?, ?, ?, ?, ?, ?, strftime('%Y-%m-%d %H:%M:%f', ?, 'unixepoch'))`, flow, fmt.Sprint(file, ".then", i),
			fmt.Sprintf("(dev=%x,ino=%d)", stat.Dev, stat.Ino), info.ModTime().UnixMilli(), info.Size(), offset, 1000+i); err != nil {
			t.Fatal(err)
		}
	}
}

func TestKinesisAgentsCheckpointsAreTakenOverOnce(t *testing.T) {
	t.Parallel()
	fake := newFakeFirehose(t)
	r := newRunner(t, fake, rawConfig)
	r.append("access.log.2", "older, all read\n")
	r.append("access.log.1", "read\nnot read\n")
	r.append("access.log", "new\n")
	for i, name := range []string{"access.log.2", "access.log.1", "access.log"} {
		at := time.Unix(int64(1000+i), 0)
		if err := os.Chtimes(r.path(name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	database := r.path("state/checkpoint")
	writeLegacy(t, database, "fh:web:"+r.path("access.log*"), []string{r.path("access.log.2"), r.path("access.log.1")}, len("read\n"))
	before, err := os.ReadFile(database)
	if err != nil {
		t.Fatal(err)
	}
	r.start()
	eventually(t, "the records arrive", func() bool { return len(fake.records("web")) == 2 })
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	want := []string{"new\n", "not read\n"}
	if got := fake.records("web"); !slices.Equal(got, want) {
		t.Errorf("records %q, want %q", got, want)
	}
	if after, _ := os.ReadFile(database); string(after) != string(before) {
		t.Error("the database was changed")
	}
	r.append("access.log", "newer\n")
	r.start()
	eventually(t, "the next record arrives", func() bool { return len(fake.records("web")) == 3 })
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(r.logs.String(), "took over the Kinesis Agent's checkpoint"); n != 1 || fake.repeats > 0 {
		t.Errorf("taken over %d times, %d repeats", n, fake.repeats)
	}
}

func TestFileKey(t *testing.T) {
	device, inode, err := readFileKey("(dev=fd01,ino=1234)")
	if err != nil || device != 0xfd01 || inode != 1234 {
		t.Errorf("got %x %d %v", device, inode, err)
	}
	for _, bad := range []string{"", "(dev=fd01)", "(dev=x,ino=1)", "(dev=1,ino=-1)"} {
		if _, _, err := readFileKey(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}
