package cloudformation

import (
	"context"
	"encoding/json"
	"time"

	"github.com/millrace/millrace/internal/aws/call"
)

type describeStackEventsInput struct{ StackName string }

type describeStackEventsOutput struct{ StackEvents []stackEvent }

type stackEvent struct {
	StackId              string
	EventId              string
	StackName            string
	LogicalResourceId    string
	PhysicalResourceId   *string
	ResourceType         string
	Timestamp            time.Time
	ResourceStatus       string
	ResourceStatusReason string
	ResourceProperties   string
	ClientRequestToken   string
}

// describeStackEvents answers all events in one page, the newest first.
func (s *Service) describeStackEvents(ctx context.Context, c *call.Call, in *describeStackEventsInput) (*describeStackEventsOutput, error) {
	found, err := s.find(ctx, c, in.StackName)
	if err != nil {
		return nil, err
	}
	_, events, err := s.stacks.Events(found.ID)
	if err != nil {
		return nil, err
	}
	out := &describeStackEventsOutput{StackEvents: []stackEvent{}}
	for _, e := range events {
		var properties []byte
		if e.Properties != nil {
			if properties, err = json.Marshal(e.Properties); err != nil {
				return nil, err
			}
		}
		out.StackEvents = append(out.StackEvents, stackEvent{
			StackId: found.ID, StackName: found.Name, EventId: e.ID, LogicalResourceId: e.LogicalID, PhysicalResourceId: &e.PhysicalID,
			ResourceType: e.Type, Timestamp: e.Time, ResourceStatus: string(e.Status), ResourceStatusReason: e.Reason,
			ResourceProperties: string(properties), ClientRequestToken: e.Token,
		})
	}
	return out, nil
}
