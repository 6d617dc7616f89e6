"""All twelve operations of Firehose by boto3, and the errors that its model knows."""

import datetime
import gzip
import json
import re

import boto3

from support import ACCOUNT, ROLE, eventually, flush, objects, refused, told

called = set()  # the operations that were called


def client():
    fh = boto3.client("firehose")
    fh.meta.events.register("before-call.firehose", lambda model, **_: called.add(model.name))
    return fh


def delivery():
    fh, s3 = client(), boto3.client("s3")
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
    gone(fh)
    s3.delete_object(Bucket="boto3-archive", Key=key)
    s3.delete_bucket(Bucket="boto3-archive")


def settings():
    """A stream to an HTTP endpoint: created with all there is, changed, tagged, encrypted."""
    fh, s3 = client(), boto3.client("s3")
    s3.create_bucket(Bucket="boto3-settings")
    bucket = {"BucketARN": "arn:aws:s3:::boto3-settings", "RoleARN": ROLE}
    arn = fh.create_delivery_stream(
        DeliveryStreamName="boto3-http",
        DeliveryStreamType="DirectPut",
        DirectPutSourceConfiguration={"ThroughputHintInMBs": 2},
        DeliveryStreamEncryptionConfigurationInput={"KeyType": "AWS_OWNED_CMK"},
        HttpEndpointDestinationConfiguration={
            "EndpointConfiguration": {"Url": "https://127.0.0.1:9/", "Name": "nobody", "AccessKey": "secret"},
            "RequestConfiguration": {"ContentEncoding": "GZIP", "CommonAttributes": [{"AttributeName": "a", "AttributeValue": "b"}]},
            "RoleARN": ROLE,
            "S3Configuration": bucket,
        },
        Tags=[{"Key": "team", "Value": "web"}],
    )["DeliveryStreamARN"]
    assert arn == f"arn:aws:firehose:us-east-1:{ACCOUNT}:deliverystream/boto3-http", arn

    def description():
        return fh.describe_delivery_stream(DeliveryStreamName="boto3-http")["DeliveryStreamDescription"]

    eventually("the stream is active", lambda: description()["DeliveryStreamStatus"] == "ACTIVE")
    described = description()
    assert described["DeliveryStreamEncryptionConfiguration"] == {"KeyType": "AWS_OWNED_CMK", "Status": "ENABLED"}, described
    assert described["Source"]["DirectPutSourceDescription"]["ThroughputHintInMBs"] == 2, described
    assert isinstance(described["CreateTimestamp"], datetime.datetime) and "LastUpdateTimestamp" not in described, described
    (destination,) = described["Destinations"]
    endpoint = destination["HttpEndpointDestinationDescription"]
    assert endpoint["EndpointConfiguration"] == {"Url": "https://127.0.0.1:9/", "Name": "nobody"}, endpoint  # the key is never shown
    assert endpoint["BufferingHints"] == {"SizeInMBs": 5, "IntervalInSeconds": 300}, endpoint
    assert endpoint["S3BackupMode"] == "FailedDataOnly", endpoint

    # Updates go by version; the second with the same one comes too late.
    change = {
        "DeliveryStreamName": "boto3-http",
        "CurrentDeliveryStreamVersionId": described["VersionId"],
        "DestinationId": destination["DestinationId"],
        "HttpEndpointDestinationUpdate": {"RetryOptions": {"DurationInSeconds": 0}},
    }
    fh.update_destination(**change)
    described = description()
    assert described["VersionId"] == "2" and isinstance(described["LastUpdateTimestamp"], datetime.datetime), described
    endpoint = described["Destinations"][0]["HttpEndpointDestinationDescription"]
    assert endpoint["RetryOptions"]["DurationInSeconds"] == 0 and endpoint["RequestConfiguration"]["ContentEncoding"] == "GZIP", endpoint
    late = "Cannot update firehose: boto3-http since the current version id: 2 and specified version id: 1 do not match"
    refused("ConcurrentModificationException", late, fh.update_destination, **change)
    refused("InvalidArgumentException", "Destination Id other not found", fh.update_destination, **{**change, "DestinationId": "other", "CurrentDeliveryStreamVersionId": "2"})
    refused("ResourceNotFoundException", f"Firehose nowhere under account {ACCOUNT} not found.", fh.update_destination, **{**change, "DeliveryStreamName": "nowhere"})
    refused(
        "InvalidArgumentException",
        "Changing the destination type to or from HttpEndpoint is not supported at this time.",
        fh.update_destination,
        DeliveryStreamName="boto3-http",
        CurrentDeliveryStreamVersionId="2",
        DestinationId=destination["DestinationId"],
        ExtendedS3DestinationUpdate={"Prefix": "p"},
    )
    refused(
        "ValidationException",
        re.compile(r"^2 validation errors detected: Value '65' at 'httpEndpointDestinationUpdate.bufferingHints.sizeInMBs' .*; Value '901' at "),
        fh.update_destination,
        **{**change, "HttpEndpointDestinationUpdate": {"BufferingHints": {"SizeInMBs": 65, "IntervalInSeconds": 901}}},
    )

    tags(fh)
    encryption(fh, description)
    fh.delete_delivery_stream(DeliveryStreamName="boto3-http", AllowForceDelete=True)
    gone(fh)
    s3.delete_bucket(Bucket="boto3-settings")


def tags(fh):
    """Pages of tags in the order of their keys, and the 51st tag."""
    name = {"DeliveryStreamName": "boto3-http"}
    more = [{"Key": f"k{n:02d}", "Value": str(n)} for n in range(49)]
    fh.tag_delivery_stream(**name, Tags=more)
    pages = paged(fh.list_tags_for_delivery_stream, "Tags", "HasMoreTags", "ExclusiveStartTagKey", lambda tag: tag["Key"], **name, Limit=20)
    assert [len(page) for page in pages] == [20, 20, 10], pages
    assert sum(pages, []) == more + [{"Key": "team", "Value": "web"}], pages
    refused("LimitExceededException", "Firehose boto3-http can have at most 50 tags", fh.tag_delivery_stream, **name, Tags=[{"Key": "one-too-many"}])
    refused("ValidationException", re.compile("aws:"), fh.tag_delivery_stream, **name, Tags=[{"Key": "aws:mine"}])
    fh.untag_delivery_stream(**name, TagKeys=[tag["Key"] for tag in more[1:]] + ["not-there"])
    fh.tag_delivery_stream(**name, Tags=[{"Key": "team", "Value": "data"}])
    assert fh.list_tags_for_delivery_stream(**name)["Tags"] == [more[0], {"Key": "team", "Value": "data"}]
    for call, arguments in ((fh.list_tags_for_delivery_stream, {}), (fh.tag_delivery_stream, {"Tags": more[:1]}), (fh.untag_delivery_stream, {"TagKeys": ["k"]})):
        refused("ResourceNotFoundException", f"Firehose nowhere under account {ACCOUNT} not found.", call, DeliveryStreamName="nowhere", **arguments)


def encryption(fh, description):
    name = {"DeliveryStreamName": "boto3-http"}

    def status():
        return description()["DeliveryStreamEncryptionConfiguration"]["Status"]

    assert fh.put_record(**name, Record={"Data": b"x"})["Encrypted"] is True
    fh.stop_delivery_stream_encryption(**name)
    eventually("it is not encrypted", lambda: status() == "DISABLED")
    assert fh.put_record_batch(**name, Records=[{"Data": b"x"}])["Encrypted"] is False
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/a"
    fh.start_delivery_stream_encryption(**name, DeliveryStreamEncryptionConfigurationInput={"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": key})
    eventually("it is encrypted", lambda: status() == "ENABLED")
    assert description()["DeliveryStreamEncryptionConfiguration"]["KeyARN"] == key
    refused(
        "InvalidArgumentException",
        "KeyARN has to be specified when KeyType is CUSTOMER_MANAGED_CMK",
        fh.start_delivery_stream_encryption,
        **name,
        DeliveryStreamEncryptionConfigurationInput={"KeyType": "CUSTOMER_MANAGED_CMK"},
    )
    for call in (fh.start_delivery_stream_encryption, fh.stop_delivery_stream_encryption):
        refused("ResourceNotFoundException", f"Firehose nowhere under account {ACCOUNT} not found.", call, DeliveryStreamName="nowhere")


def logs():
    """A stream that takes from CloudWatch Logs alone, and gives their messages."""
    fh, s3 = client(), boto3.client("s3")
    s3.create_bucket(Bucket="boto3-logs")
    fh.create_delivery_stream(
        DeliveryStreamName="boto3-logs",
        ExtendedS3DestinationConfiguration={
            "BucketARN": "arn:aws:s3:::boto3-logs",
            "RoleARN": ROLE,
            "ProcessingConfiguration": {
                "Enabled": True,
                "Processors": [
                    {"Type": "Decompression", "Parameters": [{"ParameterName": "CompressionFormat", "ParameterValue": "GZIP"}]},
                    {"Type": "CloudWatchLogProcessing", "Parameters": [{"ParameterName": "DataMessageExtraction", "ParameterValue": "true"}]},
                ],
            },
        },
    )
    refused(
        "InvalidSourceException",
        "Only requests from CloudWatch Logs are supported when CloudWatch Logs decompression is enabled.",
        fh.put_record,
        DeliveryStreamName="boto3-logs",
        Record={"Data": b"plain"},
    )
    message = {"messageType": "DATA_MESSAGE", "logGroup": "g", "logStream": "s", "subscriptionFilters": ["f"], "owner": ACCOUNT}
    message["logEvents"] = [{"id": "1", "timestamp": 1, "message": "one"}, {"id": "2", "timestamp": 2, "message": "two"}]
    fh.put_record(DeliveryStreamName="boto3-logs", Record={"Data": gzip.compress(json.dumps(message).encode())})
    flush("boto3-logs")
    eventually("an object", lambda: objects(s3, "boto3-logs"))
    (key,) = objects(s3, "boto3-logs")
    body = s3.get_object(Bucket="boto3-logs", Key=key)["Body"].read()
    assert body.split() == [b"one", b"two"], body
    fh.delete_delivery_stream(DeliveryStreamName="boto3-logs")
    gone(fh)
    s3.delete_object(Bucket="boto3-logs", Key=key)
    s3.delete_bucket(Bucket="boto3-logs")


def pages():
    """All streams, some at a time. boto3 has no paginators for Firehose: its model names none."""
    fh = client()
    assert not any(fh.can_paginate(name) for name in dir(fh) if name.endswith("s") and name.startswith("list_"))
    everything = fh.list_delivery_streams(Limit=10000)
    assert not everything["HasMoreDeliveryStreams"], everything
    names = everything["DeliveryStreamNames"]
    # the server's other clients make streams and delete them meanwhile
    stable = [name for name in names if name.startswith("status-codes")]
    for limit in (1, 2, 3):
        found = paged(fh.list_delivery_streams, "DeliveryStreamNames", "HasMoreDeliveryStreams", "ExclusiveStartDeliveryStreamName", str, Limit=limit)
        assert all(len(page) == limit for page in found[:-1]), found
        together = sum(found, [])
        assert together == sorted(set(together)) and set(stable) <= set(together), found
    assert fh.list_delivery_streams(DeliveryStreamType="KinesisStreamAsSource")["DeliveryStreamNames"] == []


def model():
    """Every operation was called, and every error of the model was answered that this server answers."""
    service = boto3.client("firehose").meta.service_model
    assert called == set(service.operation_names), set(service.operation_names) - called
    # One is of keys that AWS asks KMS about, the other of a full journal.
    elsewhere = {"InvalidKMSResourceException", "ServiceUnavailableException"}
    known = {shape.name for shape in service.error_shapes}
    assert known - told == elsewhere, known - told


def paged(call, items, more, start, key, **arguments):
    """All pages of a list, each asked for with the last key of the one before."""
    got = []
    while True:
        answer = call(**arguments)
        got.append(answer[items])
        if not answer[more]:
            return got
        arguments[start] = key(answer[items][-1])


def gone(fh):
    eventually("the streams are gone", lambda: not [n for n in fh.list_delivery_streams(Limit=100)["DeliveryStreamNames"] if n.startswith("boto3-")])


operations = (delivery, settings, logs, pages, model)
