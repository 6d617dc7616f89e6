package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"github.com/millrace/millrace/internal/config"
)

// client talks to the server that runs on a data directory, over its console.
type client struct {
	run   config.Run
	base  string
	token string
}

// connect finds the running server of the --dir flag.
func connect(g *globals) (*client, error) {
	dir, err := config.DataDir(g.dir, os.Getenv)
	if err != nil {
		return nil, err
	}
	run, err := config.FindRun(dir)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(run.Console)
	if err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", config.RunFile, dir, err)
	}
	token := u.Query().Get("token")
	u.RawQuery, u.Path = "", ""
	return &client{run: run, base: u.String(), token: token}, nil
}

// do sends a request and returns the answer, whose body the caller closes. An
// answer that is no success becomes an error with the server's words.
func (c *client) do(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("%w on %s: %s does not answer (a server that was killed leaves %s behind; up starts it again)",
			config.ErrNotRunning, c.run.Dir, c.base, config.RunFile)
	}
	if answer.StatusCode >= 300 {
		defer answer.Body.Close()
		var problem struct {
			Detail string `json:"detail"`
		}
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
		if json.Unmarshal(text, &problem) != nil || problem.Detail == "" {
			problem.Detail = answer.Status
		}
		return nil, errors.New(problem.Detail)
	}
	return answer, nil
}

func (c *client) getJSON(ctx context.Context, path string, into any) error {
	answer, err := c.do(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	return json.NewDecoder(answer.Body).Decode(into)
}
