"""The mock media: its own process, never imported by the product, importing nothing of the product's.

``python -m media_connectors.mockserver --port 9100`` serves it; ``create_app(MockConfig(…))`` from ``app`` mounts it in
tests under ``httpx.WSGITransport``. The docstring of ``dialect`` says how a medium's wire is written on top of
``store``, ``life``, ``reports`` and ``money``; ``market`` makes the numbers; ``control`` shows and steers all of it.
"""
