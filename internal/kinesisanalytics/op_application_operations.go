package kinesisanalytics

import (
	"context"
	"slices"
)

// listApplicationOperations lists what was done to an application, the newest
// first. The token is the id of the operation that begins the next page.
func (s *Service) listApplicationOperations(ctx context.Context, r request, in *listOperationsInput) (*listOperationsOutput, error) {
	a, err := s.find(ctx, r, *in.ApplicationName)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	out := &listOperationsOutput{ApplicationOperationInfoList: []operationInfo{}}
	begun := in.NextToken == nil
	for _, o := range slices.Backward(a.Operations) {
		begun = begun || o.ID == *in.NextToken
		switch {
		case !begun, in.Operation != nil && *in.Operation != o.Name, in.OperationStatus != nil && *in.OperationStatus != o.Status:
		case len(out.ApplicationOperationInfoList) == limitOf(in.Limit):
			out.NextToken = o.ID
			return out, nil
		default:
			out.ApplicationOperationInfoList = append(out.ApplicationOperationInfoList, operationInfo{o.Name, o.ID, o.Start, o.end(), o.Status})
		}
	}
	if !begun {
		return nil, errArgument("NextToken %s is not one of ListApplicationOperations", *in.NextToken)
	}
	return out, nil
}

func (s *Service) describeApplicationOperation(ctx context.Context, r request, in *describeOperationInput) (*describeOperationOutput, error) {
	a, err := s.find(ctx, r, *in.ApplicationName)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	i := slices.IndexFunc(a.Operations, func(o operation) bool { return o.ID == *in.OperationId })
	if i < 0 {
		return nil, errResourceNotFound("operation " + *in.OperationId + " of application " + a.Name)
	}
	o := &a.Operations[i]
	d := operationDetails{Operation: o.Name, StartTime: o.Start, EndTime: o.end(), OperationStatus: o.Status}
	if o.To != 0 {
		d.ApplicationVersionChangeDetails = &versionChange{o.From, o.To}
	}
	if o.Error != "" {
		d.OperationFailureDetails = &operationFailure{errorInfo{o.Error}}
	}
	return &describeOperationOutput{d}, nil
}

// end is when the operation was over, nil while it is under way.
func (o *operation) end() *epoch {
	if o.End == 0 {
		return nil
	}
	end := o.End
	return &end
}
