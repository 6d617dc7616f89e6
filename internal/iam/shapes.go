package iam

import (
	"net/url"
	"strings"
	"time"
)

type tag struct{ Key, Value string }

// tagShape shows an empty value, too, as clients expect.
type tagShape struct {
	Key   string
	Value *string
}

func shapesOf(tags []tag) []tagShape {
	var shapes []tagShape
	for i := range tags {
		shapes = append(shapes, tagShape{tags[i].Key, &tags[i].Value})
	}
	return shapes
}

// roleShape is a role as IAM shows it.
type roleShape struct {
	Path                     string
	RoleName                 string
	RoleId                   string
	Arn                      string
	CreateDate               time.Time
	AssumeRolePolicyDocument string
	Description              string
	MaxSessionDuration       int64
	Tags                     []tagShape
}

func (r *role) shape() *roleShape {
	return &roleShape{r.Path, r.Name, r.ID, r.ARN, r.Created, escape(r.Trust), r.Description, r.MaxSession, shapesOf(r.Tags)}
}

// escape writes a document as answers carry it: URL-encoded after RFC 3986.
func escape(document string) string { return strings.ReplaceAll(url.QueryEscape(document), "+", "%20") }
