/* The status codes' pump: it's "quoted" all over; and -- nested */
CREATE OR REPLACE STREAM "DESTINATION_SQL_STREAM" (
  datetime TIMESTAMP, -- the window's end
  status INTEGER NOT NULL, statusCount INTEGER, t VARCHAR (32), d DOUBLE PRECISION, n DECIMAL(8,2)) DESCRIPTION 'it''s';
// a console template's comment; with a semicolon
CREATE OR REPLACE PUMP "STREAM_PUMP" AS INSERT INTO "DESTINATION_SQL_STREAM"
SELECT STREAM ROWTIME as datetime, "response" as status, COUNT(*) AS statusCount, 'x', 1.5, -2
FROM "SOURCE_SQL_STREAM_001"
WHERE "response" IS NOT NULL AND NOT "request" NOT like '%.png' ESCAPE '\' OR 1 <> 2 AND x != 3
GROUP BY "response",
FLOOR(("SOURCE_SQL_STREAM_001".ROWTIME - TIMESTAMP
  '1970-01-01 00:00:00') minute / 1 TO MINUTE)
HAVING COUNT(*) > 1;
