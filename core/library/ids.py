"""Names for the integers that identify records, so that one kind is never taken for another."""

from __future__ import annotations

from typing import NewType

ProjectId = NewType("ProjectId", int)
AssetId = NewType("AssetId", int)
JobId = NewType("JobId", int)
ItemId = NewType("ItemId", int)
ResultId = NewType("ResultId", int)
PhotoId = NewType("PhotoId", int)
WatchRuleId = NewType("WatchRuleId", int)
