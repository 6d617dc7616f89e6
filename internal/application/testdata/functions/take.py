"""An output's function: it appends what it gets to a file, and refuses a key once."""
import base64, json, os, sys

event = json.load(sys.stdin)
answer = []
with open(sys.argv[1], "a") as file:
    for record in event["records"]:
        data = base64.b64decode(record["data"]).decode()
        hint = record["lambdaDeliveryRecordMetadata"]["retryHint"]
        failed = '"b"' in data and hint == 0
        if not failed:
            file.write("%s %d\n" % (data, hint))
        answer.append({"recordId": record["recordId"], "result": "DeliveryFailed" if failed else "Ok"})
json.dump({"records": answer}, sys.stdout)
