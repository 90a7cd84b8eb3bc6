-- Database roles of a register on PostgreSQL: run once as the role that owns it, after `due-regard register upgrade` has
-- created the tables, and again after each upgrade:  psql "$DUE_REGARD_REGISTER_URL" -f include/postgresql/roles.sql
--
--   due_regard_loader    takes drops in, assesses, mails and builds packs; can delete or change nothing that is history
--   due_regard_reporter  reads the report_* views and the counts: no customer reference, no address, no reason
--   due_regard_auditor   reads the audit, what came and what was decided; no record
--
-- None can log in. Give each person or service a login of its own, make it a member, and grant it its landlords:
--     CREATE ROLE queens_park_loader LOGIN PASSWORD '…' IN ROLE due_regard_loader;
--     INSERT INTO landlord_access (role_name, landlord) VALUES ('queens_park_loader', 'queens_park');
-- Without a row in landlord_access a login sees no landlord at all; '*' is every landlord.

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['due_regard_loader', 'due_regard_reporter', 'due_regard_auditor'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', name);
        EXCEPTION WHEN duplicate_object THEN NULL; -- another register of this server has made it
        END;
    END LOOP;
END $$;

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM due_regard_loader, due_regard_reporter, due_regard_auditor;
GRANT USAGE ON SCHEMA public TO due_regard_loader, due_regard_reporter, due_regard_auditor;
GRANT SELECT ON alembic_version TO due_regard_loader, due_regard_reporter, due_regard_auditor;

GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO due_regard_loader;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO due_regard_loader;
REVOKE INSERT, UPDATE ON alembic_version, landlord_access FROM due_regard_loader;
REVOKE UPDATE ON audit, record_views, finding_events, assessment_runs, assessment_counts, carried_columns, rejection_counts,
    validation_results, customer_numbers, customers, staff, incidents, warnings, restrictions, reviews, appeals,
    markers, access_requests FROM due_regard_loader;
-- Mails of earlier days that were never handed over are superseded, and what they told is forgotten.
GRANT DELETE ON alert_told, alert_dates, alert_notices TO due_regard_loader;
-- What is to be done is worked out anew by each run; it is no history.
GRANT DELETE ON work_items, owner_problems TO due_regard_loader;
GRANT UPDATE (opened, seen, escalated, resolved, reopened, open_after) ON assessment_runs TO due_regard_loader;

GRANT SELECT ON report_customers, report_staff, report_incidents, report_warnings, report_restrictions, report_reviews,
    report_appeals, report_markers, report_access_requests, carried_columns, rejection_counts, assessment_runs,
    assessment_counts, findings TO due_regard_reporter;

GRANT SELECT ON audit, batches, batch_files, rejection_counts, validation_results, assessment_runs, assessment_counts,
    findings, finding_events, record_views, runs, landlord_access TO due_regard_auditor;
