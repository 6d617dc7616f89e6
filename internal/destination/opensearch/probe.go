package opensearch

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/millrace/millrace/internal/record"
)

// Probe asks whether the server is there and lets these credentials in. Its error says what is wrong: a
// *record.Failure, permanent when a person has to act.
func (d *Destination) Probe(ctx context.Context) error {
	status, body, err := d.client.Do(ctx, http.MethodGet, "/_cluster/health", nil)
	switch {
	case err != nil:
		return fmt.Errorf("probe search: %w", &record.Failure{Kind: record.Retryable, Code: unreachable, Message: "no answer", Cause: err})
	case status == http.StatusOK:
		return nil
	}
	kind := record.Retryable
	if status >= 400 && status < 500 && status != http.StatusTooManyRequests && status != http.StatusRequestTimeout {
		kind = record.Permanent
	}
	return fmt.Errorf("probe search: %w", &record.Failure{Kind: kind, Code: strconv.Itoa(status), Message: wholeMessage(status, body)})
}
