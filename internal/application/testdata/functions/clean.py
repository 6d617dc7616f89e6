"""A pre-processing function: "key value" becomes JSON, blank records are dropped."""
import base64, json, sys

event = json.load(sys.stdin)
answer = []
for record in event["records"]:
    assert record["kinesisFirehoseRecordMetadata"]["approximateArrivalTimestamp"] > 0
    text = base64.b64decode(record["data"]).decode()
    out = {"recordId": record["recordId"], "result": "Dropped"}
    if text.strip():
        key, _, value = text.partition(" ")
        data = json.dumps({"k": key, "v": value})
        out.update(result="Ok", data=base64.b64encode(data.encode()).decode())
    answer.append(out)
json.dump({"records": answer}, sys.stdout)
