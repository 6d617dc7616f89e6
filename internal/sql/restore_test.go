package sql

import (
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/millrace/millrace/internal/sql/types"
)

// FuzzRestore restores states that no engine ever had, under a right checksum: they are refused or run, and never panic.
func FuzzRestore(f *testing.F) {
	p, err := Compile("everything.sql", everything, Schema{Inputs: testInputs})
	if err != nil {
		f.Fatal(err)
	}
	e := p.NewEngine(&counts{}, Limits{})
	head := 4 + 1 + 32
	for i, ev := range events([]byte("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz0123")) {
		b := types.NewBatch(testInputs[ev.input].Columns)
		ev.appendTo(b)
		e.Push(testInputs[ev.input].Name, b)
		if i%5 == 0 {
			s := e.Snapshot(nil)
			f.Add(s[head:len(s)-4], uint16(i*7), byte(i), uint16(0))
			f.Add(s[head:len(s)-4], uint16(i*31), byte(255-i), uint16(i*3))
		}
	}
	good := e.Snapshot(nil)
	f.Fuzz(func(t *testing.T, body []byte, at uint16, x byte, cut uint16) {
		s := append(append([]byte{}, good[:head]...), body...)
		if len(body) > 0 {
			s[head+int(at)%len(body)] ^= x
			if int(cut) < len(body)/2 {
				s = s[:len(s)-int(cut)]
			}
		}
		s = binary.LittleEndian.AppendUint32(s, crc32.Checksum(s, crc32.MakeTable(crc32.Castagnoli)))
		again := p.NewEngine(&counts{}, Limits{})
		if again.Restore(s) != nil {
			return
		}
		for _, ev := range events([]byte("abcdefghijklmnopqrstuvwxyz0123456789")) {
			b := types.NewBatch(testInputs[ev.input].Columns)
			ev.time += 1000
			ev.appendTo(b)
			again.Push(testInputs[ev.input].Name, b)
		}
		again.Bound(1 << 60)
		again.Snapshot(nil)
	})
}

type counts struct{ rows, errors int }

func (c *counts) Rows(_ string, b *types.Batch) { c.rows += b.N }
func (c *counts) Error(types.ErrorRow)          { c.errors++ }
