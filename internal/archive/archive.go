package archive

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/versity/versitygw/backend/meta"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/sigv4"
)

// maxSocketPath is what a unix socket's name may take everywhere.
const maxSocketPath = 100

// Options of Open.
type Options struct {
	// Remote is another S3 in place of the embedded one. Then Dir and Executable
	// mean nothing.
	Remote *Remote
	// Dir belongs to the archive alone.
	Dir string
	// Executable is started with ChildArgument: our own binary.
	Executable string
	// Authorizer decides about callers that are roles.
	Authorizer call.Authorizer
	// Region that buckets are said to be in; empty for us-east-1.
	Region string
	Logger *slog.Logger
}

// Archive is an S3, embedded or remote. Its methods may be called at once.
type Archive struct {
	Options
	remote   *remote // nil: what follows
	lock     *os.File
	buckets  tree
	metadata tree // root is nil where extended attributes hold the metadata
	process  *process
	signer   sigv4.Signer
	client   *http.Client
	temp     string // folder of the socket, if Dir is too long a name
}

// Open starts the gateway and returns once it listens. A gateway that an
// earlier server left behind is ended first. A remote S3 is not asked whether
// it is there: what goes to it waits until it is.
func Open(ctx context.Context, o Options) (*Archive, error) {
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	if o.Remote != nil {
		r, err := newRemote(*o.Remote, o.Region)
		if err != nil {
			return nil, fmt.Errorf("open archive at %s: %w", o.Remote.Endpoint, err)
		}
		return &Archive{Options: o, remote: r}, nil
	}
	a := &Archive{Options: o, signer: sigv4.Signer{AccessKeyID: "archive", Secret: rand.Text(), Region: o.Region, Service: "s3"}}
	err := a.openFiles()
	if err == nil {
		err = a.startGateway(ctx)
	}
	if err != nil {
		_ = a.release()
		return nil, fmt.Errorf("open archive %q: %w", o.Dir, err)
	}
	return a, nil
}

// openFiles takes the directory, and ends what an earlier server left in it.
func (a *Archive) openFiles() error {
	var err error
	if a.Dir, err = filepath.Abs(a.Dir); err != nil {
		return err
	}
	if err := os.MkdirAll(a.Dir, 0o700); err != nil {
		return err
	}
	if a.lock, err = lock(filepath.Join(a.Dir, "lock")); err != nil {
		return err
	}
	if err := endLeftover(a.recordFile()); err != nil {
		return err
	}
	a.buckets, err = openTree(filepath.Join(a.Dir, "buckets"))
	return err
}

func (a *Archive) startGateway(ctx context.Context) error {
	metadata, err := a.openMetadata()
	if err != nil {
		return err
	}
	socket, err := a.socket()
	if err != nil {
		return err
	}
	a.client = newClient(socket)
	a.process = &process{executable: a.Executable, record: a.recordFile(), logger: a.Logger, restarted: a.client.CloseIdleConnections, config: childConfig{
		Buckets: filepath.Join(a.Dir, "buckets"), Metadata: metadata, Socket: socket,
		AccessKeyID: a.signer.AccessKeyID, Secret: a.signer.Secret, Region: a.Region,
	}}
	if err := a.process.start(ctx); err != nil {
		return err
	}
	if err := a.Ready(ctx); err != nil {
		a.process.close()
		return err
	}
	return nil
}

func (a *Archive) recordFile() string { return filepath.Join(a.Dir, "gateway.json") }

// openMetadata chooses where metadata lie: beside the objects, unless the file
// system has no extended attributes or an earlier start chose the folder.
func (a *Archive) openMetadata() (string, error) {
	folder := filepath.Join(a.Dir, "metadata")
	if _, err := os.Stat(folder); err != nil {
		if (meta.XattrMeta{}).Test(filepath.Join(a.Dir, "buckets")) == nil {
			return "", nil
		}
		a.Logger.Info("the file system has no extended attributes; the archive keeps metadata in a folder", "folder", folder)
	}
	var err error
	a.metadata, err = openTree(folder)
	return folder, err
}

func (a *Archive) socket() (string, error) {
	socket := filepath.Join(a.Dir, "gateway.sock")
	if len(socket) <= maxSocketPath {
		return socket, nil
	}
	var err error
	if a.temp, err = os.MkdirTemp("", "millrace"); err != nil {
		return "", err
	}
	return filepath.Join(a.temp, "gateway.sock"), nil
}

func newClient(socket string) *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, "unix", socket)
			},
			MaxIdleConnsPerHost: 64,
			IdleConnTimeout:     30 * time.Second,
			DisableCompression:  true,
		},
	}
}

// Ready tells whether the S3 answers and knows our credentials.
func (a *Archive) Ready(ctx context.Context) error {
	if a.remote != nil {
		return a.remoteReady(ctx)
	}
	_, err := a.send(ctx, http.MethodGet, "", "", nil, nil, plainBody(nil))
	return err
}

// Close ends the gateway. Requests under way fail.
func (a *Archive) Close() error {
	if a.remote != nil {
		a.remote.client.CloseIdleConnections()
		return nil
	}
	a.client.CloseIdleConnections()
	a.process.close()
	return a.release()
}

// release gives back what Open has taken so far.
func (a *Archive) release() error {
	var errs []error
	if a.client != nil {
		a.client.CloseIdleConnections()
	}
	for _, t := range []tree{a.buckets, a.metadata} {
		if t.root != nil {
			errs = append(errs, t.root.Close())
		}
	}
	if a.temp != "" {
		errs = append(errs, os.RemoveAll(a.temp))
	}
	if a.lock != nil {
		errs = append(errs, a.lock.Close())
	}
	return errors.Join(errs...)
}
