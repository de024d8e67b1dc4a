-- name: picture
-- The flights of a moment: those with a row shortly before it (in the box, where there is one), each
-- value as of the last of its latest rows that held one. Late observations hold little, so a few
-- rows are looked at.
WITH heard AS (
    SELECT DISTINCT flight FROM position
    WHERE ts > to_timestamp(%(at)s::float8 - %(shown)s::float8) AND ts <= to_timestamp(%(at)s)
      AND (%(world)s::boolean OR (flight >> 32) = ANY(%(addresses)s::bigint[])
           OR (lat BETWEEN %(south)s AND %(north)s
               AND CASE WHEN %(west)s::float8 <= %(east)s::float8
                        THEN lon BETWEEN %(west)s AND %(east)s
                        ELSE lon >= %(west)s OR lon <= %(east)s END))
    UNION
    SELECT flight FROM flight
    WHERE source IN ('adsc', 'hfdl') AND started <= to_timestamp(%(at)s)
      AND last_contact > to_timestamp(%(at)s::float8 - %(slow)s::float8)
)
SELECT heard.flight, extract(epoch FROM state.ts)::float8, fix.lat, fix.lon, state.alt_baro,
       state.alt_geom, state.on_ground, state.gs, state.track, state.baro_rate, state.callsign,
       state.squawk, state.emergency, state.source, state.feed,
       extract(epoch FROM fix.ts)::float8, coalesce(f.registration, r.registration),
       coalesce(f.typecode, r.typecode), f.category, coalesce(f.db_flags, r.db_flags::integer)
FROM heard
CROSS JOIN LATERAL (
    SELECT max(ts) AS ts,
           (array_agg(alt_baro) FILTER (WHERE alt_baro IS NOT NULL))[1] AS alt_baro,
           (array_agg(alt_geom) FILTER (WHERE alt_geom IS NOT NULL))[1] AS alt_geom,
           (array_agg(on_ground) FILTER (WHERE on_ground IS NOT NULL))[1] AS on_ground,
           (array_agg(gs) FILTER (WHERE gs IS NOT NULL))[1] AS gs,
           (array_agg(track) FILTER (WHERE track IS NOT NULL))[1] AS track,
           (array_agg(baro_rate) FILTER (WHERE baro_rate IS NOT NULL))[1] AS baro_rate,
           (array_agg(callsign) FILTER (WHERE callsign IS NOT NULL))[1] AS callsign,
           (array_agg(squawk) FILTER (WHERE squawk IS NOT NULL))[1] AS squawk,
           (array_agg(emergency) FILTER (WHERE emergency IS NOT NULL))[1] AS emergency,
           (array_agg(source))[1] AS source,
           (array_agg(feed))[1] AS feed
    FROM (SELECT * FROM position p
          WHERE p.flight = heard.flight AND p.ts <= to_timestamp(%(at)s)
            AND p.ts > to_timestamp(%(at)s::float8 - %(slow)s::float8)
          ORDER BY p.ts DESC LIMIT %(rows)s) latest
) state
LEFT JOIN LATERAL (
    SELECT ts, lat, lon FROM position p
    WHERE p.flight = heard.flight AND p.ts <= to_timestamp(%(at)s) AND p.lat IS NOT NULL
      AND p.ts > to_timestamp(%(at)s::float8 - %(slow)s::float8)
    ORDER BY p.ts DESC LIMIT 1
) fix ON true
LEFT JOIN flight f ON f.flight = heard.flight
LEFT JOIN register r ON r.icao24 = f.icao24
WHERE state.ts IS NOT NULL AND (f.ended IS NULL OR f.ended > to_timestamp(%(at)s))
LIMIT %(limit)s;

-- name: airframes_of
-- Which aircraft flights were.
SELECT f.flight, coalesce(f.registration, r.registration), coalesce(f.typecode, r.typecode),
       f.category, coalesce(f.db_flags, r.db_flags::integer)
FROM flight f LEFT JOIN register r ON r.icao24 = f.icao24
WHERE f.flight = ANY(%(flights)s::bigint[]);

-- name: points_between
-- Rows of a short time in order: of all flights, or of those that come into the box in it, those
-- that are known to be there, and those that are followed. It goes on behind (since, flight).
WITH chunk AS MATERIALIZED (
    SELECT flight, ts, lat, lon, alt_baro, alt_geom, on_ground, gs, track, baro_rate, callsign,
           squawk, emergency, source, feed
    FROM position
    WHERE ts >= to_timestamp(%(since)s) AND ts <= to_timestamp(%(until)s)
)
SELECT flight, extract(epoch FROM ts)::float8, lat, lon, alt_baro, alt_geom, on_ground, gs, track,
       baro_rate, callsign, squawk, emergency, source, feed
FROM chunk
WHERE (ts, flight) > (to_timestamp(%(since)s), %(after)s::bigint)
  AND (%(world)s::boolean OR flight = ANY(%(known)s::bigint[])
       OR (flight >> 32) = ANY(%(addresses)s::bigint[])
       OR flight IN (
           SELECT flight FROM chunk
           WHERE lat BETWEEN %(south)s AND %(north)s
             AND CASE WHEN %(west)s::float8 <= %(east)s::float8
                      THEN lon BETWEEN %(west)s AND %(east)s
                      ELSE lon >= %(west)s OR lon <= %(east)s END))
ORDER BY ts, flight LIMIT %(limit)s;

-- name: events_between
SELECT flight, extract(epoch FROM ts)::float8, kind, detail, lat, lon
FROM event
WHERE ts > to_timestamp(%(since)s) AND ts <= to_timestamp(%(until)s)
ORDER BY ts, flight, kind LIMIT %(limit)s;

-- name: track_part
-- A part of a track from its beginning; the bounds let whole days be passed over.
SELECT flight, extract(epoch FROM ts)::float8, lat, lon, alt_baro, alt_geom, on_ground, gs, track,
       baro_rate, callsign, squawk, emergency, source, feed
FROM position
WHERE flight = %(flight)s AND ts > to_timestamp(%(after)s) AND ts <= to_timestamp(%(until)s)
  AND ts <= coalesce((SELECT ended + interval '1 second' FROM flight
                      WHERE flight.flight = %(flight)s), 'infinity')
ORDER BY position.ts LIMIT %(limit)s;

-- name: aircraft
SELECT coalesce(a.icao24, r.icao24), coalesce(a.registration, r.registration),
       coalesce(a.typecode, r.typecode), r.description, coalesce(r.operator, r.owner), r.owner,
       r.serial_number, r.year::integer, a.category, coalesce(a.db_flags, r.db_flags::integer),
       extract(epoch FROM a.first_seen)::float8, extract(epoch FROM a.last_seen)::float8
FROM (SELECT * FROM aircraft WHERE icao24 = %(icao24)s) a
FULL JOIN (SELECT * FROM register WHERE icao24 = %(icao24)s) r ON true;

-- name: flights
-- The search, the latest first. No flight lasts longer than some days, as far as this
-- search goes: so it need not look at everything that ever began. What is not asked for is null,
-- and planned away.
SELECT flight, icao24, extract(epoch FROM started)::float8, extract(epoch FROM last_contact)::float8,
       points, extract(epoch FROM ended)::float8, end_cause, callsign, registration, typecode,
       category, db_flags, squawk, source, feed, first_lat, first_lon, last_lat, last_lon,
       phase, est_departure, est_arrival
FROM flight
WHERE started <= to_timestamp(%(end)s) AND last_contact >= to_timestamp(%(begin)s)
  AND started >= to_timestamp(greatest(0, %(begin)s::float8 - %(longest)s::float8))
  AND (%(started)s::bigint IS NULL OR (started, flight)
       < ('epoch'::timestamptz + %(started)s::bigint * interval '1 microsecond', %(flight)s::bigint))
  AND (%(first)s::bigint IS NULL OR flight BETWEEN %(first)s::bigint AND %(last)s::bigint)
  AND (%(callsign)s::text IS NULL OR callsign LIKE %(callsign)s::text)
  AND (%(registration)s::text IS NULL OR registration LIKE %(registration)s::text)
  AND (%(typecode)s::text IS NULL OR typecode = %(typecode)s::text)
  AND (%(airport)s::text IS NULL OR est_departure = %(airport)s::text
       OR est_arrival = %(airport)s::text)
  AND (%(south)s::float8 IS NULL OR EXISTS (
      SELECT FROM position p
      WHERE p.flight = flight.flight
        AND p.ts >= to_timestamp(%(begin)s) AND p.ts <= to_timestamp(%(end)s)
        AND p.lat BETWEEN %(south)s AND %(north)s
        AND CASE WHEN %(west)s::float8 <= %(east)s::float8
                 THEN p.lon BETWEEN %(west)s AND %(east)s
                 ELSE p.lon >= %(west)s OR p.lon <= %(east)s END))
ORDER BY started DESC, flight DESC LIMIT %(limit)s;

-- name: events
-- Events, the latest first.
SELECT e.flight, extract(epoch FROM e.ts)::float8, e.kind, e.detail, e.lat, e.lon, f.callsign
FROM event e LEFT JOIN flight f ON f.flight = e.flight
WHERE e.ts >= to_timestamp(%(begin)s) AND e.ts <= to_timestamp(%(end)s)
  AND (%(at)s::bigint IS NULL
       OR e.ts <= 'epoch'::timestamptz + %(at)s::bigint * interval '1 microsecond'
          AND (e.ts, e.flight, e.kind)
              < ('epoch'::timestamptz + %(at)s::bigint * interval '1 microsecond',
                 %(flight)s::bigint, %(last_kind)s::text))
  AND (%(kind)s::text IS NULL OR e.kind = %(kind)s::text)
  AND (%(first)s::bigint IS NULL OR e.flight BETWEEN %(first)s::bigint AND %(last)s::bigint)
  AND (%(airport)s::text IS NULL
       OR e.detail = %(airport)s::text AND e.kind IN ('takeoff', 'landing'))
ORDER BY e.ts DESC, e.flight DESC, e.kind DESC LIMIT %(limit)s;
