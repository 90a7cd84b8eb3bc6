-- The day each pack of each quarter was first issued, among issues up to the day asked for.
SELECT pack, quarter, MIN(issued_on) AS issued_on
FROM pack_issues
WHERE landlord = :landlord AND issued_on <= :as_at
GROUP BY pack, quarter
ORDER BY pack, quarter
