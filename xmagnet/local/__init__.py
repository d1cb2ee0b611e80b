"""The whole product on one machine: PostgreSQL, broker, mock media, worker and web server under one supervisor."""
