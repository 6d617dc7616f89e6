package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// cloudWatch sends the Kinesis Agent's metrics, with its names, and two that it lacks: RecordsDropped and BytesBehind. Each period's growth is one value a flow.
//
// The Kinesis Agent sends them unless it is told not to. So do we where the flows send to AWS, or where cloudwatch.endpoint names a place; an agent that sends to
// another place has no CloudWatch there.
type cloudWatch struct {
	cfg         CloudWatchConfig
	endpoint    string
	region      string
	credentials aws.CredentialsProvider
	http        *http.Client
	signer      *v4.Signer
	instance    string // value of the dimension Instance, "" without
	last        map[string]FlowSnapshot
}

const (
	dataPerCall      = 20
	cloudWatchWait   = 10 * time.Second
	maxMetricsAnswer = 64 << 10
)

// newCloudWatch returns nil where no metrics are to be sent.
func newCloudWatch(cfg Config, opts Options, clients map[string]*client) *cloudWatch {
	if !cfg.CloudWatch.Emit {
		return nil
	}
	var to *client
	toAWS := true
	for _, c := range clients {
		to = c
		toAWS = toAWS && strings.Contains(c.endpoint.Hostname()+".", ".amazonaws.com.")
	}
	endpoint := cfg.CloudWatch.Endpoint
	if endpoint == "" && !toAWS {
		return nil
	}
	region := to.region
	if match := hostRegion.FindStringSubmatch(endpoint); match != nil {
		region = match[1]
	}
	if endpoint == "" {
		region = defaultRegion // as the Kinesis Agent's
		endpoint = "https://monitoring." + region + "." + domainOf(region)
	}
	return &cloudWatch{
		cfg: cfg.CloudWatch, endpoint: redirect(opts.EndpointFor, endpoint), region: region, credentials: to.credentials,
		http: &http.Client{Timeout: cloudWatchWait}, signer: v4.NewSigner(), last: make(map[string]FlowSnapshot),
	}
}

// keepCloudWatch sends metrics until ctx ends, and what is left then. CloudWatch in trouble is logged and harms nothing else.
func (a *Agent) keepCloudWatch(ctx context.Context) {
	c := a.cloudWatch
	if c.cfg.TagInstance {
		c.instance = instanceName(ctx)
	}
	complain := limiter{every: 10 * time.Minute}
	for sleep(ctx, c.cfg.BufferTime, nil) == nil {
		err := c.send(ctx, a.Snapshot())
		if err == nil || ctx.Err() != nil {
			continue
		}
		if _, ok := complain.allow(time.Now()); ok {
			a.logger.Warn("metrics cannot be sent to CloudWatch", "error", err)
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	c.send(last, a.Snapshot())
}

// instanceName is the instance's id, or the host's name.
func instanceName(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, metadataTimeout)
	defer cancel()
	if m, err := askInstance(ctx); err == nil {
		return m.InstanceID
	}
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

// datum is a value of a metric.
type datum struct {
	name, unit, destination string
	value                   float64
}

// data are what grew since the last time.
func (c *cloudWatch) data(s Snapshot) []datum {
	var all []datum
	for _, f := range s.Flows {
		before := c.last[f.Flow]
		c.last[f.Flow] = f
		add := func(name, unit string, now, then int64) {
			all = append(all, datum{name, unit, f.Destination, float64(now - then)})
		}
		add("BytesSent", "Bytes", f.SentBytes, before.SentBytes)
		add("RecordSendAttempts", "Count", f.Attempts, before.Attempts)
		add("RecordSendErrors", "Count", f.RecordErrors, before.RecordErrors)
		add("RecordsSent", "Count", f.Sent, before.Sent)
		add("ServiceErrors", "Count", f.ServiceErrors, before.ServiceErrors)
		add("RecordsDropped", "Count", f.Dropped, before.Dropped)
		add("BytesBehind", "Bytes", int64(f.LagBytes), 0)
	}
	return all
}

func (c *cloudWatch) send(ctx context.Context, s Snapshot) error {
	data := c.data(s)
	for len(data) > 0 {
		n := min(len(data), dataPerCall)
		if err := c.put(ctx, data[:n], time.Now()); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// put is PutMetricData of CloudWatch's query protocol.
func (c *cloudWatch) put(ctx context.Context, data []datum, now time.Time) error {
	form := url.Values{"Action": {"PutMetricData"}, "Version": {"2010-08-01"}, "Namespace": {c.cfg.Namespace}}
	for i, d := range data {
		member := fmt.Sprintf("MetricData.member.%d.", i+1)
		form.Set(member+"MetricName", d.name)
		form.Set(member+"Unit", d.unit)
		form.Set(member+"Value", fmt.Sprintf("%.0f", d.value))
		form.Set(member+"Timestamp", now.UTC().Format(time.RFC3339))
		form.Set(member+"Dimensions.member.1.Name", "Destination")
		form.Set(member+"Dimensions.member.1.Value", d.destination)
		if c.instance != "" {
			form.Set(member+"Dimensions.member.2.Name", "Instance")
			form.Set(member+"Dimensions.member.2.Value", c.instance)
		}
	}
	body := form.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	keys, err := c.credentials.Retrieve(ctx)
	if err != nil {
		return &credentialsError{err}
	}
	hash := sha256.Sum256([]byte(body))
	if err := c.signer.SignHTTP(ctx, keys, req, hex.EncodeToString(hash[:]), "monitoring", c.region, now); err != nil {
		return fmt.Errorf("sign request: %w", err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, maxMetricsAnswer))
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("put metric data: status %d: %.300s", resp.StatusCode, text)
	}
	return nil
}
