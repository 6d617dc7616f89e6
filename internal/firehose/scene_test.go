package firehose

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/aws/awserr"
)

// kinds are the destinations of the command "stream".
var kinds = map[string]struct {
	member string // without Configuration and Update
	given  string // members that the input can leave out
}{
	"s3":            {"S3Destination", `{$to(archive)}`},
	"extended":      {"ExtendedS3Destination", `{$to(archive)}`},
	"elasticsearch": {"ElasticsearchDestination", searchGiven},
	"opensearch":    {"AmazonopensearchserviceDestination", searchGiven},
	"http":          {"HttpEndpointDestination", `{"EndpointConfiguration":{"Url":"https://endpoint.example/in"},"S3Configuration":{$to(errors)}}`},
}

const searchGiven = `{"RoleARN":"arn:aws:iam::000000000000:role/r","DomainARN":"arn:aws:es:eu-west-1:000000000000:domain/d","IndexName":"web","S3Configuration":{$to(errors)}}`

// scene runs the commands of cases that are not calls:
//
//	stream NAME KIND                  creates one; the input are the members of its destination, role and place can be left out
//	update NAME KIND                  the input are the members that change
//	put NAME [N of SIZE]              the input is a record a line, "…" a Go string, word*N a word N times; or N of that size
//	again NAME                        the records that the last put was told to send again, and nothing else
//	flush NAME                        and waits until it is delivered
//	bucket down|gone|hangs|forgets|up [NAME]   all of S3 or one bucket; see archive.Put
//	objects [BUCKET] | headers        what S3 holds, decoded, and how it came
//	puts                              how often S3 was asked to take an object
//	search down | up
//	search answers STATUS to all|half half: every second document, at its first attempt
//	search loses N                    answers of requests that it carries out
//	documents | lines | attempts      what the index holds, the last _bulk request, and how often documents were sent
//	endpoint down | up
//	requests | ids                    what the endpoint took, and whose ids all requests had
//	invocations | event               of the function, and its last event
//	diagnostics                       lines of the log groups
//	counters NAME | freshness NAME    of its status
//	tap NAME                          what an application reads, from where the last tap ended
func (r *rig) scene(t *testing.T, words []string, input string) string {
	switch words[0] {
	case "stream":
		return r.createAs(words[1], words[2], input)
	case "update":
		return r.updateAs(t, words[1], words[2], input)
	case "put":
		if len(words) > 2 {
			input = strings.Repeat("x*"+words[4]+"\n", number(t, words[2]))
		}
		return r.putLines(t, words[1], recordsOf(t, input))
	case "again":
		return r.putLines(t, words[1], r.again)
	case "flush":
		if err := r.Flush(t.Context(), words[1]); err != nil {
			return err.Error()
		}
	case "bucket":
		trouble := words[1]
		if trouble == "up" {
			trouble = ""
		}
		r.archive.meet(strings.Join(words[2:], ""), trouble)
	case "objects":
		return numbered(mask(strings.Join(r.archive.show(t, strings.Join(words[1:], "")), "\n")), randomString, "random")
	case "headers":
		return mask(strings.Join(r.archive.listHeaders(), "\n"))
	case "puts":
		return fmt.Sprint(locked(&r.archive.mu, &r.archive.puts))
	case "search":
		r.search.meet(t, words[1:])
	case "documents":
		return mask(strings.Join(r.search.list(), "\n"))
	case "lines":
		return mask(strings.Join(locked(&r.search.mu, &r.search.lines), "\n"))
	case "attempts":
		return r.search.attempts()
	case "endpoint":
		r.endpoint.setDown(words[1] == "down")
	case "requests":
		return mask(strings.Join(locked(&r.endpoint.mu, &r.endpoint.requests), "\n"))
	case "ids":
		return numbered(strings.Join(locked(&r.endpoint.mu, &r.endpoint.asked), "\n"), anything, "request")
	case "invocations":
		return strings.Join(locked(&r.function.mu, &r.function.invocations), "\n")
	case "event":
		return r.events.show(t)
	case "diagnostics":
		return mask(strings.Join(r.lines.all, "\n"))
	case "counters":
		return counters(r.statusOf(t, words[1]))
	case "freshness":
		if age := r.statusOf(t, words[1]).FreshnessMillis; age != nil {
			return (time.Duration(*age) * time.Millisecond).String()
		}
		return "none"
	case "tap":
		return r.tap(t, words[1])
	default:
		t.Fatalf("unknown command %q", words)
	}
	return "ok"
}

func number(t *testing.T, word string) int {
	t.Helper()
	n, err := strconv.Atoi(word)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// answered is what a person wants to know of an answer.
func answered(err error, ok string) string {
	if err == nil {
		return ok
	}
	e := awserr.From(err)
	return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Message)
}

func (r *rig) createAs(name, kind, input string) string {
	members := merged(expand(kinds[kind].given), expand(input))
	_, err := r.do("CreateDeliveryStream", fmt.Sprintf(`{"DeliveryStreamName":%q,%q:%s}`, name, kinds[kind].member+"Configuration", members))
	return answered(err, "ok")
}

// merged adds to an object the members that another one has.
func merged(object, more string) string {
	all := map[string]json.RawMessage{}
	for _, text := range []string{object, more} {
		if text = strings.TrimSpace(text); text != "" && json.Unmarshal([]byte(text), &all) != nil {
			return text // the service says what is wrong with it
		}
	}
	joined, err := json.Marshal(all)
	if err != nil {
		return more
	}
	return string(joined)
}

func (r *rig) updateAs(t *testing.T, name, kind, input string) string {
	st, err := r.lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.do("UpdateDestination", fmt.Sprintf(`{"DeliveryStreamName":%q,"CurrentDeliveryStreamVersionId":"%d","DestinationId":"destinationId-000000000001",%q:%s}`,
		name, st.current().Version, kinds[kind].member+"Update", expand(input)))
	return answered(err, fmt.Sprintf("version %d", st.current().Version))
}

func (r *rig) statusOf(t *testing.T, name string) Status {
	t.Helper()
	for _, s := range r.Streams() {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no stream %q", name)
	return Status{}
}

// counters are those of the status that do not depend on the machine.
func counters(s Status) string {
	text := fmt.Sprintf("in %d, out %d, bytes %d, requests %d, refused %d, throttled %d", s.RecordsIn, s.RecordsOut, s.BytesIn, s.Requests, s.Refused, s.Throttled)
	text += fmt.Sprintf("\ndelivery %s: %d records, %d bytes, %d refused, %d dropped", s.Delivery.State, s.Delivery.Records, s.Delivery.Bytes, s.Delivery.Refused, s.Delivery.Dropped)
	if s.FreshnessMillis != nil {
		text += fmt.Sprintf(", oldest %v", time.Duration(*s.FreshnessMillis)*time.Millisecond)
	}
	if s.Backup != nil {
		text += fmt.Sprintf("\nbackup %s: %d records, %d bytes", s.Backup.State, s.Backup.Records, s.Backup.Bytes)
	}
	return text
}

// tap reads what the stream holds beyond the last tap, as an application does.
func (r *rig) tap(t *testing.T, name string) string {
	st, err := r.lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	from := max(r.taps[name], 1)
	reader := r.journal.Read(st.id, from)
	defer reader.Close()
	var all []string
	for end := r.journal.Extent(st.id).Next; from < end; {
		frame, err := reader.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for record := range frame.All(from) {
			all = append(all, fmt.Sprintf("%d %s", record.Sequence, record.Data))
		}
		from = frame.Next()
	}
	r.taps[name] = from
	return strings.Join(all, "\n")
}

// meet lets the cluster meet trouble.
func (c *cluster) meet(t *testing.T, words []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch words[0] {
	case "down", "up":
		c.down, c.status = words[0] == "down", 0
	case "loses":
		c.loses = number(t, words[1])
	case "answers":
		c.status, c.half = number(t, words[1]), words[3] == "half"
	default:
		t.Fatalf("unknown trouble %q", words)
	}
}
