"""What people do with executions: start, cancel, answer, retry, reprioritise.

Every service is synchronous ORM code in a transaction of its own; the doorbells ring after the commit. The database
has decided before anybody is told. Views, consumers, admin actions and commands call these and nothing deeper.
"""
