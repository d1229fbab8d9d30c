"""What was found of a photograph's noise, and how it is said."""

from __future__ import annotations

from dataclasses import dataclass

ALREADY_CLEAN = 1.5
"""Below this sigma of 255 a photograph counts as clean: so little is not seen, and fine texture
all over a photograph looks alike. Rounding to 8 bits alone gives 0.3."""


@dataclass(frozen=True, slots=True)
class NoiseFound:
    """A photograph's noise, in levels of 255: sigma² = luminance² + chroma².

    sigma: the channels' deviation, weighted as luminance weighs them; white noise's own.
    luminance: of that, the deviation of brightness. chroma: that of the channels around it.
    """

    sigma: float
    luminance: float
    chroma: float

    @property
    def words(self) -> str:
        """Return it as notes say it: `11 of 255 (colour 8)`; grey noise has no colour."""
        colour = f" (colour {self.chroma:.0f})" if round(self.chroma) else ""
        return f"{self.sigma:.0f} of 255{colour}"

    @property
    def facts(self) -> dict[str, str | int | float]:
        """Return it as a result's facts hold it."""
        return {
            "noise": round(self.sigma, 2),
            "noise_luminance": round(self.luminance, 2),
            "noise_chroma": round(self.chroma, 2),
        }
