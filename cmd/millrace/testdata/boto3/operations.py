"""Every operation of millrace by boto3. Run by TestRealAWS; the environment says where the server is."""

import io
import os
import re

import boto3
from boto3.s3.transfer import TransferConfig

import analytics
import firehose
from support import objects, refused


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


for operations in (cloudformation, s3_files, *firehose.operations, *analytics.operations, roles_and_domains, strangers):
    operations()
    print(operations.__name__, "ok")
print("all operations answered as expected")
