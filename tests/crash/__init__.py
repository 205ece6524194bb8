"""Whole workers killed, stopped and asked to stop, while takes are in flight.

Rule: real processes, a real Segmind-speaking server, and its log as the judge: no text may have
been posted twice. Both deployments are tried: SQLite with the ORM broker, and PostgreSQL with
Redis. Price: some ten seconds a test, most of it Python starting; where only the driver's worker
dies (`test_every_place`), its cluster forks another, so that one pair of drivers serves many tests.
"""
