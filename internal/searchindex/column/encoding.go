package column

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"math"
	"slices"

	"github.com/klauspost/compress/s2"

	"github.com/millrace/millrace/internal/searchindex/mapping"
)

// A column at rest:
//
//	version byte · CRC-32C of the rest, 4 bytes · S2 block of:
//	  class byte · Has, 512 bytes · number of first values, uvarint · the values · dictionary of Strings · further values
//
// Ints are zigzag varint differences to the value before, floats 8 bytes, codes uvarints.
const encodingVersion = 1

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var errDamaged = errors.New("damaged column")

// Encode writes the column at rest.
func (c *Column) Encode() []byte {
	b := []byte{byte(c.Class)}
	b = c.Has.append(b)
	switch c.Class {
	case mapping.Ints:
		b = binary.AppendUvarint(b, uint64(len(c.Ints)))
		previous := int64(0)
		for _, v := range c.Ints {
			b = binary.AppendVarint(b, v-previous)
			previous = v
		}
		b = appendMore(b, c.MoreInts, func(b []byte, v int64) []byte { return binary.AppendVarint(b, v) })
	case mapping.Floats:
		b = binary.AppendUvarint(b, uint64(len(c.Floats)))
		for _, v := range c.Floats {
			b = appendFloat(b, v)
		}
		b = appendMore(b, c.MoreFloats, appendFloat)
	default:
		b = binary.AppendUvarint(b, uint64(len(c.Codes)))
		for _, v := range c.Codes {
			b = appendCode(b, v)
		}
		b = binary.AppendUvarint(b, uint64(len(c.Dict)))
		for _, s := range c.Dict {
			b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
		}
		b = appendMore(b, c.MoreCodes, appendCode)
	}
	return seal(b)
}

// EncodeBitmap writes a bitmap at rest.
func EncodeBitmap(m *Bitmap) []byte { return seal(m.append(nil)) }

// DecodeBitmap reads what EncodeBitmap wrote.
func DecodeBitmap(data []byte) (*Bitmap, error) {
	b, err := open(data)
	if err != nil {
		return nil, err
	}
	d := decoder{b: b}
	m := d.bitmap()
	return &m, d.end()
}

func (b *Bitmap) append(dst []byte) []byte {
	for _, word := range b {
		dst = binary.LittleEndian.AppendUint64(dst, word)
	}
	return dst
}

func appendFloat(b []byte, v float64) []byte {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
}

func appendCode(b []byte, v uint32) []byte { return binary.AppendUvarint(b, uint64(v)) }

func appendMore[T any](b []byte, more map[int32][]T, value func([]byte, T) []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(more)))
	for _, doc := range slices.Sorted(maps.Keys(more)) {
		b = binary.AppendUvarint(b, uint64(doc))
		b = binary.AppendUvarint(b, uint64(len(more[doc])))
		for _, v := range more[doc] {
			b = value(b, v)
		}
	}
	return b
}

func seal(payload []byte) []byte {
	block := s2.Encode(nil, payload)
	out := binary.LittleEndian.AppendUint32([]byte{encodingVersion}, crc32.Checksum(block, castagnoli))
	return append(out, block...)
}

func open(data []byte) ([]byte, error) {
	if len(data) < 5 || data[0] != encodingVersion {
		return nil, fmt.Errorf("%w: unknown version", errDamaged)
	}
	if crc32.Checksum(data[5:], castagnoli) != binary.LittleEndian.Uint32(data[1:]) {
		return nil, fmt.Errorf("%w: checksum differs", errDamaged)
	}
	return s2.Decode(nil, data[5:])
}

// Decode reads what Encode wrote. Damage is an error: the column can be built anew from the sources.
func Decode(data []byte) (*Column, error) {
	b, err := open(data)
	if err != nil {
		return nil, err
	}
	d := decoder{b: b}
	c := &Column{Class: mapping.Class(d.byte())}
	c.Has = d.bitmap()
	n := d.count(SegmentSize)
	switch c.Class {
	case mapping.Ints:
		c.Ints = make([]int64, n)
		previous := int64(0)
		for i := range c.Ints {
			previous += d.varint()
			c.Ints[i] = previous
		}
		c.MoreInts = decodeMore(&d, d.varint)
	case mapping.Floats:
		c.Floats = make([]float64, n)
		for i := range c.Floats {
			c.Floats[i] = d.float()
		}
		c.MoreFloats = decodeMore(&d, d.float)
	case mapping.Strings:
		c.Codes = make([]uint32, n)
		for i := range c.Codes {
			c.Codes[i] = d.code()
		}
		c.Dict = make([]string, d.count(len(d.b)))
		for i := range c.Dict {
			c.Dict[i] = string(d.take(d.count(len(d.b))))
		}
		c.MoreCodes = decodeMore(&d, d.code)
		if !c.codesInDict() {
			return nil, fmt.Errorf("%w: code outside the dictionary", errDamaged)
		}
	default:
		return nil, fmt.Errorf("%w: unknown class %d", errDamaged, c.Class)
	}
	if docs := c.Has.AppendDocs(nil); len(docs) > 0 && int(docs[len(docs)-1]) >= n {
		return nil, fmt.Errorf("%w: document without value", errDamaged)
	}
	return c, d.end()
}

func (c *Column) codesInDict() bool {
	outside := func(code uint32) bool { return int(code) >= len(c.Dict) }
	for doc, code := range c.Codes {
		if outside(code) && c.Has.Has(doc) {
			return false
		}
	}
	for _, codes := range c.MoreCodes {
		if slices.ContainsFunc(codes, outside) {
			return false
		}
	}
	return true
}
