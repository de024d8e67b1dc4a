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

-- name: sizes
-- Days of positions, oldest first, with their bytes, indexes included.
SELECT c.relname, pg_total_relation_size(c.oid)::bigint
FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid AND i.inhparent = 'position'::regclass
WHERE c.relname ~ '^position_[0-9]{8}$' AND NOT i.inhdetachpending
ORDER BY c.relname;
