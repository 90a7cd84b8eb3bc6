-- The register's public reference of every finding of the landlord, by what it was found on; whether somebody disputes it
-- and whether a person handed it over, by what was decided up to an instant.
WITH newest AS (
    SELECT e.finding_id,
           MAX(CASE WHEN e.event IN ('disputed', 'dispute_ended', 'resolved') THEN e.id END) AS dispute_id,
           MAX(CASE WHEN e.event IN ('handed_over', 'handed_back') THEN e.id END) AS owner_id
    FROM finding_events AS e
    WHERE e.landlord = :landlord AND e.at <= :known_at
      AND e.event IN ('disputed', 'dispute_ended', 'resolved', 'handed_over', 'handed_back')
    GROUP BY e.finding_id
)
SELECT f.rule, f.subject_ref, f.occurrence, f.register_ref,
       CASE WHEN d.event = 'disputed' THEN 1 ELSE 0 END AS is_disputed,
       CASE WHEN o.to_ref IS NOT NULL THEN 1 ELSE 0 END AS is_handed_over
FROM findings AS f
LEFT JOIN newest AS n ON n.finding_id = f.id
LEFT JOIN finding_events AS d ON d.id = n.dispute_id
LEFT JOIN finding_events AS o ON o.id = n.owner_id
WHERE f.landlord = :landlord
