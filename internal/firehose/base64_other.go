//go:build !amd64

package firehose

func decodeFours(dst, src []byte) (n int) { return decodeFoursAnywhere(dst, src) }
