package main

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"sort"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/aws/awserr"
)

const (
	cloudFormation        = "cloudformation"
	cloudFormationVersion = "2010-05-15"
)

// awsClient is the part of edge.Client that a deployment uses: what any AWS
// client could do.
type awsClient interface {
	Query(ctx context.Context, service, version, action string, form url.Values) ([]byte, error)
	JSON(ctx context.Context, service, target string, in, out any) error
}

// deployment is one stack that `up` brings up.
type deployment struct {
	Stack      string
	Template   string // its text
	File       string // named in diagnostics
	Parameters map[string]string
}

// stackDescription is what is read back of DescribeStacks.
type stackDescription struct {
	Status     string `xml:"StackStatus"`
	Reason     string `xml:"StackStatusReason"`
	Parameters []struct {
		Key   string `xml:"ParameterKey"`
		Value string `xml:"ParameterValue"`
	} `xml:"Parameters>member"`
}

// Deploy creates the stack, or goes on with the one that is there, waits until
// it is complete, and starts its applications, which CloudFormation never does.
func (d deployment) Deploy(ctx context.Context, aws awsClient) (stackDescription, error) {
	stack, err := d.describe(ctx, aws)
	switch {
	case isNoStack(err):
		err = d.create(ctx, aws)
	case err == nil && stack.Status == "ROLLBACK_COMPLETE":
		// as on AWS such a stack can only be deleted; its resources are gone
		if err = d.delete(ctx, aws); err == nil {
			err = d.create(ctx, aws)
		}
	case err == nil:
		err = d.unchanged(ctx, aws, stack)
	}
	if err != nil {
		return stack, fmt.Errorf("deploy stack %q: %w", d.Stack, err)
	}
	if stack, err = d.await(ctx, aws); err != nil {
		return stack, fmt.Errorf("deploy stack %q: %w", d.Stack, err)
	}
	return stack, d.startApplications(ctx, aws)
}

func (d deployment) describe(ctx context.Context, aws awsClient) (stackDescription, error) {
	body, err := aws.Query(ctx, cloudFormation, cloudFormationVersion, "DescribeStacks", url.Values{"StackName": {d.Stack}})
	if err != nil {
		return stackDescription{}, err
	}
	var answer struct {
		Stacks []stackDescription `xml:"DescribeStacksResult>Stacks>member"`
	}
	if err := xml.Unmarshal(body, &answer); err != nil || len(answer.Stacks) == 0 {
		return stackDescription{}, fmt.Errorf("read the description of stack %q: %v", d.Stack, err)
	}
	return answer.Stacks[0], nil
}

func isNoStack(err error) bool {
	var e *awserr.Error
	return errors.As(err, &e) && e.Code == "ValidationError" && strings.Contains(e.Message, "does not exist")
}

func (d deployment) create(ctx context.Context, aws awsClient) error {
	form := url.Values{
		"StackName": {d.Stack}, "TemplateBody": {d.Template},
		"Capabilities.member.1": {"CAPABILITY_NAMED_IAM"},
	}
	names := make([]string, 0, len(d.Parameters))
	for name := range d.Parameters {
		names = append(names, name)
	}
	sort.Strings(names)
	for i, name := range names {
		form.Set(fmt.Sprintf("Parameters.member.%d.ParameterKey", i+1), name)
		form.Set(fmt.Sprintf("Parameters.member.%d.ParameterValue", i+1), d.Parameters[name])
	}
	_, err := aws.Query(ctx, cloudFormation, cloudFormationVersion, "CreateStack", form)
	return d.placed(err)
}

var templatePlace = regexp.MustCompile(`\btemplate:(\d+:\d+)\b`)

// named puts the file's name into places: CloudFormation knows the template's
// text alone.
func (d deployment) named(places string) string {
	return templatePlace.ReplaceAllString(places, strings.ReplaceAll(d.File, "$", "$$")+":$1")
}

// placed makes diagnostics of a template into those of its file.
func (d deployment) placed(err error) error {
	var e *awserr.Error
	if !errors.As(err, &e) || !templatePlace.MatchString(e.Message) {
		return err
	}
	diagnostics := strings.TrimPrefix(e.Message, "Template format error: ")
	return badFile(fmt.Errorf("the template of stack %q is refused (%s):\n%s", d.Stack, e.Code, d.named(diagnostics)))
}

func (d deployment) delete(ctx context.Context, aws awsClient) error {
	if _, err := aws.Query(ctx, cloudFormation, cloudFormationVersion, "DeleteStack", url.Values{"StackName": {d.Stack}}); err != nil {
		return err
	}
	for {
		stack, err := d.describe(ctx, aws)
		switch {
		case isNoStack(err):
			return nil
		case err != nil:
			return err
		case strings.HasSuffix(stack.Status, "_FAILED"):
			return fmt.Errorf("%s: %s", stack.Status, stack.Reason)
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

// unchanged refuses another template, or other parameters, for a stack that is
// there: there is no UpdateStack that could carry it out. Parameters that are
// not given keep their values.
func (d deployment) unchanged(ctx context.Context, aws awsClient, stack stackDescription) error {
	body, err := aws.Query(ctx, cloudFormation, cloudFormationVersion, "GetTemplate", url.Values{"StackName": {d.Stack}})
	if err != nil {
		return err
	}
	var answer struct {
		Template string `xml:"GetTemplateResult>TemplateBody"`
	}
	if err := xml.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("read the template of the stack: %w", err)
	}
	if strings.TrimSpace(answer.Template) != strings.TrimSpace(d.Template) {
		return fmt.Errorf("%s differs from the template that the stack was made from, and stacks cannot be updated yet; "+
			"delete the stack (start millrace up without it, then aws cloudformation delete-stack --stack-name %s) or give another --stack", d.File, d.Stack)
	}
	for _, p := range stack.Parameters {
		// a parameter with NoEcho is shown as asterisks and cannot be compared
		if given, ok := d.Parameters[p.Key]; ok && given != p.Value && strings.Trim(p.Value, "*") != "" {
			return fmt.Errorf("--parameter %s=%s: the stack was made with %s, and stacks cannot be updated yet; leave it out, "+
				"or delete the stack first, or give another --stack", p.Key, given, p.Value)
		}
	}
	return nil
}

// await waits for the end of a creation and tells why it failed.
func (d deployment) await(ctx context.Context, aws awsClient) (stackDescription, error) {
	for {
		stack, err := d.describe(ctx, aws)
		if err != nil {
			return stack, err
		}
		switch stack.Status {
		case "CREATE_COMPLETE":
			return stack, nil
		case "CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS":
		default:
			return stack, fmt.Errorf("%s: %s", stack.Status, d.whyFailed(ctx, aws, stack.Reason))
		}
		if err := pause(ctx); err != nil {
			return stack, err
		}
	}
}

// stackEvent is what is read of DescribeStackEvents and DescribeStackResources.
type stackEvent struct {
	LogicalID  string `xml:"LogicalResourceId"`
	PhysicalID string `xml:"PhysicalResourceId"`
	Type       string `xml:"ResourceType"`
	Status     string `xml:"ResourceStatus"`
	Reason     string `xml:"ResourceStatusReason"`
}

func (d deployment) events(ctx context.Context, aws awsClient) ([]stackEvent, error) {
	body, err := aws.Query(ctx, cloudFormation, cloudFormationVersion, "DescribeStackEvents", url.Values{"StackName": {d.Stack}})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Events []stackEvent `xml:"DescribeStackEventsResult>StackEvents>member"`
	}
	err = xml.Unmarshal(body, &answer)
	return answer.Events, err
}

// whyFailed finds the first resource that failed: the stack's own reason only
// names it.
func (d deployment) whyFailed(ctx context.Context, aws awsClient, reason string) string {
	events, err := d.events(ctx, aws)
	if err != nil {
		return reason
	}
	for i := len(events) - 1; i >= 0; i-- { // oldest first
		if e := events[i]; e.Status == "CREATE_FAILED" && e.LogicalID != d.Stack {
			return fmt.Sprintf("%s (%s): %s", e.LogicalID, e.Type, d.named(e.Reason))
		}
	}
	return reason
}

// startApplications starts the stack's analytics applications and waits until
// they run.
func (d deployment) startApplications(ctx context.Context, aws awsClient) error {
	events, err := d.events(ctx, aws)
	if err != nil {
		return err
	}
	started := map[string]bool{}
	for _, e := range events {
		application := e.Type == "AWS::KinesisAnalytics::Application" || e.Type == "AWS::KinesisAnalyticsV2::Application"
		if application && e.Status == "CREATE_COMPLETE" && !started[e.PhysicalID] {
			started[e.PhysicalID] = true
			if err := startApplication(ctx, aws, e.PhysicalID); err != nil {
				return fmt.Errorf("start application %q of stack %q: %w", e.PhysicalID, d.Stack, err)
			}
		}
	}
	return nil
}

func startApplication(ctx context.Context, aws awsClient, name string) error {
	const service, prefix = "kinesisanalytics", "KinesisAnalytics_20150814."
	for {
		var described struct {
			ApplicationDetail struct {
				ApplicationStatus string
				InputDescriptions []struct{ InputId string }
			}
		}
		named := map[string]any{"ApplicationName": name}
		if err := aws.JSON(ctx, service, prefix+"DescribeApplication", named, &described); err != nil {
			return err
		}
		switch app := described.ApplicationDetail; app.ApplicationStatus {
		case "RUNNING":
			return nil
		case "READY":
			inputs := []map[string]any{}
			for _, in := range app.InputDescriptions {
				inputs = append(inputs, map[string]any{
					"Id":                                 in.InputId,
					"InputStartingPositionConfiguration": map[string]any{"InputStartingPosition": "LAST_STOPPED_POINT"},
				})
			}
			named["InputConfigurations"] = inputs
			if err := aws.JSON(ctx, service, prefix+"StartApplication", named, nil); err != nil {
				return err
			}
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

// pause is how long a waiter waits before it asks again.
func pause(ctx context.Context) error {
	select {
	case <-time.After(20 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
