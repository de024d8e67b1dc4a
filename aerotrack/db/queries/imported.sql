-- name: done
SELECT path, size, modified, icao24, extract(epoch FROM started)::float8,
       extract(epoch FROM ended)::float8, extract(epoch FROM kept_from)::float8
FROM imported_trace WHERE path = ANY(%s);

-- name: remember
INSERT INTO imported_trace (path, size, modified, icao24, started, ended, kept_from)
VALUES (%s, %s, %s, %s, to_timestamp(%s), to_timestamp(%s), to_timestamp(%s))
ON CONFLICT (path) DO UPDATE SET
    size = EXCLUDED.size, modified = EXCLUDED.modified, icao24 = EXCLUDED.icao24,
    started = EXCLUDED.started, ended = EXCLUDED.ended, kept_from = EXCLUDED.kept_from, at = now();

-- name: forget_ends
-- Of flights that a later import found to go on.
DELETE FROM event e USING flight f
WHERE f.icao24 = %(icao24)s AND f.feed = %(feed)s AND e.flight = f.flight AND e.kind = 'ended'
  AND e.ts IS DISTINCT FROM f.ended;
