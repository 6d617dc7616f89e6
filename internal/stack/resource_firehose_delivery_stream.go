package stack

import (
	"context"
	"fmt"
)

// AWS::KinesisFirehose::DeliveryStream. Ref is the name. Properties and members
// of the request have the same names; values are validated by the service.
var deliveryStream = resourceType{
	name:         "AWS::KinesisFirehose::DeliveryStream",
	nameProperty: "DeliveryStreamName",
	naming:       naming{most: 64},
	attributes:   []string{"Arn"},
	properties:   deliveryStreamShape,

	create: func(ctx context.Context, aws AWS, t *target) error {
		body := with(t.properties, map[string]any{"DeliveryStreamName": t.id, "DeliveryStreamType": "DirectPut"})
		err := firehose(ctx, aws, "CreateDeliveryStream", body, nil)
		if t.again {
			return ignoring(err, "ResourceInUseException")
		}
		return err
	},
	exists: func(ctx context.Context, aws AWS, t *target) (bool, error) {
		_, err := describeDeliveryStream(ctx, aws, t.id)
		return err == nil, ignoring(err, "ResourceNotFoundException")
	},
	ready: func(ctx context.Context, aws AWS, t *target) (bool, error) {
		d, err := describeDeliveryStream(ctx, aws, t.id)
		if err != nil {
			return false, err
		}
		if d.DeliveryStreamStatus == "CREATING_FAILED" {
			return false, fmt.Errorf("the delivery stream is in the state CREATING_FAILED: %s", d.FailureDescription.Details)
		}
		t.attributes = map[string]string{"Arn": d.DeliveryStreamARN}
		return d.DeliveryStreamStatus == "ACTIVE", nil
	},
	remove: removeDeliveryStream,
}

type deliveryStreamDescription struct {
	DeliveryStreamARN    string
	DeliveryStreamStatus string
	FailureDescription   struct{ Type, Details string }
}

func describeDeliveryStream(ctx context.Context, aws AWS, name string) (deliveryStreamDescription, error) {
	var answer struct{ DeliveryStreamDescription deliveryStreamDescription }
	err := firehose(ctx, aws, "DescribeDeliveryStream", map[string]any{"DeliveryStreamName": name}, &answer)
	return answer.DeliveryStreamDescription, err
}

// removeDeliveryStream waits for a stream that is still being created, since
// it cannot be deleted before, and for one that is being deleted.
func removeDeliveryStream(ctx context.Context, aws AWS, t *target) (bool, error) {
	d, err := describeDeliveryStream(ctx, aws, t.id)
	if hasCode(err, "ResourceNotFoundException") {
		return true, nil
	}
	if err != nil || d.DeliveryStreamStatus == "CREATING" || d.DeliveryStreamStatus == "DELETING" {
		return false, err
	}
	if d.DeliveryStreamStatus == "DELETING_FAILED" {
		return false, fmt.Errorf("the delivery stream is in the state DELETING_FAILED: %s", d.FailureDescription.Details)
	}
	err = firehose(ctx, aws, "DeleteDeliveryStream", map[string]any{"DeliveryStreamName": t.id}, nil)
	return false, ignoring(err, "ResourceNotFoundException", "ResourceInUseException")
}

func firehose(ctx context.Context, aws AWS, operation string, in, out any) error {
	return aws.JSON(ctx, "firehose", "Firehose_20150804."+operation, in, out)
}
