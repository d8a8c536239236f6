-- What the service's role may do where another role owns the tables: everything the service does, and nothing to the
-- journal but read and append. On Citus, where distributed tables have no triggers, this is what keeps the journal.
--
--   psql "$OWNER_URL" -v role=jixiao -f migration/rights.sql
--
-- The owner runs `jixiao migrate` and `jixiao release`; run this again after each migration.
GRANT USAGE ON SCHEMA public TO :"role";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO :"role";
REVOKE UPDATE, DELETE, TRUNCATE ON journal, journal_released FROM :"role";
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON seaql_migrations FROM :"role";
