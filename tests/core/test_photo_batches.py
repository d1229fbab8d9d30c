"""From the window's wishes to batches: reviewed results are held, redone ones are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import SettingsError
from core.library.ids import PhotoId
from core.library.keys import result_key, settings_digest
from core.library.photo import Decision, Photo
from core.library.records import Rendered
from core.library.review import review_folder
from core.photo_batches import BatchWish, enqueue, new_seed, redo, stronger
from core.recipe import Amount, EditSettings, OutputSettings, Recipe
from core.services import Services, open_services


class Darkroom:
    """A library with one photograph, and results without a render process."""

    def __init__(self, services: Services, folder: Path) -> None:
        self.services = services
        self.out = folder / "out"
        self.source = folder / "a.jpg"
        self.source.write_bytes(b"original")
        self.project = services.projects.default().id
        (self.photo,) = services.photos.add(self.project, [self.source]).photos
        self.recipe = Recipe(output=OutputSettings(folder=self.out))

    def run(self, *, review: bool = False, recipe: Recipe | None = None) -> None:
        wish = BatchWish(self.project, [self.photo], recipe or self.recipe, review=review)
        enqueue(self.services, wish)
        self.work()

    def work(self) -> None:
        """Render what waits: bytes that tell the settings."""
        services = self.services
        for claim in services.queue.claim("run", 10):
            model = services.registry.get(claim.edit.model)
            digest = settings_digest(claim.edit, claim.output, model)
            data = f"{claim.edit.amount} {claim.edit.seed}".encode()
            temp = services.publisher.prepare(claim)
            temp.write_bytes(data)
            source = services.catalog.hash_file(claim.source).sha256
            sha256 = hashlib.sha256(data).hexdigest()
            rendered = Rendered(temp, sha256, len(data), result_key(source, digest), source)
            services.publisher.publish(claim, rendered)

    def shown(self) -> Photo:
        (photo,) = self.services.photos.rows([self.photo])
        return photo

    def output(self) -> Path:
        output = self.shown().output
        assert output is not None
        return output


@pytest.fixture
def darkroom(tmp_path: Path) -> Iterator[Darkroom]:
    with open_services(tmp_path / "library.db") as services:
        yield Darkroom(services, tmp_path)


def test_reviewed_results_wait_in_the_library_until_they_are_exported(darkroom: Darkroom) -> None:
    darkroom.run(review=True)
    assert darkroom.output().is_relative_to(review_folder(darkroom.services.database.path))
    assert not darkroom.out.exists()
    darkroom.services.photos.decide([darkroom.photo], Decision.KEEP)
    report = darkroom.services.exports.kept([darkroom.photo], None)
    assert report.copied == (darkroom.out / "a.jpg",)


def test_a_redo_keeps_what_stood_and_comes_into_its_place(darkroom: Darkroom) -> None:
    darkroom.run()
    before = darkroom.output().read_bytes()
    redo(darkroom.services, darkroom.project, darkroom.photo, darkroom.recipe, {"seed": 7})
    darkroom.work()
    assert darkroom.output() == darkroom.out / "a.jpg"
    assert darkroom.output().read_bytes() != before
    (version,) = darkroom.services.versions.stack(darkroom.photo)
    assert version.path.read_bytes() == before
    darkroom.services.versions.bring_back(version)
    assert darkroom.output().read_bytes() == before


def test_a_redo_of_a_result_under_review_is_reviewed_too(darkroom: Darkroom) -> None:
    """It would otherwise be written to the folder that the user wanted to decide on."""
    darkroom.run(review=True)
    before = darkroom.output().read_bytes()
    redo(darkroom.services, darkroom.project, darkroom.photo, darkroom.recipe, {"seed": 7})
    darkroom.work()
    assert not darkroom.out.exists()
    after = darkroom.output().read_bytes()
    assert after != before
    (version,) = darkroom.services.versions.stack(darkroom.photo)
    darkroom.services.versions.bring_back(version)
    assert darkroom.output().read_bytes() == before
    (other,) = darkroom.services.versions.stack(darkroom.photo)
    assert other.path.read_bytes() == after


def test_a_redo_in_another_folder_can_be_taken_back(darkroom: Darkroom) -> None:
    darkroom.run()
    before = darkroom.output().read_bytes()
    elsewhere = Recipe(output=OutputSettings(folder=darkroom.out.with_name("other")))
    redo(darkroom.services, darkroom.project, darkroom.photo, elsewhere, {"seed": 7})
    darkroom.work()
    after = darkroom.output().read_bytes()
    (version,) = darkroom.services.versions.stack(darkroom.photo)
    darkroom.services.versions.bring_back(version)
    assert darkroom.output().read_bytes() == before
    (other,) = darkroom.services.versions.stack(darkroom.photo)
    assert other.path.read_bytes() == after


def test_photographs_with_recipes_of_their_own_get_a_batch_each(darkroom: Darkroom) -> None:
    own = Recipe(edit=EditSettings(amount=Amount.MORE), output=darkroom.recipe.output)
    darkroom.services.photos.set_recipe([darkroom.photo], own)
    darkroom.run()
    assert darkroom.output().read_bytes() == b"more 0"


def test_a_photograph_that_is_gone_is_said(darkroom: Darkroom) -> None:
    with pytest.raises(SettingsError, match="no longer in this project"):
        redo(darkroom.services, darkroom.project, PhotoId(99), darkroom.recipe, new_seed())


def test_one_step_stronger_and_gentler_stay_within_what_there_is() -> None:
    assert stronger(EditSettings()) == {"amount": "more"}
    assert stronger(EditSettings(amount=Amount.MORE)) == {"amount": "more"}
    assert stronger(EditSettings(amount=10.0), -1)["amount"] == pytest.approx(10 / 1.5)
