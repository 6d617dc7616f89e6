-- input SOURCE_SQL_STREAM_001 (deviceid VARCHAR(32), "temp" DOUBLE, ts TIMESTAMP, connected BOOLEAN, bytes INTEGER)
-- Names in lower case without quotes fold, on both sides of a pump.
create or replace stream connected_device_stream (device varchar(32), ts timestamp, gap double);
create or replace stream interim_stream (window_start timestamp, device varchar(32), messages integer, hottest double);
create or replace stream "DESTINATION_STREAM" (made_at timestamp, kind varchar(16), metric integer, device varchar(32), v double);

create or replace pump connected_device_pump as insert into connected_device_stream
select stream deviceid, ts, tsdiff(ts, lag(ts) over (partition by deviceid rows 5 preceding)) / 1000
from (select stream * from source_sql_stream_001 order by step(source_sql_stream_001.rowtime by interval '10' second), ts);

create or replace pump interim_pump as insert into interim_stream
select stream step(source_sql_stream_001.rowtime by interval '10' second) as window_start, deviceid, count(*), max("temp")
from source_sql_stream_001
where connected is true
group by deviceid, step(source_sql_stream_001.rowtime by interval '10' second);

create or replace pump chained_pump as insert into "DESTINATION_STREAM"
select current_timestamp, 'messages', 0, *
from (
  select stream device, cast(max(messages) as double)
  from interim_stream
  group by device, step(interim_stream.rowtime by interval '10' second));

create or replace pump gaps_pump as insert into "DESTINATION_STREAM"
select stream current_timestamp, 'gap', case when gap >= 0 then cast(gap as integer) else -1 end, device, gap
from connected_device_stream
where gap is not null and gap > 30;
