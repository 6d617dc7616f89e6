import base64
import json
import sys


def handler(event, context):
    return {"records": [
        {"recordId": r["recordId"], "result": "Ok",
         "data": base64.b64encode(base64.b64decode(r["data"]).upper()).decode()}
        for r in event["records"]]}


if __name__ == "__main__":
    json.dump(handler(json.load(sys.stdin), None), sys.stdout)
