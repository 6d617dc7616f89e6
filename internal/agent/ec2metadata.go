package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/millrace/millrace/internal/logformat"
)

// instanceMetadata is what ADDEC2METADATA adds, asked for again when it is older than ttl. Unlike the Kinesis Agent's it never makes a record wait: the old one is used
// until the new one is there.
type instanceMetadata struct {
	ttl     time.Duration
	current atomic.Pointer[logformat.InstanceMetadata]
}

const (
	metadataTimeout = 3 * time.Second
	metadataRetry   = time.Minute
	metadataAddress = "http://169.254.169.254"
	maxMetadata     = 1 << 20
)

func (m *instanceMetadata) now() *logformat.InstanceMetadata { return m.current.Load() }

// refresh asks once.
func (m *instanceMetadata) refresh(ctx context.Context, logger *slog.Logger) bool {
	ctx, cancel := context.WithTimeout(ctx, metadataTimeout)
	defer cancel()
	fresh, err := askInstance(ctx)
	if err != nil {
		logger.Warn("instance metadata cannot be had, records pass without", "error", err)
		return false
	}
	m.current.Store(fresh)
	return true
}

// keep asks again as long as ctx lasts.
func (m *instanceMetadata) keep(ctx context.Context, logger *slog.Logger) {
	for ok := m.current.Load() != nil; ; ok = m.refresh(ctx, logger) {
		wait := m.ttl
		if !ok {
			wait = min(wait, metadataRetry)
		}
		if sleep(ctx, wait, nil) != nil {
			return
		}
	}
}

// askInstance speaks version 2 of the instance metadata service. Tags come from there, too, where the instance's options allow it.
func askInstance(ctx context.Context) (*logformat.InstanceMetadata, error) {
	base := strings.TrimSuffix(os.Getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT"), "/")
	if base == "" {
		base = metadataAddress
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	token, status, err := ask(ctx, client, http.MethodPut, base+"/latest/api/token", map[string]string{"X-aws-ec2-metadata-token-ttl-seconds": "60"})
	if err != nil || status != http.StatusOK {
		return nil, askError("get token", status, err)
	}
	get := func(path string) (string, int, error) {
		return ask(ctx, client, http.MethodGet, base+"/latest/"+path, map[string]string{"X-aws-ec2-metadata-token": token})
	}
	text, status, err := get("dynamic/instance-identity/document")
	if err != nil || status != http.StatusOK {
		return nil, askError("get instance identity", status, err)
	}
	var document struct{ PrivateIP, AvailabilityZone, InstanceID, InstanceType, AccountID, ImageID, Region string }
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		return nil, fmt.Errorf("read instance identity: %w", err)
	}
	m := &logformat.InstanceMetadata{
		PrivateIP: document.PrivateIP, AvailabilityZone: document.AvailabilityZone, InstanceID: document.InstanceID, InstanceType: document.InstanceType,
		AccountID: document.AccountID, AMIID: document.ImageID, Region: document.Region, At: time.Now(),
	}
	names, status, err := get("meta-data/tags/instance/")
	if err != nil || status != http.StatusOK {
		return m, nil
	}
	for name := range strings.SplitSeq(strings.TrimSpace(names), "\n") {
		if value, status, err := get("meta-data/tags/instance/" + url.PathEscape(name)); err == nil && status == http.StatusOK {
			m.Tags = append(m.Tags, logformat.Tag{Key: name, Value: value})
		}
	}
	return m, nil
}

func ask(ctx context.Context, client *http.Client, method, address string, header map[string]string) (text string, status int, err error) {
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return "", 0, err
	}
	for key, value := range header {
		req.Header.Set(key, value)
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", 0, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxMetadata))
	return string(body), resp.StatusCode, err
}

func askError(what string, status int, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return fmt.Errorf("%s: status %d", what, status)
}
