package archive

import (
	"cmp"
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"

	"github.com/millrace/millrace/internal/aws/call"
)

// listing is the gateway's answer to ListObjectsV2.
type listing struct {
	Name, Prefix, Delimiter, EncodingType string
	MaxKeys                               int
	IsTruncated                           bool
	Contents                              []struct {
		Key, LastModified, ETag, StorageClass string
		Size                                  int64
	}
	CommonPrefixes []commonPrefix
}

type commonPrefix struct{ Prefix string }

// versionListing is the answer to ListObjectVersions.
type versionListing struct {
	XMLName                            xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListVersionsResult"`
	Name, Prefix                       string
	KeyMarker, VersionIdMarker         string
	NextKeyMarker, NextVersionIdMarker string `xml:",omitempty"`
	Delimiter                          string `xml:",omitempty"`
	MaxKeys                            int
	EncodingType                       string `xml:",omitempty"`
	IsTruncated                        bool
	Version                            []version
	CommonPrefixes                     []commonPrefix
}

// version is an object of a bucket that keeps no versions: its only one, "null".
type version struct {
	Key, VersionId     string
	IsLatest           bool
	LastModified, ETag string
	Size               int64
	StorageClass       string
}

// objectsQuery asks for the objects whose versions a client asks for. Buckets
// here keep one version of an object, so after the only one of a key comes the
// next key, whatever the version marker.
func objectsQuery(asked url.Values) url.Values {
	query := url.Values{"list-type": {"2"}}
	for _, name := range []string{"prefix", "delimiter", "max-keys", "encoding-type"} {
		if asked.Has(name) {
			query.Set(name, asked.Get(name))
		}
	}
	if marker := asked.Get("key-marker"); marker != "" {
		query.Set("start-after", marker)
	}
	return query
}

// versionsOf turns the gateway's list of objects into one of versions.
func versionsOf(text []byte, asked url.Values) ([]byte, error) {
	var objects listing
	if err := readXML(text, &objects); err != nil {
		return nil, err
	}
	out := versionListing{
		Name: objects.Name, Prefix: objects.Prefix, Delimiter: objects.Delimiter, EncodingType: objects.EncodingType, MaxKeys: objects.MaxKeys,
		KeyMarker: asked.Get("key-marker"), VersionIdMarker: asked.Get("version-id-marker"),
		IsTruncated: objects.IsTruncated, CommonPrefixes: objects.CommonPrefixes,
	}
	var names []string
	for _, o := range objects.Contents {
		names = append(names, o.Key)
		out.Version = append(out.Version, version{Key: o.Key, VersionId: "null", IsLatest: true,
			LastModified: o.LastModified, ETag: o.ETag, Size: o.Size, StorageClass: cmp.Or(o.StorageClass, "STANDARD")})
	}
	for _, p := range objects.CommonPrefixes {
		names = append(names, p.Prefix)
	}
	if out.IsTruncated && len(names) > 0 {
		out.NextKeyMarker, out.NextVersionIdMarker = slices.Max(names), "null"
	}
	body, err := xml.Marshal(out)
	return append([]byte(xml.Header), body...), err
}

// answerVersions answers ListObjectVersions from the gateway's list of objects.
func (a *Archive) answerVersions(w http.ResponseWriter, r *http.Request, c *call.Call, bucket string, asked url.Values) error {
	got, err := a.send(r.Context(), http.MethodGet, bucket, "", objectsQuery(asked), nil, plainBody(nil))
	if err != nil {
		return err
	}
	body, err := versionsOf(got.body, asked)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("x-amz-request-id", c.RequestID)
	_, _ = w.Write(body) // a client that went away needs no answer
	return nil
}
