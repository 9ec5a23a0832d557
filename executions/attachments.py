"""Images attached to messages: who they belong to, which execution uses them, and when they are removed.

The file is in the home (:mod:`executions.images`), the row says whose it is. An image goes with the execution that used
it last (its journal pruned, or itself deleted), and one that no execution ever used goes after a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from executions import images, validation
from executions.errors import InvalidImage, UnknownImage
from executions.models import Attachment, Execution

#: An image that no execution has used is kept this long, and of these so many for each owner.
UNUSED_FOR = timedelta(days=1)
MAX_UNUSED = 50
MAX_NAME_CHARS = 200


def save_image(owner: User, name: str, data: bytes) -> str:
    """Keep an image of ``owner`` and return its id. Raises InvalidImage, InvalidInput (the name), OSError.

    Decodes the image: some 10 ms for each million pixels. Older images that ``owner`` never used are removed.
    """
    name = validation.text(name or "image", _("The image's name"), MAX_NAME_CHARS)
    image_id = images.store(data, name)
    try:
        with transaction.atomic():
            attachment = Attachment.objects.create(id=image_id, owner=owner, name=name, size=len(data))
            unused = Attachment.objects.unused().filter(owner=owner).exclude(pk=attachment.pk).order_by("-created_at")
            old = unused.filter(created_at__lt=timezone.now() - UNUSED_FOR)
            _remove([*unused.values_list("pk", flat=True)[MAX_UNUSED - 1 :], *old.values_list("pk", flat=True)])
    except BaseException:
        images.forget(image_id)
        raise
    return image_id


def find(owner: User, image_id: Any) -> Attachment:
    """Return an image of ``owner``, whose file is there. Raises UnknownImage."""
    attachment = Attachment.objects.filter(pk=str(image_id), owner=owner).first()
    if attachment is None or not attachment.path.is_file():
        raise UnknownImage(
            _("There is no image %(value)s of yours; attach it again.") % {"value": repr(str(image_id)[:100])}
        )
    return attachment


def path_of(owner: User, image_id: Any) -> Path:
    """Return the file of an image of ``owner``. Raises UnknownImage."""
    return find(owner, image_id).path


def check(owner: User, image_ids: Any) -> list[str]:
    """Return the ids when they are images of ``owner``, few enough. Raises InvalidImage, UnknownImage."""
    if not isinstance(image_ids, list) or not all(isinstance(image_id, str) for image_id in image_ids):
        raise InvalidImage(_("images must be a list of ids of attached images."))
    if len(image_ids) > images.MAX_IMAGES:
        raise InvalidImage(
            _("%(count)s images are attached; at most %(max_images)s are allowed.")
            % {"count": len(image_ids), "max_images": images.MAX_IMAGES}
        )
    return [find(owner, image_id).pk for image_id in dict.fromkeys(image_ids)]


def use(execution: Execution, image_ids: Sequence[str]) -> None:
    """Tie images to an execution, in the transaction that makes it; a retry takes them over."""
    if image_ids:
        Attachment.objects.filter(pk__in=image_ids, owner_id=execution.owner_id).update(execution=execution)


def forget_unused(before: datetime) -> int:
    """Remove images that were attached before that moment and never used; returns how many."""
    with transaction.atomic():
        return _remove(list(Attachment.objects.unused().filter(created_at__lt=before).values_list("pk", flat=True)))


def forget_images_of(execution_ids: Sequence[int]) -> int:
    """Remove the images of these executions, in the caller's transaction; returns how many."""
    return _remove(list(Attachment.objects.filter(execution__in=execution_ids).values_list("pk", flat=True)))


def removed(sender: type[Attachment], instance: Attachment, **kwargs: Any) -> None:
    """Remove the file of a deleted row, once that is certain."""
    transaction.on_commit(partial(images.forget, instance.pk))


def _remove(image_ids: Sequence[str]) -> int:
    if not image_ids:
        return 0
    return Attachment.objects.filter(pk__in=image_ids).delete()[0]
