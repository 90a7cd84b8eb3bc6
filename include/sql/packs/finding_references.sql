-- The register's public reference of every finding of the landlord, by what it was found on.
SELECT rule, subject_ref, occurrence, register_ref
FROM findings
WHERE landlord = :landlord
