-- What the track says of a flight's course: its phase, and the airports at its ends.

ALTER TABLE flight
    ADD COLUMN phase text,
    ADD COLUMN est_departure text,
    ADD COLUMN est_arrival text;
COMMENT ON COLUMN flight.phase IS 'ground, takeoff, climb, cruise, descent, approach or landing, as of this row';
COMMENT ON COLUMN flight.est_departure IS 'Airport it took off from, seen or estimated: ICAO code, else IATA';
COMMENT ON COLUMN flight.est_arrival IS 'Airport it landed at, seen or estimated: ICAO code, else IATA';
CREATE INDEX flight_est_departure ON flight (est_departure, started) WHERE est_departure IS NOT NULL;
CREATE INDEX flight_est_arrival ON flight (est_arrival, started) WHERE est_arrival IS NOT NULL;

-- A view keeps the columns its table had when it was made.
DROP VIEW flights;
CREATE VIEW flights AS
    SELECT flight_id(flight) AS flight_id, flight.*, last_contact - started AS duration
    FROM flight;
COMMENT ON VIEW flights IS 'Flights by name; look one up by flight = flight_key(''4ca2d6-692159a0'')';
COMMENT ON COLUMN flights.flight_id IS 'Name of the flight: icao24 and the hex epoch second of its start';
COMMENT ON COLUMN flights.duration IS 'From the first to the last contact';

DO $$
DECLARE named record;
BEGIN
    FOR named IN
        SELECT a.attname, d.description
        FROM pg_attribute a
        JOIN pg_description d ON d.objoid = a.attrelid AND d.objsubid = a.attnum
             AND d.classoid = 'pg_class'::regclass
        WHERE a.attrelid = 'flight'::regclass AND a.attnum > 0
    LOOP
        EXECUTE format('COMMENT ON COLUMN flights.%I IS %L', named.attname, named.description);
    END LOOP;
END $$;
