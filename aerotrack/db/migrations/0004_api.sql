-- The schema api is what people who write SQL may rely on: views in the names and units of
-- docs/vocabulary.md, and functions that find things by their keys. The tables stay private.

DO $$
BEGIN
    -- IF NOT EXISTS would want the privilege even where an administrator made it beforehand.
    IF to_regnamespace('api') IS NULL THEN
        CREATE SCHEMA api;
    END IF;
END $$;
COMMENT ON SCHEMA api IS 'AeroTrack''s history for people who write SQL; docs/sql.md';

DROP VIEW flights, track_points, events, airframes;
ALTER FUNCTION flight_id(bigint) SET SCHEMA api;
ALTER FUNCTION flight_key(text) SET SCHEMA api;

CREATE FUNCTION api.icao24(flight bigint) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN (flight >> 56) & 1 = 1 THEN '~' ELSE '' END
        || lpad(to_hex((flight >> 32) & 16777215), 6, '0');
COMMENT ON FUNCTION api.icao24(bigint) IS 'The address in the key of a flight';

CREATE FUNCTION api.distance_nmi(
    lat1 double precision, lon1 double precision, lat2 double precision, lon2 double precision
) RETURNS double precision
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    -- The haversine formula on a sphere of 6371.0088 km (IUGG mean radius), 1852 m to the mile.
    RETURN 2 * 6371.0088 / 1.852 * asin(least(1.0, sqrt(
        sin(radians(lat2 - lat1) / 2) ^ 2
        + cos(radians(lat1)) * cos(radians(lat2)) * sin(radians(lon2 - lon1) / 2) ^ 2)));
COMMENT ON FUNCTION api.distance_nmi(double precision, double precision, double precision, double precision) IS
    'Great circle between two places, nautical miles (lat, lon, lat, lon in degrees)';

CREATE FUNCTION api.bearing(
    lat1 double precision, lon1 double precision, lat2 double precision, lon2 double precision
) RETURNS double precision
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (360 + degrees(atan2(
        sin(radians(lon2 - lon1)) * cos(radians(lat2)),
        cos(radians(lat1)) * sin(radians(lat2))
            - sin(radians(lat1)) * cos(radians(lat2)) * cos(radians(lon2 - lon1)))))::numeric % 360;
COMMENT ON FUNCTION api.bearing(double precision, double precision, double precision, double precision) IS
    'Direction of the great circle from the first place to the second, true degrees, 0 to 360';

CREATE VIEW api.positions AS
    SELECT api.flight_id(flight) AS flight_id, api.icao24(flight) AS icao24,
           ts, lat, lon, alt_baro, alt_geom, on_ground, gs, track, baro_rate,
           callsign, squawk, emergency, source, feed, flight
    FROM position;

CREATE VIEW api.flights AS
    SELECT api.flight_id(f.flight) AS flight_id, f.icao24, f.callsign,
           coalesce(f.registration, r.registration) AS registration,
           coalesce(f.typecode, r.typecode) AS typecode,
           r.description, coalesce(r.operator, r.owner) AS operator,
           f.category, coalesce(f.db_flags, r.db_flags) AS db_flags,
           f.started, f.last_contact, f.ended, f.end_cause,
           f.last_contact - f.started AS duration,
           f.est_departure, f.est_arrival, f.phase, f.points, f.squawk, f.source, f.feed,
           f.first_lat, f.first_lon, f.last_lat, f.last_lon, f.flight
    FROM flight f LEFT JOIN register r ON r.icao24 = f.icao24;

CREATE VIEW api.aircraft AS
    SELECT a.icao24,
           coalesce(a.registration, r.registration) AS registration,
           coalesce(a.typecode, r.typecode) AS typecode,
           r.description,
           coalesce(r.operator, r.owner) AS operator,
           r.operator_icao, r.owner, r.serial_number, r.year,
           a.category,
           coalesce(a.db_flags, r.db_flags) AS db_flags,
           a.first_seen, a.last_seen
    FROM aircraft a LEFT JOIN register r ON r.icao24 = a.icao24;

CREATE VIEW api.events AS
    SELECT api.flight_id(flight) AS flight_id, api.icao24(flight) AS icao24,
           ts, kind AS event, detail, lat, lon, flight
    FROM event;

CREATE VIEW api.state_vectors AS
    SELECT extract(epoch FROM ts)::bigint AS "time",
           api.icao24(flight) AS icao24,
           lat, lon,
           gs * 0.514444 AS velocity,
           track AS heading,
           baro_rate * 0.00508::double precision AS vertrate,
           rpad(callsign, 8) AS callsign,
           on_ground AS onground,
           NULL::boolean AS alert,
           NULL::boolean AS spi,
           squawk,
           alt_baro * 0.3048::double precision AS baroaltitude,
           alt_geom * 0.3048::double precision AS geoaltitude,
           CASE WHEN lat IS NOT NULL THEN extract(epoch FROM ts)::double precision END AS lastposupdate,
           extract(epoch FROM ts)::double precision AS lastcontact,
           extract(epoch FROM date_trunc('hour', ts, 'UTC'))::bigint AS hour,
           ts
    FROM position;

-- Found by their keys. What the planner sees is a range of keys or times, whatever the caller wrote.

CREATE FUNCTION api.track(flight_id text) RETURNS SETOF api.positions
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT p.* FROM api.positions p
    WHERE p.flight = api.flight_key($1)
      AND p.ts >= to_timestamp(api.flight_key($1) & 4294967295)
    ORDER BY p.ts
    $$;
COMMENT ON FUNCTION api.track(text) IS 'The positions of a flight in order of time';

CREATE FUNCTION api.flights_of(icao24 text) RETURNS SETOF api.flights
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT f.* FROM api.flights f
    WHERE f.flight BETWEEN api.flight_key($1 || '-00000000') AND api.flight_key($1 || '-ffffffff')
    ORDER BY f.flight
    $$;
COMMENT ON FUNCTION api.flights_of(text) IS 'The flights of an aircraft in order of time';

CREATE FUNCTION api.picture(
    at timestamptz,
    west double precision DEFAULT -180, south double precision DEFAULT -90,
    east double precision DEFAULT 180, north double precision DEFAULT 90,
    within interval DEFAULT '1 minute'
) RETURNS SETOF api.positions
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT last.* FROM (
        SELECT DISTINCT ON (p.flight) p.* FROM api.positions p
        WHERE p.ts > at - within AND p.ts <= at AND p.lat IS NOT NULL
        ORDER BY p.flight, p.ts DESC
    ) last
    WHERE last.lat BETWEEN south AND north
      AND CASE WHEN west <= east THEN last.lon BETWEEN west AND east
               ELSE last.lon >= west OR last.lon <= east END
    $$;
COMMENT ON FUNCTION api.picture(timestamptz, double precision, double precision, double precision, double precision, interval) IS
    'Where everybody was at a moment: the last position of each flight within the minute before, in a box (west above east crosses the antimeridian)';

COMMENT ON VIEW api.positions IS 'Track points: the flight''s state at ts, when something in it changed; give a range of ts, or use api.track';
COMMENT ON VIEW api.flights IS 'Continuous contacts with an aircraft';
COMMENT ON VIEW api.aircraft IS 'Every address ever heard, with what feeds and the register say of it';
COMMENT ON VIEW api.events IS 'What happened to flights';
COMMENT ON VIEW api.state_vectors IS 'Track points in the names and SI units of OpenSky''s state_vectors_data4; ts is there for ranges, which the other times are too slow for';

-- A view's column says what the table's column of that name says; then those that have no such.
DO $$
DECLARE named record;
BEGIN
    FOR named IN
        SELECT DISTINCT ON (view_name, a.attname) view_name, a.attname, d.description
        FROM (VALUES ('positions', 'position', 1), ('flights', 'flight', 1),
                     ('flights', 'register', 2), ('aircraft', 'aircraft', 1),
                     ('aircraft', 'register', 2), ('events', 'event', 1),
                     ('state_vectors', 'position', 1))
             AS pair (view_name, table_name, rank)
        JOIN pg_attribute a ON a.attrelid = ('aerotrack.' || table_name)::regclass AND a.attnum > 0
        JOIN pg_description d ON d.objoid = a.attrelid AND d.objsubid = a.attnum
             AND d.classoid = 'pg_class'::regclass
        WHERE EXISTS (SELECT FROM pg_attribute v
                      WHERE v.attrelid = ('api.' || view_name)::regclass AND v.attname = a.attname)
        ORDER BY view_name, a.attname, rank
    LOOP
        EXECUTE format('COMMENT ON COLUMN api.%I.%I IS %L',
                       named.view_name, named.attname, named.description);
    END LOOP;
    FOR named IN
        SELECT view_name, 'flight_id' AS attname,
               'Name of the flight: icao24 and the hex epoch second of its start' AS description
        FROM unnest(ARRAY['positions', 'flights', 'events']) AS view_name
        UNION ALL
        SELECT view_name, 'icao24',
               '24-bit address, lower-case hex; ~ in front marks one that is not an ICAO address'
        FROM unnest(ARRAY['positions', 'flights', 'aircraft', 'events', 'state_vectors']) AS view_name
    LOOP
        EXECUTE format('COMMENT ON COLUMN api.%I.%I IS %L',
                       named.view_name, named.attname, named.description);
    END LOOP;
END $$;
COMMENT ON COLUMN event.kind IS 'started, takeoff, landing, emergency, ended or resumed';
COMMENT ON COLUMN api.flights.registration IS 'Registration mark, a feed''s before the register''s';
COMMENT ON COLUMN api.flights.typecode IS 'ICAO type designator, a feed''s before the register''s';
COMMENT ON COLUMN api.flights.operator IS 'Name of the operator, of the owner where no operator is known';
COMMENT ON COLUMN api.flights.duration IS 'From the first to the last contact';
COMMENT ON COLUMN api.aircraft.registration IS 'Registration mark, a feed''s before the register''s';
COMMENT ON COLUMN api.aircraft.typecode IS 'ICAO type designator, a feed''s before the register''s';
COMMENT ON COLUMN api.aircraft.operator IS 'Name of the operator, of the owner where no operator is known';
COMMENT ON COLUMN api.aircraft.db_flags IS 'Bits: 1 military, 2 interesting, 4 PIA, 8 LADD';
COMMENT ON COLUMN api.events.event IS 'started, takeoff, landing, emergency, ended or resumed';
COMMENT ON COLUMN api.state_vectors."time" IS 'Epoch second the state holds for';
COMMENT ON COLUMN api.state_vectors.velocity IS 'Ground speed, m/s';
COMMENT ON COLUMN api.state_vectors.heading IS 'Track over the ground, true, degrees';
COMMENT ON COLUMN api.state_vectors.vertrate IS 'Rate of climb, m/s';
COMMENT ON COLUMN api.state_vectors.callsign IS 'Callsign, padded to eight characters as OpenSky has it';
COMMENT ON COLUMN api.state_vectors.onground IS 'On the ground';
COMMENT ON COLUMN api.state_vectors.alert IS 'Not kept: always null';
COMMENT ON COLUMN api.state_vectors.spi IS 'Not kept: always null';
COMMENT ON COLUMN api.state_vectors.baroaltitude IS 'Pressure altitude, m';
COMMENT ON COLUMN api.state_vectors.geoaltitude IS 'Geometric altitude, m';
COMMENT ON COLUMN api.state_vectors.lastposupdate IS 'Epoch seconds of the position; null where this row brought none';
COMMENT ON COLUMN api.state_vectors.lastcontact IS 'Epoch seconds of the state';
COMMENT ON COLUMN api.state_vectors.hour IS 'Epoch second at which the hour began';
