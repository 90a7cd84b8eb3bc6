-- Database roles of a register on PostgreSQL: run once as the role that owns it, after `due-regard register upgrade` has
-- created the tables, and again after each upgrade:  psql "$DUE_REGARD_REGISTER_URL" -f include/postgresql/roles.sql
--
--   due_regard_loader    takes drops in, assesses, mails and builds packs; can delete or change nothing that is history
--   due_regard_reporter  reads the report_* views and the counts: no customer reference, no address, no reason
--   due_regard_auditor   reads the audit, what came and what was decided; no record
--   due_regard_pages     what the pages show, and what people decide there; loads nothing and changes no history
--
-- None can log in. Give each person or service a login of its own, make it a member, and grant it its landlords:
-- `due-regard register login NAME --role loader` does all of this file, or by hand
--     CREATE ROLE queens_park_loader LOGIN PASSWORD '…' IN ROLE due_regard_loader;
--     INSERT INTO landlord_access (role_name, landlord) VALUES ('queens_park_loader', 'queens_park');
-- Without a row in landlord_access a login sees no landlord at all; '*' is every landlord.

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['due_regard_loader', 'due_regard_reporter', 'due_regard_auditor', 'due_regard_pages']
    LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', name);
        EXCEPTION WHEN duplicate_object THEN NULL; -- another register of this server has made it
        END;
    END LOOP;
END $$;

REVOKE ALL ON ALL TABLES IN SCHEMA public
    FROM due_regard_loader, due_regard_reporter, due_regard_auditor, due_regard_pages;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM due_regard_pages;
GRANT USAGE ON SCHEMA public TO due_regard_loader, due_regard_reporter, due_regard_auditor, due_regard_pages;
GRANT SELECT ON alembic_version TO due_regard_loader, due_regard_reporter, due_regard_auditor;

GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO due_regard_loader;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO due_regard_loader;
REVOKE INSERT ON alembic_version, landlord_access FROM due_regard_loader;

-- What runs change after it was written: plugins/due_regard/register/schema/write_rules.py says why just that, and a test
-- holds these lines against it. A table that is not named here is history. Triggers refuse the same to everybody, the
-- owner too, and of these changes those that cannot follow on what stands there (a mail that was sent is not sent again).
GRANT UPDATE (rows_read, rows_loaded, rows_unchanged, rows_rejected, files_refused, status, released_at, released_by,
    released_why) ON batches TO due_regard_loader;
GRANT UPDATE (rows_read, rows_loaded, rows_unchanged, rows_rejected, rows_vanished, status, rows_sha256) ON
    batch_files TO due_regard_loader;
GRANT UPDATE (returned_file_id) ON disappearances TO due_regard_loader;
GRANT UPDATE (opened, seen, escalated, resolved, reopened, open_after) ON assessment_runs TO due_regard_loader;
GRANT UPDATE (status, state, due_on, done_on, days_overdue, severity, clause, owner_role, policy_version, opened_on,
    opened_at, last_as_at, last_run_id, times_seen, times_opened, resolved_on, resolved_at, resolved_state,
    resolved_file_id, silenced_until, silenced_at, awaiting_since, awaiting_file_id, handed_to, handed_at,
    disputed_at) ON findings TO due_regard_loader;
GRANT UPDATE (handed_to, handed_team, is_deputy) ON work_items TO due_regard_loader;
GRANT UPDATE (last_as_at, last_run_at) ON alert_days TO due_regard_loader;
GRANT UPDATE (mode, body, send_days, status, attempts, resends, orphaned, next_attempt_at, lease_until, finished_at,
    accepted_on, code, reason, is_address_refused) ON alert_messages TO due_regard_loader;
GRANT UPDATE (started_at, must_end_by, ended_at, outcome) ON runs TO due_regard_loader;
-- Mails of earlier days that were never handed over are superseded, and what they told is forgotten.
GRANT DELETE ON alert_told, alert_dates, alert_notices TO due_regard_loader;
-- What is to be done, and which dates are coming, is no history: each run works it out anew.
GRANT DELETE ON work_items, owner_problems, coming_duties TO due_regard_loader;

GRANT SELECT ON report_customers, report_staff, report_incidents, report_warnings, report_restrictions, report_reviews,
    report_appeals, report_markers, report_access_requests, carried_columns, rejection_counts, assessment_runs,
    assessment_counts, findings TO due_regard_reporter;

GRANT SELECT ON audit, batches, batch_files, rejection_counts, validation_results, assessment_runs, assessment_counts,
    findings, finding_events, pack_events, withdrawals, record_views, runs, used_texts, landlord_access TO due_regard_auditor;

-- Not the customer numbers behind the reports, nor what mails said in full and what mail servers answered.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO due_regard_pages;
REVOKE SELECT ON customer_numbers, landlord_access, alert_messages FROM due_regard_pages;
GRANT SELECT (landlord, message_id, mode, kind, mail_on, recipient, subject, composed_at, send_days, status, attempts,
    resends, orphaned, lease_until, finished_at, accepted_on, code, is_address_refused) ON alert_messages TO due_regard_pages;
GRANT INSERT ON finding_events, withdrawals, audit TO due_regard_pages;
GRANT USAGE ON SEQUENCE finding_events_id_seq, withdrawals_id_seq TO due_regard_pages;
GRANT UPDATE (status, released_at, released_by, released_why) ON batches TO due_regard_pages;

-- A person's decision on a finding; where it stands otherwise is for assessments to say.
GRANT UPDATE (silenced_until, silenced_at, awaiting_since, awaiting_file_id, handed_to, handed_at, disputed_at)
    ON findings TO due_regard_pages;
GRANT UPDATE (handed_to, handed_team, is_deputy) ON work_items TO due_regard_pages;
-- A person's act on a pack: kept, and the draft built anew with their words. What is mailed of it the loader's runs post.
GRANT INSERT ON pack_events, packs TO due_regard_pages;
GRANT USAGE ON SEQUENCE pack_events_id_seq, packs_id_seq TO due_regard_pages;
GRANT INSERT ON record_views TO due_regard_pages;
GRANT USAGE ON SEQUENCE record_views_id_seq TO due_regard_pages;
