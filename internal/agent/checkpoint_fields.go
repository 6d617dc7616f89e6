package agent

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/tail"
)

func knownFields() []string {
	return []string{"prefix length", "prefix", "witness end", "witness length", "witness"}
}

// fileFields are the names of a file line's fields.
func fileFields(version int) []string {
	fields := []string{"id", "device", "inode", "name", "offset"}
	if version >= 2 {
		fields = append(fields, "size", "time")
	}
	known := knownFields()
	if version < 3 {
		known = known[:2]
	}
	return append(append(fields, known...), "path")
}

// fields are those of a line by name. Methods read one and keep the first error; a field that this version does not have is 0.
type fields struct {
	value map[string]string
	err   error
}

func newFields(line string, names ...string) (*fields, error) {
	values := strings.SplitN(line, " ", len(names)) // the path, which may hold anything, is the last
	if len(values) != len(names) {
		return nil, fmt.Errorf("%d fields, want %d", len(values), len(names))
	}
	f := &fields{value: make(map[string]string, len(names))}
	for i, name := range names {
		f.value[name] = values[i]
	}
	return f, nil
}

func (f *fields) fail(name string, err error) {
	if err != nil && f.err == nil {
		f.err = fmt.Errorf("%s: %w", name, err)
	}
}

func (f *fields) number(name string) uint64 {
	text, there := f.value[name]
	if !there {
		return 0
	}
	v, err := strconv.ParseUint(text, 10, 64)
	f.fail(name, err)
	return v
}

func (f *fields) bytes(name string, to []byte) {
	text, there := f.value[name]
	if !there {
		return
	}
	if len(text) != 2*len(to) {
		f.fail(name, fmt.Errorf("%d digits, want %d", len(text), 2*len(to)))
		return
	}
	_, err := hex.Decode(to, []byte(text))
	f.fail(name, err)
}

func (f *fields) time() int64 {
	text, there := f.value["time"]
	if !there {
		return 0
	}
	v, err := strconv.ParseInt(text, 10, 64)
	f.fail("time", err)
	return v
}

func (f *fields) path() string {
	path, err := strconv.Unquote(f.value["path"])
	f.fail("path", err)
	return path
}

func (f *fields) digest(name string) (d tail.Digest) {
	if n := f.number(name + " length"); n <= 1024 {
		d.Len = int(n)
	} else {
		f.fail(name+" length", fmt.Errorf("%d, want at most 1024", n))
	}
	f.bytes(name, d.Sum[:])
	return d
}

func (f *fields) known() tail.Known {
	return tail.Known{Prefix: f.digest("prefix"), Witness: tail.Witness{End: f.number("witness end"), Digest: f.digest("witness")}}
}

func (f *fields) state() (s tail.State) {
	f.bytes("id", s.ID[:])
	s.Device, s.Inode = f.number("device"), f.number("inode")
	name, ended := strings.CutSuffix(f.value["name"], ",ended")
	if s.Ended, s.Rotated = ended, name == "rotated"; !slices.Contains([]string{"named", "rotated"}, name) {
		f.fail("name", fmt.Errorf("%q, want named or rotated", f.value["name"]))
	}
	s.Offset, s.Size = f.number("offset"), f.number("size")
	if _, there := f.value["size"]; !there {
		s.Size = s.Offset
	}
	s.Modified, s.Known, s.Path = f.time(), f.known(), f.path()
	return s
}
