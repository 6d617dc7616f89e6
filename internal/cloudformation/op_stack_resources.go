package cloudformation

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/stack"
)

type stackResource struct {
	StackName            string
	StackId              string
	LogicalResourceId    string
	PhysicalResourceId   string
	ResourceType         string
	Timestamp            time.Time
	ResourceStatus       string
	ResourceStatusReason string
	DriftInformation     driftInformation
}

// byLogicalID lists a stack's resources in an order that does not depend on
// which of them was begun first.
func byLogicalID(s *stack.Stack) []*stack.ResourceState {
	return slices.SortedFunc(slices.Values(s.Resources), func(a, b *stack.ResourceState) int { return strings.Compare(a.LogicalID, b.LogicalID) })
}

type describeStackResourcesInput struct {
	StackName         string
	LogicalResourceId string
}

type describeStackResourcesOutput struct{ StackResources []stackResource }

func (s *Service) describeStackResources(ctx context.Context, c *call.Call, in *describeStackResourcesInput) (*describeStackResourcesOutput, error) {
	found, err := s.find(ctx, c, in.StackName)
	if err != nil {
		return nil, err
	}
	out := &describeStackResourcesOutput{StackResources: []stackResource{}}
	for _, r := range byLogicalID(found) {
		if in.LogicalResourceId != "" && in.LogicalResourceId != r.LogicalID {
			continue
		}
		out.StackResources = append(out.StackResources, stackResource{
			StackName: found.Name, StackId: found.ID, LogicalResourceId: r.LogicalID, PhysicalResourceId: r.PhysicalID, ResourceType: r.Type,
			Timestamp: r.Updated, ResourceStatus: string(r.Status), ResourceStatusReason: r.Reason, DriftInformation: driftInformation{"NOT_CHECKED"},
		})
	}
	if in.LogicalResourceId != "" && len(out.StackResources) == 0 {
		return nil, errNoResource(found, in.LogicalResourceId)
	}
	return out, nil
}

func errNoResource(s *stack.Stack, logicalID string) error {
	return errValidation("Resource %s does not exist for stack %s", logicalID, s.Name)
}

// resourceSummary is a resource as a list shows it: with LastUpdatedTimestamp
// for Timestamp, and without its stack.
type resourceSummary struct {
	LogicalResourceId    string
	PhysicalResourceId   string
	ResourceType         string
	LastUpdatedTimestamp time.Time
	ResourceStatus       string
	ResourceStatusReason string
	DriftInformation     driftInformation
}

func summaryOf(r *stack.ResourceState) resourceSummary {
	return resourceSummary{r.LogicalID, r.PhysicalID, r.Type, r.Updated, string(r.Status), r.Reason, driftInformation{"NOT_CHECKED"}}
}

type listStackResourcesInput struct{ StackName string }

type listStackResourcesOutput struct{ StackResourceSummaries []resourceSummary }

func (s *Service) listStackResources(ctx context.Context, c *call.Call, in *listStackResourcesInput) (*listStackResourcesOutput, error) {
	found, err := s.find(ctx, c, in.StackName)
	if err != nil {
		return nil, err
	}
	out := &listStackResourcesOutput{StackResourceSummaries: []resourceSummary{}}
	for _, r := range byLogicalID(found) {
		out.StackResourceSummaries = append(out.StackResourceSummaries, summaryOf(r))
	}
	return out, nil
}

type describeStackResourceInput struct {
	StackName         string
	LogicalResourceId string
}

type describeStackResourceOutput struct{ StackResourceDetail resourceDetail }

type resourceDetail struct {
	StackName            string
	StackId              string
	LogicalResourceId    string
	PhysicalResourceId   string
	ResourceType         string
	LastUpdatedTimestamp time.Time
	ResourceStatus       string
	ResourceStatusReason string
	DriftInformation     driftInformation
}

func (s *Service) describeStackResource(ctx context.Context, c *call.Call, in *describeStackResourceInput) (*describeStackResourceOutput, error) {
	found, err := s.find(ctx, c, in.StackName)
	if err != nil {
		return nil, err
	}
	r := found.Resource(in.LogicalResourceId)
	if r == nil {
		return nil, errNoResource(found, in.LogicalResourceId)
	}
	return &describeStackResourceOutput{resourceDetail{found.Name, found.ID, r.LogicalID, r.PhysicalID, r.Type, r.Updated,
		string(r.Status), r.Reason, driftInformation{"NOT_CHECKED"}}}, nil
}
