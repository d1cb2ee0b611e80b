"""Demo data for the first run: an insurer, its agencies and people, media accounts that lived for four weeks.

Everything goes the way it would go for real: accounts are connected through the media's consent page, older plans are
made at the media by hand (that is, not by X-Magnet) and discovered by the sync, numbers come from the media's reports.
The mock media begins ``HISTORY_DAYS`` ago and is moved forward while the history is read.
"""

HISTORY_DAYS = 28
