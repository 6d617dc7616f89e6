package agent

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/millrace/millrace/internal/tail"
)

// The checkpoint file is text (docs/formats/agent-checkpoint.md):
//
//	millrace-agent-checkpoint 2
//	flow "fh:web:/var/log/access.log"
//	file 4f0c…(32) 2049 1835014 named 18273 20480 1763833800120000000 1024 9b1d…(64) "/var/log/access.log"
//	cut 18400
//	end 3f2a91c0
//
// A file line is id, device, inode, whether it still has its name (named, rotated; and ",ended" behind its footer), the lowest unacknowledged byte, its size and its
// time in nanoseconds when it was last seen, length and SHA-256 of the known beginning, path. A cut is the end of a record of several lines that was sent although another line might have belonged
// to it. The last line is the CRC-32C of all before it. Version 1 knew neither size, time nor cuts; it is read, too.
const (
	checkpointMagic    = "millrace-agent-checkpoint 2\n"
	checkpointMagicOld = "millrace-agent-checkpoint 1\n"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checkpoint is the files of each flow.
type checkpoint struct {
	flows []flowCheckpoint
}

type flowCheckpoint struct {
	id    string
	files []fileCheckpoint
}

type fileCheckpoint struct {
	tail.State
	cuts []uint64
}

// flow returns what is known of a flow; nil if the checkpoint does not know it.
func (c checkpoint) flow(id string) *flowCheckpoint {
	for _, f := range c.flows {
		if f.id == id {
			return &f
		}
	}
	return nil
}

func (c checkpoint) encode() []byte {
	out := []byte(checkpointMagic)
	for _, flow := range c.flows {
		out = fmt.Appendf(out, "flow %q\n", flow.id)
		for _, s := range flow.files {
			name := "named"
			if s.Rotated {
				name = "rotated"
			}
			if s.Ended {
				name += ",ended"
			}
			out = fmt.Appendf(out, "file %x %d %d %s %d %d %d %d %x %q\n", s.ID, s.Device, s.Inode, name, s.Offset, s.Size, s.Modified, s.PrefixLen, s.PrefixSum, s.Path)
			for _, cut := range s.cuts {
				out = fmt.Appendf(out, "cut %d\n", cut)
			}
		}
	}
	return fmt.Appendf(out, "end %08x\n", crc32.Checksum(out, castagnoli))
}

// decodeCheckpoint reads what encode wrote, and nothing else: the file says what not to send again, so a guess could lose lines.
func decodeCheckpoint(src []byte) (checkpoint, error) {
	var c checkpoint
	rest, ok := bytes.CutPrefix(src, []byte(checkpointMagic))
	old := false
	if !ok {
		rest, old = bytes.CutPrefix(src, []byte(checkpointMagicOld))
	}
	if !ok && !old {
		return c, errors.New("it is not a checkpoint of this agent, or of another version")
	}
	body, end, ok := cutLastLine(rest)
	if !ok || end != fmt.Sprintf("end %08x", crc32.Checksum(src[:len(checkpointMagic)+len(body)], castagnoli)) {
		return c, errors.New("it is damaged: the check sum in its last line does not fit")
	}
	for i, line := range strings.Split(strings.TrimSuffix(string(body), "\n"), "\n") {
		if err := c.decodeLine(line, old); err != nil {
			return checkpoint{}, fmt.Errorf("line %d: %w", i+2, err)
		}
	}
	return c, nil
}

func cutLastLine(text []byte) (before []byte, last string, ok bool) {
	text, ok = bytes.CutSuffix(text, []byte("\n"))
	at := bytes.LastIndexByte(text, '\n') + 1
	return text[:at], string(text[at:]), ok
}

func (c *checkpoint) decodeLine(line string, old bool) error {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "":
		return nil
	case "flow":
		id, err := strconv.Unquote(rest)
		c.flows = append(c.flows, flowCheckpoint{id: id, files: []fileCheckpoint{}})
		return err
	case "file":
		if len(c.flows) == 0 {
			return errors.New("file before any flow")
		}
		fields := strings.SplitN(rest, " ", 10)
		if old { // without size and time
			fields = strings.SplitN(rest, " ", 8)
			if len(fields) == 8 {
				fields = slices.Insert(fields, 5, fields[4], "0")
			}
		}
		s, err := decodeFile(fields)
		flow := &c.flows[len(c.flows)-1]
		flow.files = append(flow.files, fileCheckpoint{State: s})
		return err
	case "cut":
		if len(c.flows) == 0 || len(c.flows[len(c.flows)-1].files) == 0 {
			return errors.New("cut before any file")
		}
		at, err := strconv.ParseUint(rest, 10, 64)
		flow := &c.flows[len(c.flows)-1]
		file := &flow.files[len(flow.files)-1]
		file.cuts = append(file.cuts, at)
		return err
	}
	return fmt.Errorf("unknown word %q", word)
}

func decodeFile(fields []string) (s tail.State, err error) {
	if len(fields) != 10 {
		return s, fmt.Errorf("file has %d fields, want 10", len(fields))
	}
	fail := func(name string, e error) {
		if e != nil && err == nil {
			err = fmt.Errorf("%s: %w", name, e)
		}
	}
	number := func(name, text string) uint64 {
		v, e := strconv.ParseUint(text, 10, 64)
		fail(name, e)
		return v
	}
	sum := func(name, text string, to []byte) {
		if len(text) != 2*len(to) {
			fail(name, fmt.Errorf("%d digits, want %d", len(text), 2*len(to)))
			return
		}
		_, e := hex.Decode(to, []byte(text))
		fail(name, e)
	}
	sum("id", fields[0], s.ID[:])
	s.Device, s.Inode = number("device", fields[1]), number("inode", fields[2])
	name, ended := strings.CutSuffix(fields[3], ",ended")
	if s.Ended, s.Rotated = ended, name == "rotated"; !s.Rotated && name != "named" {
		fail("name", fmt.Errorf("%q, want named or rotated", fields[3]))
	}
	s.Offset, s.Size = number("offset", fields[4]), number("size", fields[5])
	modified, e := strconv.ParseInt(fields[6], 10, 64)
	fail("time", e)
	s.Modified = modified
	if length := number("prefix length", fields[7]); length <= 1024 {
		s.PrefixLen = int(length)
	} else {
		fail("prefix length", fmt.Errorf("%d, want at most 1024", length))
	}
	sum("prefix", fields[8], s.PrefixSum[:])
	path, e := strconv.Unquote(fields[9])
	fail("path", e)
	s.Path = path
	return s, err
}

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
