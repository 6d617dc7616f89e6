package kinesisanalytics

import (
	"context"

	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/jsonrpc"
)

// request is a call of one version of the API.
type request struct {
	*call.Call
	api api
}

// handler is an operation on validated requests.
type handler[In, Out any] func(ctx context.Context, r request, in *In) (*Out, error)

// empty is the result of operations that answer nothing.
type empty struct{}

// operationOf makes a row of a table.
func operationOf[In, Out any](v api, name string, handle handler[In, Out]) jsonrpc.Operation {
	return jsonrpc.Typed(name, func(ctx context.Context, c *call.Call, in *In) (*Out, error) {
		if err := validate(v, in); err != nil {
			return nil, err
		}
		return handle(ctx, request{c, v}, in)
	})
}

// silent answers nothing, as the first version does to changes.
func silent[In, Out any](handle handler[In, Out]) handler[In, empty] {
	return func(ctx context.Context, r request, in *In) (*empty, error) {
		if _, err := handle(ctx, r, in); err != nil {
			return nil, err
		}
		return &empty{}, nil
	}
}

// APIs are the tables of operations: the first version and the second.
func (s *Service) APIs() []*jsonrpc.Service {
	return []*jsonrpc.Service{
		{Name: "kinesisanalytics", Prefix: "KinesisAnalytics_20150814", Logger: s.log, Operations: s.operationsV1()},
		{Name: "kinesisanalytics", Prefix: "KinesisAnalytics_20180523", Logger: s.log, Operations: s.operationsV2()},
	}
}

func (s *Service) operationsV1() []jsonrpc.Operation {
	return []jsonrpc.Operation{
		operationOf(v1, "CreateApplication", s.createApplicationV1),
		operationOf(v1, "DescribeApplication", s.describeApplicationV1),
		operationOf(v1, "ListApplications", s.listApplicationsV1),
		operationOf(v1, "StartApplication", s.startApplicationV1),
		operationOf(v1, "StopApplication", s.stopApplicationV1),
		operationOf(v1, "UpdateApplication", s.updateApplicationV1),
		operationOf(v1, "DeleteApplication", s.deleteApplication),
		operationOf(v1, "DiscoverInputSchema", s.discoverInputSchemaV1),
		operationOf(v1, "AddApplicationInput", silent(s.addApplicationInput)),
		operationOf(v1, "AddApplicationInputProcessingConfiguration", silent(s.addApplicationInputProcessingConfiguration)),
		operationOf(v1, "DeleteApplicationInputProcessingConfiguration", silent(s.deleteApplicationInputProcessingConfiguration)),
		operationOf(v1, "AddApplicationOutput", silent(s.addApplicationOutput)),
		operationOf(v1, "DeleteApplicationOutput", silent(s.deleteApplicationOutput)),
		operationOf(v1, "AddApplicationReferenceDataSource", silent(s.addApplicationReferenceDataSource)),
		operationOf(v1, "DeleteApplicationReferenceDataSource", silent(s.deleteApplicationReferenceDataSource)),
		operationOf(v1, "AddApplicationCloudWatchLoggingOption", silent(s.addApplicationCloudWatchLoggingOption)),
		operationOf(v1, "DeleteApplicationCloudWatchLoggingOption", silent(s.deleteApplicationCloudWatchLoggingOption)),
		operationOf(v1, "TagResource", s.tagResource),
		operationOf(v1, "UntagResource", s.untagResource),
		operationOf(v1, "ListTagsForResource", s.listTagsForResource),
	}
}

func (s *Service) operationsV2() []jsonrpc.Operation {
	return []jsonrpc.Operation{
		operationOf(v2, "CreateApplication", s.createApplicationV2),
		operationOf(v2, "DescribeApplication", s.describeApplicationV2),
		operationOf(v2, "ListApplications", s.listApplicationsV2),
		operationOf(v2, "StartApplication", s.startApplicationV2),
		operationOf(v2, "StopApplication", s.stopApplicationV2),
		operationOf(v2, "UpdateApplication", s.updateApplicationV2),
		operationOf(v2, "DeleteApplication", s.deleteApplication),
		operationOf(v2, "DiscoverInputSchema", s.discoverInputSchemaV2),
		operationOf(v2, "AddApplicationInput", s.addApplicationInput),
		operationOf(v2, "AddApplicationInputProcessingConfiguration", s.addApplicationInputProcessingConfiguration),
		operationOf(v2, "DeleteApplicationInputProcessingConfiguration", s.deleteApplicationInputProcessingConfiguration),
		operationOf(v2, "AddApplicationOutput", s.addApplicationOutput),
		operationOf(v2, "DeleteApplicationOutput", s.deleteApplicationOutput),
		operationOf(v2, "AddApplicationReferenceDataSource", s.addApplicationReferenceDataSource),
		operationOf(v2, "DeleteApplicationReferenceDataSource", s.deleteApplicationReferenceDataSource),
		operationOf(v2, "AddApplicationCloudWatchLoggingOption", s.addApplicationCloudWatchLoggingOption),
		operationOf(v2, "DeleteApplicationCloudWatchLoggingOption", s.deleteApplicationCloudWatchLoggingOption),
		operationOf(v2, "TagResource", s.tagResource),
		operationOf(v2, "UntagResource", s.untagResource),
		operationOf(v2, "ListTagsForResource", s.listTagsForResource),
		operationOf(v2, "ListApplicationVersions", s.listApplicationVersions),
		operationOf(v2, "DescribeApplicationVersion", s.describeApplicationVersion),
		operationOf(v2, "ListApplicationOperations", s.listApplicationOperations),
		operationOf(v2, "DescribeApplicationOperation", s.describeApplicationOperation),
		operationOf(v2, "UpdateApplicationMaintenanceConfiguration", s.updateApplicationMaintenanceConfiguration),
		operationOf(v2, "RollbackApplication", s.rollbackApplication),
		operationOf(v2, "CreateApplicationSnapshot", s.createApplicationSnapshot),
		operationOf(v2, "DeleteApplicationSnapshot", s.deleteApplicationSnapshot),
		operationOf(v2, "DescribeApplicationSnapshot", s.describeApplicationSnapshot),
		operationOf(v2, "ListApplicationSnapshots", s.listApplicationSnapshots),
		operationOf(v2, "AddApplicationVpcConfiguration", s.addApplicationVPCConfiguration),
		operationOf(v2, "DeleteApplicationVpcConfiguration", s.deleteApplicationVPCConfiguration),
		operationOf(v2, "CreateApplicationPresignedUrl", s.createApplicationPresignedURL),
	}
}
