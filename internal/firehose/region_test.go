package firehose

import (
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/journal/memory"
)

// Names are one space for all regions, so a policy must be asked about the
// stream that is there, not about one of its name in the caller's region.
func TestPoliciesAreAskedAboutTheStreamThatIsThere(t *testing.T) {
	r := openRig(t, memory.New(memory.Options{}))
	st := r.create(t, "web") // in eu-west-1
	who := call.Identity{ARN: "caller", RoleARN: "reader"}
	r.roles.deny("reader", "firehose:PutRecord")
	c := newCall(who, "PutRecord", `{"DeliveryStreamName":"web","Record":{"Data":"YQ=="}}`)
	c.Region = "us-east-1"
	if _, err := r.putRecord(t.Context(), c); err == nil || !strings.Contains(err.Error(), "on resource: "+st.arn+" ") {
		t.Error(err)
	}
	c.Body = []byte(`{"DeliveryStreamName":"other","Record":{"Data":"YQ=="}}`)
	if _, err := r.putRecord(t.Context(), c); err == nil || !strings.Contains(err.Error(), "on resource: arn:aws:firehose:us-east-1:000000000000:deliverystream/other ") {
		t.Error(err)
	}
}
