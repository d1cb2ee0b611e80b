"""Managing who may do what: members, invitations, API tokens, agencies.

A room of its own above the audit log, because every change here is recorded there, while ``accounts`` (the gate and
the role table) lies below it.
"""
