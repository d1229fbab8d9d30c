"""`python -m tests.benchmarks.pictures.dragging FILE...`: a small window to drag files out of.

A file manager's part in a drop: xdotool moves the mouse from here to the window that is tried.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from PySide6.QtCore import QMimeData, Qt, QTimer, QUrl
from PySide6.QtGui import QDrag, QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel

TITLE = "regrain-drag-source"
SIDE = 32
_SERVING_MS = 3000
"""The window that takes the drop asks for the files' names after the button is released."""


class Source(QLabel):
    """A square that is dragged."""

    def __init__(self, files: Sequence[str]) -> None:
        super().__init__()
        self._urls = [QUrl.fromLocalFile(file) for file in files]
        self._dragged = False
        self.setWindowTitle(TITLE)
        flags = Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint
        self.setWindowFlags(flags)
        self.setGeometry(0, 0, SIDE, SIDE)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if self._dragged:
            return
        self._dragged = True
        data = QMimeData()
        data.setUrls(self._urls)
        drag = QDrag(self)
        drag.setMimeData(data)
        drag.exec(Qt.DropAction.CopyAction)
        QTimer.singleShot(_SERVING_MS, QApplication.quit)


def main() -> int:
    application = QApplication(sys.argv[:1])
    source = Source(sys.argv[1:])
    source.show()
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
