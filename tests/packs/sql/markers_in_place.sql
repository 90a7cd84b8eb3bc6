-- Markers in place at a day as known at an instant, and those left on though their restriction has ended.
WITH known AS (
    SELECT r.*
    FROM markers AS r
    WHERE r.landlord = :landlord AND r.known_from <= :known_at
      AND r.placed_on <= :ends_on AND (r.removed_on IS NULL OR r.removed_on > :ends_on)
      AND NOT EXISTS (SELECT 1 FROM markers AS n
                      WHERE n.landlord = r.landlord AND n.marker_ref = r.marker_ref
                        AND n.version = r.version + 1 AND n.known_from <= :known_at)
), past AS (
    SELECT r.restriction_ref
    FROM restrictions AS r
    WHERE r.landlord = :landlord AND r.known_from <= :known_at AND r.decided_on <= :ends_on AND r.ended_on <= :ends_on
      AND NOT EXISTS (SELECT 1 FROM restrictions AS n
                      WHERE n.landlord = r.landlord AND n.restriction_ref = r.restriction_ref
                        AND n.version = r.version + 1 AND n.known_from <= :known_at)
)
SELECT COUNT(*) AS markers,
       COUNT(*) FILTER (WHERE restriction_ref IN (SELECT restriction_ref FROM past)) AS left_behind,
       COUNT(*) FILTER (WHERE review_due_on < :ends_on AND (reviewed_on IS NULL OR reviewed_on > :ends_on))
         AS markers_overdue
FROM known
