"""Every operation of millrace by boto3. Run by TestRealAWS; the environment says where the server is."""

import io
import json
import os
import re
import subprocess
import time

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

ACCOUNT = "000000000000"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/boto3"  # does not exist: may do everything


def refused(code, text, call, **arguments):
    """The call is refused with exactly this code and, unless it is a pattern, exactly this text."""
    try:
        answer = call(**arguments)
    except ClientError as e:
        error = e.response["Error"]
        assert error["Code"] == code, error
        if isinstance(text, re.Pattern):
            assert text.search(error["Message"]), error
        else:
            assert error["Message"] == text, error
        return e.response
    raise AssertionError(f"{call.__name__} was accepted: {answer}")


def eventually(what, check, seconds=30):
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, what
        time.sleep(0.2)


def flush(stream):
    subprocess.run(
        [os.environ["MILLRACE_TEST_PROGRAM"], "flush", stream, "--dir", os.environ["MILLRACE_TEST_DIR"]],
        env={**os.environ, "MILLRACE_TEST_MAIN": "1"},
        check=True,
    )


def objects(s3, bucket):
    return [o["Key"] for o in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def cloudformation():
    cf = boto3.client("cloudformation")
    template = """
Resources:
  Bucket: {Type: AWS::S3::Bucket}
Outputs:
  Bucket: {Value: !Ref Bucket}
"""
    stack = cf.create_stack(StackName="boto3", TemplateBody=template)["StackId"]
    cf.get_waiter("stack_create_complete").wait(StackName="boto3", WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    described = cf.describe_stacks(StackName="boto3")["Stacks"][0]
    assert described["StackStatus"] == "CREATE_COMPLETE", described
    assert re.fullmatch("boto3-bucket-[0-9a-z]+", described["Outputs"][0]["OutputValue"]), described
    events = cf.describe_stack_events(StackName="boto3")["StackEvents"]
    told = [(e["LogicalResourceId"], e["ResourceStatus"]) for e in reversed(events)]
    assert told[0] == ("boto3", "CREATE_IN_PROGRESS") and told[-1] == ("boto3", "CREATE_COMPLETE"), told
    assert ("Bucket", "CREATE_COMPLETE") in told, told
    cf.delete_stack(StackName="boto3")
    cf.get_waiter("stack_delete_complete").wait(StackName="boto3", WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    assert cf.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"
    refused("ValidationError", "Stack with id boto3 does not exist", cf.describe_stacks, StackName="boto3")


def s3_files():
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="boto3-files")
    assert "boto3-files" in [b["Name"] for b in s3.list_buckets()["Buckets"]]
    big = os.urandom(20 << 20)
    s3.upload_fileobj(io.BytesIO(big), "boto3-files", "big", Config=TransferConfig(multipart_chunksize=8 << 20))
    head = s3.head_object(Bucket="boto3-files", Key="big")
    assert head["ContentLength"] == len(big) and head["ETag"].endswith('-3"'), head
    assert s3.get_object(Bucket="boto3-files", Key="big")["Body"].read() == big
    part = s3.get_object(Bucket="boto3-files", Key="big", Range="bytes=1000-1999")["Body"].read()
    assert part == big[1000:2000]
    s3.put_object(Bucket="boto3-files", Key="größe/ä b+c", Body=b"small")
    assert objects(s3, "boto3-files") == ["big", "größe/ä b+c"]
    assert s3.get_object(Bucket="boto3-files", Key="größe/ä b+c")["Body"].read() == b"small"
    refused("BucketNotEmpty", re.compile("not empty"), s3.delete_bucket, Bucket="boto3-files")
    s3.delete_objects(Bucket="boto3-files", Delete={"Objects": [{"Key": "big"}, {"Key": "größe/ä b+c"}]})
    s3.delete_bucket(Bucket="boto3-files")
    refused("NoSuchBucket", re.compile("The specified bucket does not exist"), s3.list_objects_v2, Bucket="boto3-files")


def firehose():
    fh, s3 = boto3.client("firehose"), boto3.client("s3")
    s3.create_bucket(Bucket="boto3-archive")
    bucket = {
        "BucketARN": "arn:aws:s3:::boto3-archive",
        "RoleARN": ROLE,
        "BufferingHints": {"IntervalInSeconds": 900, "SizeInMBs": 128},
    }
    search = {
        "DomainARN": f"arn:aws:es:us-east-1:{ACCOUNT}:domain/status-codes",
        "RoleARN": ROLE,
        "IndexName": "boto3",
        "IndexRotationPeriod": "NoRotation",
        "S3Configuration": bucket,
    }
    forms = {
        "boto3-s3": {"S3DestinationConfiguration": bucket},
        "boto3-extended": {"ExtendedS3DestinationConfiguration": bucket},
        "boto3-es": {"ElasticsearchDestinationConfiguration": search},
        "boto3-opensearch": {"AmazonopensearchserviceDestinationConfiguration": search},
    }
    for name, form in forms.items():
        fh.create_delivery_stream(DeliveryStreamName=name, DeliveryStreamType="DirectPut", **form)
        described = fh.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
        assert described["DeliveryStreamStatus"] == "ACTIVE", described
        destination = next(iter(form)).replace("Configuration", "Description")
        assert destination in described["Destinations"][0], described
    listed = fh.list_delivery_streams(Limit=2, ExclusiveStartDeliveryStreamName="boto3")
    assert listed["DeliveryStreamNames"] == ["boto3-es", "boto3-extended"] and listed["HasMoreDeliveryStreams"], listed

    assert fh.put_record(DeliveryStreamName="boto3-s3", Record={"Data": b"first\n"})["RecordId"]
    # 500 records of together exactly 4 MiB are accepted; the answers stand in the order of the records.
    size = 4 << 20
    records = [{"Data": b"%07d\n" % n + b"x" * (size // 500 - 9) + b"\n"} for n in range(500)]
    records[-1]["Data"] += b"x" * (size - sum(len(r["Data"]) for r in records))
    answer = fh.put_record_batch(DeliveryStreamName="boto3-s3", Records=records)
    ids = [r["RecordId"] for r in answer["RequestResponses"]]
    assert answer["FailedPutCount"] == 0 and len(set(ids)) == 500, answer

    refused(
        "ValidationException",
        re.compile(r"^1 validation error detected: Value at 'records' failed to satisfy constraint: Member must have length less than or equal to 500$"),
        fh.put_record_batch,
        DeliveryStreamName="boto3-s3",
        Records=[{"Data": b"x"}] * 501,
    )
    records[-1]["Data"] += b"x"
    refused(
        "InvalidArgumentException",
        "Records size exceeds 4 MB limit",
        fh.put_record_batch,
        DeliveryStreamName="boto3-s3",
        Records=records,
    )
    refused(
        "ValidationException",
        re.compile(r"at 'record.data' failed to satisfy constraint: Member must have length less than or equal to 1024000$"),
        fh.put_record,
        DeliveryStreamName="boto3-s3",
        Record={"Data": b"x" * 1024001},
    )
    missing = f"Firehose nowhere under account {ACCOUNT} not found."
    refused("ResourceNotFoundException", missing, fh.put_record, DeliveryStreamName="nowhere", Record={"Data": b"x"})
    refused("ResourceNotFoundException", missing, fh.put_record_batch, DeliveryStreamName="nowhere", Records=[{"Data": b"x"}])
    refused("ResourceNotFoundException", missing, fh.describe_delivery_stream, DeliveryStreamName="nowhere")
    refused("ResourceNotFoundException", missing, fh.delete_delivery_stream, DeliveryStreamName="nowhere")
    refused(
        "ResourceInUseException",
        f"Firehose boto3-s3 under accountId {ACCOUNT} already exists",
        fh.create_delivery_stream,
        DeliveryStreamName="boto3-s3",
        S3DestinationConfiguration=bucket,
    )

    # Nothing of what was refused is in the archive, everything else is.
    flush("boto3-s3")
    eventually("an object in the archive", lambda: objects(s3, "boto3-archive"))
    (key,) = objects(s3, "boto3-archive")
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\d\d/boto3-s3-1-\d{4}(-\d\d){5}-[0-9a-f-]{36}", key), key
    body = s3.get_object(Bucket="boto3-archive", Key=key)["Body"].read()
    records[-1]["Data"] = records[-1]["Data"][:-1]
    assert body == b"first\n" + b"".join(r["Data"] for r in records), len(body)

    for name in forms:
        fh.delete_delivery_stream(DeliveryStreamName=name)
    eventually("the streams are gone", lambda: not [n for n in fh.list_delivery_streams(Limit=100)["DeliveryStreamNames"] if n.startswith("boto3-")])
    s3.delete_object(Bucket="boto3-archive", Key=key)
    s3.delete_bucket(Bucket="boto3-archive")


def kinesisanalytics():
    ka = boto3.client("kinesisanalytics")
    stream = f"arn:aws:firehose:us-east-1:{ACCOUNT}:deliverystream/"
    inputs = [
        {
            "NamePrefix": "SOURCE",
            "KinesisFirehoseInput": {"ResourceARN": stream + "status-codes-ingest", "RoleARN": ROLE},
            "InputSchema": {
                "RecordFormat": {"RecordFormatType": "JSON", "MappingParameters": {"JSONMappingParameters": {"RecordRowPath": "$"}}},
                "RecordColumns": [{"Name": "status", "SqlType": "INTEGER", "Mapping": "$.response"}],
            },
        }
    ]
    start = [{"Id": "1.1", "InputStartingPositionConfiguration": {"InputStartingPosition": "NOW"}}]

    def detail(name):
        return ka.describe_application(ApplicationName=name)["ApplicationDetail"]

    code = 'CREATE STREAM "OUT" ("status" INTEGER);\nCREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "nothing" FROM "SOURCE_001";'
    ka.create_application(ApplicationName="boto3-bad", Inputs=inputs, ApplicationCode=code)
    assert detail("boto3-bad")["ApplicationCode"] == code
    refused("CodeValidationException", re.compile("2:.*nothing"), ka.start_application, ApplicationName="boto3-bad", InputConfigurations=start)
    assert detail("boto3-bad")["ApplicationStatus"] == "READY"

    ka.create_application(ApplicationName="boto3-good", Inputs=inputs, ApplicationCode=code.replace("nothing", "status"))
    ka.add_application_output(
        ApplicationName="boto3-good",
        CurrentApplicationVersionId=1,
        Output={
            "Name": "OUT",
            "KinesisFirehoseOutput": {"ResourceARN": stream + "status-codes-results", "RoleARN": ROLE},
            "DestinationSchema": {"RecordFormatType": "JSON"},
        },
    )
    described = detail("boto3-good")
    assert described["ApplicationVersionId"] == 2 and described["OutputDescriptions"][0]["Name"] == "OUT", described
    assert described["InputDescriptions"][0]["InAppStreamNames"] == ["SOURCE_001"], described
    refused(
        "ResourceInUseException",
        "Application already exists with the given name: boto3-good",
        ka.create_application,
        ApplicationName="boto3-good",
    )
    names = [a["ApplicationName"] for a in ka.list_applications()["ApplicationSummaries"]]
    assert {"boto3-bad", "boto3-good", "status-codes"} <= set(names), names
    ka.start_application(ApplicationName="boto3-good", InputConfigurations=start)
    eventually("it runs", lambda: detail("boto3-good")["ApplicationStatus"] == "RUNNING")
    ka.stop_application(ApplicationName="boto3-good")
    eventually("it has stopped", lambda: detail("boto3-good")["ApplicationStatus"] == "READY")
    for name in ("boto3-good", "boto3-bad"):
        ka.delete_application(ApplicationName=name, CreateTimestamp=detail(name)["CreateTimestamp"])
        refused("ResourceNotFoundException", f"Application {name} not found", ka.describe_application, ApplicationName=name)


def roles_and_domains():
    iam = boto3.client("iam")
    resources = boto3.client("cloudformation").describe_stack_resources(StackName="status-codes")["StackResources"]
    role = next(r["PhysicalResourceId"] for r in resources if r["LogicalResourceId"] == "IngestRole")
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    assert trust["Statement"][0]["Principal"] == {"Service": "firehose.amazonaws.com"}, trust
    refused("NoSuchEntity", "The role with name nobody cannot be found.", iam.get_role, RoleName="nobody")
    domain = boto3.client("opensearch").describe_domain(DomainName="status-codes")["DomainStatus"]
    assert domain["Created"] and domain["ARN"].endswith(":domain/status-codes"), domain


def strangers():
    stranger = boto3.client("firehose", aws_access_key_id="AKIASOMEBODYELSE", aws_secret_access_key="x")
    refused("UnrecognizedClientException", "The security token included in the request is invalid.", stranger.list_delivery_streams)
    stranger = boto3.client("firehose", aws_secret_access_key="wrong", aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"])
    refused(
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
        "and signing method. Consult the service documentation for details.",
        stranger.put_record,
        DeliveryStreamName="status-codes-ingest",
        Record={"Data": b"x"},
    )


for operations in (cloudformation, s3_files, firehose, kinesisanalytics, roles_and_domains, strangers):
    operations()
    print(operations.__name__, "ok")
print("all operations answered as expected")
