package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/internal/config"
	"github.com/millrace/millrace/internal/destination/opensearch"
	"github.com/millrace/millrace/internal/outbound"
)

func newSearch(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use:   "search",
		Short: "Work on the search server that results go to",
		Args:  exactly(0),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newSearchGrant(g))
	return c
}

// searchFlags say which search server is meant, and who asks it.
type searchFlags struct {
	globals *globals

	url, username, passwordFile, caFile, domain string
	sign                                        bool
}

func (f *searchFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.url, "url", "", "address of the search server (default: OPENSEARCH_URL, else that of the running server)")
	c.Flags().StringVar(&f.username, "username", "", "an administrator's name (default: OPENSEARCH_USERNAME)")
	c.Flags().StringVar(&f.passwordFile, "password-file", "", "file with the administrator's password (default: the password is OPENSEARCH_PASSWORD)")
	c.Flags().StringVar(&f.caFile, "ca-file", "", "PEM file of the authority that signed the server's certificate")
	c.Flags().StringVar(&f.domain, "domain", "", "a search domain of the running server (default: the first one)")
	c.Flags().BoolVar(&f.sign, "sign", false, "sign with the AWS credentials of the environment, as the master user of an Amazon domain")
}

const searchCommandTimeout = 30 * time.Second

// client asks the server that the flags name, else the environment, else the running millrace.
func (f *searchFlags) client(ctx context.Context) (*opensearch.Client, error) {
	address := f.url
	if address == "" && f.domain == "" {
		address = os.Getenv("OPENSEARCH_URL")
	}
	if address == "" {
		return f.running(ctx)
	}
	if f.domain != "" {
		return nil, usage(fmt.Errorf("--domain is one of the running server: it does not go with --url"))
	}
	transport, err := tlsTransport(f.caFile)
	if err != nil {
		return nil, err
	}
	credentials, err := f.credentials(ctx)
	if err != nil {
		return nil, err
	}
	return opensearch.NewClient(address, credentials, transport, searchCommandTimeout)
}

func (f *searchFlags) credentials(ctx context.Context) (opensearch.Credentials, error) {
	user, password := os.Getenv("OPENSEARCH_USERNAME"), os.Getenv("OPENSEARCH_PASSWORD")
	if f.username != "" {
		user = f.username
	}
	if f.passwordFile != "" {
		text, err := os.ReadFile(f.passwordFile)
		if err != nil {
			return nil, fmt.Errorf("read --password-file: %w", err)
		}
		password = strings.TrimRight(string(text), "\r\n")
	}
	switch {
	case f.sign && user != "":
		return nil, usage(fmt.Errorf("--sign and a user name: want one of them"))
	case f.sign:
		return environmentSigner(ctx)
	case user != "":
		return opensearch.Basic{Username: user, Password: password}, nil
	}
	return nil, nil
}

// running asks the search server of the running millrace, the embedded one as its administrator.
func (f *searchFlags) running(ctx context.Context) (*opensearch.Client, error) {
	dir, err := config.DataDir(f.globals.dir, os.Getenv)
	if err != nil {
		return nil, err
	}
	run, err := config.FindRun(dir)
	if err != nil {
		return nil, fmt.Errorf("%w; --url names another search server", err)
	}
	cfg, err := config.Load(run.Dir, os.Getenv)
	if err != nil {
		return nil, badFile(err)
	}
	caFile := f.caFile
	if caFile == "" {
		caFile = cfg.Search.CAFile
	}
	transport, err := tlsTransport(caFile)
	if err != nil {
		return nil, err
	}
	credentials, err := f.credentials(ctx)
	if err != nil {
		return nil, err
	}
	if credentials == nil && run.SearchUser != "" {
		credentials = opensearch.Basic{Username: run.SearchUser, Password: run.SearchPassword}
	}
	address := run.Search
	if f.domain != "" {
		if address, err = domainAddress(ctx, run, f.domain); err != nil {
			return nil, err
		}
	}
	return opensearch.NewClient(address, credentials, transport, searchCommandTimeout)
}

// domainAddress asks the running server where a search domain is.
func domainAddress(ctx context.Context, run config.Run, domain string) (string, error) {
	access := &awsAccess{client: &http.Client{Timeout: awsAnswerTimeout}, trouble: func(error) {}}
	if err := access.fromRun(run); err != nil {
		return "", err
	}
	return (&replayStreams{access}).domainURL(ctx, "arn:aws:es:"+run.Region+":000000000000:domain/"+domain)
}

// tlsTransport trusts the authorities of a file instead of the system's; without one, the system's.
func tlsTransport(caFile string) (http.RoundTripper, error) {
	transport := outbound.NewTransport(1)
	transport.Proxy = http.ProxyFromEnvironment // the command is its user's, who sits where the proxy is
	var err error
	if transport.TLSClientConfig, err = outbound.TLS(caFile); err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return transport, nil
}
