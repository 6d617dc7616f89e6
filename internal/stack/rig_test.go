package stack

import (
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/journal"
	"github.com/millrace/millrace/internal/journal/memory"
)

// rig is an engine on a journal and a cloud that outlive it.
type rig struct {
	*Engine
	t       *testing.T
	journal *memory.Journal
	cloud   *cloud
}

func newRig(t *testing.T, cloud *cloud) *rig {
	return openRig(t, memory.New(memory.Options{}), cloud, nil)
}

func openRig(t *testing.T, j *memory.Journal, c *cloud, wrapped journal.Journal) *rig {
	t.Helper()
	if wrapped == nil {
		wrapped = j
	}
	e, err := Open(Options{
		Journal: wrapped,
		AWS:     func(Caller) (AWS, error) { return c, nil },
		Logger:  slog.New(slog.NewTextHandler(io.Discard, nil)),
		Random:  rand.NewChaCha8([32]byte{}),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return &rig{Engine: e, t: t, journal: j, cloud: c}
}

func (b *rig) create(name, text, onFailure string, parameters map[string]string) error {
	b.t.Helper()
	template, err := Parse("t", []byte(text))
	if err != nil {
		b.t.Fatal(err)
	}
	values, err := template.Values(parameters)
	if err != nil {
		b.t.Fatal(err)
	}
	_, err = b.Create(CreateInput{Name: name, Region: "us-east-1", Template: template, Text: text, Parameters: values, OnFailure: onFailure})
	return err
}

// rests waits until the engine is done with the stack.
func (b *rig) rests(nameOrID string) *Stack {
	b.t.Helper()
	for range 2000 {
		s, err := b.Stack(nameOrID)
		if err != nil {
			b.t.Fatal(err)
		}
		if !s.Status.underWay() {
			return s
		}
		time.Sleep(5 * time.Millisecond)
	}
	b.t.Fatal("the stack does not come to rest")
	return nil
}

func pipeline(t *testing.T) string {
	t.Helper()
	src, err := os.ReadFile("testdata/template/pipeline.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

// what a whole pipeline leaves in the cloud, random parts cut off.
const pipelineThings = `application/logs-Application-
bucket/logs-archive-
bucket/logs-errors-000000000000
domain/results
policy/logs-DeliveryRole-/search
policy/logs-DeliveryRole-/write
role/logs-DeliveryRole-
stream/logs-Ingest-
stream/logs-Results-`

// things of the cloud without the random parts of their names.
func things(c *cloud) string {
	names := c.names()
	for i, n := range names {
		parts := strings.Split(n, "/")
		for k, p := range parts {
			if at := strings.LastIndex(p, "-"); at > 0 && len(p)-at-1 == randomCharacters && p != "logs-errors-000000000000" {
				parts[k] = p[:at+1]
			}
		}
		names[i] = strings.Join(parts, "/")
	}
	slices.Sort(names)
	return strings.Join(names, "\n")
}
