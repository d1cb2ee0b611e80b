"""One row of a bulk job, pure: reading it, the media's rules for it, its canonical form, its states."""
