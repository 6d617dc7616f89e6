package exec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// A snapshot is, with integers little-endian and varints as in encoding/binary:
//
//	"MLSQ" version:1 fingerprint:32 clock:varint { length:uvarint table } { length:uvarint state } { mark:varint } crc32c:4
//
// with the content of each reference table, and the state of each operator that keeps any, pump by pump, the highest
// operator first, and how far each stream has come that several pumps fill with a ROWTIME of their own.
const (
	magic           = "MLSQ"
	snapshotVersion = 3
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Snapshot appends all state of the operators.
func (e *Engine) Snapshot(dst []byte) []byte {
	start := len(dst)
	dst = append(append(dst, magic...), snapshotVersion)
	dst = append(dst, e.fingerprint[:]...)
	dst = binary.AppendVarint(dst, e.clock)
	var state []byte
	for _, t := range e.ctx.tables {
		state = t.snapshot(state[:0])
		dst = binary.AppendUvarint(dst, uint64(len(state)))
		dst = append(dst, state...)
	}
	for _, p := range e.pumps {
		for _, s := range p.stateful {
			state = s.Snapshot(state[:0])
			dst = binary.AppendUvarint(dst, uint64(len(state)))
			dst = append(dst, state...)
		}
	}
	for _, s := range e.streams {
		dst = s.snapshot(dst)
	}
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

// Restore takes the state of a snapshot. After an error the engine's state is undefined and it must not be used.
func (e *Engine) Restore(snapshot []byte) error {
	if err := e.restore(snapshot); err != nil {
		return fmt.Errorf("restore snapshot of %d bytes: %w", len(snapshot), err)
	}
	return nil
}

func (e *Engine) restore(snapshot []byte) error {
	head := len(magic) + 1 + 32
	if len(snapshot) < head+4 || string(snapshot[:len(magic)]) != magic {
		return errors.New("it is no snapshot of an application")
	}
	body := snapshot[:len(snapshot)-4]
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(snapshot[len(body):]) {
		return errors.New("its checksum is wrong")
	}
	if v := body[len(magic)]; v != snapshotVersion {
		return fmt.Errorf("its version is %d, expected %d", v, snapshotVersion)
	}
	if !bytes.Equal(body[head-32:head], e.fingerprint[:]) {
		return errors.New("it belongs to another plan")
	}
	d := &decoder{src: body[head:]}
	e.clock = d.varint()
	for _, t := range e.ctx.tables {
		if err := d.part(t.restore); err != nil {
			return err
		}
	}
	for _, p := range e.pumps {
		for _, s := range p.stateful {
			if err := d.part(s.Restore); err != nil {
				return err
			}
		}
	}
	for _, s := range e.streams {
		s.restore(d)
	}
	if d.err == nil && len(d.src) > 0 {
		d.fail(fmt.Sprintf("%d bytes are left over", len(d.src)))
	}
	return d.err
}
