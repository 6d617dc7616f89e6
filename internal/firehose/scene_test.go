package firehose

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
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
		return fmt.Sprint(r.archive.puts)
	case "search":
		r.search.meet(t, words[1:])
	case "documents":
		return mask(strings.Join(r.search.list(), "\n"))
	case "lines":
		return mask(strings.Join(r.search.lines, "\n"))
	case "attempts":
		return r.search.attempts()
	case "endpoint":
		r.endpoint.setDown(words[1] == "down")
	case "requests":
		return mask(strings.Join(r.endpoint.requests, "\n"))
	case "ids":
		return numbered(strings.Join(r.endpoint.asked, "\n"), anything, "request")
	case "invocations":
		return strings.Join(r.function.invocations, "\n")
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

var repeated = regexp.MustCompile(`^(.+)\*(\d+)$`)

// recordsOf reads a record a line.
func recordsOf(t *testing.T, input string) (records [][]byte) {
	for line := range strings.Lines(input) {
		line = strings.TrimSuffix(line, "\n")
		if m := repeated.FindStringSubmatch(line); m != nil {
			line = strings.Repeat(m[1], number(t, m[2]))
		} else if strings.HasPrefix(line, `"`) {
			text, err := strconv.Unquote(line)
			if err != nil {
				t.Fatalf("record %s: %v", line, err)
			}
			line = text
		}
		records = append(records, []byte(line))
	}
	return records
}

// putLines puts one batch and keeps what is to be sent again.
func (r *rig) putLines(t *testing.T, name string, records [][]byte) string {
	type entry struct{ Data []byte }
	var in struct {
		DeliveryStreamName string
		Records            []entry
	}
	in.DeliveryStreamName = name
	for _, data := range records {
		in.Records = append(in.Records, entry{data})
	}
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := r.do("PutRecordBatch", string(body))
	if err != nil {
		return answered(err, "")
	}
	var out struct {
		FailedPutCount   int
		RequestResponses []struct{ RecordID, ErrorCode, ErrorMessage string }
	}
	if err := json.Unmarshal([]byte(answer), &out); err != nil || len(out.RequestResponses) != len(records) {
		t.Fatalf("%d answers to %d records: %v", len(out.RequestResponses), len(records), err)
	}
	r.again = nil
	reason := ""
	for i, response := range out.RequestResponses {
		if (response.RecordID == "") != (response.ErrorCode != "") {
			t.Fatalf("answer %d: %+v", i, response)
		}
		if response.ErrorCode != "" {
			r.again = append(r.again, records[i])
			reason = fmt.Sprintf(", %d to be sent again: %s: %s", len(r.again), response.ErrorCode, response.ErrorMessage)
		}
	}
	if len(r.again) != out.FailedPutCount {
		t.Fatalf("FailedPutCount %d, %d failed", out.FailedPutCount, len(r.again))
	}
	return fmt.Sprintf("%d taken%s", len(records)-len(r.again), reason)
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

var (
	randomString = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{2}\b`)
	anything     = regexp.MustCompile(`.+`)
)

// numbered writes "<what 1>", "<what 2>" for what differs from run to run, the
// same for the same.
func numbered(text string, find *regexp.Regexp, what string) string {
	seen := map[string]int{}
	return find.ReplaceAllStringFunc(text, func(found string) string {
		if seen[found] == 0 {
			seen[found] = len(seen) + 1
		}
		return fmt.Sprintf("<%s %d>", what, seen[found])
	})
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

// show lists the objects of a bucket or, without a name, of all, as
// "bucket/key: body"; what is compressed is named and decoded, long runs of a
// letter are shortened, and bytes that are no text quoted.
func (a *archive) show(t *testing.T, bucket string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []string
	for _, key := range slices.Sorted(maps.Keys(a.objects)) {
		if bucket != "" && !strings.HasPrefix(key, bucket+"/") {
			continue
		}
		encoding := a.headers[key].Get("Content-Encoding")
		line := key
		if encoding != "" {
			line += " (" + encoding + ")"
		}
		line += ": " + readable(decoded(t, encoding, []byte(a.objects[key])))
		all = append(all, longRun.ReplaceAllStringFunc(line, func(run string) string { return fmt.Sprintf("x*%d", len(run)) }))
	}
	return all
}

func readable(data []byte) string {
	if bytes.ContainsFunc(data, func(r rune) bool { return r == '\uFFFD' || r < ' ' && r != '\n' }) {
		return strconv.Quote(string(data))
	}
	return strings.TrimRight(string(data), "\n")
}

var longRun = regexp.MustCompile(`x{40,}`)

// indented is JSON for people, base64 as it is.
func indented(t *testing.T, text []byte) string {
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var base64Data = regexp.MustCompile(`"data": "([^"]*)"`)

// annotated writes beside base64 what it holds.
func annotated(text string) string {
	return base64Data.ReplaceAllStringFunc(text, func(m string) string {
		data, err := base64.StdEncoding.DecodeString(base64Data.FindStringSubmatch(m)[1])
		if err != nil {
			return m + " (" + err.Error() + ")"
		}
		return m + fmt.Sprintf(" (%s)", data)
	})
}
