package cloudformation

import (
	"context"
	"slices"
	"time"

	"github.com/millrace/millrace/internal/aws/call"
)

type listStacksInput struct{ StackStatusFilter []string }

type listStacksOutput struct{ StackSummaries []stackSummary }

type stackSummary struct {
	StackId             string
	StackName           string
	TemplateDescription string
	CreationTime        time.Time
	DeletionTime        time.Time
	StackStatus         string
	StackStatusReason   string
	DriftInformation    driftInformation
}

// listStacks lists deleted stacks too, as long as they are remembered.
func (s *Service) listStacks(ctx context.Context, c *call.Call, in *listStacksInput) (*listStacksOutput, error) {
	if err := s.authorize(ctx, c, arnOf(c, "*", "*")); err != nil {
		return nil, err
	}
	out := &listStacksOutput{StackSummaries: []stackSummary{}}
	for _, found := range s.stacks.Stacks() {
		if len(in.StackStatusFilter) > 0 && !slices.Contains(in.StackStatusFilter, string(found.Status)) {
			continue
		}
		out.StackSummaries = append(out.StackSummaries, stackSummary{found.ID, found.Name, found.Description, found.Created, found.Deleted,
			string(found.Status), found.Reason, driftInformation{"NOT_CHECKED"}})
	}
	return out, nil
}
