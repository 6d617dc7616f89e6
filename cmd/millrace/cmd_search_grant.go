package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/spf13/cobra"

	"github.com/millrace/millrace/internal/config"
	"github.com/millrace/millrace/internal/destination/opensearch"
	"github.com/millrace/millrace/internal/destination/opensearch/grant"
)

const defaultGrantIndex = "analysed-logs-*"

func newSearchGrant(g *globals) *cobra.Command {
	f := &searchFlags{globals: g}
	var allAccess, dryRun, asJSON bool
	var indices []string
	var role string
	c := &cobra.Command{
		Use:   "grant ROLE_ARN|USER",
		Short: "Let a delivery stream's role, or a user, write its indices",
		Long: `Let the role of a delivery stream (or the user that it delivers as) make and write indices on a search server
that asks for roles.

On the embedded index and on OpenSearch: a role for the indices, and a mapping of the deliverer to it (a backend role for an
ARN). With --all-access the mapping is to the role all_access instead.
On Elasticsearch, which knows no role of AWS: a role, and for an ARN an API key with its rights, which is printed once; for a
user, which has to be there, the role.

What others were granted stays. A second grant finds everything in place and changes nothing, but for the API key, which is
a new one. The server is asked as an administrator: that of the running server, or --username, OPENSEARCH_USERNAME.`,
		Args: exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			if allAccess && (len(indices) > 0 || role != "") {
				return usage(errors.New("--all-access is for every index: it goes with neither --index nor --role"))
			}
			r := grant.Request{Principal: args[0], Indices: indices, Role: role, AllAccess: allAccess}
			if len(r.Indices) == 0 && !allAccess {
				r.Indices = []string{defaultGrantIndex}
			}
			if r.Role == "" {
				r.Role = writerRole(r.Indices)
			}
			client, err := f.client(c.Context())
			if err != nil {
				return err
			}
			missing, err := grant.New(c.Context(), client, r)
			if errors.Is(err, grant.ErrNoSecurity) {
				fmt.Fprintf(c.ErrOrStderr(), "nothing to grant: %v\n", err)
				return nil
			}
			if err != nil {
				return fmt.Errorf("grant to %s: %w", r.Principal, err)
			}
			if err := printCalls(c.OutOrStdout(), missing.Calls, asJSON); err != nil {
				return err
			}
			if len(missing.Calls) == 0 {
				fmt.Fprintf(c.ErrOrStderr(), "%s is let in already\n", r.Principal)
			}
			if dryRun {
				return nil
			}
			key, err := missing.Apply(c.Context())
			if err != nil {
				return fmt.Errorf("grant to %s: %w", r.Principal, err)
			}
			return printGranted(c.OutOrStdout(), c.ErrOrStderr(), r, len(missing.Calls), key, asJSON)
		},
	}
	f.add(c)
	c.Flags().StringArrayVar(&indices, "index", nil, "pattern of index names; may be repeated (default: "+defaultGrantIndex+")")
	c.Flags().StringVar(&role, "role", "", "name of the role that is made (default: from the patterns)")
	c.Flags().BoolVar(&allAccess, "all-access", false, "grant everything")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "print the calls that are missing, make none of them")
	c.Flags().BoolVar(&asJSON, "json", false, "print a line of JSON a call, and one with the key")
	return c
}

// writerRole names the role after what it may write, so that grants of other indices do not widen it.
func writerRole(patterns []string) string {
	return "write_" + strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		case r == '*':
			return -1
		}
		return '_'
	}, strings.Join(patterns, "_"))
}

func printCalls(out io.Writer, calls []grant.Call, asJSON bool) error {
	for _, c := range calls {
		var err error
		if asJSON {
			err = json.NewEncoder(out).Encode(map[string]any{"method": c.Method, "path": c.Path, "body": c.Body})
		} else {
			_, err = fmt.Fprintf(out, "%s\n", c)
		}
		if err != nil {
			return fmt.Errorf("print calls: %w", err)
		}
	}
	return nil
}

func printGranted(out, talk io.Writer, r grant.Request, calls int, key *grant.Key, asJSON bool) error {
	switch {
	case key != nil && asJSON:
		return json.NewEncoder(out).Encode(map[string]*grant.Key{"api_key": key})
	case key != nil:
		fmt.Fprintf(talk, "%s gets an API key, which is shown only now: it goes into the header Authorization: ApiKey KEY\n", r.Principal)
		_, err := fmt.Fprintln(out, key.Encoded)
		return err
	case calls > 0 && r.AllAccess:
		fmt.Fprintf(talk, "%s may do everything\n", r.Principal)
	case calls > 0:
		fmt.Fprintf(talk, "%s may write %s\n", r.Principal, strings.Join(r.Indices, ", "))
	}
	return nil
}

// environmentSigner signs as the AWS clients of this environment do.
func environmentSigner(ctx context.Context) (opensearch.Credentials, error) {
	loaded, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("read AWS configuration: %w", err)
	}
	if loaded.Region == "" {
		loaded.Region = config.Default().Region
	}
	return opensearch.SigV4{Provider: loaded.Credentials, Region: loaded.Region}, nil
}
