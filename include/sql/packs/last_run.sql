-- The latest assessment run on record, to name in a pack's ingredients.
SELECT MAX(id) AS run_id
FROM assessment_runs
WHERE landlord = :landlord AND recorded_at <= :known_at
