-- name: stage
-- Temporary tables of the writer's session; emptied at every commit.
CREATE TEMPORARY TABLE staged_position (LIKE position) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE staged_event (LIKE event) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE staged_flight (LIKE flight, ord integer GENERATED ALWAYS AS IDENTITY)
    ON COMMIT DELETE ROWS;

-- name: record_batch
-- Returns a row where the batch is new; waits for another session that is about to record it.
WITH pruned AS (
    DELETE FROM batch WHERE run = %(run)s AND number < %(prune_below)s
)
INSERT INTO batch (run, number, part, stored, duplicate, rejected)
VALUES (%(run)s, %(number)s, %(part)s, %(rows)s, 0, 0)
ON CONFLICT DO NOTHING
RETURNING number;

-- name: recorded_batch
SELECT stored, duplicate, rejected FROM batch
WHERE run = %(run)s AND number = %(number)s AND part = %(part)s;

-- name: correct_batch
-- Only where the counts are not what record_batch took for granted.
UPDATE batch SET stored = %(stored)s, duplicate = %(duplicate)s, rejected = %(rejected)s
WHERE run = %(run)s AND number = %(number)s AND part = %(part)s;

-- name: insert_position
-- What lies staged and is not there yet; returns how many were left out.
WITH written AS (
    INSERT INTO position SELECT * FROM staged_position ON CONFLICT DO NOTHING RETURNING 1
)
SELECT (SELECT count(*) FROM staged_position) - (SELECT count(*) FROM written);

-- name: insert_event
WITH written AS (
    INSERT INTO event SELECT * FROM staged_event ON CONFLICT DO NOTHING RETURNING 1
)
SELECT (SELECT count(*) FROM staged_event) - (SELECT count(*) FROM written);

-- name: insert_flight
-- Each flight's newest staged row over the one that is there, unless that is newer still; an
-- aircraft only where something about it is new, since most rows of a flight change nothing there.
-- In order of the key, so that two writers do not wait for each other in a circle.
-- Returns how many flights had a newer row.
WITH newest AS (
    SELECT DISTINCT ON (flight) * FROM staged_flight ORDER BY flight, last_contact DESC, ord DESC
), written AS (
    INSERT INTO flight (
           flight, icao24, started, last_contact, points, ended, end_cause, callsign,
           registration, typecode, category, db_flags, squawk, source, feed,
           first_lat, first_lon, last_lat, last_lon, phase, est_departure, est_arrival)
    SELECT flight, icao24, started, last_contact, points, ended, end_cause, callsign,
           registration, typecode, category, db_flags, squawk, source, feed,
           first_lat, first_lon, last_lat, last_lon, phase, est_departure, est_arrival
    FROM newest ORDER BY flight
    ON CONFLICT (flight) DO UPDATE SET
        last_contact = EXCLUDED.last_contact,
        points = EXCLUDED.points,
        ended = EXCLUDED.ended,
        end_cause = EXCLUDED.end_cause,
        callsign = EXCLUDED.callsign,
        registration = EXCLUDED.registration,
        typecode = EXCLUDED.typecode,
        category = EXCLUDED.category,
        db_flags = EXCLUDED.db_flags,
        squawk = EXCLUDED.squawk,
        source = EXCLUDED.source,
        feed = EXCLUDED.feed,
        first_lat = EXCLUDED.first_lat,
        first_lon = EXCLUDED.first_lon,
        last_lat = EXCLUDED.last_lat,
        last_lon = EXCLUDED.last_lon,
        phase = EXCLUDED.phase,
        est_departure = EXCLUDED.est_departure,
        est_arrival = EXCLUDED.est_arrival
    WHERE flight.last_contact <= EXCLUDED.last_contact
    RETURNING 1
), airframe AS (
    SELECT DISTINCT ON (n.icao24) n.*
    FROM newest n
    LEFT JOIN aircraft a ON a.icao24 = n.icao24
    WHERE a.icao24 IS NULL
       OR n.started < a.first_seen
       OR n.last_contact > a.last_seen + interval '10 minutes'
       OR (n.ended IS NOT NULL AND n.last_contact > a.last_seen)
       OR coalesce(n.registration <> a.registration, n.registration IS NOT NULL)
       OR coalesce(n.typecode <> a.typecode, n.typecode IS NOT NULL)
       OR coalesce(n.category <> a.category, n.category IS NOT NULL)
       OR coalesce(n.db_flags <> a.db_flags, n.db_flags IS NOT NULL)
    ORDER BY n.icao24, n.last_contact DESC
), known AS (
    INSERT INTO aircraft
    SELECT icao24, registration, typecode, category, db_flags, started, last_contact
    FROM airframe
    ON CONFLICT (icao24) DO UPDATE SET
        registration = coalesce(EXCLUDED.registration, aircraft.registration),
        typecode = coalesce(EXCLUDED.typecode, aircraft.typecode),
        category = coalesce(EXCLUDED.category, aircraft.category),
        db_flags = coalesce(EXCLUDED.db_flags, aircraft.db_flags),
        first_seen = least(aircraft.first_seen, EXCLUDED.first_seen),
        last_seen = greatest(aircraft.last_seen, EXCLUDED.last_seen)
)
SELECT (SELECT count(*) FROM newest) - (SELECT count(*) FROM written);

-- name: clear_position
DELETE FROM staged_position;

-- name: clear_event
DELETE FROM staged_event;

-- name: clear_flight
DELETE FROM staged_flight;

-- name: reject
INSERT INTO rejected_row (run, batch, relation, code, message, "row")
VALUES (%(run)s, %(number)s, %(relation)s, %(code)s, %(message)s, %(row)s::jsonb);

-- name: insert_gap
INSERT INTO history_gap (started, ended, thinned, dropped)
VALUES (to_timestamp(%(started)s), to_timestamp(%(ended)s), %(thinned)s, %(dropped)s);
