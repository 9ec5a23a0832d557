"""Spanish, as it is written between countries."""

DATE_FORMAT = "j M Y"
TIME_FORMAT = "G:i"
DATETIME_FORMAT = "j M Y, G:i:s"
SHORT_DATE_FORMAT = "j M"
SHORT_DATETIME_FORMAT = "j M, G:i"
DECIMAL_SEPARATOR = ","
THOUSAND_SEPARATOR = "."
NUMBER_GROUPING = 3
