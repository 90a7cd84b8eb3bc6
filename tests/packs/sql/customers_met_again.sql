-- Customers met in one quarter as known at an instant, and how many of them more than once.
WITH met AS (
    SELECT r.customer_ref, COUNT(*) AS times
    FROM incidents AS r
    WHERE r.landlord = :landlord AND r.known_from <= :known_at AND r.occurred_on BETWEEN :starts_on AND :ends_on
      AND NOT EXISTS (SELECT 1 FROM incidents AS n
                      WHERE n.landlord = r.landlord AND n.incident_ref = r.incident_ref
                        AND n.version = r.version + 1 AND n.known_from <= :known_at)
    GROUP BY r.customer_ref
)
SELECT COUNT(*) AS customers_met, COUNT(*) FILTER (WHERE times > 1) AS repeat_customers
FROM met
