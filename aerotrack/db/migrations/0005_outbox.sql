-- Batches are named by the data directory they come from, across restarts; gaps are on record.

COMMENT ON COLUMN batch.run IS 'The data directory it came from (until release 0.1 the run of the server)';
COMMENT ON COLUMN batch.number IS 'Number within the data directory; goes on from start to start';
COMMENT ON COLUMN rejected_row.run IS 'The data directory it came from (until release 0.1 the run of the server)';

CREATE TABLE history_gap (
    gap     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started timestamptz NOT NULL,
    ended   timestamptz NOT NULL,
    thinned bigint NOT NULL,
    dropped bigint NOT NULL
);
COMMENT ON TABLE history_gap IS 'When points were left out of the history because neither the database nor the disk could take them';
COMMENT ON COLUMN history_gap.gap IS 'Number, rising';
COMMENT ON COLUMN history_gap.started IS 'When the first of them came';
COMMENT ON COLUMN history_gap.ended IS 'When this was noted; where it goes on, the next row begins there';
COMMENT ON COLUMN history_gap.thinned IS 'Points left out because their flight had one within the last ten seconds';
COMMENT ON COLUMN history_gap.dropped IS 'Points left out without regard to that';
