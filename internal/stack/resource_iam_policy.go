package stack

import (
	"context"
	"net/url"
)

// AWS::IAM::Policy: an inline policy of one or several roles.
var iamPolicy = resourceType{
	name:   "AWS::IAM::Policy",
	naming: naming{most: 128},
	properties: object(
		required("PolicyName", textShape()),
		required("PolicyDocument", documentShape()),
		required("Roles", listOf(textShape())),
	).refusing("Groups", "Users"),

	create: func(ctx context.Context, aws AWS, t *target) error {
		for _, role := range textsOf(t.properties, "Roles") {
			if err := putRolePolicy(ctx, aws, role, t.properties); err != nil {
				return err
			}
		}
		return nil
	},
	ready: func(context.Context, AWS, *target) (bool, error) { return true, nil },
	remove: func(ctx context.Context, aws AWS, t *target) (bool, error) {
		for _, role := range textsOf(t.properties, "Roles") {
			_, err := iam(ctx, aws, "DeleteRolePolicy", url.Values{"RoleName": {role}, "PolicyName": {textOf(t.properties, "PolicyName")}})
			if err := ignoring(err, "NoSuchEntity"); err != nil {
				return false, err
			}
		}
		return true, nil
	},
}

// textsOf returns a property that is a list of texts.
func textsOf(properties map[string]any, name string) []string {
	var texts []string
	items, _ := properties[name].([]any)
	for _, item := range items {
		if s, ok := item.(string); ok {
			texts = append(texts, s)
		}
	}
	return texts
}
