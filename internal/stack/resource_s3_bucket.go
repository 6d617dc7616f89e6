package stack

import (
	"context"
	"net/http"
	"net/url"
)

// AWS::S3::Bucket. A bucket that holds objects cannot be deleted, as on AWS:
// DeletionPolicy Retain lets its stack go all the same.
var s3Bucket = resourceType{
	name:         "AWS::S3::Bucket",
	nameProperty: "BucketName",
	naming:       naming{most: 63, lower: true},
	attributes:   []string{"Arn", "DomainName", "RegionalDomainName"},
	properties: object(optional("BucketName", textShape())).refusing(
		"AbacStatus", "AccelerateConfiguration", "AccessControl", "AnalyticsConfigurations", "BucketEncryption", "BucketNamePrefix",
		"BucketNamespace", "CorsConfiguration", "IntelligentTieringConfigurations", "InventoryConfigurations", "LifecycleConfiguration",
		"LoggingConfiguration", "MetadataConfiguration", "MetadataTableConfiguration", "MetricsConfigurations", "NotificationConfiguration",
		"ObjectLockConfiguration", "ObjectLockEnabled", "OwnershipControls", "PublicAccessBlockConfiguration", "ReplicationConfiguration",
		"Tags", "VersioningConfiguration", "WebsiteConfiguration"),

	exists: func(ctx context.Context, aws AWS, t *target) (bool, error) {
		err := aws.S3(ctx, http.MethodHead, "/"+url.PathEscape(t.id), nil)
		if notFound(err) {
			return false, nil
		}
		return err == nil, err
	},
	create: func(ctx context.Context, aws AWS, t *target) error {
		err := aws.S3(ctx, http.MethodPut, "/"+url.PathEscape(t.id), nil)
		if t.again && hasCode(err, "BucketAlreadyOwnedByYou", "BucketAlreadyExists") {
			return nil
		}
		return err
	},
	ready: func(_ context.Context, _ AWS, t *target) (bool, error) {
		t.attributes = map[string]string{
			"Arn":                "arn:aws:s3:::" + t.id,
			"DomainName":         t.id + ".s3.amazonaws.com",
			"RegionalDomainName": t.id + ".s3." + t.region + ".amazonaws.com",
		}
		return true, nil
	},
	remove: func(ctx context.Context, aws AWS, t *target) (bool, error) {
		err := aws.S3(ctx, http.MethodDelete, "/"+url.PathEscape(t.id), nil)
		if notFound(err) {
			return true, nil
		}
		return err == nil, err
	},
}
