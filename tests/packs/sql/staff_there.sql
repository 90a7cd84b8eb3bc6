-- Who is staff as known at an instant: not those whom the export marks as gone; a blank is no mark.
SELECT COUNT(*) AS staff
FROM staff AS s
WHERE s.landlord = :landlord AND s.known_from <= :known_at AND COALESCE(s.is_active, TRUE)
  AND NOT EXISTS (SELECT 1 FROM staff AS n
                  WHERE n.landlord = s.landlord AND n.staff_ref = s.staff_ref
                    AND n.version = s.version + 1 AND n.known_from <= :known_at)
