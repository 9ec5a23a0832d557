"""Spanish, as it is written between countries."""

DATE_FORMAT = "j b Y"
TIME_FORMAT = "G:i"
DATETIME_FORMAT = "j b Y, G:i:s"
SHORT_DATE_FORMAT = "j b"
SHORT_DATETIME_FORMAT = "j b, G:i"
DECIMAL_SEPARATOR = ","
THOUSAND_SEPARATOR = "."
NUMBER_GROUPING = 3
