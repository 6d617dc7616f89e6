-- input WASA_001 ("host" VARCHAR(64), "datetime" VARCHAR(32), "request" VARCHAR(256), "response" INTEGER, "bytes" INTEGER, "agent" VARCHAR(256), "referer" VARCHAR(256), "event_type" VARCHAR(32), "event_name" VARCHAR(32), "event_timestamp" VARCHAR(32), "clientid" VARCHAR(64), "page" VARCHAR(64), "custom_metric_name" VARCHAR(32), "custom_metric_int_value" INTEGER, "custom_metric_float_value" REAL)
-- metadata

-- Metrics of a web site: nine pumps that write rows of different shape into one wide stream, which a function takes.
CREATE STREAM "DESTINATION_SQL_STREAM" (
    MetricType VARCHAR(32),
    EventTimestamp BIGINT,
    MetricItem VARCHAR(1024),
    UnitValueInt BIGINT,
    UnitValueFloat DOUBLE);

CREATE STREAM "MAGNITUDE_STREAM" (EventTimestamp TIMESTAMP, MetricType VARCHAR(32), Hits DOUBLE);

-- each visitor once a minute
CREATE PUMP "VISITORS_PUMP" AS INSERT INTO "DESTINATION_SQL_STREAM" (MetricType, EventTimestamp, UnitValueInt)
SELECT 'visitor_count', UNIX_TIMESTAMP(window_time), COUNT(*)
FROM (
    SELECT STREAM DISTINCT
        MONOTONIC(STEP(CHAR_TO_TIMESTAMP('dd/MMM/yyyy:HH:mm:ss z', "datetime") BY INTERVAL '60' SECOND)) AS window_time,
        STEP("WASA_001".ROWTIME BY INTERVAL '60' SECOND) AS row_window,
        "clientid"
    FROM "WASA_001")
GROUP BY window_time;

CREATE PUMP "TOP_PAGES_PUMP" AS INSERT INTO "DESTINATION_SQL_STREAM" (MetricType, EventTimestamp, MetricItem, UnitValueInt)
SELECT STREAM 'top_pages', UNIX_TIMESTAMP(EventTimestamp), page, page_count
FROM (
    SELECT STREAM STEP(CHAR_TO_TIMESTAMP('dd/MMM/yyyy:HH:mm:ss z', s."datetime") BY INTERVAL '10' SECOND) AS EventTimestamp,
        s."page" AS page, COUNT(*) AS page_count
    FROM "WASA_001" s
    WHERE s."event_type" = 'pageview' AND s."page" NOT like '%.js' AND s."page" NOT  LIKE '%.css'
    GROUP BY STEP(s.ROWTIME BY INTERVAL '10' SECOND), STEP(CHAR_TO_TIMESTAMP('dd/MMM/yyyy:HH:mm:ss z', s."datetime") BY INTERVAL '10' SECOND), s."page"
    HAVING COUNT(*) > 1
    ORDER BY STEP(s.ROWTIME BY INTERVAL '10' SECOND), page_count DESC);

CREATE PUMP "REFERRAL_PUMP" AS INSERT INTO "DESTINATION_SQL_STREAM" (MetricType, EventTimestamp, MetricItem, UnitValueInt)
SELECT STREAM 'referral_count', UNIX_TIMESTAMP(ts), ref, n FROM (
    SELECT STREAM STEP("WASA_001".ROWTIME BY INTERVAL '10' SECOND) AS ts, "referer" AS ref, COUNT(*) AS n
    FROM "WASA_001" WHERE "referer" IS NOT NULL AND "referer" <> '-'
    GROUP BY "referer", STEP("WASA_001".ROWTIME BY INTERVAL '10' SECOND));

CREATE PUMP "BROWSERS_PUMP" AS INSERT INTO "DESTINATION_SQL_STREAM" (MetricType, EventTimestamp, MetricItem, UnitValueInt)
SELECT STREAM 'agent_count', UNIX_TIMESTAMP(STEP("WASA_001".ROWTIME BY INTERVAL '10' SECOND)), "agent", COUNT(*)
FROM "WASA_001"
GROUP BY "agent", STEP("WASA_001".ROWTIME BY INTERVAL '10' SECOND);

CREATE PUMP "EVENTS_PUMP" AS INSERT INTO "DESTINATION_SQL_STREAM" (MetricType, EventTimestamp, MetricItem, UnitValueInt)
SELECT STREAM 'event_count', UNIX_TIMESTAMP(w), "event_name", n
FROM (SELECT STREAM STEP(ROWTIME BY INTERVAL '10' SECOND) AS w, "event_name", COUNT("event_name") AS n FROM "WASA_001"
      GROUP BY STEP("WASA_001".ROWTIME BY INTERVAL '10' SECOND), "event_name");

CREATE PUMP "MAGNITUDE_PUMP" AS INSERT INTO "MAGNITUDE_STREAM"
SELECT STREAM STEP("WASA_001".ROWTIME BY INTERVAL '10' SECOND), 'hits', CAST(COUNT(*) AS DOUBLE)
FROM "WASA_001" GROUP BY STEP("WASA_001".ROWTIME BY INTERVAL '10' SECOND);

CREATE PUMP "ANOMALY_PUMP" AS INSERT INTO "DESTINATION_SQL_STREAM" (MetricType, EventTimestamp, UnitValueInt, UnitValueFloat)
SELECT STREAM 'hits_anomaly', UNIX_TIMESTAMP(ts), 1, ANOMALY_SCORE FROM (
    SELECT STREAM EventTimestamp AS ts, Hits, ANOMALY_SCORE
    FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM EventTimestamp, Hits FROM "MAGNITUDE_STREAM")))) WHERE ANOMALY_SCORE > 3;

CREATE PUMP "SLIDING_PUMP" AS INSERT INTO "DESTINATION_SQL_STREAM" (MetricType, EventTimestamp, MetricItem, UnitValueInt)
SELECT STREAM 'status_last_minute', UNIX_TIMESTAMP(ROWTIME), CAST("response" AS VARCHAR(8)), COUNT(*) OVER W
FROM "WASA_001" WHERE "response" >= 400
WINDOW W AS (PARTITION BY "response" RANGE INTERVAL '1' MINUTE PRECEDING);

CREATE PUMP "CUSTOM_PUMP" AS INSERT INTO "DESTINATION_SQL_STREAM"
SELECT STREAM "custom_metric_name", UNIX_TIMESTAMP(APPROXIMATE_ARRIVAL_TIME), UPPER(TRIM("page")), CAST("custom_metric_int_value" AS BIGINT), CAST("custom_metric_float_value" AS DOUBLE)
FROM "WASA_001" WHERE "event_name" = 'custom' AND "custom_metric_name" IS NOT NULL;
