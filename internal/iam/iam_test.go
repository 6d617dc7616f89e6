package iam

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/journal/memory"
)

var rewrite = flag.Bool("rewrite", false, "write what the service answers into the conversations")

func open(t testing.TB, j journal.Journal, logs *bytes.Buffer, strict bool) *Service {
	t.Helper()
	handler := slog.DiscardHandler
	if logs != nil {
		handler = slog.NewTextHandler(logs, nil)
	}
	noon := func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 7, time.UTC) }
	s, err := Open(Options{Journal: j, Logger: slog.New(handler), Strict: strict, Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Each file in testdata/wire is a conversation with a service of its own, its
// steps parted by "====": an operation with its parameters, "----" and the
// answer; "may ROLE ACTION RESOURCE" or "assume SERVICE ROLE SOURCE", "----" and the decision; "as ROLE" or
// "as root", which changes the caller; "restart", which opens the service again.
func TestConversations(t *testing.T) {
	files, _ := filepath.Glob("testdata/wire/*.txt")
	if len(files) < 8 {
		t.Fatalf("only %d conversations", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := converse(t, string(src))
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(src) {
				t.Errorf("got\n%s", got)
			}
		})
	}
}

func converse(t *testing.T, script string) string {
	j := memory.New(memory.Options{})
	s := open(t, j, nil, false)
	var who call.Identity
	var out []string
	for block := range strings.SplitSeq(strings.TrimSpace(script), "\n====\n") {
		request, _, _ := strings.Cut(block, "\n----\n")
		words := strings.Fields(lastLine(request))
		switch words[0] {
		case "as":
			who = identity(words[1])
			out = append(out, block)
		case "restart":
			j = j.Reopen()
			s = open(t, j, nil, false)
			out = append(out, block)
		case "may":
			out = append(out, request+"\n----\n"+decision(s.AuthorizeRole(context.Background(), roleARN("/", words[1]), words[2], words[3])))
		case "assume":
			out = append(out, request+"\n----\n"+decision(s.Assume(words[1], roleARN("/", words[2]), words[3])))
		default:
			out = append(out, request+"\n----\n"+exchange(s, who, request))
		}
	}
	return strings.Join(out, "\n====\n") + "\n"
}

// lastLine is a step without the comments above it.
func lastLine(request string) string { return request[strings.LastIndexByte(request, '\n')+1:] }

func identity(role string) call.Identity {
	if role == "root" {
		return call.Identity{ARN: "arn:aws:iam::000000000000:root"}
	}
	return call.Identity{AccessKeyID: "ASIATEST", ARN: "arn:aws:sts::000000000000:assumed-role/" + role + "/session", RoleARN: roleARN("/", role)}
}

func decision(err error) string {
	var denied *awserr.Error
	switch {
	case err == nil:
		return "yes"
	case errors.As(err, &denied) && denied.Cause != nil:
		return fmt.Sprintf("no: %s: %s\n%v", denied.Code, denied.Message, denied.Cause)
	case denied != nil:
		return fmt.Sprintf("no: %s: %s", denied.Code, denied.Message)
	}
	return err.Error()
}

// exchange sends a request written as its action and a parameter a line.
func exchange(s *Service, who call.Identity, request string) string {
	var action string
	form := url.Values{}
	for line := range strings.SplitSeq(request, "\n") {
		if name, value, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
			form.Set(name, expand(value))
		} else if !strings.HasPrefix(line, "#") {
			action = line
		}
	}
	service := s.API()[0]
	if action == "GetCallerIdentity" {
		service = s.API()[1]
	}
	form.Set("Action", action)
	form.Set("Version", service.Version)
	w := httptest.NewRecorder()
	service.Serve(w, httptest.NewRequest("POST", "/", nil), &call.Call{
		Service: service.Name, Operation: action, Region: "us-east-1", RequestID: "r-1", Body: []byte(form.Encode()), Identity: who})
	answer := strings.ReplaceAll(w.Body.String(), "><", ">\n<")
	answer = regexp.MustCompile(`AROA[A-Z2-7]{17}\b`).ReplaceAllString(answer, "AROA…")
	if w.Code != http.StatusOK {
		return fmt.Sprintf("%d\n%s", w.Code, answer)
	}
	return answer
}

// expand writes long values short: "{x 2049}" is so many x.
func expand(value string) string {
	var letter string
	var n int
	if _, err := fmt.Sscanf(value, "{%1s %d}", &letter, &n); err == nil {
		return strings.Repeat(letter, n)
	}
	return value
}
