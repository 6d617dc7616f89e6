"""A Lambda handler for Firehose behind the path that the Runtime Interface
Emulator serves. Prints its address, then serves until its input ends."""

import base64
import http.server
import json
import sys
import threading


def handler(event, context):
    output = []
    for record in event["records"]:
        payload = base64.b64decode(record["data"]).decode("utf-8")
        fields = payload.split()
        if payload == "boom":
            raise ValueError("boom")
        if len(fields) != 2:
            output.append({"recordId": record["recordId"], "result": "ProcessingFailed", "data": record["data"]})
        elif fields[1] == "/health":
            output.append({"recordId": record["recordId"], "result": "Dropped", "data": record["data"]})
        else:
            text = json.dumps({"method": fields[0], "page": fields[1]}) + "\n"
            output.append({"recordId": record["recordId"], "result": "Ok",
                           "data": base64.b64encode(text.encode("utf-8")).decode("utf-8"),
                           "metadata": {"partitionKeys": {"method": fields[0]}}})
    return {"records": output}


class Invoke(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        if self.path != "/2015-03-31/functions/function/invocations":
            self.send_error(404)
            return
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            result = handler(event, None)
        except Exception as e:  # as the emulator answers: 200 and the bare error
            result = {"errorMessage": str(e), "errorType": type(e).__name__, "stackTrace": []}
        body = json.dumps(result).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Invoke)
threading.Thread(target=server.serve_forever, daemon=True).start()
print("http://127.0.0.1:%d" % server.server_port, flush=True)
sys.stdin.read()
