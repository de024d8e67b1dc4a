-- name: schema_exists
-- Asked first, since CREATE SCHEMA IF NOT EXISTS wants a privilege even where the schema is there.
SELECT to_regnamespace('aerotrack') IS NOT NULL;

-- name: create_schema
CREATE SCHEMA aerotrack;

-- name: create_migration_table
CREATE TABLE IF NOT EXISTS aerotrack.migration (
    number     integer PRIMARY KEY,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- name: try_lock
-- One server migrates at a time; the lock goes with the session.
SELECT pg_try_advisory_lock(%s, %s);

-- name: lock
SELECT pg_advisory_lock(%s, %s);

-- name: applied
SELECT number, name, checksum FROM aerotrack.migration ORDER BY number;

-- name: record
INSERT INTO aerotrack.migration (number, name, checksum) VALUES (%s, %s, %s);
