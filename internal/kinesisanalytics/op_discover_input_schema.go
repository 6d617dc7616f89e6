package kinesisanalytics

import "context"

func (s *Service) discoverInputSchemaV1(ctx context.Context, r request, in *discoverInputSchemaV1Input) (*discoverInputSchemaOutput, error) {
	d := discovery{stream: in.ResourceARN, object: in.S3Configuration, position: in.InputStartingPositionConfiguration}
	switch {
	case in.S3Configuration != nil:
		d.role = *in.S3Configuration.RoleARN
	case in.ResourceARN != nil && in.RoleARN == nil:
		return nil, errArgument("RoleARN must be there with ResourceARN")
	case in.RoleARN != nil:
		d.role = *in.RoleARN
	}
	if in.InputProcessingConfiguration != nil {
		d.processor = in.InputProcessingConfiguration.InputLambdaProcessor
	}
	return s.discover(ctx, r, d)
}

func (s *Service) discoverInputSchemaV2(ctx context.Context, r request, in *discoverInputSchemaV2Input) (*discoverInputSchemaOutput, error) {
	d := discovery{stream: in.ResourceARN, object: in.S3Configuration, role: *in.ServiceExecutionRole, position: in.InputStartingPositionConfiguration}
	if in.InputProcessingConfiguration != nil {
		d.processor = in.InputProcessingConfiguration.InputLambdaProcessor
	}
	return s.discover(ctx, r, d)
}
