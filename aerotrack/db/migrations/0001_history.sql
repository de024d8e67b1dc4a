-- The history: aircraft, flights, positions by day, events, and what the writer keeps for itself.
-- Units are those of docs/vocabulary.md: degrees, feet, knots, feet a minute; times are timestamptz.

CREATE FUNCTION flight_id(flight bigint) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN (flight >> 56) & 1 = 1 THEN '~' ELSE '' END
        || lpad(to_hex((flight >> 32) & 16777215), 6, '0')
        || '-' || lpad(to_hex(flight & 4294967295), 8, '0');
COMMENT ON FUNCTION flight_id(bigint) IS
    'The flight_id (4ca2d6-692159a0) of the number that is the key of flight, position and event';

CREATE FUNCTION flight_key(flight_id text) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (CASE WHEN left(flight_id, 1) = '~' THEN 1::bigint << 56 ELSE 0 END)
        | (('x' || lpad(left(ltrim(flight_id, '~'), 6), 16, '0'))::bit(64)::bigint << 32)
        | (('x' || lpad(split_part(flight_id, '-', 2), 16, '0'))::bit(64)::bigint);
COMMENT ON FUNCTION flight_key(text) IS 'The number of a flight_id; the inverse of flight_id(bigint)';

CREATE TABLE aircraft (
    icao24       text PRIMARY KEY,
    registration text,
    typecode     text,
    category     text,
    db_flags     integer,
    first_seen   timestamptz NOT NULL,
    last_seen    timestamptz NOT NULL
);
COMMENT ON TABLE aircraft IS 'Every address ever heard, with what feeds said of the airframe';
COMMENT ON COLUMN aircraft.icao24 IS '24-bit address, lower-case hex; ~ in front marks one that is not an ICAO address';
COMMENT ON COLUMN aircraft.registration IS 'Registration mark, the last one a feed gave';
COMMENT ON COLUMN aircraft.typecode IS 'ICAO type designator, such as A320, the last one a feed gave';
COMMENT ON COLUMN aircraft.category IS 'Emitter category, A0 to D7, the last one transmitted';
COMMENT ON COLUMN aircraft.db_flags IS 'Bits: 1 military, 2 interesting, 4 PIA, 8 LADD';
COMMENT ON COLUMN aircraft.first_seen IS 'Start of its first flight';
COMMENT ON COLUMN aircraft.last_seen IS 'Last contact; up to ten minutes behind while it is in the air';

CREATE TABLE flight (
    flight       bigint PRIMARY KEY CHECK (flight >= 0),
    icao24       text NOT NULL,
    started      timestamptz NOT NULL,
    last_contact timestamptz NOT NULL,
    points       integer NOT NULL,
    ended        timestamptz,
    end_cause    text,
    callsign     text,
    registration text,
    typecode     text,
    category     text,
    db_flags     integer,
    squawk       text,
    source       text,
    feed         text,
    first_lat    double precision CHECK (first_lat BETWEEN -90 AND 90),
    first_lon    double precision CHECK (first_lon BETWEEN -180 AND 180),
    last_lat     double precision CHECK (last_lat BETWEEN -90 AND 90),
    last_lon     double precision CHECK (last_lon BETWEEN -180 AND 180)
) WITH (fillfactor = 80);  -- rows are written over while the flight lasts; room keeps that in place
CREATE INDEX flight_icao24_started ON flight (icao24, started);
COMMENT ON TABLE flight IS 'One continuous contact with an aircraft; written at start and end, and once a minute between';
COMMENT ON COLUMN flight.flight IS 'Key: address in the bits above 32 (bit 56: not an ICAO address), epoch second of the start below; flight_id(flight) is the name';
COMMENT ON COLUMN flight.icao24 IS '24-bit address, lower-case hex; ~ in front marks one that is not an ICAO address';
COMMENT ON COLUMN flight.started IS 'Time of the first accepted observation';
COMMENT ON COLUMN flight.last_contact IS 'Time of the last observation of any kind, as of this row';
COMMENT ON COLUMN flight.points IS 'Track points recorded, as of this row';
COMMENT ON COLUMN flight.ended IS 'When it was found to be over; null while it is alive';
COMMENT ON COLUMN flight.end_cause IS 'silence, landed or replaced';
COMMENT ON COLUMN flight.callsign IS 'Callsign as transmitted, without padding';
COMMENT ON COLUMN flight.registration IS 'Registration mark';
COMMENT ON COLUMN flight.typecode IS 'ICAO type designator, such as A320';
COMMENT ON COLUMN flight.category IS 'Emitter category, A0 to D7';
COMMENT ON COLUMN flight.db_flags IS 'Bits: 1 military, 2 interesting, 4 PIA, 8 LADD';
COMMENT ON COLUMN flight.squawk IS 'Mode A code, four octal digits';
COMMENT ON COLUMN flight.source IS 'Where the position comes from: readsb''s type values, and sim';
COMMENT ON COLUMN flight.feed IS 'Name of the configured connection it came by';
COMMENT ON COLUMN flight.first_lat IS 'First position: latitude, WGS84, degrees';
COMMENT ON COLUMN flight.first_lon IS 'First position: longitude, WGS84, degrees';
COMMENT ON COLUMN flight.last_lat IS 'Last position as of this row: latitude, WGS84, degrees';
COMMENT ON COLUMN flight.last_lon IS 'Last position as of this row: longitude, WGS84, degrees';

-- No foreign key to flight: whole days are dropped, and a point may come before its flight's row.
CREATE TABLE position (
    flight    bigint NOT NULL CHECK (flight >= 0),
    ts        timestamptz NOT NULL,
    lat       double precision CHECK (lat BETWEEN -90 AND 90),
    lon       double precision CHECK (lon BETWEEN -180 AND 180),
    alt_baro  integer,
    alt_geom  integer,
    on_ground boolean,
    gs        real CHECK (gs BETWEEN 0 AND 4000),
    track     real CHECK (track BETWEEN 0 AND 360),
    baro_rate integer,
    callsign  text,
    squawk    text,
    emergency text,
    source    text NOT NULL,
    feed      text NOT NULL,
    PRIMARY KEY (flight, ts)
) PARTITION BY RANGE (ts);
CREATE INDEX position_ts ON position USING brin (ts) WITH (autosummarize = on);
COMMENT ON TABLE position IS 'Track points: the flight''s state at ts, when something in it changed; a partition a day (UTC)';
COMMENT ON COLUMN position.flight IS 'Key of the flight; flight_id(flight) is its name';
COMMENT ON COLUMN position.ts IS 'Time the state holds for';
COMMENT ON COLUMN position.lat IS 'Latitude, WGS84, degrees; null where the change brought no position';
COMMENT ON COLUMN position.lon IS 'Longitude, WGS84, degrees; null where the change brought no position';
COMMENT ON COLUMN position.alt_baro IS 'Pressure altitude at 1013.25 hPa, feet';
COMMENT ON COLUMN position.alt_geom IS 'Geometric altitude above the WGS84 ellipsoid, feet';
COMMENT ON COLUMN position.on_ground IS 'On the ground';
COMMENT ON COLUMN position.gs IS 'Ground speed, knots';
COMMENT ON COLUMN position.track IS 'Track over the ground, true, degrees';
COMMENT ON COLUMN position.baro_rate IS 'Rate of climb by pressure, feet a minute';
COMMENT ON COLUMN position.callsign IS 'Callsign as transmitted, without padding';
COMMENT ON COLUMN position.squawk IS 'Mode A code, four octal digits';
COMMENT ON COLUMN position.emergency IS 'Emergency state as the aircraft reports it';
COMMENT ON COLUMN position.source IS 'Where the position comes from: readsb''s type values, and sim';
COMMENT ON COLUMN position.feed IS 'Name of the configured connection it came by';

CREATE TABLE event (
    flight bigint NOT NULL CHECK (flight >= 0),
    ts     timestamptz NOT NULL,
    kind   text NOT NULL,
    detail text,
    lat    double precision CHECK (lat BETWEEN -90 AND 90),
    lon    double precision CHECK (lon BETWEEN -180 AND 180),
    PRIMARY KEY (flight, ts, kind)
);
CREATE INDEX event_ts ON event (ts);
COMMENT ON TABLE event IS 'What happened to flights';
COMMENT ON COLUMN event.flight IS 'Key of the flight; flight_id(flight) is its name';
COMMENT ON COLUMN event.ts IS 'When it happened';
COMMENT ON COLUMN event.kind IS 'started, takeoff, landing, emergency or ended';
COMMENT ON COLUMN event.detail IS 'What else there is to say, such as the kind of emergency';
COMMENT ON COLUMN event.lat IS 'Where: latitude, WGS84, degrees';
COMMENT ON COLUMN event.lon IS 'Where: longitude, WGS84, degrees';

CREATE TABLE rejected_row (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL DEFAULT now(),
    run      uuid NOT NULL,
    batch    bigint NOT NULL,
    relation text NOT NULL,
    code     text NOT NULL,
    message  text NOT NULL,
    "row"    jsonb
);
COMMENT ON TABLE rejected_row IS 'Rows that could not be stored, so that they can be looked at; kept as long as positions are';
COMMENT ON COLUMN rejected_row.run IS 'Which writer it came from';
COMMENT ON COLUMN rejected_row.batch IS 'Number of the batch it came in';
COMMENT ON COLUMN rejected_row.relation IS 'The table it was meant for';
COMMENT ON COLUMN rejected_row.code IS 'SQLSTATE of what is wrong with it';
COMMENT ON COLUMN rejected_row.message IS 'What is wrong with it';
COMMENT ON COLUMN rejected_row."row" IS 'The row; values JSON cannot hold are described as text';

CREATE TABLE batch (
    run       uuid NOT NULL,
    number    bigint NOT NULL,
    part      smallint NOT NULL,
    at        timestamptz NOT NULL DEFAULT now(),
    stored    integer NOT NULL,
    duplicate integer NOT NULL,
    rejected  integer NOT NULL,
    PRIMARY KEY (run, number, part)
);
COMMENT ON TABLE batch IS 'Batches stored lately, each recorded in its own transaction, so that none is stored twice';
COMMENT ON COLUMN batch.run IS 'Which writer it came from';
COMMENT ON COLUMN batch.number IS 'Number within the run';
COMMENT ON COLUMN batch.part IS 'A batch that touches very many days is stored in several parts, 0 first';

CREATE VIEW flights AS
    SELECT flight_id(flight) AS flight_id, flight.*, last_contact - started AS duration
    FROM flight;
COMMENT ON VIEW flights IS 'Flights by name; look one up by flight = flight_key(''4ca2d6-692159a0'')';
COMMENT ON COLUMN flights.flight_id IS 'Name of the flight: icao24 and the hex epoch second of its start';
COMMENT ON COLUMN flights.duration IS 'From the first to the last contact';

CREATE VIEW track_points AS
    SELECT flight_id(flight) AS flight_id,
           CASE WHEN (flight >> 56) & 1 = 1 THEN '~' ELSE '' END
               || lpad(to_hex((flight >> 32) & 16777215), 6, '0') AS icao24,
           position.*
    FROM position;
COMMENT ON VIEW track_points IS 'Track points by name; look a track up by flight = flight_key(''4ca2d6-692159a0'')';
COMMENT ON COLUMN track_points.flight_id IS 'Name of the flight: icao24 and the hex epoch second of its start';
COMMENT ON COLUMN track_points.icao24 IS '24-bit address, lower-case hex; ~ in front marks one that is not an ICAO address';

CREATE VIEW events AS
    SELECT flight_id(flight) AS flight_id, event.* FROM event;
COMMENT ON VIEW events IS 'Events by name of the flight';
COMMENT ON COLUMN events.flight_id IS 'Name of the flight: icao24 and the hex epoch second of its start';

-- A view's column says what the table's column of that name says.
DO $$
DECLARE named record;
BEGIN
    FOR named IN
        SELECT view_name, a.attname, d.description
        FROM (VALUES ('flights', 'flight'), ('track_points', 'position'), ('events', 'event'))
             AS pair (view_name, table_name)
        JOIN pg_attribute a ON a.attrelid = table_name::regclass AND a.attnum > 0
        JOIN pg_description d ON d.objoid = a.attrelid AND d.objsubid = a.attnum
             AND d.classoid = 'pg_class'::regclass
    LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', named.view_name, named.attname, named.description);
    END LOOP;
END $$;
