"""`regrain service run` with a render process without torch; started by this file's path."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # At the end: an installed wheel comes before the checkout.
    sys.path.append(str(Path(__file__).parents[3]))

    from core import services
    from core.cli.main import main
    from tests.fakes import FAKE_RENDER_COMMAND

    real = services.open_services
    fake = services.RenderProgram(FAKE_RENDER_COMMAND, None)
    services.open_services = lambda library=None, program=None: real(library, program or fake)
    sys.exit(main(["service", "run"]))
