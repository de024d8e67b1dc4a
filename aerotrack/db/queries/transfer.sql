-- name: relations
-- Everything that holds rows, partitions for themselves; what says how far the schema is, is not
-- history.
SELECT c.relname,
       coalesce((SELECT p.relname FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent
                 WHERE i.inhrelid = c.oid), c.relname),
       array(SELECT a.attname::text FROM pg_attribute a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
               AND a.attgenerated = '' ORDER BY a.attnum)
FROM pg_class c
WHERE c.relnamespace = 'aerotrack'::regnamespace AND c.relkind = 'r' AND c.relname <> 'migration'
ORDER BY c.relname;

-- name: identities
SELECT attrelid::regclass::text, attname::text FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'aerotrack'::regnamespace AND a.attidentity <> '';
