package firehose

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

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
