package jsonrpc

import "github.com/millrace/millrace/internal/aws/awserr"

const (
	// maxDepth is deeper than any shape of AWS's nests.
	maxDepth = 64
	// maxValues is more than the largest request that AWS's limits allow has:
	// an application's input of 1000 columns has 4000.
	maxValues = 50_000
)

// checkExtent refuses a body that would take much more memory decoded than it
// has bytes: "[[[[…" or "[{},{},{},…". It looks at brackets and commas alone; a
// body that is no JSON passes, and is refused by whoever decodes it.
func checkExtent(body []byte) error {
	depth, values := 0, 0
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '"':
			for i++; i < len(body) && body[i] != '"'; i++ {
				if body[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			values++
			if depth++; depth > maxDepth {
				return awserr.New("SerializationException", "the request is nested more than %d deep", maxDepth)
			}
		case '}', ']':
			depth--
		case ',':
			values++
		}
		if values > maxValues {
			return awserr.New("SerializationException", "the request has more than %d values", maxValues)
		}
	}
	return nil
}
