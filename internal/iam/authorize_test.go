package iam

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/journal/memory"
)

const (
	trust    = `{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}`
	everyone = `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`
	object   = "arn:aws:s3:::archive/x"
)

func must(t testing.TB, s *Service, request string) {
	t.Helper()
	if got := exchange(s, identity("root"), request); strings.Contains(got, "<Error>") {
		t.Errorf("%s\n%s", request, got)
	}
}

func TestUnknownRole(t *testing.T) {
	var logs bytes.Buffer
	s := open(t, memory.New(memory.Options{}), &logs, false)
	ask := func() {
		t.Helper()
		if err := s.AuthorizeRole(context.Background(), roleARN("/", "later"), "s3:PutObject", object); err != nil {
			t.Error(err)
		}
		if err := s.Authorize(context.Background(), identity("later"), "firehose:PutRecord", "*"); err != nil {
			t.Error(err)
		}
	}
	warnings := func() int { return strings.Count(logs.String(), "role does not exist") }
	ask()
	ask()
	if warnings() != 1 || !strings.Contains(logs.String(), "role_arn=arn:aws:iam::000000000000:role/later") {
		t.Errorf("log is %s", &logs)
	}
	// Once it is made, it has its policies: none. Once it is gone, a person is told again.
	must(t, s, "CreateRole\nRoleName=later\nAssumeRolePolicyDocument="+trust)
	if s.AuthorizeRole(context.Background(), roleARN("/", "later"), "s3:PutObject", object) == nil {
		t.Error("a role without policies may write")
	}
	must(t, s, "DeleteRole\nRoleName=later")
	ask()
	if warnings() != 2 {
		t.Errorf("log is %s", &logs)
	}
}

func TestStrict(t *testing.T) {
	s := open(t, memory.New(memory.Options{}), nil, true)
	got := decision(s.AuthorizeRole(context.Background(), roleARN("/", "none"), "s3:PutObject", object))
	want := "no: AccessDeniedException: User: arn:aws:iam::000000000000:role/none is not authorized to perform: s3:PutObject on resource: " + object +
		" because no identity-based policy allows the s3:PutObject action\nrole arn:aws:iam::000000000000:role/none does not exist, and the server is strict"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if err := s.Authorize(context.Background(), identity("root"), "s3:PutObject", object); err != nil {
		t.Errorf("the account itself: %v", err)
	}
	if err := s.Assume("firehose.amazonaws.com", roleARN("/", "none"), "arn:x"); err == nil || err.Error() != "role arn:aws:iam::000000000000:role/none does not exist, and the server is strict" {
		t.Errorf("assumed: %v", err)
	}
}

// A trust policy that was kept when nobody evaluated it, and that nobody can, lets nobody assume the role and harms no other.
func TestTrustThatCannotBeEvaluated(t *testing.T) {
	j := memory.New(memory.Options{})
	must(t, open(t, j, nil, false), "CreateRole\nRoleName=web\nAssumeRolePolicyDocument="+trust)
	b := &journal.Batch{}
	for e, err := range j.Scan(keyPrefix) {
		if err != nil {
			t.Fatal(err)
		}
		b.Set(e.Key, bytes.Replace(e.Value, []byte(`\"Action\"`), []byte(`\"Condition\": {\"DateLessThan\": {\"aws:CurrentTime\": \"2030-01-01T00:00:00Z\"}}, \"Action\"`), 1))
	}
	if _, err := journal.Put(j, b); err != nil {
		t.Fatal(err)
	}
	s := open(t, j.Reopen(), nil, false)
	err := s.Assume("firehose.amazonaws.com", roleARN("/", "web"), "arn:x")
	if err == nil || !strings.Contains(err.Error(), "DateLessThan: the condition operator is not supported") {
		t.Error(err)
	}
	must(t, s, "UpdateAssumeRolePolicy\nRoleName=web\nPolicyDocument="+trust)
	if err := s.Assume("firehose.amazonaws.com", roleARN("/", "web"), "arn:x"); err != nil {
		t.Error(err)
	}
}

// The path is a part of the ARN, and so is the account: a role is not taken for
// another of its name.
func TestRoleOfAnotherPath(t *testing.T) {
	s := open(t, memory.New(memory.Options{}), nil, true)
	must(t, s, "CreateRole\nRoleName=web\nPath=/a/\nAssumeRolePolicyDocument="+trust)
	must(t, s, "PutRolePolicy\nRoleName=web\nPolicyName=all\nPolicyDocument="+everyone)
	for arn, want := range map[string]bool{
		"arn:aws:iam::000000000000:role/a/web": true,
		"arn:aws:iam::000000000000:role/web":   false,
		"arn:aws:iam::111111111111:role/a/web": false,
		"arn:aws:iam::000000000000:role/a/WEB": false,
		"web":                                  false,
	} {
		if got := s.AuthorizeRole(context.Background(), arn, "s3:PutObject", object) == nil; got != want {
			t.Errorf("%s: %v", arn, got)
		}
	}
}

// failing refuses commits while it is broken.
type failing struct {
	*memory.Journal
	broken bool
}

func (f *failing) Begin(b *journal.Batch) (journal.Commit, error) {
	if f.broken {
		return nil, errors.New("the disk is gone")
	}
	return f.Journal.Begin(b)
}

// What the journal does not hold has not happened.
func TestChangeThatFails(t *testing.T) {
	j := &failing{Journal: memory.New(memory.Options{})}
	s := open(t, j, nil, true)
	must(t, s, "CreateRole\nRoleName=web\nAssumeRolePolicyDocument="+trust)
	must(t, s, "PutRolePolicy\nRoleName=web\nPolicyName=all\nPolicyDocument="+everyone)
	must(t, s, "CreateRole\nRoleName=bare\nAssumeRolePolicyDocument="+trust)
	before := exchange(s, identity("root"), "ListRoles")
	j.broken = true
	for _, request := range []string{
		"CreateRole\nRoleName=other\nAssumeRolePolicyDocument=" + trust,
		"PutRolePolicy\nRoleName=bare\nPolicyName=all\nPolicyDocument=" + everyone,
		"DeleteRolePolicy\nRoleName=web\nPolicyName=all",
		"DeleteRole\nRoleName=bare",
		"TagRole\nRoleName=bare\nTags.member.1.Key=a\nTags.member.1.Value=b",
		"UntagRole\nRoleName=bare\nTagKeys.member.1=a",
		"UpdateAssumeRolePolicy\nRoleName=bare\nPolicyDocument={\"Statement\": {\"Effect\": \"Deny\", \"Principal\": \"*\", \"Action\": \"sts:*\"}}",
	} {
		if got := exchange(s, identity("root"), request); !strings.HasPrefix(got, "500") || strings.Contains(got, "disk") {
			t.Errorf("%s\n%s", request, got)
		}
	}
	if after := exchange(s, identity("root"), "ListRoles"); after != before {
		t.Errorf("roles are %s", after)
	}
	if s.AuthorizeRole(context.Background(), roleARN("/", "web"), "s3:PutObject", object) != nil ||
		s.AuthorizeRole(context.Background(), roleARN("/", "bare"), "s3:PutObject", object) == nil {
		t.Error("policies changed")
	}
}

// A role that cannot be read is not passed over: it would lose its limits.
func TestDamagedRole(t *testing.T) {
	for value, want := range map[string]string{
		`{`:            `read role "iam/role/web": unexpected end of JSON input`,
		`{"Format":2}`: `read role "iam/role/web": format 2, this program reads 1`,
		`{"Format":1,"Policies":[{"Name":"p","Document":"{}"}]}`: `read role "iam/role/web": policy "p": Syntax errors in policy. (Statement: there is none)`,
	} {
		j := memory.New(memory.Options{})
		b := &journal.Batch{}
		b.Set(keyPrefix+"web", []byte(value))
		if _, err := journal.Put(j, b); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(Options{Journal: j}); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", value, err, want)
		}
	}
}

// Permission is asked while roles change; run with -race.
func TestAskedWhileChanging(t *testing.T) {
	s := open(t, memory.New(memory.Options{}), nil, true)
	must(t, s, "CreateRole\nRoleName=web\nAssumeRolePolicyDocument="+trust)
	must(t, s, "PutRolePolicy\nRoleName=web\nPolicyName=all\nPolicyDocument="+everyone)
	var changes sync.WaitGroup
	for i := range 4 {
		changes.Go(func() {
			for n := range 10 {
				must(t, s, fmt.Sprintf("CreateRole\nRoleName=r-%d-%d\nAssumeRolePolicyDocument=%s", i, n, trust))
				must(t, s, fmt.Sprintf("PutRolePolicy\nRoleName=web\nPolicyName=p-%d\nPolicyDocument=%s", i, everyone))
				if err := s.AuthorizeRole(context.Background(), roleARN("/", "web"), "s3:PutObject", object); err != nil {
					t.Error(err)
				}
			}
		})
	}
	changes.Wait()
	if n := len(s.roles.Load().byARN); n != 41 {
		t.Errorf("%d roles", n)
	}
	if n := len(s.roles.Load().named("web").Policies); n != 5 {
		t.Errorf("%d policies", n)
	}
}

func BenchmarkAuthorize(b *testing.B) {
	s := open(b, memory.New(memory.Options{}), nil, true)
	must(b, s, "CreateRole\nRoleName=web\nAssumeRolePolicyDocument="+trust)
	must(b, s, "PutRolePolicy\nRoleName=web\nPolicyName=put\nPolicyDocument="+
		`{"Statement": [{"Effect": "Allow", "Action": ["s3:Get*", "s3:PutObject"], "Resource": "arn:aws:s3:::archive/*"}, {"Effect": "Allow", "Action": "firehose:PutRecord*", "Resource": "arn:aws:firehose:*:000000000000:deliverystream/web-*"}]}`)
	who := call.Identity{ARN: "arn:aws:sts::000000000000:assumed-role/web/i-1", RoleARN: roleARN("/", "web")}
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Authorize(context.Background(), who, "firehose:PutRecordBatch", "arn:aws:firehose:us-east-1:000000000000:deliverystream/web-logs"); err != nil {
			b.Fatal(err)
		}
	}
}
