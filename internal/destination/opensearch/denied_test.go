package opensearch

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

// What a person has to do is in the trouble that the engine is told of: the grant where a role is missing, the password
// where the caller is not known; nothing of it where an index is blocked or a policy of IAM refuses, and never in what the
// error objects show.
func TestAdvice(t *testing.T) {
	const role = "arn:aws:iam::123456789012:role/firehose-role"
	const denied = `{"error":{"root_cause":[],"type":"security_exception","reason":"no permissions for [indices:data/write/bulk]"},"status":403}`
	const item = `{"items":[{"index":{"_index":"logs","_id":"ID","status":403,"error":{"type":"TYPE","reason":"r"}}}]}`
	for name, c := range map[string]struct {
		answer    reply
		deliverer string
		want      string
	}{
		"no mapping":     {reply{status: 403, body: denied}, role, "millrace search grant " + role + " --index 'logs-*'"},
		"an index":       {reply{status: 200, body: strings.Replace(item, "TYPE", "security_exception", 1)}, role, "millrace search grant " + role + " --index 'logs-*'"},
		"a user":         {reply{status: 403, body: denied}, "it's me", `millrace search grant 'it'\''s me' --index 'logs-*'`},
		"nobody known":   {reply{status: 401, body: "Unauthorized"}, role, "the server does not know the deliverer"},
		"blocked":        {reply{status: 200, body: strings.Replace(item, "TYPE", "cluster_block_exception", 1)}, role, ""},
		"policy":         {reply{status: 403, body: `{"Message":"User: x is not authorized to perform: es:ESHttpPost"}`}, role, ""},
		"anonymous here": {reply{status: 403, body: denied}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := batchOf(`{}`)
				c.answer.body = strings.Replace(c.answer.body, "ID", DocumentID(b.Stream, 1), 1)
				f := newFake()
				f.script = func(int, []byte) *reply { return &c.answer }
				var told *record.Failure
				ctx := destination.WithAttempts(t.Context(), destination.Attempts{Failed: func(err error) {
					if !errors.As(err, &told) {
						t.Error(err)
					}
				}})
				refused, err := to(t, f, func(o *Options) { o.RetryDuration, o.Deliverer = time.Second, c.deliverer }).Deliver(ctx, b)
				if err != nil || len(refused) != 1 || told == nil {
					t.Fatal(refused, err, told)
				}
				if told.Code != "ES.AccessDenied" || !strings.Contains(told.Message, c.want) || (c.want == "") == strings.Contains(told.Message, "; ") {
					t.Errorf("told %q", told)
				}
				if strings.Contains(refused[0].Message, "millrace") {
					t.Errorf("the error object says %s", refused[0].Message)
				}
			})
		})
	}
}
