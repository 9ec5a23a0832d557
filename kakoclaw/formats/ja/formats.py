"""Japanese."""

DATE_FORMAT = "Y/m/d"
TIME_FORMAT = "G:i"
DATETIME_FORMAT = "Y/m/d G:i:s"
SHORT_DATE_FORMAT = "n月j日"
SHORT_DATETIME_FORMAT = "n月j日 G:i"
