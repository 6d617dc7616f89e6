package tail

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

var rewrite = flag.Bool("rewrite", false, "write what the tailer answers into testdata/*.script")

// A script does things to files and says which lines follow:
//
//	follow GLOB [start|end]    begins to follow, at the checkpoint if there was one before
//	write FILE TEXT            appends; TEXT is a Go string
//	fill FILE LINES            appends lines of 16 bytes
//	rename, remove, truncate, copy, link, symlink, mkdir, fifo, gzip FILE [FILE]
//	cut FILE BYTES             shortens
//	chmod FILE MODE            in octal
//	limit BYTES                longest line
//	wait DURATION              lets the tailer's clock go on
//	restart                    stops and begins again; all that was read is taken for acknowledged
//	checkpoint, crash          crash begins again at the last checkpoint
//	read                       hands out what there is; below ---- each run of lines: incarnation, range, text
//	files, stats               what the tailer knows
//
// Incarnations are named a, b, c in the order in which they are read.
func TestScripts(t *testing.T) {
	scripts, err := filepath.Glob("testdata/*.script")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, script := range scripts {
		t.Run(filepath.Base(script), func(t *testing.T) { runScript(t, script) })
	}
}

type scriptRun struct {
	t          *testing.T
	dir        string
	now        time.Time
	opts       Options
	tailer     *Tailer
	names      map[[16]byte]string
	checkpoint Checkpoint
	written    int
}

func runScript(t *testing.T, script string) {
	src, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	r := &scriptRun{t: t, dir: t.TempDir(), now: time.Now(), names: make(map[[16]byte]string)}
	defer r.stop()
	var out bytes.Buffer
	skipping := false
	scanner := bufio.NewScanner(bytes.NewReader(src))
	for scanner.Scan() {
		line := scanner.Text()
		if skipping && line != "" {
			continue
		}
		skipping = false
		fmt.Fprintln(&out, line)
		words := strings.Fields(line)
		if len(words) == 0 || line[0] == '#' {
			continue
		}
		if answer, asks := r.do(words, line); asks {
			fmt.Fprint(&out, "----\n"+answer)
			skipping = true
		}
	}
	if *rewrite {
		if err := os.WriteFile(script, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if !bytes.Equal(out.Bytes(), src) {
		t.Errorf("%s differs, got:\n%s", script, out.String())
	}
}

func (r *scriptRun) do(words []string, line string) (answer string, asks bool) {
	path := func(i int) string { return filepath.Join(r.dir, words[i]) }
	var err error
	switch words[0] {
	case "follow":
		r.opts.Pattern = path(1)
		if len(words) > 2 {
			r.opts.Initial = Position(words[2] == "start")
		}
		r.start(nil)
	case "limit":
		r.opts.MaxLineBytes, err = strconv.Atoi(words[1])
	case "write":
		var text string
		if text, err = strconv.Unquote(strings.SplitN(line, " ", 3)[2]); err == nil {
			err = r.write(path(1), text)
		}
	case "fill":
		var n int
		if n, err = strconv.Atoi(words[2]); err == nil {
			err = r.write(path(1), filler(n))
		}
	case "rename":
		err = os.Rename(path(1), path(2))
	case "remove":
		err = os.Remove(path(1))
	case "truncate":
		if err = os.Truncate(path(1), 0); err == nil {
			err = r.write(path(1), "")
		}
	case "copy":
		var content []byte
		if content, err = os.ReadFile(path(1)); err == nil {
			os.Remove(path(2))
			err = r.write(path(2), string(content))
		}
	case "gzip": // as gzip does it: the time stays, the original goes
		err = packFile(path(1), path(2))
	case "cut":
		var size int64
		if size, err = strconv.ParseInt(words[2], 10, 64); err == nil {
			err = os.Truncate(path(1), size)
		}
	case "chmod":
		var mode uint64
		if mode, err = strconv.ParseUint(words[2], 8, 32); err == nil {
			err = os.Chmod(path(1), os.FileMode(mode))
		}
	case "fifo":
		err = makeFIFO(path(1))
	case "link":
		err = os.Link(path(1), path(2))
	case "symlink":
		err = os.Symlink(words[1], path(2))
	case "mkdir":
		err = os.Mkdir(path(1), 0o755)
	case "wait":
		var d time.Duration
		d, err = time.ParseDuration(words[1])
		r.now = r.now.Add(d)
	case "checkpoint":
		r.checkpoint = r.states()
	case "crash":
		r.stop()
		r.start(&r.checkpoint)
	case "restart":
		states := r.states()
		r.stop()
		r.start(&states)
	case "stop":
		r.checkpoint = r.states()
		r.stop()
	case "read":
		return r.read(), true
	case "files":
		return r.files(), true
	case "stats":
		return fmt.Sprintf("%+v\n", r.tailer.Stats()), true
	default:
		err = fmt.Errorf("unknown word")
	}
	if err != nil {
		r.t.Fatalf("%s: %v", line, err)
	}
	return "", false
}

// write appends. The oldest written is the oldest file, however coarse the file system's clock.
func (r *scriptRun) write(path, text string) error {
	if err := appendFile(path, text); err != nil {
		return err
	}
	r.written++
	return os.Chtimes(path, time.Time{}, time.Unix(int64(r.written), 0))
}

func filler(lines int) string {
	var text strings.Builder
	for i := range lines {
		fmt.Fprintf(&text, "this is line %02d\n", i)
	}
	return text.String()
}

func packFile(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write(content)
	w.Close()
	if err := os.WriteFile(to, packed.Bytes(), 0o644); err != nil {
		return err
	}
	if err := os.Chtimes(to, time.Time{}, info.ModTime()); err != nil {
		return err
	}
	return os.Remove(from)
}

func appendFile(path, text string) error {
	fd, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer fd.Close()
	_, err = fd.WriteString(text)
	return err
}

func (r *scriptRun) start(resume *Checkpoint) {
	opts := r.opts
	opts.Resume, opts.NoEvents = resume, true // scripts do without hints
	opts.Now = func() time.Time { return r.now }
	var err error
	if r.tailer, err = New(opts); err != nil {
		r.t.Fatal(err)
	}
}

func (r *scriptRun) stop() {
	if r.tailer != nil {
		r.tailer.Close()
		r.tailer = nil
	}
}

func (r *scriptRun) states() Checkpoint { return r.tailer.Checkpoint(allRead) }

// allRead takes all lines that were read for acknowledged.
func allRead(_ [16]byte, read uint64) uint64 { return read }

// read polls until a poll brings nothing new.
func (r *scriptRun) read() string {
	var out strings.Builder
	for idle := 0; idle < 2; {
		lines, ok := r.tailer.Next()
		if !ok {
			idle++
			r.now = r.now.Add(100 * time.Millisecond)
			continue
		}
		idle = 0
		cut := ""
		if lines.Cut {
			cut = " cut"
		}
		fmt.Fprintf(&out, "%s %d-%d %s%s\n", r.name(lines.File.ID), lines.Start, lines.End, shortened(lines.Data), cut)
	}
	return out.String()
}

// shortened shows the ends of a long text.
func shortened(text []byte) string {
	if len(text) <= 320 {
		return strconv.Quote(string(text))
	}
	return fmt.Sprintf("%q … %q", text[:16], text[len(text)-48:])
}

func (r *scriptRun) files() string {
	var out strings.Builder
	for _, f := range r.tailer.Files() {
		rotated := ""
		if f.Rotated {
			rotated = " rotated"
		}
		fmt.Fprintf(&out, "%s %s at %d, %d unread%s\n", r.name(f.ID), filepath.Base(f.Path), f.Offset, f.Unread, rotated)
	}
	return out.String()
}

func (r *scriptRun) name(id [16]byte) string {
	if r.names[id] == "" {
		r.names[id] = string(rune('a' + len(r.names)))
	}
	return r.names[id]
}

func TestIncarnationIDsAreRandom(t *testing.T) {
	dir := t.TempDir()
	seen := make(map[string]bool)
	for i := range 3 {
		path := filepath.Join(dir, fmt.Sprint("log", i))
		if err := appendFile(path, "x\n"); err != nil {
			t.Fatal(err)
		}
		f, err := open(path, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		seen[hex.EncodeToString(f.ID[:])] = true
		f.fd.Close()
	}
	if len(seen) != 3 || seen[strings.Repeat("0", 32)] {
		t.Fatalf("ids are %v", seen)
	}
}
