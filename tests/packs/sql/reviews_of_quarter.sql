-- Reviews held in one quarter as known at an instant, by outcome.
SELECT COUNT(*) AS reviews_held,
       COUNT(*) FILTER (WHERE r.outcome = 'retain') AS held_retain,
       COUNT(*) FILTER (WHERE r.outcome = 'vary') AS held_vary,
       COUNT(*) FILTER (WHERE r.outcome = 'lift') AS held_lift
FROM reviews AS r
WHERE r.landlord = :landlord AND r.known_from <= :known_at AND r.reviewed_on BETWEEN :starts_on AND :ends_on
  AND NOT EXISTS (SELECT 1 FROM reviews AS n
                  WHERE n.landlord = r.landlord AND n.review_ref = r.review_ref
                    AND n.version = r.version + 1 AND n.known_from <= :known_at)
