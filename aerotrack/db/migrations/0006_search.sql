-- Indexes for the searches of the history. Their columns seldom change once a flight has its row,
-- so that the row is still written over in place.

CREATE INDEX flight_started ON flight (started);
CREATE INDEX flight_callsign ON flight (callsign text_pattern_ops, started);
CREATE INDEX flight_registration ON flight (registration text_pattern_ops, started);
CREATE INDEX flight_typecode ON flight (typecode, started);
-- Those that report minutes apart are found here at a past moment, not by their last positions.
CREATE INDEX flight_slow_source ON flight (started) WHERE source IN ('adsc', 'hfdl');
CREATE INDEX event_airport ON event (detail, ts) WHERE kind IN ('takeoff', 'landing');
