package stack

import (
	"context"
	"strings"
)

// The parts of applications that are resources of their own: outputs, tables of
// reference data and, of the second version, logging options.
var (
	analyticsApplicationOutput = analyticsPart{api: analyticsV1, property: "Output", shape: analyticsV1.outputShape(),
		key: "Name", id: "OutputId"}.resourceType()
	analyticsApplicationOutputV2 = analyticsPart{api: analyticsV2, property: "Output", shape: analyticsV2.outputShape(),
		key: "Name", id: "OutputId"}.resourceType()
	analyticsReferenceDataSource = analyticsPart{api: analyticsV1, property: "ReferenceDataSource", shape: analyticsV1.referenceShape(),
		key: "TableName", id: "ReferenceId"}.resourceType()
	analyticsReferenceDataSourceV2 = analyticsPart{api: analyticsV2, property: "ReferenceDataSource", shape: analyticsV2.referenceShape(),
		key: "TableName", id: "ReferenceId"}.resourceType()
	analyticsLoggingOptionV2 = analyticsPart{api: analyticsV2, property: "CloudWatchLoggingOption", shape: object(required("LogStreamARN", textShape())),
		key: "LogStreamARN", id: "CloudWatchLoggingOptionId"}.resourceType()
)

// analyticsPart is how they differ.
type analyticsPart struct {
	api      analyticsAPI
	property string // that holds it; types and operations are named after it
	shape    shape
	key      string // member that tells it from the application's others
	id       string // member of its id
}

func (p analyticsPart) resourceType() resourceType {
	return resourceType{
		name:       p.api.resource + "::Application" + p.property,
		properties: object(required("ApplicationName", textShape()), required(p.property, p.shape)),
		identify: func(properties map[string]any) string {
			id := textOf(properties, "ApplicationName") + "-" + p.keyOf(properties)
			if to := p.destinationOf(properties); to != "" {
				id += "-" + to[strings.LastIndexAny(to, "/:")+1:]
			}
			return id
		},
		exists: func(ctx context.Context, aws AWS, t *target) (bool, error) {
			d, err := describeApplication(ctx, aws, textOf(t.properties, "ApplicationName"))
			return p.idIn(d, t) != "", ignoring(err, "ResourceNotFoundException")
		},
		create: p.add,
		ready:  func(context.Context, AWS, *target) (bool, error) { return true, nil },
		remove: p.remove,
	}
}

// add repeats itself when another part of the application was added between its
// look at the version and its call.
func (p analyticsPart) add(ctx context.Context, aws AWS, t *target) error {
	const attempts = 20
	application := textOf(t.properties, "ApplicationName")
	for n := 1; ; n++ {
		d, err := describeApplication(ctx, aws, application)
		if err != nil {
			return err
		}
		if t.again && p.idIn(d, t) != "" {
			return nil
		}
		err = p.api.call(ctx, aws, "AddApplication"+p.property, map[string]any{
			"ApplicationName": application, "CurrentApplicationVersionId": d.ApplicationVersionId, p.property: t.properties[p.property]}, nil)
		if n == attempts || !hasCode(err, "ConcurrentModificationException") {
			return err
		}
	}
}

func (p analyticsPart) remove(ctx context.Context, aws AWS, t *target) (bool, error) {
	application := textOf(t.properties, "ApplicationName")
	d, err := describeApplication(ctx, aws, application)
	if hasCode(err, "ResourceNotFoundException") {
		return true, nil
	}
	id := p.idIn(d, t)
	if err != nil || id == "" {
		return err == nil, err
	}
	err = p.api.call(ctx, aws, "DeleteApplication"+p.property, map[string]any{
		"ApplicationName": application, "CurrentApplicationVersionId": d.ApplicationVersionId, p.id: id}, nil)
	return false, ignoring(err, "ConcurrentModificationException", "ResourceInUseException", "ResourceNotFoundException")
}

func (p analyticsPart) keyOf(properties map[string]any) string {
	part, _ := properties[p.property].(map[string]any)
	return textOf(part, p.key)
}

// idIn is the part's id in a description, "" if it is not there.
func (p analyticsPart) idIn(d applicationDetail, t *target) string {
	descriptions := d.OutputDescriptions
	switch p.id {
	case "ReferenceId":
		descriptions = d.ReferenceDataSourceDescriptions
	case "CloudWatchLoggingOptionId":
		descriptions = d.CloudWatchLoggingOptionDescriptions
	}
	for _, part := range descriptions {
		if textOf(part, p.key) == p.keyOf(t.properties) && destination(part, "Description") == p.destinationOf(t.properties) {
			return textOf(part, p.id)
		}
	}
	return ""
}

// destinationOf is the ARN that an output goes to: one in-application stream may
// go to several. Other parts have none.
func (p analyticsPart) destinationOf(properties map[string]any) string {
	part, _ := properties[p.property].(map[string]any)
	return destination(part, "")
}

func destination(part map[string]any, suffix string) string {
	for _, kind := range []string{"KinesisFirehoseOutput", "LambdaOutput"} {
		if to, ok := part[kind+suffix].(map[string]any); ok {
			return textOf(to, "ResourceARN")
		}
	}
	return ""
}
