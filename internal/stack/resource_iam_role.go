package stack

import (
	"context"
	"encoding/xml"
	"net/url"
)

// AWS::IAM::Role with inline policies.
var iamRole = resourceType{
	name:         "AWS::IAM::Role",
	nameProperty: "RoleName",
	naming:       naming{most: 64},
	attributes:   []string{"Arn"},
	properties: object(
		required("AssumeRolePolicyDocument", documentShape()),
		optional("Policies", listOf(object(
			required("PolicyName", textShape()),
			required("PolicyDocument", documentShape()),
		))),
		optional("Path", textShape()),
		optional("RoleName", textShape()),
	).refusing("Description", "ManagedPolicyArns", "MaxSessionDuration", "PermissionsBoundary", "Tags"),

	exists: func(ctx context.Context, aws AWS, t *target) (bool, error) {
		_, err := iam(ctx, aws, "GetRole", url.Values{"RoleName": {t.id}})
		if hasCode(err, "NoSuchEntity") {
			return false, nil
		}
		return err == nil, err
	},
	create: createRole,
	ready: func(ctx context.Context, aws AWS, t *target) (bool, error) {
		body, err := iam(ctx, aws, "GetRole", url.Values{"RoleName": {t.id}})
		if err != nil {
			return false, err
		}
		var answer struct {
			ARN string `xml:"GetRoleResult>Role>Arn"`
		}
		if err := xml.Unmarshal(body, &answer); err != nil {
			return false, err
		}
		t.attributes = map[string]string{"Arn": answer.ARN}
		return true, nil
	},
	remove: func(ctx context.Context, aws AWS, t *target) (bool, error) {
		for _, policy := range mapsOf(t.properties, "Policies") {
			params := url.Values{"RoleName": {t.id}, "PolicyName": {textOf(policy, "PolicyName")}}
			if _, err := iam(ctx, aws, "DeleteRolePolicy", params); err != nil && !hasCode(err, "NoSuchEntity") {
				return false, err
			}
		}
		_, err := iam(ctx, aws, "DeleteRole", url.Values{"RoleName": {t.id}})
		return err == nil || hasCode(err, "NoSuchEntity"), ignoring(err, "NoSuchEntity")
	},
}

func createRole(ctx context.Context, aws AWS, t *target) error {
	trust, err := document(t.properties["AssumeRolePolicyDocument"])
	if err != nil {
		return err
	}
	params := url.Values{"RoleName": {t.id}, "AssumeRolePolicyDocument": {trust}}
	if path := textOf(t.properties, "Path"); path != "" {
		params.Set("Path", path)
	}
	_, err = iam(ctx, aws, "CreateRole", params)
	if err != nil && !(t.again && hasCode(err, "EntityAlreadyExists")) {
		return err
	}
	for _, policy := range mapsOf(t.properties, "Policies") {
		if err := putRolePolicy(ctx, aws, t.id, policy); err != nil {
			return err
		}
	}
	return nil
}

// putRolePolicy writes an inline policy; writing it again changes nothing.
func putRolePolicy(ctx context.Context, aws AWS, role string, policy map[string]any) error {
	text, err := document(policy["PolicyDocument"])
	if err != nil {
		return err
	}
	_, err = iam(ctx, aws, "PutRolePolicy", url.Values{
		"RoleName": {role}, "PolicyName": {textOf(policy, "PolicyName")}, "PolicyDocument": {text}})
	return err
}

func iam(ctx context.Context, aws AWS, action string, params url.Values) ([]byte, error) {
	return aws.Query(ctx, "iam", "2010-05-08", action, params)
}

// ignoring turns the error codes into success.
func ignoring(err error, codes ...string) error {
	if hasCode(err, codes...) {
		return nil
	}
	return err
}
