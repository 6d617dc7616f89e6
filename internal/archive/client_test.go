package archive

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/edge"
	"github.com/millrace/millrace/internal/aws/sigv4"
	"github.com/millrace/millrace/internal/realtest"
	"github.com/millrace/millrace/internal/record"
)

func sdkClient(address, key string) *s3.Client {
	return s3.New(s3.Options{BaseEndpoint: aws.String(address), Region: "eu-west-1", UsePathStyle: true, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(key, testSecret, "")})
}

func errorCode(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	return ""
}

func TestSDK(t *testing.T) { onEach(t, testSDK) }

func testSDK(t *testing.T, a *Archive) {
	ctx := context.Background()
	client := sdkClient(openEdge(t, a), testKey)
	bucket, key := aws.String("bucket"), aws.String("logs/2026/ü +=&?#%.gz")
	if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket, CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "eu-west-1"}}); err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{"", "hello"} {
		_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader(body), ContentType: aws.String("text/plain"),
			ContentEncoding: aws.String("gzip"), Metadata: map[string]string{"who": "a  b"}, ChecksumAlgorithm: types.ChecksumAlgorithmSha256})
		if err != nil {
			t.Fatal(err)
		}
		got, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key, ChecksumMode: types.ChecksumModeEnabled})
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(got.Body)
		if err != nil || string(text) != body || *got.ContentType != "text/plain" || aws.ToString(got.ContentEncoding) != "gzip" || got.ChecksumSHA256 == nil {
			t.Errorf("%q %v %+v", text, err, got)
		}
	}
	if _, err := client.CopyObject(ctx, &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copy"), CopySource: aws.String("bucket/" + url.PathEscape(*key))}); err != nil {
		t.Error(err)
	}
	list, err := client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket, Delimiter: aws.String("/")})
	if err != nil || len(list.Contents) != 1 || len(list.CommonPrefixes) != 1 {
		t.Error(list, err)
	}
	if _, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("none")}); errorCode(err) != "NoSuchKey" {
		t.Error(err)
	}
	if _, err := client.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: bucket, Policy: aws.String("{}")}); errorCode(err) != "NotImplemented" || !strings.Contains(err.Error(), "policy") {
		t.Error(err)
	}
	if _, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, ServerSideEncryption: types.ServerSideEncryptionAes256}); errorCode(err) != "NotImplemented" || !strings.Contains(err.Error(), "encryption") {
		t.Error(err)
	}
	if _, err := client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket}); errorCode(err) != "BucketNotEmpty" {
		t.Error(err)
	}
	deleted, err := client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bucket, Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: key}, {Key: aws.String("copy")}, {Key: aws.String("none")}}}})
	if err != nil || len(deleted.Errors) > 0 {
		t.Error(deleted, err)
	}
	if _, err := client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket}); err != nil {
		t.Error(err)
	}
}

func TestSDKPresigned(t *testing.T) { onEach(t, testPresigned) }

func testPresigned(t *testing.T, a *Archive) {
	ctx := context.Background()
	if err := errors.Join(a.CreateBucket(ctx, "bucket"), a.Put(ctx, "bucket", "a b", []byte("hello"), nil)); err != nil {
		t.Fatal(err)
	}
	r, err := s3.NewPresignClient(sdkClient(openEdge(t, a), testKey)).PresignGetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("a b"), ResponseContentType: aws.String("text/x")})
	if err != nil {
		t.Fatal(err)
	}
	got, err := http.Get(r.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	text, _ := io.ReadAll(got.Body)
	if got.StatusCode != 200 || string(text) != "hello" || got.Header.Get("Content-Type") != "text/x" {
		t.Error(got.Status, got.Header, string(text))
	}
}

// A role has its policies, in S3's words.
func TestRole(t *testing.T) { onEach(t, testRole) }

func testRole(t *testing.T, a *Archive) {
	ctx := context.Background()
	if err := errors.Join(a.CreateBucket(ctx, "bucket"), a.Put(ctx, "bucket", "secret", []byte("x"), nil)); err != nil {
		t.Fatal(err)
	}
	client := sdkClient(openEdge(t, a), roleKey)
	put := func(key string) error {
		_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String(key), Body: strings.NewReader("x")})
		return err
	}
	if err := put("logs/1"); err != nil {
		t.Error(err)
	}
	_, list := client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("bucket")})
	_, all := client.ListBuckets(ctx, nil)
	_, copied := client.CopyObject(ctx, &s3.CopyObjectInput{Bucket: aws.String("bucket"), Key: aws.String("logs/2"), CopySource: aws.String("bucket/secret")})
	_, deleted := client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: aws.String("bucket"), Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: aws.String("secret")}}}})
	for name, err := range map[string]error{"other key": put("other"), "list": list, "list buckets": all, "copy of what it may not read": copied, "delete": deleted} {
		if errorCode(err) != "AccessDenied" || !strings.Contains(err.Error(), "arn:aws:sts::000000000000:assumed-role/web/i-1 is not authorized to perform: s3:") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if r, err := a.Get(ctx, "bucket", "secret"); err != nil {
		t.Error("it is gone:", err)
	} else {
		r.Close()
	}
}

// A body that is not what was signed leaves nothing behind, however it came.
func TestWrongBodyLeavesNoObject(t *testing.T) { onEach(t, testWrongBodyLeavesNoObject) }

func testWrongBodyLeavesNoObject(t *testing.T, a *Archive) {
	ctx := context.Background()
	if err := a.CreateBucket(ctx, "bucket"); err != nil {
		t.Fatal(err)
	}
	address := openEdge(t, a)
	send := func(body, signed string, header map[string]string) string {
		r, _ := http.NewRequest("PUT", address+"/bucket/key", strings.NewReader(body))
		for name, value := range header {
			r.Header.Set(name, value)
		}
		signer := sigv4.Signer{AccessKeyID: testKey, Secret: testSecret, Region: "eu-west-1", Service: "s3"}
		if err := signer.Sign(r, signed, time.Now()); err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		_, code, _ := strings.Cut(string(text), "<Code>")
		code, _, _ = strings.Cut(code, "</Code>")
		return code
	}
	large := strings.Repeat("a", 300<<10)
	trailer := map[string]string{"X-Amz-Trailer": "x-amz-checksum-crc32", "X-Amz-Decoded-Content-Length": "5", "Content-Encoding": "aws-chunked"}
	for _, c := range []struct {
		name, body, signed string
		header             map[string]string
		want               string
	}{
		{"hash of another", "hello", sigv4.HashOf([]byte("hallo")), nil, "XAmzContentSHA256Mismatch"},
		{"hash of another, large", large, sigv4.HashOf([]byte("hallo")), nil, "XAmzContentSHA256Mismatch"},
		{"hash of another, empty", "", sigv4.HashOf([]byte("hallo")), nil, "XAmzContentSHA256Mismatch"},
		{"checksum of another", "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", unsignedFrame, trailer, "BadDigest"},
		{"checksum missing", "5\r\nhello\r\n0\r\n\r\n", unsignedFrame, trailer, "IncompleteBody"},
		{"framing cut", "5\r\nhello\r\n", unsignedFrame, trailer, "IncompleteBody"},
		{"MD5 of another", "hello", unsignedPayload, map[string]string{"Content-Md5": "AAAAAAAAAAAAAAAAAAAAAA=="}, "BadDigest"},
	} {
		if got := send(c.body, c.signed, c.header); got != c.want {
			t.Errorf("%s: %q, want %s", c.name, got, c.want)
		}
	}
	time.Sleep(200 * time.Millisecond) // an upload that was cut is not waited for
	if _, err := a.Get(ctx, "bucket", "key"); code(err) != "S3.NoSuchKey" {
		t.Errorf("an object is there: %v", err)
	}
	if got := send("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", unsignedFrame, trailer); got != "" {
		t.Error("right checksum:", got)
	}
}

// What cannot be made durable is not answered as done.
func TestNoAnswerWithoutSync(t *testing.T) {
	a, ctx := openTest(t), context.Background()
	if err := a.CreateBucket(ctx, "bucket"); err != nil {
		t.Fatal(err)
	}
	client := sdkClient(openEdge(t, a), testKey)
	_ = a.buckets.root.Close()
	if err := a.Put(ctx, "bucket", "key", []byte("x"), nil); err == nil || record.IsPermanent(err) {
		t.Errorf("put: %v", err)
	}
	_, put := client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key"), Body: strings.NewReader("x")})
	_, deleted := client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")})
	for name, err := range map[string]error{"put": put, "delete": deleted} {
		if errorCode(err) != "InternalError" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Stacks and pages reach buckets through the edge's handler in memory.
func TestBucketsThroughTheEdgeInMemory(t *testing.T) { onEach(t, testBucketsThroughTheEdgeInMemory) }

func testBucketsThroughTheEdgeInMemory(t *testing.T, a *Archive) {
	ctx := context.Background()
	client := edge.NewClient(newEdge(a), sigv4.Signer{AccessKeyID: testKey, Secret: testSecret, Region: "eu-west-1"})
	if err := client.S3(ctx, "PUT", "/bucket", nil); err != nil {
		t.Error(err)
	}
	if err := client.S3(ctx, "PUT", "/bucket", nil); !awserr.Is(err, "BucketAlreadyOwnedByYou") {
		t.Error(err)
	}
	if err := client.S3(ctx, "HEAD", "/nowhere", nil); awserr.From(err).Status != http.StatusNotFound {
		t.Error(err)
	}
	if err := client.S3(ctx, "PUT", "/bucket/key", []byte("x")); err != nil {
		t.Error(err)
	}
	if err := client.S3(ctx, "DELETE", "/bucket", nil); !awserr.Is(err, "BucketNotEmpty") {
		t.Error(err)
	}
}

// clientEnvironment is what an AWS client is told by `millrace env`.
func clientEnvironment(address, home string) []string {
	return append(os.Environ(), "AWS_ENDPOINT_URL="+address, "AWS_ACCESS_KEY_ID="+testKey, "AWS_SECRET_ACCESS_KEY="+testSecret, "AWS_DEFAULT_REGION=eu-west-1",
		"AWS_CONFIG_FILE="+filepath.Join(home, "config"), "AWS_SHARED_CREDENTIALS_FILE="+filepath.Join(home, "credentials"), "AWS_EC2_METADATA_DISABLED=true")
}

func TestAWSCLI(t *testing.T) { onEach(t, testAWSCLI) }

func testAWSCLI(t *testing.T, a *Archive) {
	realtest.Program(t, "aws")
	home := t.TempDir()
	address := openEdge(t, a)
	cli := func(arguments ...string) string {
		cmd := exec.Command("aws", arguments...)
		cmd.Env = clientEnvironment(address, home)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("aws %s: %v\n%s", strings.Join(arguments, " "), err, out)
		}
		return string(out)
	}
	large := make([]byte, 20<<20)
	_, _ = rand.Read(large)
	from, to := filepath.Join(home, "large"), filepath.Join(home, "back")
	if err := os.WriteFile(from, large, 0o600); err != nil {
		t.Fatal(err)
	}
	cli("s3", "mb", "s3://bucket")
	cli("s3", "cp", from, "s3://bucket/a/large") // multipart
	cli("s3", "cp", "s3://bucket/a/large", to)   // in ranges
	if back, err := os.ReadFile(to); err != nil || !bytes.Equal(back, large) {
		t.Error("20 MB came back changed", err)
	}
	if out := cli("s3", "ls", "s3://bucket/a/"); !strings.Contains(out, "20971520 large") {
		t.Error(out)
	}
	if out := cli("s3", "ls"); !strings.Contains(out, " bucket") {
		t.Error(out)
	}
	if err := a.Put(context.Background(), "bucket", "small", []byte("hello"), nil); err != nil {
		t.Fatal(err)
	}
	response, err := http.Get(strings.TrimSpace(cli("s3", "presign", "s3://bucket/small")))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if text, _ := io.ReadAll(response.Body); response.StatusCode != 200 || string(text) != "hello" {
		t.Error("presigned:", response.Status, string(text))
	}
	cli("s3", "rm", "s3://bucket/small")
	cli("s3", "rb", "--force", "s3://bucket")
	if out := cli("s3", "ls"); out != "" {
		t.Error(out)
	}
}

const boto = `
import boto3, io, botocore.config, urllib.request
s3 = boto3.client('s3')
s3.create_bucket(Bucket='bucket', CreateBucketConfiguration={'LocationConstraint': 'eu-west-1'})
s3.upload_fileobj(io.BytesIO(b'x' * (9 << 20)), 'bucket', 'logs/large')
assert s3.head_object(Bucket='bucket', Key='logs/large')['ContentLength'] == 9 << 20
assert s3.get_object(Bucket='bucket', Key='logs/large', Range='bytes=0-4')['Body'].read() == b'xxxxx'
s3.put_object(Bucket='bucket', Key='small', Body=b'hello', Metadata={'a': 'b'}, ContentType='text/plain')
got = s3.get_object(Bucket='bucket', Key='small')
assert got['Body'].read() == b'hello' and got['Metadata'] == {'a': 'b'} and got['ContentType'] == 'text/plain'
assert [o['Key'] for o in s3.list_objects_v2(Bucket='bucket')['Contents']] == ['logs/large', 'small']
v4 = boto3.client('s3', config=botocore.config.Config(signature_version='s3v4'))
for client in s3, v4:
    url = client.generate_presigned_url('get_object', Params={'Bucket': 'bucket', 'Key': 'small'})
    assert urllib.request.urlopen(url).read() == b'hello', url
try:
    s3.get_object(Bucket='bucket', Key='none')
    raise SystemExit('found what is not there')
except s3.exceptions.NoSuchKey:
    pass
s3.delete_objects(Bucket='bucket', Delete={'Objects': [{'Key': 'small'}, {'Key': 'logs/large'}]})
s3.delete_bucket(Bucket='bucket')
print('done')
`

func TestBoto3(t *testing.T) { onEach(t, testBoto3) }

func testBoto3(t *testing.T, a *Archive) {
	cmd := exec.Command(realtest.Python(t, "boto3"), "-c", boto)
	cmd.Env = clientEnvironment(openEdge(t, a), t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "done\n" {
		t.Fatalf("%v\n%s", err, out)
	}
}
