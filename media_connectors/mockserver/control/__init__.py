"""Outside the dialects: what the media see, and the knobs of the simulation."""
