-- name: is_ours
SELECT to_regclass('aerotrack.migration') IS NOT NULL;

-- name: summary
-- Sizes count indexes and what TOAST holds; rows of positions are the server's running estimate.
SELECT current_setting('server_version'),
       (SELECT coalesce(max(number), 0) FROM migration),
       pg_database_size(current_database()),
       (SELECT extract(epoch FROM max(at))::float8 FROM batch),
       extract(epoch FROM now())::float8,
       (SELECT count(*) FROM flight WHERE ended IS NULL);

-- name: tables
-- Every table but the partitions, which are counted together under their parent's name.
SELECT CASE WHEN c.relname ~ '^position_[0-9]{8}$' THEN 'position' ELSE c.relname END AS name,
       sum(greatest(coalesce(s.n_live_tup, 0), c.reltuples, 0))::bigint AS rows,
       sum(pg_total_relation_size(c.oid))::bigint AS bytes
FROM pg_class c LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
WHERE c.relnamespace = 'aerotrack'::regnamespace AND c.relkind = 'r'
GROUP BY 1 ORDER BY bytes DESC, name;

-- name: partitions
-- The days of positions, oldest first, with rows (estimated) and bytes.
SELECT c.relname, greatest(coalesce(s.n_live_tup, 0), c.reltuples, 0)::bigint,
       pg_total_relation_size(c.oid)::bigint
FROM pg_class c LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
WHERE c.relnamespace = 'aerotrack'::regnamespace AND c.relkind = 'r'
  AND c.relname ~ '^position_[0-9]{8}$'
ORDER BY c.relname;
