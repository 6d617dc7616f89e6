package archive

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
)

// ChildArgument is the first argument of our binary when it is to be the
// gateway: cmd calls ChildMain then.
const ChildArgument = "__archive"

// childConfig is the first line on the child's standard input. What follows is
// nothing, until the parent closes it or dies.
type childConfig struct {
	Buckets     string
	Metadata    string // folder for metadata; empty for extended attributes
	Socket      string
	AccessKeyID string
	Secret      string
	Region      string
}

const (
	childMaxRequests = 1024
	childMemory      = 96 << 20 // soft limit: buffers are given back to the system
	childIOBuffer    = 256 << 10
)

// ChildMain is the gateway's process. It returns the exit code.
func ChildMain() int {
	in := bufio.NewReader(os.Stdin)
	line, err := in.ReadBytes('\n')
	var c childConfig
	if err == nil {
		err = json.Unmarshal(line, &c)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "read the gateway's configuration:", err)
		return 78
	}
	// A terminal sends its signals to the whole process group. The parent needs the gateway until its last delivery, and
	// ends it by closing the pipe.
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	debug.SetMemoryLimit(childMemory)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, in)
		cancel()
	}()
	if err := c.serve(ctx); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "serve:", err)
		return 1
	}
	return 0
}

func (c childConfig) serve(ctx context.Context) error {
	var store meta.MetadataStorer = meta.XattrMeta{}
	options := posix.PosixOpts{NewDirPerm: 0o700, NewFilePerm: 0o600, IOBufferSize: childIOBuffer, CopyObjectThreshold: 5 << 30, SideCarDir: c.Metadata, ValidateBucketNames: true}
	options.SetNewDirPerm(0o700)
	options.SetNewFilePerm(0o600)
	if c.Metadata != "" {
		sidecar, err := meta.NewSideCar(c.Metadata)
		if err != nil {
			return err
		}
		store = sidecar
	}
	backend, err := posix.New(c.Buckets, store, options)
	if err != nil {
		return err
	}
	return embedgw.RunVersityGW(ctx, backend, &embedgw.Config{
		RootUserAccess: c.AccessKeyID, RootUserSecret: c.Secret, Region: c.Region,
		Ports: []string{c.Socket}, SocketPerm: "0600",
		MaxConnections: childMaxRequests, MaxRequests: childMaxRequests, MultipartMaxParts: 10000,
		KeepAlive: true, Quiet: true, DisableACLs: true,
	})
}
