-- name: begin_import
INSERT INTO import (kind, origin) VALUES (%(kind)s, %(origin)s) RETURNING import;

-- name: end_import
UPDATE import SET inserted = %(inserted)s, updated = %(updated)s WHERE import = %(import)s;

-- name: prepare
-- Sorting half a million rows on disk takes three times as long; only for this transaction.
SET LOCAL work_mem = '128MB';

-- name: stage_register
CREATE TEMPORARY TABLE staged_register (LIKE register, ord integer GENERATED ALWAYS AS IDENTITY)
    ON COMMIT DROP;
ALTER TABLE staged_register ALTER import DROP NOT NULL;

-- name: stage_route
CREATE TEMPORARY TABLE staged_route (LIKE route, ord integer GENERATED ALWAYS AS IDENTITY)
    ON COMMIT DROP;
ALTER TABLE staged_route ALTER import DROP NOT NULL;

-- name: merge_register
-- The last staged row of each aircraft over the one that is there. What the new one leaves open
-- stays as it was, unless the registration is another: then it is another aircraft, or has changed
-- hands, and nothing of the old row holds. Rows that would say the same are not written.
-- Returns how many are new, how many say something else now, and how many aircraft were staged.
WITH newest AS (
    SELECT DISTINCT ON (icao24) * FROM staged_register ORDER BY icao24, ord DESC
), merged AS (
    SELECT n.icao24,
           coalesce(n.registration, k.registration) AS registration,
           coalesce(n.typecode, k.typecode) AS typecode,
           coalesce(n.description, k.description) AS description,
           coalesce(n.operator, k.operator) AS operator,
           coalesce(n.operator_icao, k.operator_icao) AS operator_icao,
           coalesce(n.owner, k.owner) AS owner,
           coalesce(n.serial_number, k.serial_number) AS serial_number,
           coalesce(n.year, k.year) AS year,
           coalesce(n.db_flags, k.db_flags) AS db_flags
    FROM newest n
    LEFT JOIN register k ON k.icao24 = n.icao24
         AND coalesce(replace(n.registration, '-', '') = replace(k.registration, '-', ''), true)
), written AS (
    INSERT INTO register AS known (icao24, registration, typecode, description, operator,
                                   operator_icao, owner, serial_number, year, db_flags, import)
    SELECT merged.*, %(import)s FROM merged
    ON CONFLICT (icao24) DO UPDATE SET
        registration = EXCLUDED.registration,
        typecode = EXCLUDED.typecode,
        description = EXCLUDED.description,
        operator = EXCLUDED.operator,
        operator_icao = EXCLUDED.operator_icao,
        owner = EXCLUDED.owner,
        serial_number = EXCLUDED.serial_number,
        year = EXCLUDED.year,
        db_flags = EXCLUDED.db_flags,
        import = EXCLUDED.import
    WHERE (known.registration, known.typecode, known.description, known.operator,
           known.operator_icao, known.owner, known.serial_number, known.year, known.db_flags)
          IS DISTINCT FROM
          (EXCLUDED.registration, EXCLUDED.typecode, EXCLUDED.description, EXCLUDED.operator,
           EXCLUDED.operator_icao, EXCLUDED.owner, EXCLUDED.serial_number, EXCLUDED.year,
           EXCLUDED.db_flags)
    RETURNING xmax = 0 AS is_new  -- a row just inserted has never been locked or updated
)
SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new),
       (SELECT count(*) FROM newest)
FROM written;

-- name: merge_route
WITH newest AS (
    SELECT DISTINCT ON (callsign) * FROM staged_route ORDER BY callsign, ord DESC
), written AS (
    INSERT INTO route AS known (callsign, airports, import)
    SELECT callsign, airports, %(import)s FROM newest
    ON CONFLICT (callsign) DO UPDATE SET airports = EXCLUDED.airports, import = EXCLUDED.import
    WHERE known.airports IS DISTINCT FROM EXCLUDED.airports
    RETURNING xmax = 0 AS is_new
)
SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new),
       (SELECT count(*) FROM newest)
FROM written;

-- name: one_import_at_a_time
-- Two at once would wait for each other's rows in a circle; whoever reads is not hindered.
LOCK TABLE import IN SHARE ROW EXCLUSIVE MODE;

-- name: fresh_statistics
-- So that the first look-ups are planned with the table as it now is.
ANALYZE register, route;
