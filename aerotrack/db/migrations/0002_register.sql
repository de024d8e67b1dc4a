-- What open databases say: the register of aircraft, and the routes callsigns go by. Beside what
-- was heard and never mixed into it, so that an import can be repeated, and be seen for what it is.

CREATE TABLE import (
    import   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL DEFAULT now(),
    kind     text NOT NULL,
    origin   text NOT NULL,
    inserted integer NOT NULL DEFAULT 0,
    updated  integer NOT NULL DEFAULT 0
);
COMMENT ON TABLE import IS 'Imports into register and route, by aerotrack aircraft import and aerotrack routes import';
COMMENT ON COLUMN import.import IS 'Number of the import, rising';
COMMENT ON COLUMN import.at IS 'When it began';
COMMENT ON COLUMN import.kind IS 'aircraft or routes';
COMMENT ON COLUMN import.origin IS 'File or address it was read from';
COMMENT ON COLUMN import.inserted IS 'Rows that were not there before';
COMMENT ON COLUMN import.updated IS 'Rows that say something else now';

CREATE TABLE register (
    icao24        text PRIMARY KEY,
    registration  text,
    typecode      text,
    description   text,
    operator      text,
    operator_icao text,
    owner         text,
    serial_number text,
    year          smallint,
    db_flags      smallint,
    import        integer NOT NULL
);
COMMENT ON TABLE register IS 'What imported databases say of aircraft, heard or not';
COMMENT ON COLUMN register.icao24 IS '24-bit address, lower-case hex';
COMMENT ON COLUMN register.registration IS 'Registration mark';
COMMENT ON COLUMN register.typecode IS 'ICAO type designator, such as A320';
COMMENT ON COLUMN register.description IS 'Maker and model in words (the live stream''s desc)';
COMMENT ON COLUMN register.operator IS 'Name of the operator';
COMMENT ON COLUMN register.operator_icao IS 'ICAO designator of the operator, such as RYR';
COMMENT ON COLUMN register.owner IS 'Name of the owner';
COMMENT ON COLUMN register.serial_number IS 'Serial number the maker gave it';
COMMENT ON COLUMN register.year IS 'Year it was built';
COMMENT ON COLUMN register.db_flags IS 'Bits: 1 military, 2 interesting, 4 PIA, 8 LADD; null where its database has no flags';
COMMENT ON COLUMN register.import IS 'The import that changed it last';

CREATE TABLE route (
    callsign text PRIMARY KEY,
    airports text[] NOT NULL CHECK (cardinality(airports) >= 2),
    import   integer NOT NULL
);
COMMENT ON TABLE route IS 'Airports a callsign goes by, as imported lists have it; not what was flown';
COMMENT ON COLUMN route.callsign IS 'Callsign as transmitted, without padding';
COMMENT ON COLUMN route.airports IS 'ICAO or IATA codes in order of the stops';
COMMENT ON COLUMN route.import IS 'The import that changed it last';

CREATE VIEW airframes AS
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
COMMENT ON VIEW airframes IS 'Every address ever heard, with what feeds and the register say of it';
COMMENT ON COLUMN airframes.icao24 IS '24-bit address, lower-case hex; ~ in front marks one that is not an ICAO address';
COMMENT ON COLUMN airframes.registration IS 'Registration mark, a feed''s before the register''s';
COMMENT ON COLUMN airframes.typecode IS 'ICAO type designator, a feed''s before the register''s';
COMMENT ON COLUMN airframes.description IS 'Maker and model in words';
COMMENT ON COLUMN airframes.operator IS 'Name of the operator, of the owner where no operator is known';
COMMENT ON COLUMN airframes.operator_icao IS 'ICAO designator of the operator';
COMMENT ON COLUMN airframes.owner IS 'Name of the owner';
COMMENT ON COLUMN airframes.serial_number IS 'Serial number the maker gave it';
COMMENT ON COLUMN airframes.year IS 'Year it was built';
COMMENT ON COLUMN airframes.category IS 'Emitter category, A0 to D7, the last one transmitted';
COMMENT ON COLUMN airframes.db_flags IS 'Bits: 1 military, 2 interesting, 4 PIA, 8 LADD';
COMMENT ON COLUMN airframes.first_seen IS 'Start of its first flight';
COMMENT ON COLUMN airframes.last_seen IS 'Last contact; up to ten minutes behind while it is in the air';
