package archive

import (
	"context"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Every object has one version, "null", in pages of any size, and a bucket can
// be emptied by what is listed, as Terraform does.
func TestVersions(t *testing.T) { onEach(t, testVersions) }

func testVersions(t *testing.T, a *Archive) {
	ctx := context.Background()
	client := sdkClient(openEdge(t, a), testKey)
	bucket := aws.String("bucket")
	if _, err := client.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: bucket}); errorCode(err) != "NoSuchBucket" {
		t.Error(err)
	}
	if err := a.CreateBucket(ctx, *bucket); err != nil {
		t.Fatal(err)
	}
	want := []string{"a/1", "a/2", "b", "c ü+&", "d/1"}
	for _, key := range want {
		if err := a.Put(ctx, *bucket, key, []byte(key), nil); err != nil {
			t.Fatal(err)
		}
	}
	var delete []types.ObjectIdentifier
	for size := range int32(len(want) + 1) {
		delete = nil
		var got []string
		pages := s3.NewListObjectVersionsPaginator(client, &s3.ListObjectVersionsInput{Bucket: bucket, MaxKeys: aws.Int32(size + 1)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range page.Versions {
				if *v.VersionId != "null" || !*v.IsLatest || *v.Size != int64(len(*v.Key)) || v.LastModified == nil || v.ETag == nil {
					t.Errorf("%s: %+v", *v.Key, v)
				}
				got = append(got, *v.Key)
				delete = append(delete, types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("pages of %d: %q", size+1, got)
		}
	}

	folders, err := client.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: bucket, Delimiter: aws.String("/"), KeyMarker: aws.String("a/2")})
	if err != nil {
		t.Fatal(err)
	}
	if len(folders.Versions) != 2 || len(folders.CommonPrefixes) != 1 || *folders.CommonPrefixes[0].Prefix != "d/" {
		t.Errorf("%+v", folders)
	}
	under, err := client.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: bucket, Prefix: aws.String("a/"), KeyMarker: aws.String("a/1")})
	if err != nil || len(under.Versions) != 1 || *under.Versions[0].Key != "a/2" {
		t.Errorf("%v %+v", err, under)
	}

	if out, err := client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bucket, Delete: &types.Delete{Objects: delete}}); err != nil || len(out.Errors) > 0 {
		t.Fatal(err, out)
	}
	if _, err := client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket}); err != nil {
		t.Error(err)
	}
}
