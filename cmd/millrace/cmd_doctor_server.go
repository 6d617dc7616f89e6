package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/millrace/millrace/internal/config"
	"github.com/millrace/millrace/internal/console"
	"github.com/millrace/millrace/internal/destination/opensearch"
	"github.com/millrace/millrace/internal/destination/opensearch/grant"
)

// journalWarning is how full the journal may be, in percent, before it is worth a word.
const journalWarning = 80

// running looks at the server that run.json names; false if it is not there any more.
func (d *doctor) running(ctx context.Context, run config.Run) bool {
	address, err := url.Parse(run.Console)
	if err != nil {
		d.say("server", wrong, "", "%s names the console %q: %v", config.RunFile, run.Console, err)
		return false
	}
	c := &client{run: run, token: address.Query().Get("token")}
	address.RawQuery, address.Path = "", ""
	c.base = address.String()
	answer, err := c.do(ctx, http.MethodGet, "/healthz", nil)
	switch {
	case errors.Is(err, config.ErrNotRunning):
		return false
	case err != nil:
		d.say("server", wrong, "", "%v", err)
	default:
		_ = answer.Body.Close()
		d.say("server", fine, "", "it works, on %s", run.Edge)
	}
	var status console.Status
	if err := c.getJSON(ctx, "/api/v1/status", &status); err != nil {
		d.say("server", wrong, "", "read status: %v", err)
		return true
	}
	d.status(&status)
	if client := d.client(run.Search, run.SearchUser, run.SearchPassword); client != nil {
		d.search(ctx, run.Search, client)
	}
	d.roles(ctx, run, &status)
	return true
}

// status tells of every part that is in trouble now.
func (d *doctor) status(s *console.Status) {
	if s.Server.JournalQuota > 0 {
		percent, level := 100*s.Server.JournalBytes/s.Server.JournalQuota, fine
		if percent >= journalWarning {
			level = warning
		}
		d.say("journal", level, "", "%d %% of its quota", percent)
	}
	part := func(check, name, state string, failures ...*console.Failure) {
		bad := false
		for _, f := range failures {
			if f != nil && f.Current {
				d.say(check, wrong, helpIn(f.Message), "%s: %s", name, f.Message)
				bad = true
			}
		}
		if !bad {
			d.say(check, fine, "", "%s", strings.TrimSpace(name+" "+state))
		}
	}
	for _, f := range s.Agents {
		part("agent", f.Name, "", f.LastError)
	}
	for _, x := range s.DeliveryStreams {
		part("delivery stream", x.Name, x.Status, x.LastError, x.BackupError)
	}
	for _, a := range s.Applications {
		part("application", a.Name, a.Status, a.LastError)
	}
	for _, x := range s.Search {
		part("search domain", x.Name, x.Endpoint, x.LastError)
	}
}

// helpIn is the command that a message ends with.
func helpIn(message string) string {
	if at := strings.LastIndex(message, "millrace search grant "); at >= 0 {
		return message[at:]
	}
	return ""
}

// search asks for the server's health.
func (d *doctor) search(ctx context.Context, address string, client *opensearch.Client) {
	status, answer, err := client.Do(ctx, http.MethodGet, "/_cluster/health", nil)
	var health struct {
		Status string `json:"status"`
	}
	switch {
	case err != nil:
		d.say("search", wrong, "", "%s does not answer: %v", address, err)
	case status == http.StatusForbidden: // who only writes need not be shown it
		d.say("search", fine, "", "%s answers, and does not show its health to this user", address)
	case status != http.StatusOK:
		d.say("search", wrong, "", "%s: %d %s: %s", address, status, http.StatusText(status), clipped(answer))
	case json.Unmarshal(answer, &health) != nil || health.Status == "":
		d.say("search", wrong, "", "%s is no OpenSearch or Elasticsearch: %s", address, clipped(answer))
	case health.Status == "red":
		d.say("search", wrong, "", "%s: its health is red: indices are not there as a whole", address)
	default:
		d.say("search", fine, "", "%s: its health is %s", address, health.Status)
	}
}

func clipped(answer []byte) string {
	const shown = 300
	return strings.ToValidUTF8(string(answer[:min(len(answer), shown)]), "")
}

// roles asks the search server of each delivery stream whether it lets the stream's role in.
func (d *doctor) roles(ctx context.Context, run config.Run, s *console.Status) {
	access := &awsAccess{client: &http.Client{Timeout: awsAnswerTimeout}, trouble: func(error) {}}
	if err := access.fromRun(run); err != nil {
		d.say("roles", wrong, "", "%v", err)
		return
	}
	streams := &replayStreams{access}
	for _, x := range s.DeliveryStreams {
		var described describedStream
		if err := streams.firehose(ctx, "DescribeDeliveryStream", "", map[string]string{"DeliveryStreamName": x.Name}, &described); err != nil {
			d.say("roles", wrong, "", "%s: %v", x.Name, err)
			continue
		}
		for _, destination := range described.DeliveryStreamDescription.Destinations {
			for _, name := range []string{"ElasticsearchDestinationDescription", "AmazonopensearchserviceDestinationDescription"} {
				if members, ok := destination[name].(map[string]any); ok {
					d.role(ctx, run, streams, x.Name, members)
				}
			}
		}
	}
}

func (d *doctor) role(ctx context.Context, run config.Run, streams *replayStreams, stream string, members map[string]any) {
	text := func(name string) string { value, _ := members[name].(string); return value }
	address, domain := text("ClusterEndpoint"), ""
	if arn := text("DomainARN"); arn != "" {
		var err error
		if address, err = streams.domainURL(ctx, arn); err != nil {
			d.say("roles", wrong, "", "%s: %v", stream, err)
			return
		}
		if !sameServer(address, run.Search) {
			domain = lastPart(arn)
		}
	}
	deliverer, user, password := text("RoleARN"), "", ""
	if d.cfg.Search.URL == "" && domain != "" || sameServer(address, run.Search) {
		user, password = run.SearchUser, run.SearchPassword
	}
	if d.cfg.Search.Username != "" && sameServer(address, run.Search) {
		deliverer = d.cfg.Search.Username
	}
	client := d.client(address, user, password)
	if client == nil {
		return
	}
	rotation := opensearch.Rotation(text("IndexRotationPeriod"))
	ok, err := grant.Allowed(ctx, client, grant.Request{Principal: deliverer, Indices: []string{rotation.Pattern(text("IndexName"))}})
	switch {
	case errors.Is(err, grant.ErrNoSecurity), errors.Is(err, grant.ErrUnseen): // nobody is asked for a role, or nobody knows
	case err != nil:
		d.say("roles", warning, "", "%s: %s: %v", stream, address, err)
	case !ok:
		d.say("roles", wrong, opensearch.GrantCommand(deliverer, domain, text("IndexName"), rotation), "%s: the search server lets %s not write %s", stream, deliverer, rotation.Pattern(text("IndexName")))
	default:
		d.say("roles", fine, "", "%s: %s may write %s", stream, deliverer, rotation.Pattern(text("IndexName")))
	}
}
