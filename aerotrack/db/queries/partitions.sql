-- name: lock
-- Makers of partitions and retention take turns; released at commit.
SELECT pg_advisory_xact_lock(%s, %s);

-- name: try_session_lock
SELECT pg_try_advisory_lock(%s, %s);

-- name: all
-- Every table that is or was a partition of position, attached or not, with its bound.
SELECT c.relname, i.inhrelid IS NOT NULL AS attached, coalesce(i.inhdetachpending, false) AS pending
FROM pg_class c
LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND i.inhparent = 'position'::regclass
WHERE c.relnamespace = 'aerotrack'::regnamespace
  AND c.relkind = 'r'
  AND c.relname ~ '^position_[0-9]{8}$'
ORDER BY c.relname;

-- name: forget_rejected
DELETE FROM rejected_row WHERE at < to_timestamp(%s);

-- name: forget_batches
DELETE FROM batch WHERE at < to_timestamp(%s);

-- name: close_forgotten
-- A flight that lives has its row written at least once a minute while it is heard.
UPDATE flight SET ended = last_contact, end_cause = 'silence'
WHERE ended IS NULL AND last_contact < to_timestamp(%s);
