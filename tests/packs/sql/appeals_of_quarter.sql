-- Appeals of one quarter as known at an instant: received, decided and how, and quashed ones not given effect.
WITH known AS (
    SELECT r.*
    FROM appeals AS r
    WHERE r.landlord = :landlord AND r.known_from <= :known_at
      AND NOT EXISTS (SELECT 1 FROM appeals AS n
                      WHERE n.landlord = r.landlord AND n.appeal_ref = r.appeal_ref
                        AND n.version = r.version + 1 AND n.known_from <= :known_at)
), still AS (
    SELECT r.restriction_ref
    FROM restrictions AS r
    WHERE r.landlord = :landlord AND r.known_from <= :known_at
      AND r.decided_on <= :ends_on AND r.starts_on <= :ends_on AND (r.ended_on IS NULL OR r.ended_on > :ends_on)
      AND NOT EXISTS (SELECT 1 FROM restrictions AS n
                      WHERE n.landlord = r.landlord AND n.restriction_ref = r.restriction_ref
                        AND n.version = r.version + 1 AND n.known_from <= :known_at)
)
SELECT COUNT(*) FILTER (WHERE received_on BETWEEN :starts_on AND :ends_on) AS received,
       COUNT(*) FILTER (WHERE decided_on BETWEEN :starts_on AND :ends_on) AS decided,
       COUNT(*) FILTER (WHERE decided_on BETWEEN :starts_on AND :ends_on AND outcome = 'upheld') AS upheld,
       COUNT(*) FILTER (WHERE decided_on BETWEEN :starts_on AND :ends_on AND outcome = 'varied') AS varied,
       COUNT(*) FILTER (WHERE decided_on BETWEEN :starts_on AND :ends_on AND outcome = 'quashed') AS quashed,
       COUNT(*) FILTER (WHERE decided_on <= :ends_on AND outcome = 'quashed'
                        AND restriction_ref IN (SELECT restriction_ref FROM still)) AS quashed_not_given_effect
FROM known
