"""Counts by host in windows of ten seconds: flink.py INPUT.jsonl OUTPUT-FOLDER

Prints the CPU time of the Java process in milliseconds and its peak memory in KiB.
"""
import re
import sys

from pyflink.java_gateway import get_gateway
from pyflink.table import EnvironmentSettings, TableEnvironment

t = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
for key, value in {
    "parallelism.default": "1",
    "pipeline.object-reuse": "true",
    "table.exec.source.idle-timeout": "0",
    "table.local-time-zone": "UTC",
    "execution.checkpointing.interval": "1 h",
}.items():
    t.get_config().set(key, value)
t.execute_sql(f"""
    CREATE TABLE S (ts BIGINT, host STRING, rt AS TO_TIMESTAMP_LTZ(ts, 3), WATERMARK FOR rt AS rt)
    WITH ('connector' = 'filesystem', 'path' = 'file://{sys.argv[1]}', 'format' = 'json')
""")
t.execute_sql(f"""
    CREATE TABLE O (`at` STRING, host STRING, N BIGINT)
    WITH ('connector' = 'filesystem', 'path' = 'file://{sys.argv[2]}', 'format' = 'json')
""")
t.execute_sql("""
    INSERT INTO O
    SELECT DATE_FORMAT(window_start, 'yyyy-MM-dd HH:mm:ss.SSS'), host, COUNT(*)
    FROM TABLE(TUMBLE(TABLE S, DESCRIPTOR(rt), INTERVAL '10' SECOND))
    GROUP BY window_start, window_end, host
""").wait()

process = get_gateway().jvm.java.lang.ProcessHandle.current()
with open(f"/proc/{process.pid()}/status", encoding="ascii") as status:
    peak = re.search(r"VmHWM:\s+(\d+)", status.read()).group(1)
print(process.info().totalCpuDuration().get().toMillis(), peak)
