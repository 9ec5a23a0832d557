"""The database backend for PostgreSQL: see :mod:`kakoclaw.postgresql.base`."""
