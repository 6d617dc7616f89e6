package agent

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/tail"
)

// The checkpoint file is text (docs/formats/agent-checkpoint.md):
//
//	millrace-agent-checkpoint 3
//	flow "fh:web:/var/log/access.log"
//	file 4f0c…(32) 2049 1835014 named 18273 20480 1763833800120000000 1024 9b1d…(64) 18273 1024 77ab…(64) "/var/log/access.log"
//	cut 18400
//	past 1763833799000000000 1024 01c5…(64) 99120 64 5e0a…(64)
//	missed 1763833799000000000 1024 01c5…(64) 99120 64 5e0a…(64) "/var/log/access.log"
//	end 3f2a91c0
//
// A file line is id, device, inode, whether it still has its name (named, rotated; and ",ended" behind its footer), the lowest unacknowledged byte, its size and its
// time in nanoseconds when it was last seen, what it is known by, path. Known by is length and SHA-256 of its first bytes, then end, length and SHA-256 of bytes that
// were read later. A cut is the end of a record of several lines that was sent although another line might have belonged to it. Past and missed are tail.Past and
// tail.Missed. The last line is the CRC-32C of all before it. Version 2 knew neither later bytes nor past nor missed, version 1 neither size, time nor cuts; they are
// read, too.
const checkpointVersion = 3

func checkpointMagic(version int) string {
	return fmt.Sprintf("millrace-agent-checkpoint %d\n", version)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checkpoint is the files of each flow.
type checkpoint struct {
	flows []flowCheckpoint
}

type flowCheckpoint struct {
	id     string
	files  []fileCheckpoint
	past   []tail.Past
	missed []tail.Missed
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

// tail is what the flow's tailer goes on from.
func (c flowCheckpoint) tail() *tail.Checkpoint {
	t := &tail.Checkpoint{Files: []tail.State{}, Past: c.past, Missed: c.missed}
	for _, file := range c.files {
		t.Files = append(t.Files, file.State)
	}
	return t
}

func (c checkpoint) encode() []byte {
	out := []byte(checkpointMagic(checkpointVersion))
	for _, flow := range c.flows {
		out = fmt.Appendf(out, "flow %q\n", flow.id)
		for _, s := range flow.files {
			out = s.append(out)
		}
		for _, past := range flow.past {
			out = fmt.Appendf(out, "past %d ", past.At)
			out = append(appendKnown(out, past.Known), '\n')
		}
		for _, name := range flow.missed {
			out = fmt.Appendf(out, "missed %d ", name.Modified)
			out = fmt.Appendf(appendKnown(out, name.Known), " %q\n", name.Path)
		}
	}
	return fmt.Appendf(out, "end %08x\n", crc32.Checksum(out, castagnoli))
}

func (s fileCheckpoint) append(out []byte) []byte {
	name := "named"
	if s.Rotated {
		name = "rotated"
	}
	if s.Ended {
		name += ",ended"
	}
	out = fmt.Appendf(out, "file %x %d %d %s %d %d %d ", s.ID, s.Device, s.Inode, name, s.Offset, s.Size, s.Modified)
	out = fmt.Appendf(appendKnown(out, s.Known), " %q\n", s.Path)
	for _, cut := range s.cuts {
		out = fmt.Appendf(out, "cut %d\n", cut)
	}
	return out
}

func appendKnown(out []byte, k tail.Known) []byte {
	return fmt.Appendf(out, "%d %x %d %d %x", k.Prefix.Len, k.Prefix.Sum, k.Witness.End, k.Witness.Len, k.Witness.Sum)
}

// decodeCheckpoint reads what encode wrote, now or in former versions, and nothing else: the file says what not to send again, so a guess could lose lines.
func decodeCheckpoint(src []byte) (checkpoint, error) {
	for version := checkpointVersion; version > 0; version-- {
		if rest, ok := bytes.CutPrefix(src, []byte(checkpointMagic(version))); ok {
			return decodeVersion(version, src, rest)
		}
	}
	return checkpoint{}, errors.New("it is not a checkpoint of this agent, or of another version")
}

func decodeVersion(version int, src, rest []byte) (c checkpoint, err error) {
	body, end, ok := cutLastLine(rest)
	if !ok || end != fmt.Sprintf("end %08x", crc32.Checksum(src[:len(src)-len(rest)+len(body)], castagnoli)) {
		return c, errors.New("it is damaged: the check sum in its last line does not fit")
	}
	for i, line := range strings.Split(strings.TrimSuffix(string(body), "\n"), "\n") {
		if err := c.decodeLine(version, line); err != nil {
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

func (c *checkpoint) decodeLine(version int, line string) error {
	word, rest, _ := strings.Cut(line, " ")
	if word == "" && rest == "" {
		return nil
	}
	if word == "flow" {
		id, err := strconv.Unquote(rest)
		c.flows = append(c.flows, flowCheckpoint{id: id, files: []fileCheckpoint{}})
		return err
	}
	if len(c.flows) == 0 {
		return fmt.Errorf("%q before any flow", word)
	}
	return c.flows[len(c.flows)-1].decodeLine(version, word, rest)
}

func (c *flowCheckpoint) decodeLine(version int, word, rest string) error {
	switch {
	case word == "file":
		r, err := newFields(rest, fileFields(version)...)
		if err != nil {
			return err
		}
		c.files = append(c.files, fileCheckpoint{State: r.state()})
		return r.err
	case word == "cut" && version >= 2:
		if len(c.files) == 0 {
			return errors.New("cut before any file")
		}
		file := &c.files[len(c.files)-1]
		at, err := strconv.ParseUint(rest, 10, 64)
		file.cuts = append(file.cuts, at)
		return err
	case word == "past" && version >= 3:
		r, err := newFields(rest, append([]string{"time"}, knownFields()...)...)
		if err != nil {
			return err
		}
		c.past = append(c.past, tail.Past{At: r.time(), Known: r.known()})
		return r.err
	case word == "missed" && version >= 3:
		r, err := newFields(rest, append(append([]string{"time"}, knownFields()...), "path")...)
		if err != nil {
			return err
		}
		c.missed = append(c.missed, tail.Missed{Modified: r.time(), Known: r.known(), Path: r.path()})
		return r.err
	}
	return fmt.Errorf("unknown word %q", word)
}
