-- A rule's findings over a period: opening + opened - resolved = closing (reopened ones count as opened).
WITH turns AS (
    SELECT f.rule, e.as_at,
           CASE WHEN e.event = 'resolved' THEN 0 ELSE 1 END AS came,
           CASE WHEN e.event = 'resolved' THEN 1 ELSE 0 END AS went
    FROM finding_events AS e
    JOIN findings AS f ON f.id = e.finding_id
    WHERE e.landlord = :landlord AND e.as_at <= :until AND e.event IN ('opened', 'reopened', 'resolved')
)
SELECT rule,
       SUM(CASE WHEN as_at <= :since THEN came - went ELSE 0 END) AS opening,
       SUM(CASE WHEN as_at > :since THEN came ELSE 0 END) AS opened,
       SUM(CASE WHEN as_at > :since THEN went ELSE 0 END) AS resolved,
       SUM(came - went) AS closing
FROM turns
GROUP BY rule
ORDER BY rule
