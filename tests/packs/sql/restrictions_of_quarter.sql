-- Restrictions of one quarter as known at an instant: in force at its start and end, begun and ended in it.
-- One that ended before it began was begun and ended on its start. The eve is the day before the quarter.
WITH known AS (
    SELECT r.customer_ref, r.decided_on, r.starts_on, r.ended_on
    FROM restrictions AS r
    WHERE r.landlord = :landlord AND r.known_from <= :known_at AND r.decided_on <= :ends_on
      AND NOT EXISTS (SELECT 1 FROM restrictions AS n
                      WHERE n.landlord = r.landlord AND n.restriction_ref = r.restriction_ref
                        AND n.version = r.version + 1 AND n.known_from <= :known_at)
), begun AS (
    SELECT customer_ref, CASE WHEN starts_on > decided_on THEN starts_on ELSE decided_on END AS begins,
           CASE WHEN ended_on <= :ends_on THEN ended_on END AS ended
    FROM known
), span AS (
    SELECT customer_ref, begins, CASE WHEN ended < begins THEN begins ELSE ended END AS gone_from
    FROM begun
)
SELECT COUNT(DISTINCT customer_ref) FILTER (WHERE begins <= :ends_on AND (gone_from IS NULL OR gone_from > :ends_on))
         AS customers_restricted,
       COUNT(DISTINCT customer_ref) FILTER (WHERE begins BETWEEN :starts_on AND :ends_on) AS customers_new,
       COUNT(*) FILTER (WHERE begins <= :eve AND (gone_from IS NULL OR gone_from > :eve)) AS opening,
       COUNT(*) FILTER (WHERE begins BETWEEN :starts_on AND :ends_on) AS new,
       COUNT(*) FILTER (WHERE gone_from BETWEEN :starts_on AND :ends_on) AS ended,
       COUNT(*) FILTER (WHERE begins <= :ends_on AND (gone_from IS NULL OR gone_from > :ends_on)) AS in_force
FROM span
