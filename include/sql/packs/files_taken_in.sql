-- Files that brought something (a record, or an entity or column that no file had before), known by an instant, oldest
-- first: where each came from and how its rows fared.
-- A file that only repeated what was known is a no-op, so that building a pack again gives the same bytes.
SELECT f.known_from AS loaded_at, f.entity, f.rows_read AS "read", f.rows_loaded AS loaded,
       f.rows_unchanged AS unchanged, f.rows_rejected AS rejected, b.id AS batch_id, b.drop_sha256 AS drop_sha256,
       f.id AS file_id, f.file
FROM batch_files AS f
JOIN batches AS b ON b.id = f.batch_id
WHERE f.landlord = :landlord AND f.known_from <= :known_at AND (f.status = 'loaded' OR f.id IN (
    SELECT batch_file_id FROM carried_columns WHERE landlord = :landlord
))
ORDER BY f.known_from, f.id
