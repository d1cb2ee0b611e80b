"""The switchboard: which connector speaks for a platform, with whose token, at what pace.

Services stand on it; other apps go through ``media_connectors.services``.
"""
