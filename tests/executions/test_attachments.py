"""Images attached to messages: what is taken, whose they are, and when they go."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from PIL import Image

from executions import attachments, images, pruning
from executions.errors import InvalidImage, InvalidInput, UnknownImage
from executions.models import Attachment, Execution

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _home(settings: Any, tmp_path: Path) -> None:
    settings.EXECUTIONS = {**settings.EXECUTIONS, "HOME": tmp_path}


def image(kind: str = "PNG", size: tuple[int, int] = (40, 30)) -> bytes:
    file = BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize(("kind", "suffix"), [("PNG", "png"), ("JPEG", "jpg"), ("GIF", "gif"), ("WEBP", "webp")])
def test_an_image_is_judged_by_its_bytes_and_not_by_its_name(user: User, kind: str, suffix: str) -> None:
    image_id = attachments.save_image(user, "photo.exe", image(kind))
    assert image_id.endswith(f".{suffix}")
    assert attachments.path_of(user, image_id).read_bytes()
    assert attachments.find(user, image_id).media_type == images.MEDIA_TYPES[suffix]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_half_an_image_is_refused(user: User, kind: str) -> None:
    whole = image(kind, (200, 200))
    with pytest.raises(InvalidImage, match="photo"):
        attachments.save_image(user, "photo", whole[: len(whole) // 2])


@pytest.mark.parametrize(
    "data",
    [b"", b"MZ\x90", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\n" + b"\0" * 100, image("BMP")],
)
def test_what_is_no_such_image_is_refused(user: User, data: bytes, tmp_path: Path) -> None:
    with pytest.raises(InvalidImage):
        attachments.save_image(user, "photo", data)
    assert not Attachment.objects.exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_too_many_bytes_or_pixels_are_refused(user: User) -> None:
    with pytest.raises(InvalidImage, match="5,242,880"):
        attachments.save_image(user, "photo", image() + b"\0" * 5_242_880)
    file = BytesIO()
    Image.new("1", (9_000, 10)).save(file, "PNG")
    with pytest.raises(InvalidImage, match="pixels"):
        attachments.save_image(user, "photo", file.getvalue())


def test_a_name_that_no_database_can_carry_is_refused(user: User) -> None:
    with pytest.raises(InvalidInput):
        attachments.save_image(user, "a\0b", image())


def test_nobody_reaches_the_image_of_another(user: User, other_user: User) -> None:
    image_id = attachments.save_image(user, "photo", image())
    for wrong in (image_id, "../../secret-key", "0" * 32 + ".png", 7, None):
        with pytest.raises(UnknownImage):
            attachments.path_of(other_user, wrong)


def test_at_most_five_images_are_attached(user: User) -> None:
    ids = [attachments.save_image(user, "photo", image()) for _ in range(6)]
    assert attachments.check(user, ids[:5]) == ids[:5]
    with pytest.raises(InvalidImage, match="at most 5"):
        attachments.check(user, ids)
    with pytest.raises(InvalidImage):
        attachments.check(user, "photo")


def test_images_go_with_their_execution(user: User) -> None:
    kept, pruned, deleted = (attachments.save_image(user, "photo", image()) for _ in range(3))
    paths = {image_id: images.path_of(image_id) for image_id in (kept, pruned, deleted)}
    ended = {"state": "finished", "outcome": "succeeded", "finished_at": timezone.now() - timedelta(days=9)}
    old = Execution.objects.create(owner=user, agent="claude", prompt="x", **ended)
    gone = Execution.objects.create(owner=user, agent="claude", prompt="x")
    fresh = Execution.objects.create(owner=user, agent="claude", prompt="x")
    for execution, image_id in ((old, pruned), (gone, deleted), (fresh, kept)):
        attachments.use(execution, [image_id])
    list(pruning.prune(timezone.now() - timedelta(days=1)))
    gone.delete()
    assert [path.exists() for path in paths.values()] == [True, False, False]
    user.delete()
    assert not paths[kept].exists()


def test_images_that_nobody_used_go_after_a_day(user: User) -> None:
    old, new = (attachments.save_image(user, "photo", image()) for _ in range(2))
    Attachment.objects.filter(pk=old).update(created_at=timezone.now() - timedelta(days=2))
    attachments.save_image(user, "photo", image())
    assert (images.path_of(old).exists(), images.path_of(new).exists()) == (False, True)
    Attachment.objects.update(created_at=timezone.now() - timedelta(days=2))
    list(pruning.prune(timezone.now() - timedelta(days=30)))
    assert not Attachment.objects.exists()


def test_an_owner_has_only_so_many_unused_images(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "MAX_UNUSED", 3)
    ids = [attachments.save_image(user, "photo", image()) for _ in range(5)]
    assert [images.path_of(image_id).exists() for image_id in ids] == [False, False, True, True, True]
