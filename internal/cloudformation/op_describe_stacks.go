package cloudformation

import (
	"context"
	"slices"
	"time"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/stack"
)

type describeStacksInput struct{ StackName string }

type describeStacksOutput struct{ Stacks []stackShape }

type stackShape struct {
	StackId                     string
	StackName                   string
	Description                 string
	Parameters                  []parameterValue
	CreationTime                time.Time
	DeletionTime                time.Time
	RollbackConfiguration       struct{}
	StackStatus                 string
	StackStatusReason           string
	DisableRollback             bool
	NotificationARNs            []string
	Capabilities                []string
	Outputs                     []output
	Tags                        []struct{}
	EnableTerminationProtection bool
	DriftInformation            driftInformation
}

type parameterValue struct {
	ParameterKey   string
	ParameterValue *string
}

type output struct {
	OutputKey   string
	OutputValue *string
	Description string
}

type driftInformation struct{ StackDriftStatus string }

// describeStacks describes one stack, or all that are not deleted.
func (s *Service) describeStacks(ctx context.Context, c *call.Call, in *describeStacksInput) (*describeStacksOutput, error) {
	if in.StackName != "" {
		found, err := s.find(ctx, c, in.StackName)
		if err != nil {
			return nil, err
		}
		return &describeStacksOutput{[]stackShape{shapeOf(found)}}, nil
	}
	if err := s.authorize(ctx, c, arnOf(c, "*", "*")); err != nil {
		return nil, err
	}
	out := &describeStacksOutput{Stacks: []stackShape{}}
	for _, found := range s.stacks.Stacks() {
		if found.Status != stack.DeleteComplete {
			out.Stacks = append(out.Stacks, shapeOf(found))
		}
	}
	return out, nil
}

func shapeOf(s *stack.Stack) stackShape {
	return stackShape{
		StackId: s.ID, StackName: s.Name, Description: s.Description,
		Parameters:   parametersOf(s),
		CreationTime: s.Created, DeletionTime: s.Deleted,
		StackStatus: string(s.Status), StackStatusReason: s.Reason,
		DisableRollback:  s.OnFailure == stack.OnFailureDoNothing,
		NotificationARNs: []string{}, Capabilities: s.Capabilities, Outputs: outputsOf(s), Tags: []struct{}{},
		DriftInformation: driftInformation{"NOT_CHECKED"},
	}
}

func parametersOf(s *stack.Stack) []parameterValue {
	var parameters []parameterValue
	for name, value := range s.Parameters {
		if slices.Contains(s.Hidden, name) {
			value = "****"
		}
		parameters = append(parameters, parameterValue{name, &value})
	}
	slices.SortFunc(parameters, func(a, b parameterValue) int {
		if a.ParameterKey < b.ParameterKey {
			return -1
		}
		return 1
	})
	return parameters
}

func outputsOf(s *stack.Stack) []output {
	var outputs []output
	for _, o := range s.Outputs {
		outputs = append(outputs, output{o.Name, &o.Value, o.Description})
	}
	return outputs
}
