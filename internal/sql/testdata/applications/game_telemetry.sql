/*
 * Telemetry of a game: events are told apart by id, then counted by minute. It's sent to functions in "wide" rows; -- all of them
 */
-- input "AnalyticsApp_001" ("event_id" VARCHAR(64), "event_type" VARCHAR(256), "event_name" VARCHAR(256), "event_version" VARCHAR(32), "event_timestamp" BIGINT, "application_id" VARCHAR(64), "application_name" VARCHAR(64), "level_id" VARCHAR(32), "country" VARCHAR(16), "currency_amount" DOUBLE, "level_version" INTEGER)
-- metadata

CREATE STREAM "DEDUPED" (
    "event_id" VARCHAR (64), "event_type" VARCHAR (1024), "application_id" VARCHAR (64), "level_id" VARCHAR(32), "country" VARCHAR(16),
    "currency_amount" DOUBLE, "event_timestamp" BIGINT, window_time TIMESTAMP);

CREATE STREAM "METRICS" (
    metric_name VARCHAR (1024),
    metric_timestamp BIGINT,
    metric_unit_value_int BIGINT,
    dimension_application_id VARCHAR (1024),
    dimension_country_id VARCHAR (1024),
    dimension_level_id VARCHAR (1024),
    output_type VARCHAR (1024));

CREATE PUMP "DEDUP_PUMP" AS INSERT INTO "DEDUPED"
SELECT STREAM DISTINCT "event_id", "event_type", "application_id", "level_id", "country", "currency_amount", "event_timestamp", STEP(ROWTIME BY INTERVAL '60' SECOND) AS window_time
FROM "AnalyticsApp_001"
WHERE "event_id" <> '' AND "event_timestamp" > 0;

-- Total events
CREATE OR REPLACE PUMP "TOTAL_EVENTS_PUMP" AS INSERT INTO "METRICS"
SELECT 'TotalEvents', UNIX_TIMESTAMP(TIME_WINDOW), COUNT(d."event_id"), "application_id", CAST(NULL AS VARCHAR(16)), NULL, 'metrics'
FROM (SELECT STREAM "event_id", "application_id", STEP(e.window_time BY INTERVAL '1' MINUTE) AS E_WINDOW, STEP(e.ROWTIME BY INTERVAL '1' MINUTE) AS TIME_WINDOW, ROWTIME AS window_time FROM "DEDUPED" AS e) AS d
GROUP BY TIME_WINDOW, STEP(d.window_time BY INTERVAL '1' MINUTE), d."application_id";

CREATE PUMP "LOGINS_PUMP" AS INSERT INTO "METRICS" (metric_name, metric_timestamp, metric_unit_value_int, dimension_country_id)
SELECT STREAM 'TotalLogins', UNIX_TIMESTAMP(STEP(e.ROWTIME BY INTERVAL '60' SECOND)), COUNT(*), e."country"
FROM "DEDUPED" e
WHERE e."event_type" IN ('login', 'user_login', 'session_start')
GROUP BY "country", STEP(e.ROWTIME BY INTERVAL '60' SECOND);

CREATE PUMP "LEVEL_RATE_PUMP" AS INSERT INTO "METRICS" (metric_name, metric_timestamp, metric_unit_value_int, dimension_level_id)
SELECT STREAM 'LevelCompletionRate', UNIX_TIMESTAMP(w),
    CASE WHEN started = 0 THEN 0 ELSE done * 100 / started END, "level_id"
FROM (
    SELECT STREAM STEP(ROWTIME BY INTERVAL '5' MINUTE) AS w, "level_id",
        SUM(CASE WHEN "event_type" = 'level_started' THEN 1 ELSE 0 END) AS started,
        SUM(CASE "event_type" WHEN 'level_completed' THEN 1 WHEN 'level_won' THEN 1 ELSE 0 END) AS done
    FROM "DEDUPED"
    WHERE "event_type" LIKE 'level%'
    GROUP BY "level_id", STEP("DEDUPED".ROWTIME BY INTERVAL '5' MINUTE)
    HAVING COUNT(*) > 0) AS levels;

CREATE PUMP "SPENT_PUMP" AS INSERT INTO "METRICS" (metric_name, metric_timestamp, metric_unit_value_int)
SELECT STREAM 'Spent', UNIX_TIMESTAMP(CURRENT_TIMESTAMP), CAST(FLOOR(SUM(COALESCE("currency_amount", 0))) AS BIGINT)
FROM "DEDUPED" GROUP BY FLOOR("DEDUPED".ROWTIME TO HOUR);
