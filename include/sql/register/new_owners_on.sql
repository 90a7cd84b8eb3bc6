-- Whom each finding had been handed to by the end of a day: by its last hand-over, or the taking back of one, by then.
WITH turns AS (
    SELECT e.finding_id, e.to_ref, ROW_NUMBER() OVER (PARTITION BY e.finding_id ORDER BY e.id DESC) AS back
    FROM finding_events AS e
    WHERE e.landlord = :landlord AND e.at < :ends AND e.event IN ('handed_over', 'handed_back')
)
SELECT t.finding_id, t.to_ref AS handed_to
FROM turns AS t
WHERE t.back = 1 AND t.to_ref IS NOT NULL
ORDER BY t.finding_id
