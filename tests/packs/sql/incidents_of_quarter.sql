-- Incidents of one quarter as known at an instant, by behaviour, channel, violence and team, with the grave ones.
SELECT r.category, r.channel, r.violence, r.team, COUNT(*) AS incidents,
       COUNT(*) FILTER (WHERE r.violence IN ('threat', 'physical')) AS violent,
       COUNT(*) FILTER (WHERE r.harassment IS TRUE) AS harassment_count,
       COUNT(*) FILTER (WHERE r.discriminatory IS TRUE) AS discriminatory_count,
       COUNT(*) FILTER (WHERE r.police_reported_on <= :ends_on) AS police,
       COUNT(*) FILTER (WHERE r.committee_reported_on <= :ends_on) AS reported,
       COUNT(*) FILTER (WHERE r.staff_named_publicly IS TRUE) AS named
FROM incidents AS r
WHERE r.landlord = :landlord AND r.known_from <= :known_at AND r.occurred_on BETWEEN :starts_on AND :ends_on
  AND NOT EXISTS (SELECT 1 FROM incidents AS n
                  WHERE n.landlord = r.landlord AND n.incident_ref = r.incident_ref
                    AND n.version = r.version + 1 AND n.known_from <= :known_at)
GROUP BY r.category, r.channel, r.violence, r.team
