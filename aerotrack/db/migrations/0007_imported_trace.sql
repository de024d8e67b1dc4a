-- Trace files of readsb and tar1090 that were imported, so that a second run passes over them.

CREATE TABLE imported_trace (
    path      text PRIMARY KEY,
    size      bigint NOT NULL,
    modified  bigint NOT NULL,
    icao24    text NOT NULL,
    started   timestamptz,
    ended     timestamptz,
    kept_from timestamptz,
    at        timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE imported_trace IS 'Trace files that aerotrack import readsb has taken in';
COMMENT ON COLUMN imported_trace.path IS 'Absolute path of the file';
COMMENT ON COLUMN imported_trace.size IS 'Its size, bytes';
COMMENT ON COLUMN imported_trace.modified IS 'When it was last written, epoch nanoseconds; written again, it is read again';
COMMENT ON COLUMN imported_trace.icao24 IS '24-bit address, lower-case hex; ~ in front marks one that is not an ICAO address';
COMMENT ON COLUMN imported_trace.started IS 'Time of its first point; null where it has none';
COMMENT ON COLUMN imported_trace.ended IS 'Time of its last point';
COMMENT ON COLUMN imported_trace.kept_from IS 'Positions before this moment were left out as older than they are kept; null where none were';
COMMENT ON COLUMN imported_trace.at IS 'When it was imported';
