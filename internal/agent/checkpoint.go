package agent

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/millrace/millrace/internal/tail"
)

// The checkpoint file is text (docs/formats/agent-checkpoint.md):
//
//	millrace-agent-checkpoint 1
//	flow "fh:web:/var/log/access.log"
//	file 4f0c…(32) 2049 1835014 named 18273 1024 9b1d…(64) "/var/log/access.log"
//	end 3f2a91c0
//
// A file line is id, device, inode, whether it still has its name, the lowest unacknowledged byte, length and SHA-256 of the known beginning, path.
// The last line is the CRC-32C of all before it.
const checkpointMagic = "millrace-agent-checkpoint 1\n"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checkpoint is the files of each flow.
type checkpoint struct {
	flows []flowCheckpoint
}

type flowCheckpoint struct {
	id    string
	files []tail.State
}

// flow returns the files of a flow; nil if the checkpoint does not know it.
func (c checkpoint) flow(id string) []tail.State {
	for _, f := range c.flows {
		if f.id == id {
			return append([]tail.State{}, f.files...)
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
			out = fmt.Appendf(out, "file %x %d %d %s %d %d %x %q\n", s.ID, s.Device, s.Inode, name, s.Offset, s.PrefixLen, s.PrefixSum, s.Path)
		}
	}
	return fmt.Appendf(out, "end %08x\n", crc32.Checksum(out, castagnoli))
}

// decodeCheckpoint reads what encode wrote, and nothing else: the file says what not to send again, so a guess could lose lines.
func decodeCheckpoint(src []byte) (checkpoint, error) {
	var c checkpoint
	if bytes.HasPrefix(src, []byte("SQLite format 3\x00")) {
		return c, errors.New("it is the Kinesis Agent's database, not a checkpoint of this agent")
	}
	rest, ok := bytes.CutPrefix(src, []byte(checkpointMagic))
	if !ok {
		return c, errors.New("it is not a checkpoint of this agent, or of another version")
	}
	body, end, ok := cutLastLine(rest)
	if !ok || end != fmt.Sprintf("end %08x", crc32.Checksum(src[:len(checkpointMagic)+len(body)], castagnoli)) {
		return c, errors.New("it is damaged: the check sum in its last line does not fit")
	}
	for i, line := range strings.Split(strings.TrimSuffix(string(body), "\n"), "\n") {
		if err := c.decodeLine(line); err != nil {
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

func (c *checkpoint) decodeLine(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "":
		return nil
	case "flow":
		id, err := strconv.Unquote(rest)
		c.flows = append(c.flows, flowCheckpoint{id: id, files: []tail.State{}})
		return err
	case "file":
		if len(c.flows) == 0 {
			return errors.New("file before any flow")
		}
		s, err := decodeFile(strings.SplitN(rest, " ", 8))
		flow := &c.flows[len(c.flows)-1]
		flow.files = append(flow.files, s)
		return err
	}
	return fmt.Errorf("unknown word %q", word)
}

func decodeFile(fields []string) (s tail.State, err error) {
	if len(fields) != 8 {
		return s, fmt.Errorf("file has %d fields, want 8", len(fields))
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
	if s.Rotated = fields[3] == "rotated"; !s.Rotated && fields[3] != "named" {
		fail("name", fmt.Errorf("%q, want named or rotated", fields[3]))
	}
	s.Offset = number("offset", fields[4])
	if length := number("prefix length", fields[5]); length <= 1024 {
		s.PrefixLen = int(length)
	} else {
		fail("prefix length", fmt.Errorf("%d, want at most 1024", length))
	}
	sum("prefix", fields[6], s.PrefixSum[:])
	path, e := strconv.Unquote(fields[7])
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

// openStore reads the checkpoint and locks it. A file that is not there is an empty checkpoint; one that cannot be understood is an error, because to begin anew
// would repeat or skip what its owner did not ask for.
func openStore(path string) (*store, checkpoint, error) {
	s := &store{path: path}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, checkpoint{}, fmt.Errorf("create folder of checkpoint: %w", err)
	}
	src, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, checkpoint{}, fmt.Errorf("read checkpoint: %w", err)
	}
	var c checkpoint
	if err == nil {
		if c, err = decodeCheckpoint(src); err != nil {
			return nil, c, fmt.Errorf("read checkpoint %q: %w; move it away to begin at each flow's initialPosition", path, err)
		}
	}
	if s.lock, err = lockFile(path + ".lock"); err != nil {
		return nil, c, fmt.Errorf("lock checkpoint %q: %w", path, err)
	}
	return s, c, nil
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
