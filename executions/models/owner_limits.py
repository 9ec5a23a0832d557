"""What one user may do otherwise than everybody else."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

#: Names of the limits, in the order in which they are shown.
COUNTS = ("max_running", "max_queued", "max_priority")
BUDGETS = ("usd_per_day", "usd_per_month", "tokens_per_day", "tokens_per_month")

_DEFAULT = _("Empty: as for everybody.")
_most = [MaxValueValidator(1_000_000)]
_dollars = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(1_000_000))]


class OwnerLimits(models.Model):
    """Limits of one owner; what is ``None`` is as the settings have it for everybody."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="limits"
    )
    may_start = models.BooleanField(
        _("may start runs"), default=True, help_text=_("Without it, nothing new is taken, and what is queued waits.")
    )
    max_running = models.PositiveIntegerField(
        _("most at once"), null=True, blank=True, validators=_most, help_text=_DEFAULT
    )
    max_queued = models.PositiveIntegerField(
        _("most in the queue"), null=True, blank=True, validators=_most, help_text=_DEFAULT
    )
    max_priority = models.SmallIntegerField(
        _("highest priority"), null=True, blank=True, help_text=_DEFAULT,
        validators=[MinValueValidator(-100), MaxValueValidator(100)],
    )  # fmt: skip
    usd_per_day = models.DecimalField(
        _("dollars a day"), max_digits=12, decimal_places=2, null=True, blank=True, validators=_dollars,
        help_text=_DEFAULT,
    )  # fmt: skip
    usd_per_month = models.DecimalField(
        _("dollars a month"), max_digits=12, decimal_places=2, null=True, blank=True, validators=_dollars,
        help_text=_DEFAULT,
    )  # fmt: skip
    tokens_per_day = models.PositiveBigIntegerField(_("tokens a day"), null=True, blank=True, help_text=_DEFAULT)
    tokens_per_month = models.PositiveBigIntegerField(_("tokens a month"), null=True, blank=True, help_text=_DEFAULT)

    class Meta:
        verbose_name = _("user with limits")
        verbose_name_plural = _("users with limits")

    def __str__(self) -> str:
        return str(self.owner)
