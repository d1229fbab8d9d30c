"""What is photographed, one scene after the other, in one session of the window."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.pictures import photographs
from tests.benchmarks.pictures.display import Display, wait_until
from tests.benchmarks.pictures.window import Window

_STARTED_S = 15.0
"""Still for so long after a start: the model is loaded, and nothing is said about it any more."""


_WATCHED = 13
_FIRST_WATCHED = (95, 264)
"""Where the line of the only watched folder is, in an empty library."""


@dataclass(frozen=True)
class Material:
    """The photographs that all scenes share."""

    samples: Path
    trip: Path
    broken: Path
    in_trip: int
    in_broken: int

    @classmethod
    def make(cls, folder: Path) -> Material:
        """Write it all below a folder."""
        samples = photographs.make_samples(folder / "Samples")
        trip, broken = folder / "trip", folder / "broken"
        in_trip = photographs.make_trip(trip, samples)
        return cls(samples, trip, broken, in_trip, photographs.make_broken(broken, samples))


def first_hour(window: Window, material: Material) -> None:
    """From the empty window to results that are compared."""
    screen = window.display
    window.configure(theme="dark")
    window.start()
    screen.settle(window.shots, _STARTED_S)
    window.shoot("01-first-start")
    window.drop(*_middle(screen), material.trip)
    window.wait_for_photographs(material.in_trip)
    window.shoot("02-folder-dropped")
    window.hand(material.samples / "lake.jpg")
    window.wait_for_photographs(material.in_trip + 1)
    window.shoot("03-viewer-preview")
    _run(window, material)
    _compare(window, material)


def _middle(screen: Display) -> tuple[float, float]:
    """Return a place over the photographs, whatever the window's size."""
    width, height = screen.size
    return width * 0.45, height * 0.4


def _run(window: Window, material: Material) -> None:
    screen = window.display
    screen.press("g", "Home", "ctrl+shift+a", "ctrl+Return")
    window.wait_until_settled(max(3, material.in_trip // 3))
    window.shoot("04-running-batch", still=False)
    window.wait_until_settled(material.in_trip + 1)


def _compare(window: Window, material: Material) -> None:
    screen = window.display
    screen.press("End", "e", "d")
    window.shoot("05-compare-slider")
    screen.press("y", "z")
    window.shoot("06-side-by-side-1-1")
    screen.press("p", "4", "f", "g", "Home")
    window.shoot("07-grid-done")


def repaint(window: Window, material: Material) -> None:
    """The recipe panel with its sections open, and the stages of a preview."""
    screen = window.display
    window.configure(theme="dark", sections=("noise", "more"))
    window.start()
    screen.settle(window.shots, _STARTED_S)
    window.hand(material.samples / "chelsea.png")
    window.wait_for_photographs(material.in_trip + 2)
    screen.settle(window.shots)
    screen.press("alt+a", "s")
    window.shoot("08-repaint")


def broken(window: Window, material: Material) -> None:
    """Files that fail, each with its reason."""
    screen = window.display
    screen.press("s", "g")
    window.hand(material.broken)
    window.wait_for_photographs(material.in_trip + 2 + material.in_broken)
    screen.settle(window.shots)
    done = window.count("select count(*) from item")
    screen.press("ctrl+Return")
    wait_until(lambda: window.count("select count(*) from item") > done, "the batch to be queued")
    window.wait_until_settled(done + material.in_broken)
    window.shoot("09-failed-files")


def dialogs(window: Window, material: Material) -> None:
    """Preferences, the sheet of keys, devices and models."""
    screen = window.display
    for name, keys in (
        ("10-preferences", ("ctrl+comma",)),
        ("11-shortcuts", ("question",)),
        ("12-devices", ("alt+h", "Down", "Return")),
        ("13-models", ("alt+h", "Down", "Down", "Return")),
    ):
        screen.press(*keys)
        window.shoot(name)
        screen.press("Escape")
        screen.settle(window.shots)


def light(window: Window, material: Material) -> None:
    """The grid and the viewer in the light theme."""
    _both_views(window, "light", "14-light-grid", "15-light-viewer")


def small(window: Window, material: Material) -> None:
    """The smallest usual screen."""
    _both_views(window, "dark", "16-small-grid", "17-small-viewer")


def dense(window: Window, material: Material) -> None:
    """A screen of twice the pixels."""
    _both_views(window, "dark", "18-dense-grid", "19-dense-viewer")


def watched(window: Window, material: Material) -> None:
    """A folder into which photographs come: some are done, some are being edited."""
    screen, inbox = window.display, material.trip.with_name("From the camera")
    inbox.mkdir()
    window.home = window.home.with_name("watching")
    window.configure(theme="dark")
    window.command("watch", "add", inbox, "--preset", "clean", "--settle", "1")
    window.start()
    screen.settle(window.shots, _STARTED_S)
    screen.click(*_FIRST_WATCHED)
    photographs = sorted(material.trip.rglob("*.JPG"))[:_WATCHED]
    for photograph in photographs[: _WATCHED - 3]:
        shutil.copy(photograph, inbox)
    window.wait_until_settled(_WATCHED - 3)
    for photograph in photographs[_WATCHED - 3 :]:
        shutil.copy(photograph, inbox)
    query = "select count(*) from item where status = 'running'"
    wait_until(lambda: window.count(query), "a photograph in work")
    screen.rest()
    window.shoot("20-watch-folder", still=False)


def _both_views(window: Window, theme: str, grid: str, viewer: str) -> None:
    screen = window.display
    window.configure(theme=theme)
    window.start()
    screen.settle(window.shots, _STARTED_S)
    screen.press("g")
    window.shoot(grid)
    screen.click(*(_first_photograph(screen, window.scale)))
    screen.press("e")
    window.shoot(viewer)


def _first_photograph(screen: Display, scale: float) -> tuple[float, float]:
    """Return a place on the first photograph of the grid."""
    return 320 * scale, 230 * scale
