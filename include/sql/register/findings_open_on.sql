-- Findings that were open at the end of a day: whose last opening, reopening or resolving by then was not a resolving.
WITH turns AS (
    SELECT e.finding_id, e.event, e.state,
           ROW_NUMBER() OVER (PARTITION BY e.finding_id ORDER BY e.id DESC) AS back
    FROM finding_events AS e
    WHERE e.landlord = :landlord AND e.as_at <= :on AND e.event IN ('opened', 'escalated', 'reopened', 'resolved')
)
SELECT f.id AS finding_id, f.register_ref, f.rule, f.subject_type, f.subject_ref, f.occurrence, t.state
FROM turns AS t
JOIN findings AS f ON f.id = t.finding_id
WHERE t.back = 1 AND t.event <> 'resolved'
ORDER BY f.id
