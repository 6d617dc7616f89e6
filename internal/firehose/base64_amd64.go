package firehose

import "golang.org/x/sys/cpu"

// decodeAVX2 is decodeFours for processors with AVX2, 32 characters at a time.
// It may write up to 32 bytes beyond what it decodes, and ends early where either
// side has fewer than 32 left.
//
//go:noescape
func decodeAVX2(dst, src []byte) (n int)

func decodeFours(dst, src []byte) (n int) {
	if !cpu.X86.HasAVX2 {
		return decodeFoursAnywhere(dst, src)
	}
	return decodeAVX2(dst, src)
}
