-- The day each pack of each quarter was first issued, an edition on its own, among issues up to the day asked for and known
-- by an instant: the day a person said so, or the day the mail server accepted its mail for the clerk. A trial's mail
-- issued nothing, nor did one that had come back by then.
SELECT pack, quarter, edition, MIN(issued_on) AS issued_on
FROM (
    SELECT i.pack, i.quarter, p.edition,
           CASE WHEN i.message_id IS NULL THEN i.issued_on ELSE m.accepted_on END AS issued_on
    FROM pack_issues AS i
    JOIN packs AS p ON p.id = i.pack_id
    LEFT JOIN alert_messages AS m
        ON m.landlord = i.landlord AND m.message_id = i.message_id AND m.mode = 'live'
        AND ((m.status = 'sent' AND (m.finished_at IS NULL OR m.finished_at <= :known_at))
            OR (m.status = 'bounced' AND m.finished_at > :known_at))
    WHERE i.landlord = :landlord AND i.issued_at <= :known_at
) AS issues
WHERE issued_on <= :as_at
GROUP BY pack, quarter, edition
ORDER BY pack, quarter, edition
