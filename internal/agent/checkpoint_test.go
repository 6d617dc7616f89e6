package agent

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/tail"
)

func sampleCheckpoint() checkpoint {
	known := tail.Known{Prefix: tail.Digest{Len: 1024, Sum: [32]byte{9}}, Witness: tail.Witness{End: 18273, Digest: tail.Digest{Len: 1000, Sum: [32]byte{8}}}}
	return checkpoint{flows: []flowCheckpoint{
		{id: "fh:web:/var/log/access.log", files: []fileCheckpoint{
			{State: tail.State{ID: [16]byte{1, 2, 3}, Path: "/var/log/access.log", Device: 2049, Inode: 1835014, Offset: 18273, Size: 20000, Modified: -5,
				Known: known},
				cuts: []uint64{18300, 19000}},
			{State: tail.State{ID: [16]byte{4}, Path: "/var/log/with \"quotes\" and\nnewline \xff", Rotated: true, Ended: true, Offset: 1 << 40}},
		}, past: []tail.Past{{At: 77, Known: known}, {At: -1}}, missed: []tail.Missed{{Path: "/a b", Modified: 78, Known: known}}},
		{id: "fh:empty:/x/y", files: []fileCheckpoint{}},
	}}
}

func TestCheckpointRoundTrip(t *testing.T) {
	for _, c := range []checkpoint{{}, sampleCheckpoint()} {
		back, err := decodeCheckpoint(c.encode())
		if err != nil || !reflect.DeepEqual(back, c) {
			t.Errorf("%+v came back as %+v: %v", c, back, err)
		}
	}
	if files := sampleCheckpoint().flow("fh:empty:/x/y"); files == nil {
		t.Error("a flow without files is not known")
	}
	if files := sampleCheckpoint().flow("fh:other:/x/y"); files != nil {
		t.Error("an unknown flow has files")
	}
}

// Files of former versions are read; what they did not know is empty.
func TestFormerCheckpointVersions(t *testing.T) {
	sum := strings.Repeat("9b", 32)
	state := tail.State{ID: [16]byte{0x4f}, Path: "/var/log/a b", Device: 2049, Inode: 7, Rotated: true, Offset: 18, Size: 18, Known: tail.Known{Prefix: tail.Digest{Len: 4}}}
	for i := range state.Prefix.Sum {
		state.Prefix.Sum[i] = 0x9b
	}
	second := state
	second.Size, second.Modified = 20, 55
	for _, c := range []struct {
		text string
		want fileCheckpoint
	}{
		{"millrace-agent-checkpoint 1\nflow \"f\"\nfile 4f" + strings.Repeat("0", 30) + " 2049 7 rotated 18 4 " + sum + " \"/var/log/a b\"\n", fileCheckpoint{State: state}},
		{"millrace-agent-checkpoint 2\nflow \"f\"\nfile 4f" + strings.Repeat("0", 30) + " 2049 7 rotated 18 20 55 4 " + sum + " \"/var/log/a b\"\ncut 17\n",
			fileCheckpoint{State: second, cuts: []uint64{17}}},
	} {
		src := fmt.Appendf(nil, "%send %08x\n", c.text, crc32.Checksum([]byte(c.text), castagnoli))
		got, err := decodeCheckpoint(src)
		want := checkpoint{flows: []flowCheckpoint{{id: "f", files: []fileCheckpoint{c.want}}}}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s was read as %+v: %v", c.text, got, err)
		}
		if again, err := decodeCheckpoint(got.encode()); err != nil || !reflect.DeepEqual(again, want) {
			t.Errorf("%s was written again as %+v: %v", c.text, again, err)
		}
	}
}

// Every single changed, missing or added byte is found.
func TestCheckpointDamageIsFound(t *testing.T) {
	whole := sampleCheckpoint().encode()
	for i := range whole {
		changed := bytes.Clone(whole)
		changed[i] ^= 0x10
		if _, err := decodeCheckpoint(changed); err == nil {
			t.Fatalf("change of byte %d (%q) was not found", i, whole[i])
		}
		if _, err := decodeCheckpoint(whole[:i]); err == nil {
			t.Fatalf("end at byte %d was not found", i)
		}
	}
	if _, err := decodeCheckpoint(append(bytes.Clone(whole), '\n')); err == nil {
		t.Fatal("an added byte was not found")
	}
}

// A checkpoint that cannot be written is an error, and the one before stays whole.
func TestCheckpointThatCannotBeWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	path := filepath.Join(dir, "checkpoint")
	s, _, err := openStore(path, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if err := s.save(checkpoint{}); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path+".tmp", 0o700); err != nil {
		t.Fatal(err)
	}
	var cause *os.PathError
	if err := s.save(sampleCheckpoint()); !errors.As(err, &cause) || !strings.Contains(err.Error(), path) {
		t.Errorf("save: %v", err)
	}
	if src, err := os.ReadFile(path); err != nil || !bytes.Equal(src, checkpoint{}.encode()) {
		t.Errorf("afterwards: %q %v", src, err)
	}
	os.Remove(path + ".tmp")
	if err := s.save(sampleCheckpoint()); err != nil {
		t.Errorf("save again: %v", err)
	}
}

func FuzzDecodeCheckpoint(f *testing.F) {
	f.Add(sampleCheckpoint().encode())
	f.Add([]byte(checkpointMagic(checkpointVersion) + "end 00000000\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		c, err := decodeCheckpoint(src)
		if err != nil {
			return
		}
		back, err := decodeCheckpoint(c.encode())
		if err != nil || !reflect.DeepEqual(back, c) {
			t.Fatalf("%q was read as %+v, which comes back as %+v: %v", src, c, back, err)
		}
	})
}

func TestLedger(t *testing.T) {
	i := &incarnation{low: 100, parsed: 100}
	i.parsed = 150
	i.advance()
	if i.low != 150 {
		t.Errorf("dropped lines do not hold the checkpoint back: low is %d", i.low)
	}
	a, b, c := i.open(time.Time{}), i.open(time.Time{}), i.open(time.Time{})
	a.end, b.end, c.end, i.parsed = 200, 300, 400, 450
	for _, step := range []struct {
		done *span
		want uint64
	}{{b, 150}, {a, 300}, {c, 450}} {
		step.done.filling = false
		i.advance()
		if i.low != step.want {
			t.Errorf("low is %d, want %d", i.low, step.want)
		}
	}
}
