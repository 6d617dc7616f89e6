package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/logformat"
)

// instanceService answers as version 2 of the instance metadata service does, and only that.
func instanceService(t *testing.T) *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /latest/api/token", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", r.Header.Get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds"))
		io.WriteString(w, "TOKEN")
	})
	pages := map[string]string{
		"/latest/dynamic/instance-identity/document":  `{"accountId":"123456789012","availabilityZone":"eu-central-1a","imageId":"ami-1","instanceId":"i-0abc","instanceType":"t3.micro","privateIp":"10.0.0.7","region":"eu-central-1"}`,
		"/latest/meta-data/tags/instance/":            "Name\nTeam of two",
		"/latest/meta-data/tags/instance/Name":        "web-1",
		"/latest/meta-data/tags/instance/Team of two": "ops",
		"/latest/meta-data/iam/security-credentials/": "web-role",
		"/latest/meta-data/iam/security-credentials/web-role": `{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":"AKIDINSTANCE","SecretAccessKey":"s","Token":"SESSION","Expiration":"` +
			time.Now().Add(time.Hour).UTC().Format(time.RFC3339) + `","LastUpdated":"2026-11-22T00:00:00Z"}`,
	}
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Aws-Ec2-Metadata-Token") != "TOKEN" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		page, ok := pages[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		io.WriteString(w, page)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.URL)
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
	t.Setenv("AWS_CONFIG_FILE", "/nonexistent")
	return server
}

// wire is a Firehose that notes how requests were signed, and answers as told.
type wire struct {
	*httptest.Server
	mu       sync.Mutex
	headers  []http.Header
	records  []string
	answer   func(n int, w http.ResponseWriter) bool
	requests int
}

func newWire(t *testing.T) *wire {
	s := &wire{}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *wire) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	s.headers = append(s.headers, r.Header)
	if s.answer != nil && s.answer(s.requests, w) {
		return
	}
	var put struct{ Records []struct{ Data []byte } }
	json.Unmarshal(body, &put)
	entries := []map[string]string{}
	for _, rec := range put.Records {
		s.records = append(s.records, string(rec.Data))
		entries = append(entries, map[string]string{"RecordId": "x"})
	}
	json.NewEncoder(w).Encode(map[string]any{"FailedPutCount": 0, "RequestResponses": entries})
}

// ship runs an agent until the lines of its file have arrived, and returns how the last request was signed.
func (s *wire) ship(t *testing.T, extra string, lines ...string) (http.Header, *logText) {
	t.Helper()
	r := newRunner(t, nil, "")
	r.append("access.log", strings.Join(lines, ""))
	cfg, err := Parse("agent.json", []byte(strings.NewReplacer("DIR", r.dir, "ENDPOINT", s.URL, "EXTRA", extra).Replace(`{"firehose.endpoint": "ENDPOINT", "checkpointFile": "DIR/checkpoint", EXTRA
		"flows": [{"filePattern": "DIR/access.log", "deliveryStream": "web", "initialPosition": "START_OF_FILE", "maxBufferAgeMillis": 1000, "retryInitialBackoffMillis": 5, "retryMaxBackoffMillis": 50}]}`)))
	if err != nil {
		t.Fatal(err)
	}
	a, err := newAgent(cfg, Options{Logger: slog.New(slog.NewTextHandler(r.logs, nil))}, pace{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- a.Run(ctx) }()
	eventually(t, "the records arrive", func() bool { return a.Snapshot().Flows[0].Sent == int64(len(lines)) })
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.headers[len(s.headers)-1], r.logs
}

func TestInstanceCredentials(t *testing.T) {
	instanceService(t)
	header, _ := newWire(t).ship(t, "", "one\n")
	if !strings.Contains(header.Get("Authorization"), "Credential=AKIDINSTANCE/") || header.Get("X-Amz-Security-Token") != "SESSION" {
		t.Errorf("signed as %q with token %q", header.Get("Authorization"), header.Get("X-Amz-Security-Token"))
	}
}

func TestAssumedRole(t *testing.T) {
	var asked url.Values
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		asked = r.PostForm
		if !strings.Contains(r.Header.Get("Authorization"), "Credential=AKID/") {
			t.Errorf("STS was asked as %q", r.Header.Get("Authorization"))
		}
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>AKIDROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
			<SessionToken>ROLETOKEN</SessionToken><Expiration>%s</Expiration></Credentials><AssumedRoleUser><Arn>a</Arn><AssumedRoleId>b</AssumedRoleId></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>`,
			time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	}))
	defer sts.Close()
	header, _ := newWire(t).ship(t, fmt.Sprintf(`"awsAccessKeyId": "AKID", "awsSecretAccessKey": "s", "assumeRoleARN": "arn:aws:iam::1:role/shipper", "assumeRoleExternalId": "ext", "sts.endpoint": %q,`, sts.URL), "one\n")
	if !strings.Contains(header.Get("Authorization"), "Credential=AKIDROLE/") || header.Get("X-Amz-Security-Token") != "ROLETOKEN" {
		t.Errorf("signed as %q", header.Get("Authorization"))
	}
	if asked.Get("RoleArn") != "arn:aws:iam::1:role/shipper" || asked.Get("ExternalId") != "ext" || asked.Get("RoleSessionName") != "AWSKinesisAgent" || asked.Get("DurationSeconds") != "3600" {
		t.Errorf("STS was asked %v", asked)
	}
}

// A clock that is ten minutes off is noticed by the service's answer.
func TestWrongClock(t *testing.T) {
	server := newWire(t)
	ahead := 10 * time.Minute
	server.answer = func(n int, w http.ResponseWriter) bool {
		at, err := time.Parse("20060102T150405Z", server.headers[n-1].Get("X-Amz-Date"))
		if err != nil {
			t.Error(err)
		}
		there := time.Now().Add(ahead)
		w.Header().Set("Date", there.UTC().Format(http.TimeFormat))
		if there.Sub(at).Abs() < 5*time.Minute {
			return false
		}
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, `{"__type":"InvalidSignatureException","message":"Signature expired"}`)
		return true
	}
	_, logs := server.ship(t, `"awsAccessKeyId": "AKID", "awsSecretAccessKey": "s",`, "one\n")
	if server.requests != 2 || !strings.Contains(logs.String(), "clock is wrong") {
		t.Errorf("%d requests, logs:\n%s", server.requests, logs)
	}
}

// Credentials that expire are fetched anew.
func TestExpiredCredentials(t *testing.T) {
	instanceService(t)
	server := newWire(t)
	server.answer = func(n int, w http.ResponseWriter) bool {
		if n > 1 {
			return false
		}
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"__type":"ExpiredTokenException","message":"The security token included in the request is expired"}`)
		return true
	}
	server.ship(t, "", "one\n")
	if server.requests != 2 {
		t.Errorf("%d requests", server.requests)
	}
}

// An answer that comes a byte at a time ends with the socket's time-out, and the batch is sent again.
func TestSlowAnswer(t *testing.T) {
	t.Parallel()
	server := newWire(t)
	server.answer = func(n int, w http.ResponseWriter) bool {
		if n > 1 {
			return false
		}
		for range 30 {
			io.WriteString(w, " ")
			w.(http.Flusher).Flush()
			time.Sleep(20 * time.Millisecond)
		}
		return true
	}
	server.ship(t, `"awsAccessKeyId": "AKID", "awsSecretAccessKey": "s", "socketTimeoutMillis": 200,`, "one\n")
	if server.requests < 2 { // the stand-in answers one at a time, so there may be more
		t.Errorf("%d requests", server.requests)
	}
}

func TestInstanceMetadata(t *testing.T) {
	instanceService(t)
	m, err := askInstance(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m.At = time.Time{}
	want := fmt.Sprint(&logformat.InstanceMetadata{
		PrivateIP: "10.0.0.7", AvailabilityZone: "eu-central-1a", InstanceID: "i-0abc", InstanceType: "t3.micro", AccountID: "123456789012", AMIID: "ami-1", Region: "eu-central-1",
		Tags: []logformat.Tag{{Key: "Name", Value: "web-1"}, {Key: "Team of two", Value: "ops"}},
	})
	if got := fmt.Sprint(m); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	cfg, err := Parse("agent.json", []byte(`{"flows":[{"filePattern":"/l/a","deliveryStream":"s","dataProcessingOptions":[
		{"optionName":"CSVTOJSON","customFieldNames":["a"]},{"optionName":"ADDEC2METADATA","logFormat":"RFC3339SYSLOG"}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	convert := cfg.Flows[0].convert
	if before, _, err := convert.append(nil, []byte("x")); err != nil || string(before) != "{\"a\":\"x\"}\n" {
		t.Errorf("without metadata: %s %v", before, err)
	}
	if !convert.ec2[0].refresh(t.Context(), slog.New(slog.DiscardHandler)) {
		t.Fatal("no metadata")
	}
	after, _, err := convert.append(nil, []byte("x"))
	if err != nil || !strings.HasPrefix(string(after), `{"a":"x","privateIp":"10.0.0.7","availabilityZone":"eu-central-1a","instanceId":"i-0abc"`) {
		t.Errorf("with metadata: %s %v", after, err)
	}
}

// The Kinesis Agent's metrics go to cloudwatch.endpoint, signed, with its names and dimensions.
func TestCloudWatch(t *testing.T) {
	var mu sync.Mutex
	sums := map[string]string{}
	monitoring := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		r.ParseForm()
		if r.PostForm.Get("Action") != "PutMetricData" || r.PostForm.Get("Namespace") != "AWSKinesisAgent" || !strings.Contains(r.Header.Get("Authorization"), "/monitoring/aws4_request") {
			t.Errorf("asked %v, signed %q", r.PostForm, r.Header.Get("Authorization"))
		}
		for i := 1; r.PostForm.Has(fmt.Sprintf("MetricData.member.%d.MetricName", i)); i++ {
			get := func(key string) string { return r.PostForm.Get(fmt.Sprintf("MetricData.member.%d.%s", i, key)) }
			if get("Value") != "0" {
				sums[get("MetricName")] += get("Value") + " " + get("Unit") + " " + get("Dimensions.member.1.Name") + "=" + get("Dimensions.member.1.Value") + ";"
			}
		}
	}))
	defer monitoring.Close()
	newWire(t).ship(t, fmt.Sprintf(`"awsAccessKeyId": "AKID", "awsSecretAccessKey": "s", "cloudwatch.endpoint": %q, "cloudwatch.metricsBufferTimeMillis": 50,`, monitoring.URL), "one\n", "two\n")
	mu.Lock()
	defer mu.Unlock()
	for name, want := range map[string]string{"RecordsSent": "2 Count Destination=DeliveryStream:web;", "BytesSent": "8 Bytes Destination=DeliveryStream:web;",
		"RecordSendAttempts": "2 Count Destination=DeliveryStream:web;", "RecordSendErrors": "", "ServiceErrors": ""} {
		if sums[name] != want {
			t.Errorf("%s is %q, want %q", name, sums[name], want)
		}
	}
}

// Without cloudwatch.endpoint, metrics go to AWS only from an agent that sends to AWS.
func TestCloudWatchOnlyWithAWS(t *testing.T) {
	for _, c := range []struct{ keys, want string }{
		{``, "https://monitoring.us-east-1.amazonaws.com"},
		{`"firehose.endpoint": "firehose.eu-west-1.amazonaws.com",`, "https://monitoring.us-east-1.amazonaws.com"},
		{`"firehose.endpoint": "http://127.0.0.1:4566",`, ""},
		{`"cloudwatch.emitMetrics": false,`, ""},
		{`"firehose.endpoint": "http://127.0.0.1:4566", "cloudwatch.endpoint": "monitoring.eu-west-1.amazonaws.com",`, "https://monitoring.eu-west-1.amazonaws.com"},
	} {
		cfg, err := Parse("agent.json", fmt.Appendf(nil, `{%s "checkpointFile": %q, "flows": [{"filePattern": "/l/a", "deliveryStream": "web"}]}`, c.keys, t.TempDir()+"/c"))
		if err != nil {
			t.Fatal(err)
		}
		a, err := New(cfg, Options{AccessKeyID: "AKID", SecretAccessKey: "s"})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if a.cloudWatch != nil {
			got = a.cloudWatch.endpoint
		}
		if got != c.want {
			t.Errorf("%s: metrics to %q, want %q", c.keys, got, c.want)
		}
		a.close()
	}
}

func TestDestinations(t *testing.T) {
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "sa-east-1")
	rule, err := ParseEndpointRule("*.amazonaws.com=http://127.0.0.1:4566")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		cfg               Config
		opts              Options
		firehose, kinesis string
	}{
		{Config{}, Options{}, "https://firehose.us-east-1.amazonaws.com us-east-1", "https://kinesis.us-east-1.amazonaws.com us-east-1"},
		{Config{KinesisRegion: "eu-west-1"}, Options{}, "https://firehose.us-east-1.amazonaws.com us-east-1", "https://kinesis.eu-west-1.amazonaws.com eu-west-1"},
		{Config{FirehoseEndpoint: "https://firehose.ap-southeast-2.amazonaws.com", KinesisEndpoint: "https://kinesis.ap-southeast-2.amazonaws.com", KinesisRegion: "eu-west-1"}, Options{},
			"https://firehose.ap-southeast-2.amazonaws.com ap-southeast-2", "https://kinesis.ap-southeast-2.amazonaws.com eu-west-1"},
		{Config{FirehoseEndpoint: "https://vpce-1.firehose.eu-north-1.vpce.amazonaws.com", KinesisRegion: "cn-north-1"}, Options{},
			"https://vpce-1.firehose.eu-north-1.vpce.amazonaws.com eu-north-1", "https://kinesis.cn-north-1.amazonaws.com.cn cn-north-1"},
		{Config{FirehoseEndpoint: "http://127.0.0.1:1"}, Options{}, "http://127.0.0.1:1 sa-east-1", "https://kinesis.us-east-1.amazonaws.com us-east-1"},
		{Config{FirehoseEndpoint: "https://firehose.eu-north-1.amazonaws.com"}, Options{EndpointFor: []EndpointRule{rule}}, "http://127.0.0.1:4566 eu-north-1", "http://127.0.0.1:4566 us-east-1"},
		{Config{FirehoseEndpoint: "https://firehose.eu-north-1.amazonaws.com"}, Options{Endpoint: "http://127.0.0.1:2", Region: "eu-central-1"}, "http://127.0.0.1:2 eu-central-1", "http://127.0.0.1:2 eu-central-1"},
	} {
		for s, want := range map[*service]string{firehoseService(): c.firehose, kinesisService(): c.kinesis} {
			if endpoint, region := destination(s, c.cfg, c.opts); endpoint+" "+region != want {
				t.Errorf("%+v: %s %s, want %s", c.cfg, endpoint, region, want)
			}
		}
	}
}

func TestMetricsAreShown(t *testing.T) {
	t.Parallel()
	fake := newFakeFirehose(t)
	r := newRunner(t, fake, strings.Replace(rawConfig, `"maxSendingThreads"`, `"metricsAddress": "127.0.0.1:0", "maxSendingThreads"`, 1))
	r.append("access.log", "one\n")
	r.start()
	defer r.kill()
	eventually(t, "the record", func() bool { return len(fake.records("web")) == 1 })
	resp, err := http.Get("http://" + r.agent.metrics.Addr().String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	for _, want := range []string{"# TYPE millrace_agent_records_sent_total counter\n", `millrace_agent_records_dropped_total{flow="fh:web:` + r.path("access.log*") + "\"} 0\n", "millrace_agent_lag_bytes{"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
