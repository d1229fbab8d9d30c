"""Power cuts at each single step, of publishing and of recovering from an earlier cut.

Afterwards there is exactly one right result, nothing foreign is lost, and nothing of ours is left
over. `test_mutants` shows that these tests see each rule of the protocol being broken.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.power import SCENES, Cuts, Scene
from tests.faults.table import Tally

CUTS = "power cuts: distinct states of the disk"


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_power_cut_at_any_moment_leaves_one_right_result(
    memory: Path, scene: Scene, tally: Tally
) -> None:
    """Every first cut; of the second ones, while recovering from the first, a share."""
    cuts = Cuts(memory, scene, every=6).make()
    tally(9, CUTS, cuts.judged, len(cuts.faults))
    assert cuts.faults == []
    assert cuts.judged > 10


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_further_power_cuts_while_recovering_do_no_harm(
    memory: Path, scene: Scene, tally: Tally
) -> None:
    """A second cut at any moment of the recovery from the first, and a third one after that."""
    cuts = Cuts(memory, scene, deep=3).make()
    tally(9, CUTS, cuts.judged, len(cuts.faults))
    assert cuts.faults == []
