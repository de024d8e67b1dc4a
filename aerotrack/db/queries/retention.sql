-- name: forget_rejected
DELETE FROM rejected_row WHERE at < to_timestamp(%s);

-- name: forget_batches
DELETE FROM batch WHERE at < to_timestamp(%s);

-- name: close_forgotten
-- A flight that lives has its row written at least once a minute while it is heard.
UPDATE flight SET ended = last_contact, end_cause = 'silence'
WHERE ended IS NULL AND last_contact < to_timestamp(%s);
