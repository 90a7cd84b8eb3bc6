-- Records withdrawn as entered by mistake between two instants, by entity, unless a person took that back; and every
-- entity of which one ever was.
SELECT w.entity, COUNT(*) FILTER (WHERE w.at >= :since AND w.at < :until) AS withdrawn
FROM withdrawals AS w
WHERE w.landlord = :landlord AND w.event = 'withdrawn' AND w.known_from <= :known_at
  AND NOT EXISTS (SELECT 1 FROM withdrawals AS n
                  WHERE n.landlord = w.landlord AND n.ends_id = w.id AND n.event = 'undone'
                    AND n.known_from <= :known_at)
GROUP BY w.entity
