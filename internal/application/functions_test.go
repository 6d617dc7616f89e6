package application

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/application/applicationtest"
)

// processors are the functions that scenarios may have before their schema.
func processors() applicationtest.Functions {
	return applicationtest.Functions{
		// clean makes JSON of "key value", one object for each comma; it drops what
		// is empty and fails what begins with a question mark.
		applicationtest.FunctionARN("clean"): func(e applicationtest.Event) (a applicationtest.Answer, err error) {
			for _, r := range e.Records {
				if r.Firehose == nil || r.Firehose.Arrival == 0 || r.Delivery != nil || e.StreamARN == "" || e.ApplicationARN == "" {
					return a, fmt.Errorf("event %+v lacks a member", e)
				}
				out := applicationtest.AnswerRecord{RecordID: r.RecordID, Result: resultOk}
				switch {
				case len(r.Data) == 0:
					out.Result = resultDropped
				case r.Data[0] == '?':
					out.Result = resultProcessingFailed
				default:
					for pair := range bytes.SplitSeq(r.Data, []byte(",")) {
						k, v, _ := bytes.Cut(pair, []byte(" "))
						out.Data = fmt.Appendf(out.Data, `{"k":"%s","v":"%s"}`, k, v)
					}
				}
				a.Records = append(a.Records, out)
			}
			return a, nil
		},
	}
}

// takes is an output's function that puts everything into a ledger.
func takes(t testing.TB, l *applicationtest.Ledger) func(applicationtest.Event) (applicationtest.Answer, error) {
	return func(e applicationtest.Event) (a applicationtest.Answer, err error) {
		for _, r := range e.Records {
			if r.Delivery == nil || r.Firehose != nil || e.StreamARN != "" || e.ApplicationARN == "" || e.InvocationID == "" {
				return a, fmt.Errorf("event %+v has another shape", e)
			}
			l.Take(t, r.RecordID, r.Data)
			a.Records = append(a.Records, applicationtest.AnswerRecord{RecordID: r.RecordID, Result: resultOk})
		}
		return a, nil
	}
}

// answering is an output's function that answers each invocation by the next of
// some words, a letter a record: o is Ok, f DeliveryFailed, m leaves the record
// out; "throw" fails. When they are used up it takes everything. It writes down
// what it was asked.
type answering struct {
	words []string
	said  strings.Builder
}

func (f *answering) invoke(e applicationtest.Event) (a applicationtest.Answer, err error) {
	word := ""
	if len(f.words) > 0 {
		word, f.words = f.words[0], f.words[1:]
	}
	for i, r := range e.Records {
		fmt.Fprintf(&f.said, "%s retryHint %d\n", r.Data, r.Delivery.RetryHint)
		out := applicationtest.AnswerRecord{RecordID: r.RecordID, Result: resultOk}
		switch {
		case i >= len(word) || word == "throw" || word[i] == 'o':
		case word[i] == 'f':
			out.Result = resultDeliveryFailed
		case word[i] == 'm':
			continue
		}
		a.Records = append(a.Records, out)
	}
	if word == "" {
		word = strings.Repeat("o", len(e.Records))
	}
	fmt.Fprintf(&f.said, "  %s\n", word)
	if word == "throw" {
		return a, fmt.Errorf("thrown")
	}
	return a, nil
}
