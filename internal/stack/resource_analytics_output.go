package stack

import "context"

// AWS::KinesisAnalytics::ApplicationOutput binds an in-application stream of
// an application to a delivery stream.
var analyticsApplicationOutput = resourceType{
	name: "AWS::KinesisAnalytics::ApplicationOutput",
	properties: object(
		required("ApplicationName", textShape()),
		required("Output", object(
			optional("Name", textShape()),
			required("DestinationSchema", object(optional("RecordFormatType", oneOf("JSON")))),
			optional("KinesisFirehoseOutput", object(required("ResourceARN", textShape()), required("RoleARN", textShape()))),
		).refusing("KinesisStreamsOutput", "LambdaOutput")),
	),
	identify: func(properties map[string]any) string {
		return textOf(properties, "ApplicationName") + "-" + outputName(properties)
	},

	exists: func(ctx context.Context, aws AWS, t *target) (bool, error) {
		d, err := describeApplication(ctx, aws, textOf(t.properties, "ApplicationName"))
		return d.outputID(outputName(t.properties)) != "", ignoring(err, "ResourceNotFoundException")
	},
	create: addApplicationOutput,
	ready:  func(context.Context, AWS, *target) (bool, error) { return true, nil },
	remove: func(ctx context.Context, aws AWS, t *target) (bool, error) {
		application := textOf(t.properties, "ApplicationName")
		d, err := describeApplication(ctx, aws, application)
		if hasCode(err, "ResourceNotFoundException") {
			return true, nil
		}
		id := d.outputID(outputName(t.properties))
		if err != nil || id == "" {
			return err == nil, err
		}
		err = analytics(ctx, aws, "DeleteApplicationOutput", map[string]any{
			"ApplicationName": application, "CurrentApplicationVersionId": d.ApplicationVersionId, "OutputId": id}, nil)
		return false, ignoring(err, "ConcurrentModificationException", "ResourceInUseException", "ResourceNotFoundException")
	},
}

// addApplicationOutput repeats itself when another output of the application
// was added between its look at the version and its call.
func addApplicationOutput(ctx context.Context, aws AWS, t *target) error {
	const attempts = 20
	application := textOf(t.properties, "ApplicationName")
	for n := 1; ; n++ {
		d, err := describeApplication(ctx, aws, application)
		if err != nil {
			return err
		}
		if t.again && d.outputID(outputName(t.properties)) != "" {
			return nil
		}
		err = analytics(ctx, aws, "AddApplicationOutput", map[string]any{
			"ApplicationName": application, "CurrentApplicationVersionId": d.ApplicationVersionId, "Output": t.properties["Output"]}, nil)
		if n == attempts || !hasCode(err, "ConcurrentModificationException") {
			return err
		}
	}
}

func outputName(properties map[string]any) string {
	output, _ := properties["Output"].(map[string]any)
	return textOf(output, "Name")
}

// outputID of the output that binds an in-application stream, "" if there is
// none.
func (d applicationDetail) outputID(name string) string {
	for _, o := range d.OutputDescriptions {
		if o.Name == name {
			return o.OutputId
		}
	}
	return ""
}
