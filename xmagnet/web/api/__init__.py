"""The REST mouth: one gate, one form of errors, one way of paging."""
