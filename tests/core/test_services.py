"""The composition root: everything belongs to one library, and is let go of in the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import services as module
from core.errors import LibraryError, SettingsError
from core.library.lock import RenderLock
from core.runner import EngineChoice
from core.services import open_services


def test_the_library_lies_where_the_user_keeps_data(own_home: Path) -> None:
    with open_services() as services:
        assert services.database.path == own_home / "library.db"
        assert services.registry.get("builtin").capabilities.clean


def test_two_open_libraries_share_nothing(tmp_path: Path) -> None:
    with open_services(tmp_path / "a.db") as one, open_services(tmp_path / "b.db") as two:
        assert one.database.library_id != two.database.library_id
        assert one.lock.acquire()
        assert two.lock.acquire()


def test_one_library_has_one_render_lock_however_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes that both render one library would do the work twice."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link.db").symlink_to(tmp_path / "a.db")
    with open_services(tmp_path / "a.db") as one:
        assert one.lock.acquire()
        for name in ("a.db", "./a.db", "link.db"):
            with open_services(Path(name)) as two:
                assert not two.lock.acquire()


def test_closing_lets_the_render_lock_go(tmp_path: Path) -> None:
    with open_services(tmp_path / "a.db") as services:
        services.lock.acquire()
        path = services.lock.path
    assert RenderLock(path).acquire()


def test_a_library_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LibraryError):
        open_services(tmp_path)


def test_damaged_preferences_keep_no_library_open(own_home: Path) -> None:
    (own_home / "preferences.json").write_text("{")
    with pytest.raises(SettingsError, match="preferences"):
        open_services()
    assert not (own_home / "library.db").exists()


def test_the_users_pixel_limit_reaches_the_runner(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own_home / "preferences.json").write_text('{"max_megapixels": 7}')
    monkeypatch.setattr(module, "BatchRunner", lambda parts, _sink, _choice: parts)
    with open_services() as services:
        parts = services.runner(lambda _event: None, EngineChoice())
        assert vars(parts)["max_pixels"] == 7_000_000
