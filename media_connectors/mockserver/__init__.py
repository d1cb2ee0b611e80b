"""The mock media: its own process, never imported by the product."""
