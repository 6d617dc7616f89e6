package agent

import (
	"context"
	"io"
	"net"
)

// conn writes the payload of a request from where it lies: the transport would copy it through buffers, one of which is garbage afterwards.
type conn struct{ net.Conn }

func dial(d *net.Dialer) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return conn{c}, nil
	}
}

// ReadFrom is what the transport calls for what does not fit its buffer.
func (c conn) ReadFrom(r io.Reader) (int64, error) {
	if limited, ok := r.(*io.LimitedReader); ok {
		if b, ok := limited.R.(*body); ok && int64(b.Len()) <= limited.N {
			n, err := b.WriteTo(c.Conn)
			limited.N -= n
			return n, err
		}
	}
	return io.Copy(struct{ io.Writer }{c.Conn}, r)
}
