package logformat

import (
	"fmt"
	"strings"
	"time"
)

// InstanceMetadata is what the metadata service and DescribeTags say of the server. A field that they do not give is "".
type InstanceMetadata struct {
	PrivateIP, AvailabilityZone, InstanceID, InstanceType, AccountID, AMIID, Region string

	At   time.Time // when it was asked
	Tags []Tag     // nil when tags could not be had, which leaves out the key
}

// Tag is one of an instance's, in the order in which they came.
type Tag struct{ Key, Value string }

// AddEC2MetadataSpec is what an ADDEC2METADATA option says.
type AddEC2MetadataSpec struct {
	// Metadata is asked for each record and answers from memory; who fetches it and when it grows old is the caller's affair. Nil: there is none.
	Metadata   func() *InstanceMetadata
	JSONFormat string // "" = COMPACT
}

// NewAddEC2Metadata returns ADDEC2METADATA, which puts the server's data behind the fields of a record that is a JSON object. A field that the record has already
// takes the server's value and keeps its place. While there is no metadata, records pass as they are; a record that is no JSON object is an error.
func NewAddEC2Metadata(spec AddEC2MetadataSpec) (Converter, error) {
	pretty, err := readJSONFormat(spec.JSONFormat)
	if err != nil {
		return nil, err
	}
	if spec.Metadata == nil {
		return nil, fmt.Errorf("no source of instance metadata")
	}
	return &addEC2Metadata{metadata: spec.Metadata, writer: jsonWriter{pretty: pretty}}, nil
}

type addEC2Metadata struct {
	metadata func() *InstanceMetadata
	writer   jsonWriter
}

func (c *addEC2Metadata) Convert(dst, record []byte) ([]byte, *Mismatch, error) {
	metadata := c.metadata()
	if metadata == nil {
		return append(dst, record...), nil, nil
	}
	object, _, err := parseJSON(AppendValid(nil, record)) // as with Jackson, what follows the object is not looked at
	if err != nil {
		return dst, nil, fmt.Errorf("add instance metadata: %w", err)
	}
	if object.kind != jsonObject {
		return dst, nil, fmt.Errorf("add instance metadata: record is %s, want an object", object.kind)
	}
	metadata.addTo(object)
	return append(c.writer.value(dst, object, 0), '\n'), nil, nil
}

func (m *InstanceMetadata) addTo(object *jsonNode) {
	for _, field := range [...]struct{ key, value string }{
		{"privateIp", m.PrivateIP}, {"availabilityZone", m.AvailabilityZone}, {"instanceId", m.InstanceID}, {"instanceType", m.InstanceType},
		{"accountId", m.AccountID}, {"amiId", m.AMIID}, {"region", m.Region},
		{"metadataTimestamp", m.At.Format("2006-01-02T15:04:05-0700")},
	} {
		object.put([]byte(field.key), jsonText(field.value))
	}
	if m.Tags == nil {
		return
	}
	tags := &jsonNode{kind: jsonObject}
	for _, tag := range m.Tags {
		tags.put([]byte(strings.ToLower(tag.Key)), &jsonNode{kind: jsonString, text: []byte(tag.Value)})
	}
	object.put([]byte("tags"), tags)
}

// jsonText is a string, or null for one that is not known.
func jsonText(s string) *jsonNode {
	if s == "" {
		return &jsonNode{kind: jsonLiteral, text: []byte("null")}
	}
	return &jsonNode{kind: jsonString, text: []byte(s)}
}
