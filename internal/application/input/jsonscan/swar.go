package jsonscan

import (
	"encoding/binary"
	"math/bits"
)

const (
	ones   = 0x0101010101010101
	highs  = 0x8080808080808080
	quotes = ones * '"'
	slants = ones * '\\'
)

func load(data []byte, p int) uint64 { return binary.LittleEndian.Uint64(data[p:]) }

// zeroBytes marks the zero bytes of x; the lowest mark is exact.
func zeroBytes(x uint64) uint64 { return (x - ones) &^ x & highs }

// stringStop returns where the first quote or backslash at or after p is, or
// end if there is none before it. data may go on after end.
func stringStop(data []byte, p, end int) int {
	for p+8 <= len(data) {
		x := load(data, p)
		if m := (zeroBytes(x^quotes) | zeroBytes(x^slants)) & highs; m != 0 {
			return min(p+bits.TrailingZeros64(m)>>3, end)
		}
		if p += 8; p >= end {
			return end
		}
	}
	for p < end && data[p] != '"' && data[p] != '\\' {
		p++
	}
	return p
}

func skipSpace(data []byte, p, end int) int {
	for p < end && (data[p] == ' ' || data[p] == '\n' || data[p] == '\r' || data[p] == '\t') {
		p++
	}
	return p
}
