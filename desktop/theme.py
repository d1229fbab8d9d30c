"""Colours, spacing and the style sheet; light and dark, following the system."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from core.preferences import ThemeChoice


@dataclass(frozen=True)
class Tokens:
    """The colours that are chosen once, as `#rrggbb`, and lengths in logical pixels.

    Greys carry no tint, as beside photographs they must; `canvas` lies behind pictures.
    """

    dark: bool
    window: str
    panel: str
    raised: str
    sunken: str
    canvas: str
    line: str
    text: str
    muted: str
    disabled: str
    accent: str
    accent_hover: str
    accent_text: str
    on_accent: str
    selection: str
    good: str
    warn: str
    bad: str
    space: int = 8
    radius: int = 5
    icon: int = 18


DARK = Tokens(
    dark=True, window="#1e1e1e", panel="#262626", raised="#343434", sunken="#191919",
    canvas="#141414", line="#3d3d3d", text="#e6e6e6", muted="#a3a3a3", disabled="#6e6e6e",
    accent="#2f78c8", accent_hover="#3c87d9", accent_text="#78b4f2", on_accent="#ffffff",
    selection="#2b4a6b", good="#6cc083", warn="#e3b04f", bad="#f0807a",
)  # fmt: skip
LIGHT = Tokens(
    dark=False, window="#ececec", panel="#f6f6f6", raised="#ffffff", sunken="#ffffff",
    canvas="#d6d6d6", line="#cbcbcb", text="#1c1c1c", muted="#5c5c5c", disabled="#9d9d9d",
    accent="#1f69b8", accent_hover="#2a78cb", accent_text="#155a9f", on_accent="#ffffff",
    selection="#cfe2f7", good="#1d7a3a", warn="#8f5e00", bad="#b3261e",
)  # fmt: skip


def tokens() -> Tokens:
    """Return the colours that the application shows now."""
    window = QGuiApplication.palette().color(QPalette.ColorRole.Window)
    return DARK if window.lightness() < 128 else LIGHT


def palette_of(colours: Tokens) -> QPalette:
    """Return the Qt palette of these colours."""
    palette = QPalette()
    role = QPalette.ColorRole
    for which, colour in {
        role.Window: colours.window,
        role.WindowText: colours.text,
        role.Base: colours.sunken,
        role.AlternateBase: colours.panel,
        role.Text: colours.text,
        role.Button: colours.raised,
        role.ButtonText: colours.text,
        role.BrightText: colours.bad,
        role.Highlight: colours.accent,
        role.HighlightedText: colours.on_accent,
        role.Link: colours.accent_text,
        role.LinkVisited: colours.accent_text,
        role.ToolTipBase: colours.raised,
        role.ToolTipText: colours.text,
        role.PlaceholderText: colours.muted,
        role.Mid: colours.line,
        role.Accent: colours.accent,
    }.items():
        palette.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(colours.disabled))
    return palette


def style_sheet(colours: Tokens) -> str:
    """Return the style sheet with `@name` replaced by the colours."""
    folder = resources.files("resources") / "style"
    text = (folder / "theme.qss").read_text(encoding="utf-8")
    # An image in a style sheet has colours of its own: one file a theme.
    arrow = folder / ("arrow-dark.svg" if colours.dark else "arrow-light.svg")
    text = text.replace("@arrow", Path(str(arrow)).as_posix())
    text = text.replace("@check", Path(str(folder / "check.svg")).as_posix())
    # Longest first: @accent must not be taken out of @accent_hover.
    for name, value in sorted(asdict(colours).items(), key=lambda pair: -len(pair[0])):
        text = text.replace(f"@{name}", str(value))
    return text


class Theme(QObject):
    """Keeps the application in the chosen theme, and in the system's when that is the choice."""

    changed = Signal()

    def __init__(self, app: QApplication, choice: ThemeChoice = ThemeChoice.SYSTEM) -> None:
        super().__init__(app)
        self._app = app
        self._choice = choice
        app.setStyle(QStyleFactory.create("Fusion"))
        self._system_dark = tokens().dark
        app.styleHints().colorSchemeChanged.connect(self._follow)
        self._apply()

    def choose(self, choice: ThemeChoice) -> None:
        """Show light, dark, or what the system shows."""
        self._choice = choice
        self._apply()

    @Slot()
    def _follow(self) -> None:
        self._apply()

    def _apply(self) -> None:
        colours = DARK if self._is_dark() else LIGHT
        self._app.setPalette(palette_of(colours))
        self._app.setStyleSheet(style_sheet(colours))
        self.changed.emit()

    def _is_dark(self) -> bool:
        if self._choice is not ThemeChoice.SYSTEM:
            return self._choice is ThemeChoice.DARK
        scheme = self._app.styleHints().colorScheme()
        if scheme is Qt.ColorScheme.Unknown:
            return self._system_dark
        return scheme is Qt.ColorScheme.Dark
