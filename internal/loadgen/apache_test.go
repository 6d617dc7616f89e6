//go:build unix

package loadgen

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/logformat"
	"github.com/millrace/millrace/internal/realtest"
)

const beaconHTTPD = `LoadModule alias_module {MODULES}/mod_alias.so
DocumentRoot "{DIR}"
Redirect 200 /beacon
LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\" \"%{event}i\" \"%{clientid}i\" \"%{page}i\" \"%{custom_metric_name}i\" \"%{custom_metric_int_value}i\" \"%{custom_metric_float_value}i\" \"%{custom_metric_string_value}i\"" beacon
CustomLog "{DIR}/access.log" beacon
`

const (
	beaconPattern = `^([\d.]+) (\S+) (\S+) \[([\w:/]+\s[+\-]\d{4})\] "(.+?)" (\d{3}) ([0-9]+)` + ` "(.+?)" "(.+?)" "(.+?)" "(.+?)" "(.+?)" "(.+?)" "(.+?)" "(.+?)" "(.+?)"$`
	beaconFields  = "host,ident,authuser,datetime,request,response,bytes,referrer,agent,event,clientid,page,custom_metric_name,custom_metric_int_value,custom_metric_float_value,custom_metric_string_value"
)

// A real Apache with the workshop's log format logs each beacon as a line whose sixteen fields the workshop's pattern finds.
func TestRealApacheLogsEveryBeacon(t *testing.T) {
	web := realtest.StartApache(t, beaconHTTPD, nil)
	const calls = 300
	result, err := Beacons(context.Background(), BeaconOptions{URL: "http://" + web.Address + "/beacon", Calls: calls, Rate: 2000, Seed: 4})
	if err != nil || result.Answered != calls {
		t.Fatalf("%v %v", result, err)
	}
	format, err := logformat.New(logformat.Spec{LogFormat: logformat.CombinedApacheLog, MatchPattern: beaconPattern, CustomFieldNames: strings.Split(beaconFields, ",")})
	if err != nil {
		t.Fatal(err)
	}
	var content []byte
	for end := time.Now().Add(10 * time.Second); bytes.Count(content, []byte("POST /beacon")) < calls && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if content, err = os.ReadFile(filepath.Join(web.Dir, "access.log")); err != nil {
			t.Fatal(err)
		}
	}
	seen := make(map[string]bool)
	for line := range bytes.Lines(content) {
		out, mismatch := format.Append(nil, bytes.TrimSuffix(line, []byte("\n")))
		if mismatch != nil {
			t.Fatalf("%s: %v", line, mismatch)
		}
		fields := make(map[string]*string)
		if err := json.Unmarshal(out, &fields); err != nil {
			t.Fatal(err)
		}
		for name, value := range fields {
			if value == nil && name != "ident" && name != "authuser" {
				t.Errorf("%s has no %s", out, name)
			}
		}
		seen[*fields["request"]] = true
	}
	for n := range calls {
		if request := fmt.Sprintf("POST /beacon?call=%d HTTP/1.1", n); !seen[request] {
			t.Errorf("no line for %s", request)
		}
	}
}
