#!/bin/sh
# Run once by the PostgreSQL image on an empty volume: roles and databases, then their passwords.
set -eu
psql --username postgres --dbname postgres --file /srv/sql/roles.sql
psql --username postgres --dbname postgres --quiet \
  --set owner_password="$OWNER_PASSWORD" --set app_password="$APP_PASSWORD" <<'SQL'
ALTER ROLE xmagnet_owner PASSWORD :'owner_password';
ALTER ROLE xmagnet_app PASSWORD :'app_password';
SQL
