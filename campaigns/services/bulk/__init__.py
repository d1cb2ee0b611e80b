"""Bulk jobs: taking rows in, checking them, carrying them out exactly once, giving results back (docs/bulk.md)."""
