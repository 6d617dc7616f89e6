-- input SOURCE_SQL_STREAM_001 ("user_id" VARCHAR(16), "device_id" VARCHAR(10), "event" VARCHAR(16), "client_time" TIMESTAMP)
-- metadata
/* sessions of users, by the time of their first event */
CREATE OR REPLACE STREAM "DESTINATION_SQL_STREAM" (session_id VARCHAR(60), user_id VARCHAR(16), events BIGINT, first_event VARCHAR(16), last_event VARCHAR(16),
  begun TIMESTAMP, ended TIMESTAMP, seconds BIGINT);
CREATE OR REPLACE PUMP "WINDOW_PUMP_MIN" AS INSERT INTO "DESTINATION_SQL_STREAM"
SELECT STREAM UPPER(SUBSTRING("user_id" FROM 1 FOR 3)) || '_' || SUBSTRING("user_id", 4) || CAST(UNIX_TIMESTAMP(MIN("client_time")) AS VARCHAR(20)),
  "user_id", COUNT(*), FIRST_VALUE("event"), LAST_VALUE("event"), MIN("client_time"), MAX("client_time"),
  TSDIFF(MAX("client_time"), MIN("client_time")) / 1000
FROM "SOURCE_SQL_STREAM_001"
WINDOWED BY STAGGER (PARTITION BY "user_id" RANGE INTERVAL '1' MINUTE);
