package kinesisanalytics

import "context"

func (s *Service) describeApplicationV1(ctx context.Context, r request, in *describeApplicationV1Input) (*describeApplicationV1Output, error) {
	a, err := s.find(ctx, r, *in.ApplicationName)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	return &describeApplicationV1Output{a.detailV1()}, nil
}

func (s *Service) describeApplicationV2(ctx context.Context, r request, in *describeApplicationV2Input) (*detailV2Output, error) {
	a, err := s.find(ctx, r, *in.ApplicationName)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	return &detailV2Output{ApplicationDetail: a.detailV2(&a.Config)}, nil
}
