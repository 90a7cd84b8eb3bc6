-- Restrictions in force at a day as known at an instant, and how many of them lack a safeguard of the record.
WITH known AS (
    SELECT r.*, CASE WHEN r.starts_on > r.decided_on THEN r.starts_on ELSE r.decided_on END AS begins
    FROM restrictions AS r
    WHERE r.landlord = :landlord AND r.known_from <= :known_at AND r.decided_on <= :ends_on
      AND NOT EXISTS (SELECT 1 FROM restrictions AS n
                      WHERE n.landlord = r.landlord AND n.restriction_ref = r.restriction_ref
                        AND n.version = r.version + 1 AND n.known_from <= :known_at)
)
SELECT COUNT(*) AS in_force,
       COUNT(*) FILTER (WHERE expires_on IS NULL) AS no_end_date,
       COUNT(*) FILTER (WHERE notified_on IS NULL OR notified_on > :ends_on OR notice_in_writing IS NOT TRUE) AS no_letter,
       COUNT(*) FILTER (WHERE emergency_route IS NOT TRUE) AS no_emergency_route,
       COUNT(*) FILTER (WHERE adjustments_considered IS NOT TRUE) AS no_adjustments,
       COUNT(*) FILTER (WHERE no_review_reason IS NOT NULL) AS no_review_by_choice
FROM known
WHERE begins <= :ends_on AND (ended_on IS NULL OR ended_on > :ends_on)
