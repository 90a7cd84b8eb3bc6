-- Files taken in between two instants and how their rows fared: read = loaded + unchanged + rejected.
SELECT COUNT(*) AS files, COALESCE(SUM(rows_read), 0) AS "read", COALESCE(SUM(rows_loaded), 0) AS loaded,
       COALESCE(SUM(rows_unchanged), 0) AS unchanged, COALESCE(SUM(rows_rejected), 0) AS rejected
FROM batch_files
WHERE landlord = :landlord AND known_from >= :since AND known_from < :until AND (status = 'loaded' OR id IN (
    SELECT batch_file_id FROM carried_columns WHERE landlord = :landlord
))
