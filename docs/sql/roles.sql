-- Roles and databases of X-Magnet. Run it with psql as a superuser; running it again changes nothing:
--
--     psql "$SUPERUSER_URL" -f docs/sql/roles.sql
--
-- The embedded server executes this very file at each start. On a server with passwords give each role one afterwards,
-- with \password xmagnet_owner and \password xmagnet_app.
--
--   xmagnet_owner  owns the tables and runs the migrations (DATABASE_OWNER_URL)
--   xmagnet_app    serves requests and jobs, and is bound by row-level security (DATABASE_URL)
\set ON_ERROR_STOP on
\set QUIET on

SELECT 'CREATE ROLE xmagnet_owner LOGIN NOSUPERUSER NOBYPASSRLS CREATEDB'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'xmagnet_owner') \gexec
SELECT 'CREATE ROLE xmagnet_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'xmagnet_app') \gexec

SELECT 'CREATE DATABASE xmagnet OWNER xmagnet_owner ENCODING ''UTF8'' TEMPLATE template0'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'xmagnet') \gexec
-- The message queue has a database of its own: its schema belongs to the application role and needs no migrations.
SELECT 'CREATE DATABASE xmagnet_broker OWNER xmagnet_app ENCODING ''UTF8'' TEMPLATE template0'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'xmagnet_broker') \gexec

\connect xmagnet
\ir grants.sql
