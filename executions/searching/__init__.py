"""Finding executions by words of what was asked and answered, in a history of any length."""
