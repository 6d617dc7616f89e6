//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// windowLength is that of the template's tumbling window.
const windowLength = 2 * time.Second

// resultTimes watches the second delivery stream until stop is called, which
// returns how long after the end of its window each result was there, by the
// arrival that the journal gave it. Results tell the beginning of their window.
func (p *process) resultTimes(ctx context.Context) (stop func() ([]time.Duration, error), err error) {
	u, err := url.Parse(p.run.Console)
	if err != nil {
		return nil, err
	}
	token := u.Query().Get("token")
	u.Path, u.RawQuery = "/api/v1/tap", "where=stream/results"
	ctx, cancel := context.WithCancel(ctx)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		cancel()
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		cancel()
		return nil, err
	}
	var times []time.Duration
	done := make(chan error, 1)
	go func() {
		defer response.Body.Close()
		lines := bufio.NewScanner(response.Body)
		for lines.Scan() {
			late, err := lateness(lines.Bytes())
			if err != nil {
				done <- err
				return
			}
			times = append(times, late)
		}
		done <- nil
	}()
	return func() ([]time.Duration, error) {
		cancel()
		err := <-done
		if err == nil && len(times) == 0 {
			err = fmt.Errorf("no result came")
		}
		return times, err
	}, nil
}

func lateness(line []byte) (time.Duration, error) {
	var tapped struct {
		Arrival time.Time
		Record  struct{ At string }
	}
	if err := json.Unmarshal(line, &tapped); err != nil {
		return 0, fmt.Errorf("read a tapped result: %w", err)
	}
	began, err := time.Parse("2006-01-02 15:04:05.000", tapped.Record.At)
	if err != nil {
		return 0, fmt.Errorf("read a tapped result: %w", err)
	}
	return tapped.Arrival.Sub(began.Add(windowLength)), nil
}
