"""What the scripts of this folder share."""

import os
import re
import subprocess
import time

from botocore.exceptions import ClientError

ACCOUNT = "000000000000"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/boto3"  # does not exist: may do everything


told = set()  # the codes of all errors that were answered


def refused(code, text, call, **arguments):
    """The call is refused with exactly this code and, unless it is a pattern, exactly this text."""
    try:
        answer = call(**arguments)
    except ClientError as e:
        error = e.response["Error"]
        assert error["Code"] == code, error
        told.add(code)
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
