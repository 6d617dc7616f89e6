package firehose

import (
	"fmt"
	"testing"
)

// What is decompressed at once stays small, whatever the buffering hint.
func TestDecompressingStreamsGatherLittle(t *testing.T) {
	r := newRig(t)
	for i, tc := range []struct {
		processors      string
		bytes, parallel int
	}{
		{`{"Enabled":true,"Processors":[{"Type":"Decompression"}]}`, 16 * mebibyte, 1},
		{`{"Enabled":true,"Processors":[{"Type":"AppendDelimiterToRecord"}]}`, 128 * mebibyte, parallelObjects},
	} {
		name := fmt.Sprint("s", i)
		if _, err := r.do("CreateDeliveryStream", fmt.Sprintf(`{"DeliveryStreamName":%q,"ExtendedS3DestinationConfiguration":{"RoleARN":"arn:aws:iam::000000000000:role/r",
			"BucketARN":"arn:aws:s3:::archive","BufferingHints":{"SizeInMBs":128,"IntervalInSeconds":60},"ProcessingConfiguration":%s}}`, name, tc.processors)); err != nil {
			t.Fatal(err)
		}
		st, err := r.lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		o, err := r.pipelines(st.current(), true)
		if err != nil || o[0].Config.BufferBytes != tc.bytes || o[0].Parallel != tc.parallel {
			t.Errorf("%s: %v %d %d", tc.processors, err, o[0].Config.BufferBytes, o[0].Parallel)
		}
	}
}
