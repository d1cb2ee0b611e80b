"""Django's PostgreSQL backend plus one habit: every transaction carries the tenant in scope."""
