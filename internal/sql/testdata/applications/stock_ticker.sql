-- input SOURCE_SQL_STREAM_001 (TICKER_SYMBOL VARCHAR(4), SECTOR VARCHAR(16), CHANGE REAL, PRICE REAL)
// the filters and averages of the console's templates
CREATE OR REPLACE STREAM "FILTERED" (ticker_symbol VARCHAR(4), sector VARCHAR(12), change REAL, price REAL);
CREATE OR REPLACE STREAM "AVERAGES" (ticker_symbol VARCHAR(4), avg_last_10s REAL, min_unbounded REAL, two_rows REAL, deviation DOUBLE);
CREATE OR REPLACE PUMP "FILTER_PUMP" AS INSERT INTO "FILTERED"
-- Select all columns from the source stream
SELECT STREAM ticker_symbol, sector, change, price
FROM "SOURCE_SQL_STREAM_001"
-- LIKE compares a string to a string pattern (_ matches all char, % matches substring)
-- SIMILAR TO compares string to a regex, may use ESCAPE
WHERE sector SIMILAR TO '%(TECH|ENERGY)%' AND NOT (change < -50.0 OR price = 0) AND ticker_symbol <> 'AM\_Z' ;
CREATE OR REPLACE PUMP "AVERAGES_PUMP" AS INSERT INTO "AVERAGES"
SELECT STREAM ticker_symbol, AVG(price) OVER TEN_SECOND_SLIDING_WINDOW, MIN(price) OVER EVER, AVG(price) OVER TWO, STDDEV_SAMP(price) OVER TEN_SECOND_SLIDING_WINDOW
FROM "SOURCE_SQL_STREAM_001"
WINDOW TEN_SECOND_SLIDING_WINDOW AS (PARTITION BY ticker_symbol RANGE INTERVAL '10' SECOND PRECEDING),
  EVER AS (PARTITION BY ticker_symbol ROWS UNBOUNDED PRECEDING),
  TWO AS (PARTITION BY ticker_symbol ROWS BETWEEN 2 PRECEDING AND CURRENT ROW);
