-- name: flight
-- One flight by its key.
SELECT flight, icao24, extract(epoch FROM started)::float8, extract(epoch FROM last_contact)::float8,
       points, extract(epoch FROM ended)::float8, end_cause, callsign, registration, typecode,
       category, db_flags, squawk, source, feed, first_lat, first_lon, last_lat, last_lon,
       phase, est_departure, est_arrival
FROM flight WHERE flight = %(flight)s;

-- name: flights_of
-- The latest flights of an aircraft: the address is the upper part of the key, so they are a range.
SELECT flight, icao24, extract(epoch FROM started)::float8, extract(epoch FROM last_contact)::float8,
       points, extract(epoch FROM ended)::float8, end_cause, callsign, registration, typecode,
       category, db_flags, squawk, source, feed, first_lat, first_lon, last_lat, last_lon,
       phase, est_departure, est_arrival
FROM flight WHERE flight BETWEEN %(first)s AND %(last)s
ORDER BY flight DESC LIMIT %(limit)s;

-- name: health
-- When the last batch was stored, as far as batches are remembered.
SELECT extract(epoch FROM max(at))::float8 FROM batch;

-- name: exact_counts
SELECT (SELECT count(*) FROM aircraft), (SELECT count(*) FROM flight),
       (SELECT count(*) FROM position), (SELECT count(*) FROM event),
       (SELECT count(*) FROM rejected_row);

-- name: estimated_counts
-- The server's own running estimates; a count of a month of positions would take minutes.
SELECT coalesce(sum(n_live_tup) FILTER (WHERE relname = 'aircraft'), 0)::bigint,
       coalesce(sum(n_live_tup) FILTER (WHERE relname = 'flight'), 0)::bigint,
       coalesce(sum(n_live_tup) FILTER (WHERE relname LIKE 'position\_%%'), 0)::bigint,
       coalesce(sum(n_live_tup) FILTER (WHERE relname = 'event'), 0)::bigint,
       coalesce(sum(n_live_tup) FILTER (WHERE relname = 'rejected_row'), 0)::bigint
FROM pg_stat_user_tables WHERE schemaname = 'aerotrack';

-- name: known_airframes
-- What the register says of aircraft, as far as flights show it.
SELECT icao24, registration, typecode, description, coalesce(operator, owner), db_flags::integer
FROM register WHERE icao24 = ANY(%(icao24s)s);

-- name: routes_of
SELECT callsign, airports FROM route WHERE callsign = ANY(%(callsigns)s);

-- name: latest_import
SELECT coalesce(max(import), 0) FROM import;
