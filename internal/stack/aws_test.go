package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/millrace/millrace/internal/aws/awserr"
)

// cloud is AWS in memory: it keeps what exists, refuses what AWS refuses and
// records every call that changes something.
type cloud struct {
	mu    sync.Mutex
	calls []string
	// things by kind and name: "bucket/logs", "policy/role/inline".
	things map[string]map[string]any
	// refuse answers an error for a call, if it wants to.
	refuse func(call string) error
	// before is called before each call that changes something.
	before func(call string)
}

func newCloud() *cloud { return &cloud{things: map[string]map[string]any{}} }

func (c *cloud) names() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := make([]string, 0, len(c.things))
	for n := range c.things {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

func (c *cloud) changing(call string) error {
	if c.before != nil {
		c.before(call)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, call)
	if c.refuse != nil {
		return c.refuse(call)
	}
	return nil
}

func (c *cloud) add(thing string, properties map[string]any, exists *awserr.Error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.things[thing] != nil {
		return exists
	}
	if properties == nil {
		properties = map[string]any{}
	}
	c.things[thing] = properties
	return nil
}

func (c *cloud) drop(thing string, absent *awserr.Error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.things[thing] == nil {
		return absent
	}
	delete(c.things, thing)
	return nil
}

func (c *cloud) get(thing string) map[string]any {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.things[thing]
}

func (c *cloud) S3(_ context.Context, method, path string, _ []byte) error {
	thing := "bucket" + path
	absent := (&awserr.Error{Code: "NoSuchBucket", Message: "The specified bucket does not exist"}).With(http.StatusNotFound)
	if method == http.MethodHead {
		if c.get(thing) == nil {
			return absent
		}
		return nil
	}
	if err := c.changing(method + " " + path); err != nil {
		return err
	}
	if method == http.MethodDelete {
		return c.drop(thing, absent)
	}
	_ = c.add(thing, nil, nil) // PUT of one's own bucket succeeds again
	return nil
}

func (c *cloud) Query(_ context.Context, _, _, action string, p url.Values) ([]byte, error) {
	role := "role/" + p.Get("RoleName")
	absent := awserr.New("NoSuchEntity", "The role with name %s cannot be found.", p.Get("RoleName")).With(http.StatusNotFound)
	if action == "GetRole" {
		if c.get(role) == nil {
			return nil, absent
		}
		return fmt.Appendf(nil, `<GetRoleResponse><GetRoleResult><Role><Arn>arn:aws:iam::000000000000:%s</Arn></Role></GetRoleResult></GetRoleResponse>`, role), nil
	}
	if err := c.changing(action + " " + p.Get("RoleName") + " " + p.Get("PolicyName")); err != nil {
		return nil, err
	}
	policy := "policy/" + p.Get("RoleName") + "/" + p.Get("PolicyName")
	switch action {
	case "CreateRole":
		return nil, c.add(role, nil, awserr.New("EntityAlreadyExists", "Role exists.").With(http.StatusConflict))
	case "DeleteRole":
		for _, n := range c.names() {
			if strings.HasPrefix(n, "policy/"+p.Get("RoleName")+"/") {
				return nil, awserr.New("DeleteConflict", "Cannot delete entity, must delete policies first.").With(http.StatusConflict)
			}
		}
		return nil, c.drop(role, absent)
	case "PutRolePolicy":
		if c.get(role) == nil {
			return nil, absent
		}
		_ = c.drop(policy, nil)
		return nil, c.add(policy, map[string]any{"document": p.Get("PolicyDocument")}, nil)
	case "DeleteRolePolicy":
		return nil, c.drop(policy, absent)
	}
	panic("unexpected action " + action)
}

func (c *cloud) JSON(_ context.Context, _, target string, in, out any) error {
	_, operation, _ := strings.Cut(target, ".")
	body := in.(map[string]any)
	if _, err := json.Marshal(body); err != nil {
		return err
	}
	name := textOf(body, "DeliveryStreamName") + textOf(body, "ApplicationName")
	if !strings.HasPrefix(operation, "Describe") {
		if err := c.changing(operation + " " + name); err != nil {
			return err
		}
	}
	absent := awserr.New("ResourceNotFoundException", "%s not found.", name)
	inUse := awserr.New("ResourceInUseException", "%s already exists", name)
	switch operation {
	case "CreateDeliveryStream":
		return c.add("stream/"+name, body, inUse)
	case "DeleteDeliveryStream":
		return c.drop("stream/"+name, absent)
	case "DescribeDeliveryStream":
		if c.get("stream/"+name) == nil {
			return absent
		}
		return answer(out, `{"DeliveryStreamDescription":{"DeliveryStreamARN":"arn:aws:firehose:us-east-1:000000000000:deliverystream/%s","DeliveryStreamStatus":"%s"}}`,
			name, c.step("stream/"+name, "CREATING", "ACTIVE"))
	case "CreateApplication":
		return c.add("application/"+name, body, inUse)
	case "DeleteApplication":
		if body["CreateTimestamp"] != json.Number("1445555555.5") {
			return awserr.New("ResourceNotFoundException", "wrong timestamp %v", body["CreateTimestamp"])
		}
		return c.drop("application/"+name, absent)
	}
	return c.application(operation, name, body, out, absent)
}

// application answers what reads or changes one.
func (c *cloud) application(operation, name string, body map[string]any, out any, absent error) error {
	a := c.get("application/" + name)
	if a == nil {
		return absent
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	parts, _ := a["parts"].([]cloudPart)
	version := fmt.Sprint(len(parts) + 1)
	if strings.HasSuffix(operation, "Configuration") { // makes no version
		a["maintenance"] = body
		return nil
	}
	if operation != "DescribeApplication" && fmt.Sprint(body["CurrentApplicationVersionId"]) != version {
		return awserr.New("ConcurrentModificationException", "version is %s", version)
	}
	for _, p := range []analyticsPart{{property: "Output", key: "Name", id: "OutputId"}, {property: "ReferenceDataSource", key: "TableName", id: "ReferenceId"},
		{property: "CloudWatchLoggingOption", key: "LogStreamARN", id: "CloudWatchLoggingOptionId"}} {
		switch operation {
		case "AddApplication" + p.property:
			a["parts"] = append(parts, cloudPart{p.property, p.keyOf(body), p.destinationOf(body)})
			a["added "+p.property] = body[p.property]
			return nil
		case "DeleteApplication" + p.property:
			a["parts"] = slices.DeleteFunc(parts, func(part cloudPart) bool { return part.id() == body[p.id] })
			return nil
		}
	}
	switch operation {
	case "DescribeApplication":
		return answer(out, `{"ApplicationDetail":{"ApplicationStatus":"READY","ApplicationVersionId":%s,"CreateTimestamp":1445555555.5,
			"OutputDescriptions":[%s],"ReferenceDataSourceDescriptions":[%s],"CloudWatchLoggingOptionDescriptions":[%s]}}`, version,
			described(parts, "Output", "Name", "OutputId"), described(parts, "ReferenceDataSource", "TableName", "ReferenceId"),
			described(parts, "CloudWatchLoggingOption", "LogStreamARN", "CloudWatchLoggingOptionId"))
	default:
		panic("unexpected operation " + operation)
	}
}

// cloudPart is a part of an application: "Output", its name, where it goes.
type cloudPart struct{ kind, name, to string }

func (p cloudPart) id() string { return "id of " + p.kind + " " + p.name + " " + p.to }

func described(parts []cloudPart, kind, key, id string) string {
	var list []string
	for _, p := range parts {
		if p.kind == kind {
			list = append(list, fmt.Sprintf(`{%q:%q,%q:%q,"KinesisFirehoseOutputDescription":{"ResourceARN":%q}}`, key, p.name, id, p.id(), p.to))
		}
	}
	return strings.Join(list, ",")
}

func (c *cloud) REST(_ context.Context, _, method, path string, in, out any) error {
	if method == http.MethodPost {
		body := in.(map[string]any)
		name := textOf(body, "DomainName")
		if err := c.changing("POST " + path + " " + name); err != nil {
			return err
		}
		return c.add("domain/"+name, body, awserr.New("ResourceAlreadyExistsException", "Domain exists").With(http.StatusConflict))
	}
	name := path[strings.LastIndex(path, "/")+1:]
	absent := awserr.New("ResourceNotFoundException", "Domain not found: %s", name).With(http.StatusConflict)
	if method == http.MethodDelete {
		if err := c.changing("DELETE " + path); err != nil {
			return err
		}
		return c.drop("domain/"+name, absent)
	}
	if c.get("domain/"+name) == nil {
		return absent
	}
	return answer(out, `{"DomainStatus":{"ARN":"arn:aws:es:us-east-1:000000000000:domain/%s","Endpoint":"127.0.0.1:9200","Processing":%s}}`,
		name, c.step("domain/"+name, "true", "false"))
}

// step answers first once, and then after.
func (c *cloud) step(thing, first, after string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.things[thing]
	if t["asked"] == nil {
		t["asked"] = true
		return first
	}
	return after
}

func answer(out any, format string, args ...any) error {
	return json.Unmarshal(fmt.Appendf(nil, format, args...), out)
}
