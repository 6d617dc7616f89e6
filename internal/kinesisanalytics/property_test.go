package kinesisanalytics

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millrace/millrace/internal/application/applicationtest"
	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/journal/memory"
)

// machine is an application under random operations of both versions of the API,
// with the server stopped and killed in between.
type machine struct {
	t       *testing.T
	journal *memory.Journal
	streams *applicationtest.Streams
	s       *Service

	there   bool // the application
	running bool
	version int
	codes   []string // by version
}

// TestAnyOrder compares the application with what was done to it: it exists, it
// runs, it has the version and the code, and its history has all versions.
func TestAnyOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		j, _ := clockedJournal()
		m := &machine{t: t, journal: j, streams: testStreams()}
		m.s = m.open()
		defer func() { m.s.Close(context.Background()) }()
		for range rapid.IntRange(1, 25).Draw(r, "operations") {
			v := rapid.SampledFrom([]api{v1, v2}).Draw(r, "version")
			switch rapid.SampledFrom([]string{"create", "delete", "start", "stop", "update", "update", "broken", "restart", "kill"}).Draw(r, "do") {
			case "create":
				m.create(v)
			case "delete":
				m.delete(v)
			case "start":
				m.do(v, "StartApplication", map[api]string{v1: `,"InputConfigurations":[]`}[v],
					m.there && !m.running && m.codes[m.version-1] != "SELEC", func() { m.running = true })
			case "stop":
				m.do(v, "StopApplication", "", m.running, func() { m.running = false })
			case "update":
				m.update(v, fmt.Sprintf(filterCode, fmt.Sprint(rapid.IntRange(0, 9).Draw(r, "code"))), m.there)
			case "broken":
				m.update(v, "SELEC", m.there && !m.running)
			case "restart":
				m.reopen(context.Background())
			case "kill":
				dead, cancel := context.WithCancel(context.Background())
				cancel()
				m.reopen(dead)
			}
			m.settle()
		}
	})
}

func (m *machine) open() *Service {
	s, err := Open(testOptions(m.journal, m.streams))
	if err != nil {
		m.t.Fatal(err)
	}
	return s
}

func (m *machine) reopen(ctx context.Context) {
	m.s.Close(ctx)
	m.journal = m.journal.Reopen()
	m.s = m.open()
}

// do calls an operation on the application and expects whether it is accepted.
func (m *machine) do(v api, operation, members string, accepted bool, then func()) {
	code, answer := invokeAs(m.s, v, call.Identity{}, operation, `{"ApplicationName":"web"`+members+`}`)
	if (code == 200) != accepted {
		m.t.Fatalf("%s while there %v, running %v: %d %s", operation, m.there, m.running, code, answer)
	}
	if accepted {
		then()
	}
}

func (m *machine) create(v api) {
	if m.there {
		m.do(v, "CreateApplication", map[api]string{v2: `,"RuntimeEnvironment":"SQL-1_0","ServiceExecutionRole":"arn:r"`}[v], false, nil)
		return
	}
	create(m.t, m.s, "web")
	m.there, m.version, m.codes = true, 1, []string{testCode}
}

func (m *machine) delete(v api) {
	created := epoch(0)
	if a := m.s.apps["web"]; a != nil {
		created = a.Created
	}
	m.do(v, "DeleteApplication", fmt.Sprintf(`,"CreateTimestamp":%d`, created/1000), m.there, func() { m.there, m.running = false, false })
}

func (m *machine) update(v api, code string, accepted bool) {
	members := fmt.Sprintf(`,"CurrentApplicationVersionId":%d,"ApplicationUpdate":{"ApplicationCodeUpdate":%q}`, max(m.version, 1), code)
	if v == v2 {
		members = fmt.Sprintf(`,"CurrentApplicationVersionId":%d,"ApplicationConfigurationUpdate":{"ApplicationCodeConfigurationUpdate":{"CodeContentUpdate":{"TextContentUpdate":%q}}}`,
			max(m.version, 1), code)
	}
	m.do(v, "UpdateApplication", members, accepted, func() {
		m.version++
		m.codes = append(m.codes, code)
	})
}

// settle waits until the application rests or runs, and compares it.
func (m *machine) settle() {
	m.t.Helper()
	want := "gone"
	switch {
	case m.running:
		want = statusRunning
	case m.there:
		want = statusReady
	}
	waitFor(m.t, m.s, "web", want)
	if !m.there {
		for e := range m.journal.Scan("kinesisanalytics/") {
			m.t.Fatalf("key %s is left", e.Key)
		}
		return
	}
	for n := 1; n <= m.version; n++ {
		code, answer := invokeAs(m.s, v2, call.Identity{}, "DescribeApplicationVersion", fmt.Sprintf(`{"ApplicationName":"web","ApplicationVersionId":%d}`, n))
		if want := fmt.Sprintf(`"TextContent":%q`, m.codes[n-1]); code != 200 || !strings.Contains(answer, want) {
			m.t.Fatalf("version %d: %d %s", n, code, answer)
		}
	}
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	a := m.s.apps["web"]
	if (a.runner != nil) != m.running {
		m.t.Fatalf("running %v, runner %v", m.running, a.runner)
	}
	for _, o := range a.Operations {
		if o.Status == inProgress {
			m.t.Fatalf("operation %+v is under way", o)
		}
	}
}
