"""Changes to live plans: wishes are previewed, guarded, sent as a row-driven job, logged and undone."""
