-- What one application database needs before its first migration. Run as a superuser, connected to that database.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vector;
GRANT USAGE ON SCHEMA public TO xmagnet_app;
ALTER DEFAULT PRIVILEGES FOR ROLE xmagnet_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO xmagnet_app;
ALTER DEFAULT PRIVILEGES FOR ROLE xmagnet_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO xmagnet_app;
