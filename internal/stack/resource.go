package stack

import "context"

// resourceType is what the engine knows of a type of resource: a file
// resource_*.go each, a line in resourceTypes.
type resourceType struct {
	name       string
	properties shape
	attributes []string // of Fn::GetAtt

	// nameProperty lets a template choose the physical ID; otherwise it is
	// generated within the naming rule.
	nameProperty string
	naming       naming
	// identify, if set, derives the physical ID from the properties.
	identify func(properties map[string]any) string

	// exists tells whether there is a resource of the target's ID. It is asked
	// before a create under a name that the template chose, so that a
	// resource of somebody else is never taken for the stack's own. Nil where
	// create itself refuses a name that is taken without a trace.
	exists func(ctx context.Context, aws AWS, t *target) (bool, error)
	// create makes the resource under the target's ID. When t.again is set, an
	// earlier call may have done some or all of it: what is there is the
	// stack's own and no error.
	create func(ctx context.Context, aws AWS, t *target) error
	// ready tells whether the resource can be used, and sets its attributes.
	// It is asked until it is; an error is final.
	ready func(ctx context.Context, aws AWS, t *target) (bool, error)
	// remove deletes the resource. It is called until it answers that nothing
	// is left, also for a resource whose create failed half-way.
	remove func(ctx context.Context, aws AWS, t *target) (gone bool, err error)
}

// target is a resource being made or deleted.
type target struct {
	id         string // physical ID
	region     string
	properties map[string]any
	attributes map[string]string // set by ready
	again      bool
}

// resourceTypes in the order of the pipeline.
var resourceTypes = []*resourceType{
	&s3Bucket,
	&iamRole,
	&iamPolicy,
	&deliveryStream,
	&analyticsApplication,
	&analyticsApplicationOutput,
	&analyticsReferenceDataSource,
	&analyticsApplicationV2,
	&analyticsApplicationOutputV2,
	&analyticsReferenceDataSourceV2,
	&analyticsLoggingOptionV2,
	&openSearchDomain,
	&elasticsearchDomain,
}

// typeNamed returns a type, nil if it is not supported.
func typeNamed(name string) *resourceType {
	for _, t := range resourceTypes {
		if t.name == name {
			return t
		}
	}
	return nil
}

func typeNames() []string {
	names := make([]string, len(resourceTypes))
	for i, t := range resourceTypes {
		names[i] = t.name
	}
	return names
}

// tagsShape of search domains and applications.
var tagsShape = listOf(object(required("Key", textShape()), required("Value", textShape())))
