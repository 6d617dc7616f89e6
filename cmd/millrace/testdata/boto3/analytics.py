"""Every operation of both versions of Kinesis Analytics by boto3, and every error of their models that this server answers."""

import re

import boto3
from botocore.exceptions import ClientError

from support import ACCOUNT, ROLE, eventually, refused

STREAM = f"arn:aws:firehose:us-east-1:{ACCOUNT}:deliverystream/"
APPLICATION = f"arn:aws:kinesisanalytics:us-east-1:{ACCOUNT}:application/"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:nowhere"
COLUMN = {"Name": "status", "SqlType": "INTEGER", "Mapping": "$.response"}
JSON = {"RecordFormatType": "JSON", "MappingParameters": {"JSONMappingParameters": {"RecordRowPath": "$"}}}
CSV = {"RecordFormatType": "CSV", "MappingParameters": {"CSVMappingParameters": {"RecordRowDelimiter": "\n", "RecordColumnDelimiter": ","}}}
CODE = 'CREATE STREAM "OUT" ("status" INTEGER);\nCREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "%s" FROM "SOURCE_001";'
NOW = {"InputStartingPosition": "NOW"}
LOG = "arn:aws:logs:us-east-1:000000000000:log-group:g:log-stream:s"

told = {1: set(), 2: set()}  # the codes of all errors that were answered, by version


class Client:
    """A client that remembers which operations were called and which errors were answered."""

    def __init__(self, version, **options):
        self.version = version
        self.boto = boto3.client("kinesisanalytics" if version == 1 else "kinesisanalyticsv2", **options)
        self.called = set()

    def __getattr__(self, name):
        method = getattr(self.boto, name)
        operation = self.boto.meta.method_to_api_mapping.get(name)

        def call(**arguments):
            self.called.add(operation)
            try:
                return method(**arguments)
            except ClientError as e:
                told[self.version].add(e.response["Error"]["Code"])
                raise

        call.__name__ = name
        return call

    def detail(self, name):
        return self.describe_application(ApplicationName=name)["ApplicationDetail"]

    def status(self, name, status):
        eventually(f"{name} is {status}", lambda: self.detail(name)["ApplicationStatus"] == status)

    def gone(self, name):
        eventually(f"{name} is gone", lambda: name not in [a["ApplicationName"] for a in self.list_applications()["ApplicationSummaries"]])


ka, ka2 = Client(1), Client(2)


def resource(arn):
    return {"ResourceARN": arn, "RoleARN": ROLE}


def source():
    return {"NamePrefix": "SOURCE", "KinesisFirehoseInput": resource(STREAM + "status-codes-ingest"), "InputSchema": {"RecordFormat": JSON, "RecordColumns": [COLUMN]}}


def sink(name="OUT"):
    return {"Name": name, "KinesisFirehoseOutput": resource(STREAM + "status-codes-results"), "DestinationSchema": {"RecordFormatType": "JSON"}}


def first():
    """The life of an application by the first version."""
    start = [{"Id": "1.1", "InputStartingPositionConfiguration": NOW}]
    ka.create_application(ApplicationName="boto3-bad", Inputs=[source()], ApplicationCode=CODE % "nothing")
    assert ka.detail("boto3-bad")["ApplicationCode"] == CODE % "nothing"
    refused("CodeValidationException", re.compile("2:.*nothing"), ka.start_application, ApplicationName="boto3-bad", InputConfigurations=start)
    assert ka.detail("boto3-bad")["ApplicationStatus"] == "READY"
    ka.update_application(ApplicationName="boto3-bad", CurrentApplicationVersionId=1, ApplicationUpdate={"ApplicationCodeUpdate": CODE % "status"})
    ka.start_application(ApplicationName="boto3-bad", InputConfigurations=start)
    ka.status("boto3-bad", "RUNNING")
    refused(
        "CodeValidationException", re.compile("2:.*nothing"), ka.update_application, ApplicationName="boto3-bad", CurrentApplicationVersionId=2,
        ApplicationUpdate={"ApplicationCodeUpdate": CODE % "nothing"},
    )
    refused(
        "ConcurrentModificationException", re.compile("version 2"), ka.update_application, ApplicationName="boto3-bad", CurrentApplicationVersionId=1,
        ApplicationUpdate={},
    )
    refused("ResourceInUseException", re.compile("RUNNING"), ka.start_application, ApplicationName="boto3-bad", InputConfigurations=start)
    ka.delete_application(ApplicationName="boto3-bad", CreateTimestamp=ka.detail("boto3-bad")["CreateTimestamp"])
    ka.gone("boto3-bad")
    refused("ResourceNotFoundException", "Application boto3-bad not found", ka.describe_application, ApplicationName="boto3-bad")

    refused(
        "InvalidArgumentException", re.compile("3 outputs"), ka.create_application, ApplicationName="boto3-parts", Outputs=[sink() for _ in range(4)]
    )
    ka.create_application(ApplicationName="boto3-parts", ApplicationCode=CODE % "status", Tags=[{"Key": "team", "Value": "web"}])
    refused("ResourceInUseException", "Application already exists with the given name: boto3-parts", ka.create_application, ApplicationName="boto3-parts")
    refused("InvalidApplicationConfigurationException", re.compile("no input"), ka.start_application, ApplicationName="boto3-parts", InputConfigurations=[])
    arguments = {"ApplicationName": "boto3-parts"}

    def change(call, **more):
        call(**arguments, CurrentApplicationVersionId=ka.detail("boto3-parts")["ApplicationVersionId"], **more)

    change(ka.add_application_input, Input=source())
    change(ka.add_application_input_processing_configuration, InputId="2.1", InputProcessingConfiguration={"InputLambdaProcessor": resource(FUNCTION)})
    change(ka.add_application_output, Output=sink())
    change(
        ka.add_application_reference_data_source,
        ReferenceDataSource={
            "TableName": "CODES",
            "S3ReferenceDataSource": {"BucketARN": "arn:aws:s3:::nowhere", "FileKey": "codes.csv", "ReferenceRoleARN": ROLE},
            "ReferenceSchema": {"RecordFormat": CSV, "RecordColumns": [{"Name": "code", "SqlType": "INTEGER"}]},
        },
    )
    change(ka.add_application_cloud_watch_logging_option, CloudWatchLoggingOption={"LogStreamARN": LOG, "RoleARN": ROLE})
    detail = ka.detail("boto3-parts")
    assert detail["ApplicationVersionId"] == 6 and detail["InputDescriptions"][0]["InAppStreamNames"] == ["SOURCE_001"], detail
    processor = detail["InputDescriptions"][0]["InputProcessingConfigurationDescription"]["InputLambdaProcessorDescription"]
    assert processor == resource(FUNCTION), detail
    assert detail["ReferenceDataSourceDescriptions"][0]["ReferenceId"] == "5.1", detail
    assert detail["CloudWatchLoggingOptionDescriptions"] == [{"CloudWatchLoggingOptionId": "6.1", "LogStreamARN": LOG, "RoleARN": ROLE}], detail
    change(ka.delete_application_input_processing_configuration, InputId="2.1")
    change(ka.delete_application_reference_data_source, ReferenceId="5.1")
    change(ka.delete_application_cloud_watch_logging_option, CloudWatchLoggingOptionId="6.1")
    ka.start_application(**arguments, InputConfigurations=[])
    ka.status("boto3-parts", "RUNNING")
    change(ka.delete_application_output, OutputId="4.1")
    ka.status("boto3-parts", "RUNNING")
    ka.stop_application(**arguments)
    ka.status("boto3-parts", "READY")

    ka.tag_resource(ResourceARN=APPLICATION + "boto3-parts", Tags=[{"Key": "stage", "Value": "test"}])
    ka.untag_resource(ResourceARN=APPLICATION + "boto3-parts", TagKeys=["team"])
    assert ka.list_tags_for_resource(ResourceARN=APPLICATION + "boto3-parts")["Tags"] == [{"Key": "stage", "Value": "test"}]
    refused(
        "TooManyTagsException", re.compile("50 tags"), ka.tag_resource, ResourceARN=APPLICATION + "boto3-parts", Tags=[{"Key": f"k{n}"} for n in range(51)]
    )
    refused(
        "UnsupportedOperationException", re.compile("KinesisStreamsInput"), ka.update_application, **arguments, CurrentApplicationVersionId=10,
        ApplicationUpdate={"InputUpdates": [{"InputId": "2.1", "KinesisStreamsInputUpdate": {"ResourceARNUpdate": "arn:aws:kinesis:x"}}]},
    )


def discovery():
    """A schema of what is in the demo's stream, by both versions."""
    found = ka.discover_input_schema(ResourceARN=STREAM + "status-codes-ingest", RoleARN=ROLE, InputStartingPositionConfiguration=NOW)
    columns = {c["Name"]: c for c in found["InputSchema"]["RecordColumns"]}
    # the agent writes every field of a log line as a text
    assert columns["response"] == {"Name": "response", "SqlType": "VARCHAR(4)", "Mapping": "$.response"}, found["InputSchema"]
    assert len(found["ParsedInputRecords"][0]) == len(columns) and '"response"' in found["RawInputRecords"][0], found
    again = ka2.discover_input_schema(ResourceARN=STREAM + "status-codes-ingest", ServiceExecutionRole=ROLE)
    assert [c["Name"] for c in again["InputSchema"]["RecordColumns"]] == [c["Name"] for c in found["InputSchema"]["RecordColumns"]], again

    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="boto3-codes")
    s3.put_object(Bucket="boto3-codes", Key="codes.csv", Body=b"200,ok\n404,not found\n")
    s3.put_object(Bucket="boto3-codes", Key="page.html", Body=b"<html>\n<a, b>\n{")
    bucket = {"BucketARN": "arn:aws:s3:::boto3-codes", "FileKey": "codes.csv"}
    table = ka.discover_input_schema(S3Configuration={**bucket, "RoleARN": ROLE})
    assert [c["SqlType"] for c in table["InputSchema"]["RecordColumns"]] == ["INTEGER", "VARCHAR(16)"], table
    assert table["ParsedInputRecords"] == [["200", "ok"], ["404", "not found"]], table
    assert ka2.discover_input_schema(S3Configuration=bucket, ServiceExecutionRole=ROLE)["InputSchema"] == table["InputSchema"]
    for client, role in ((ka, {"S3Configuration": {**bucket, "FileKey": "page.html", "RoleARN": ROLE}}),
                         (ka2, {"S3Configuration": {**bucket, "FileKey": "page.html"}, "ServiceExecutionRole": ROLE})):
        answer = refused("UnableToDetectSchemaException", re.compile("schema"), client.discover_input_schema, **role)
        assert answer["RawInputRecords"][0] == "<html>", answer
    for key in ("codes.csv", "page.html"):
        s3.delete_object(Bucket="boto3-codes", Key=key)
    s3.delete_bucket(Bucket="boto3-codes")


def second():
    """The life of an application by the second version, and what is Flink's."""
    configuration = {
        "SqlApplicationConfiguration": {
            "Inputs": [{**source(), "KinesisFirehoseInput": {"ResourceARN": STREAM + "status-codes-ingest"}}],
            "Outputs": [{**sink(), "KinesisFirehoseOutput": {"ResourceARN": STREAM + "status-codes-results"}}],
        },
        "ApplicationCodeConfiguration": {"CodeContent": {"TextContent": CODE % "status"}, "CodeContentType": "PLAINTEXT"},
    }
    arguments = {"ApplicationName": "boto3-second"}
    refused(
        "UnsupportedOperationException", re.compile("RuntimeEnvironment FLINK-1_20"), ka2.create_application, **arguments, RuntimeEnvironment="FLINK-1_20",
        ServiceExecutionRole=ROLE,
    )
    detail = ka2.create_application(
        **arguments, RuntimeEnvironment="SQL-1_0", ServiceExecutionRole=ROLE, ApplicationConfiguration=configuration,
        CloudWatchLoggingOptions=[{"LogStreamARN": LOG}], Tags=[{"Key": "team", "Value": "web"}],
    )["ApplicationDetail"]
    assert detail["ApplicationVersionId"] == 1 and detail["ServiceExecutionRole"] == ROLE, detail
    sql = detail["ApplicationConfigurationDescription"]["SqlApplicationConfigurationDescription"]
    assert "RoleARN" not in sql["InputDescriptions"][0]["KinesisFirehoseInputDescription"], detail
    started = ka2.start_application(
        **arguments, RunConfiguration={"SqlRunConfigurations": [{"InputId": "1.1", "InputStartingPositionConfiguration": NOW}]}
    )
    ka2.status("boto3-second", "RUNNING")
    assert ka.detail("boto3-second")["ApplicationStatus"] == "RUNNING"
    operation = ka2.describe_application_operation(**arguments, OperationId=started["OperationId"])["ApplicationOperationInfoDetails"]
    assert operation["OperationStatus"] == "SUCCESSFUL" and operation["EndTime"] >= operation["StartTime"], operation

    refused(
        "CodeValidationException", re.compile("2:.*nothing"), ka2.update_application, **arguments, ConditionalToken=detail["ConditionalToken"],
        ApplicationConfigurationUpdate={"ApplicationCodeConfigurationUpdate": {"CodeContentUpdate": {"TextContentUpdate": CODE % "nothing"}}},
    )
    updated = ka2.update_application(
        **arguments, ConditionalToken=detail["ConditionalToken"], ServiceExecutionRoleUpdate=ROLE + "2",
        CloudWatchLoggingOptionUpdates=[{"CloudWatchLoggingOptionId": "1.1", "LogStreamARNUpdate": LOG + "2"}],
        ApplicationConfigurationUpdate={"SqlApplicationConfigurationUpdate": {"OutputUpdates": [{"OutputId": "1.1", "NameUpdate": "error_stream"}]}},
    )["ApplicationDetail"]
    assert updated["ApplicationVersionId"] == 2 and updated["ApplicationStatus"] == "UPDATING" and updated["ApplicationVersionUpdatedFrom"] == 1, updated
    ka2.status("boto3-second", "RUNNING")
    refused(
        "ConcurrentModificationException", re.compile("ConditionalToken"), ka2.update_application, **arguments, ConditionalToken=detail["ConditionalToken"]
    )
    refused("ResourceInUseException", re.compile("RUNNING"), ka2.start_application, **arguments)
    ka2.stop_application(**arguments)
    ka2.status("boto3-second", "READY")
    refused("InvalidArgumentException", re.compile("must be there"), ka2.update_application, **arguments)
    refused("ResourceNotFoundException", "Application nobody not found", ka2.describe_application, ApplicationName="nobody")

    changes = iter(range(2, 20))

    def change(call, **more):
        version = next(changes)
        answer = call(**arguments, CurrentApplicationVersionId=version, **more)
        assert answer["ApplicationVersionId"] == version + 1 and answer["ApplicationARN"] == APPLICATION + "boto3-second", answer
        return answer

    processor = {"InputLambdaProcessor": {"ResourceARN": FUNCTION}}
    answer = change(ka2.add_application_input_processing_configuration, InputId="1.1", InputProcessingConfiguration=processor)
    assert answer["InputProcessingConfigurationDescription"]["InputLambdaProcessorDescription"] == {"ResourceARN": FUNCTION}, answer
    change(ka2.delete_application_input_processing_configuration, InputId="1.1")
    table = {
        "TableName": "CODES",
        "S3ReferenceDataSource": {"BucketARN": "arn:aws:s3:::nowhere", "FileKey": "codes.csv"},
        "ReferenceSchema": {"RecordFormat": CSV, "RecordColumns": [{"Name": "code", "SqlType": "INTEGER"}]},
    }
    answer = change(ka2.add_application_reference_data_source, ReferenceDataSource=table)
    change(ka2.delete_application_reference_data_source, ReferenceId=answer["ReferenceDataSourceDescriptions"][0]["ReferenceId"])
    answer = change(ka2.add_application_output, Output={"Name": "OUT", "LambdaOutput": {"ResourceARN": FUNCTION}, "DestinationSchema": {"RecordFormatType": "CSV"}})
    assert len(answer["OutputDescriptions"]) == 2, answer
    change(ka2.delete_application_output, OutputId=answer["OutputDescriptions"][1]["OutputId"])
    change(ka2.delete_application_cloud_watch_logging_option, CloudWatchLoggingOptionId="1.1")
    change(ka2.add_application_cloud_watch_logging_option, CloudWatchLoggingOption={"LogStreamARN": LOG})

    versions = [v["ApplicationVersionId"] for page in ka2.boto.get_paginator("list_application_versions").paginate(**arguments, PaginationConfig={"PageSize": 3})
                for v in page["ApplicationVersionSummaries"]]
    ka2.list_application_versions(**arguments)
    assert versions == list(range(10, 0, -1)), versions
    code = ka2.describe_application_version(**arguments, ApplicationVersionId=1)["ApplicationVersionDetail"]["ApplicationConfigurationDescription"]
    assert code["ApplicationCodeConfigurationDescription"]["CodeContentDescription"]["TextContent"] == CODE % "status", code
    operations = [o["Operation"] for o in ka2.list_application_operations(**arguments, Limit=50)["ApplicationOperationInfoList"]]
    assert operations[-3:] == ["StopApplication", "UpdateApplication", "StartApplication"], operations
    window = ka2.update_application_maintenance_configuration(
        **arguments, ApplicationMaintenanceConfigurationUpdate={"ApplicationMaintenanceWindowStartTimeUpdate": "06:00"}
    )["ApplicationMaintenanceConfigurationDescription"]
    assert window == {"ApplicationMaintenanceWindowStartTime": "06:00", "ApplicationMaintenanceWindowEndTime": "14:00"}, window
    ka2.tag_resource(ResourceARN=detail["ApplicationARN"], Tags=[{"Key": "stage"}])
    ka2.untag_resource(ResourceARN=detail["ApplicationARN"], TagKeys=["team"])
    assert [t["Key"] for t in ka2.list_tags_for_resource(ResourceARN=detail["ApplicationARN"])["Tags"]] == ["stage"]
    refused("TooManyTagsException", re.compile("50 tags"), ka2.tag_resource, ResourceARN=detail["ApplicationARN"], Tags=[{"Key": f"k{n}"} for n in range(51)])

    for call, more in (
        (ka2.rollback_application, {"CurrentApplicationVersionId": 10}),
        (ka2.create_application_snapshot, {"SnapshotName": "s"}),
        (ka2.describe_application_snapshot, {"SnapshotName": "s"}),
        (ka2.delete_application_snapshot, {"SnapshotName": "s", "SnapshotCreationTimestamp": detail["CreateTimestamp"]}),
        (ka2.list_application_snapshots, {}),
        (ka2.add_application_vpc_configuration, {"VpcConfiguration": {"SubnetIds": ["subnet-0"], "SecurityGroupIds": ["sg-0"]}}),
        (ka2.delete_application_vpc_configuration, {"VpcConfigurationId": "1.1"}),
        (ka2.create_application_presigned_url, {"UrlType": "FLINK_DASHBOARD_URL"}),
    ):
        refused("UnsupportedOperationException", re.compile("not supported for SQL applications"), call, **arguments, **more)

    ka2.create_application(ApplicationName="boto3-empty", RuntimeEnvironment="SQL-1_0", ServiceExecutionRole=ROLE)
    refused("InvalidApplicationConfigurationException", re.compile("no input"), ka2.start_application, ApplicationName="boto3-empty")
    ka2.add_application_input(
        ApplicationName="boto3-empty", CurrentApplicationVersionId=1, Input={**source(), "KinesisFirehoseInput": {"ResourceARN": STREAM + "status-codes-ingest"}}
    )
    names = [a["ApplicationName"] for page in ka2.boto.get_paginator("list_applications").paginate(PaginationConfig={"PageSize": 1})
             for a in page["ApplicationSummaries"]]
    assert {"boto3-empty", "boto3-second", "boto3-parts", "status-codes"} <= set(names), names
    for name in ("boto3-empty", "boto3-second", "boto3-parts"):
        ka2.delete_application(ApplicationName=name, CreateTimestamp=ka2.detail(name)["CreateTimestamp"])
        ka2.gone(name)


def limits():
    """Fifty applications of a region, and no more. Nobody else is in this one."""
    there, there2 = Client(1, region_name="eu-west-1"), Client(2, region_name="eu-west-1")
    for n in range(50):
        there.create_application(ApplicationName=f"boto3-limit-{n}")
    refused("LimitExceededException", re.compile("50 applications"), there.create_application, ApplicationName="boto3-more")
    refused(
        "LimitExceededException", re.compile("50 applications"), there2.create_application, ApplicationName="boto3-more", RuntimeEnvironment="SQL-1_0",
        ServiceExecutionRole=ROLE,
    )
    for n in range(50):
        there.delete_application(ApplicationName=f"boto3-limit-{n}", CreateTimestamp=there.detail(f"boto3-limit-{n}")["CreateTimestamp"])
    there.gone("boto3-limit-49")


def model():
    """Every operation was called, and every error of the models was answered that this server answers."""
    # These are of Kinesis streams, of AWS's own trouble, and of requests that this server answers by name.
    elsewhere = {"ResourceProvisionedThroughputExceededException", "ServiceUnavailableException", "InvalidRequestException"}
    for client in (ka, ka2):
        service = client.boto.meta.service_model
        assert client.called == set(service.operation_names), set(service.operation_names) - client.called
        known = {shape.name for shape in service.error_shapes}
        assert known - told[client.version] == known & elsewhere, known - told[client.version]


operations = (first, discovery, second, limits, model)
