package archive

import (
	"context"
	"net"
	"os/exec"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/millrace/millrace/internal/realtest"
)

// openMoto starts moto's server, an S3 of other people's making.
func openMoto(t *testing.T) string {
	program := realtest.Program(t, "moto_server")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	_, port, _ := net.SplitHostPort(address)
	cmd := exec.Command(program, "-H", "127.0.0.1", "-p", port)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close()
			return "http://" + address
		}
		if time.Now().After(deadline) {
			t.Fatal("moto does not listen")
		}
	}
}

func TestMoto(t *testing.T) {
	address := openMoto(t)
	for _, region := range []string{"us-east-1", "eu-west-1"} {
		t.Run(region, func(t *testing.T) {
			a := openRemote(t, Remote{Endpoint: address, Region: region, PathStyle: true})
			remoteConversation(t, a)
			if err := a.CreateBucket(t.Context(), "uploads-"+region); err != nil {
				t.Fatal(err)
			}
			got, err := sdkClient(address, testKey).GetBucketLocation(context.Background(), &s3.GetBucketLocationInput{Bucket: aws.String("uploads-" + region)})
			if err != nil || region == "eu-west-1" && got.LocationConstraint != "eu-west-1" {
				t.Error(got, err)
			}
		})
	}
	// Clients of our edge reach it, too, with checksums behind the data and with several parts.
	t.Run("client", func(t *testing.T) {
		testBoto3(t, openRemote(t, Remote{Endpoint: address, Region: "eu-west-1", PathStyle: true}))
	})
}
