"""IP-Adapters: a reference picture whose look a loaded model takes over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

from core.engine.latent.components import Components
from core.engine.latent.files import Mark, mark_of
from core.engine.latent.image_encoders import load_image_encoder
from core.engine.latent.weights import DTYPES, Tensors, WeightSource
from core.errors import ImageReadError, ModelUntrustedError, Reason, SettingsError
from core.images.preview import preview
from core.recipe import ReferenceSetting

_PARTS = ("image_proj", "ip_adapter")
_LARGEST = 1024


class ReferenceLook:
    """The reference of a loaded model; without one the model is as it was, to the last bit."""

    def __init__(self, components: Components) -> None:
        self._components = components
        self._adapter: Mark | None = None
        self._encoder: Any = None
        self._embeds: dict[object, list[Any]] = {}

    def use(self, setting: ReferenceSetting | None, *, guided: bool) -> dict[str, Any]:
        """Let exactly this reference work from now on; return what pipelines are called with.

        Args:
            guided: whether the model is asked without the reference too, at each step.

        Raises:
            ModelNotFoundError: the adapter or its image encoder is missing.
            ModelUntrustedError: one of them is damaged, or can run code when opened.
            ImageReadError: the picture cannot be read.
            SettingsError: the model takes none, or this adapter is for another family.
        """
        if setting is None:
            self._unload()
            return {}
        if not self._components.spec.capabilities.reference_image:
            raise SettingsError(
                f"{self._components.spec.name} takes no reference picture.",
                hint="Use Stable Diffusion 1.x or XL, or take the reference out of the recipe.",
            )
        mark = mark_of(setting.path)
        if mark != self._adapter:
            self._unload()
            self._load(setting.path)
            self._adapter = mark
        self._pipeline().set_ip_adapter_scale(setting.weight)
        return {"ip_adapter_image_embeds": self._embedded(setting.image, guided)}

    def _pipeline(self, **extra: Any) -> Any:
        return self._components.pipeline(self._components.family.img2img, None, **extra)

    def _load(self, path: Path) -> None:
        components = self._components
        parts = self._read(path)
        width = _width(parts["image_proj"], path)
        encoder = load_image_encoder(components, path, width)
        try:
            self._pipeline(
                image_encoder=encoder, feature_extractor=_preparer(encoder)
            ).load_ip_adapter(parts, subfolder="", weight_name="", image_encoder_folder=None)
        except (RuntimeError, KeyError, ValueError, AttributeError, IndexError) as error:
            self._pipeline().unload_ip_adapter()
            raise SettingsError(
                f"The IP-Adapter {path.name} does not fit {components.spec.name}.",
                hint=f"Choose one that was made for {components.family.name}.",
            ) from error
        components.denoiser.requires_grad_(False)
        self._encoder = encoder

    def _read(self, path: Path) -> dict[str, Tensors]:
        components = self._components
        source = WeightSource(components.spec.name, (path,))
        source.shapes()
        tensors = source.read(None, components.device, DTYPES[components.dtype])
        parts: dict[str, Tensors] = {part: {} for part in _PARTS}
        for name, tensor in tensors.items():
            part, _, rest = name.partition(".")
            if part in parts:
                parts[part][rest] = tensor
        if not all(parts.values()):
            raise ModelUntrustedError(
                f"{path.name} is no IP-Adapter.", hint="Choose an IP-Adapter's .safetensors file."
            )
        return parts

    def _embedded(self, image: Path, guided: bool) -> list[Any]:
        """Return the reference as embeddings: computed once, for all photographs."""
        key = (image, _changed(image), guided)
        if key not in self._embeds:
            components = self._components
            encoder = self._encoder
            pipeline = self._pipeline(image_encoder=encoder, feature_extractor=_preparer(encoder))
            picture = _picture(image)
            self._embeds = {
                key: pipeline.prepare_ip_adapter_image_embeds(
                    picture, None, components.device, 1, guided
                )
            }
        return list(self._embeds[key])

    def _unload(self) -> None:
        if self._adapter is not None:
            self._pipeline().unload_ip_adapter()
        self._adapter, self._encoder = None, None
        self._embeds = {}


def _preparer(encoder: Any) -> Any:
    from transformers import CLIPImageProcessor

    side = encoder.config.image_size
    return CLIPImageProcessor(size=side, crop_size=side)


def _width(projection: Tensors, path: Path) -> int:
    """Return how wide the embeddings are that an adapter takes."""
    for name in ("proj.weight", "proj_in.weight", "proj.0.weight"):
        if name in projection:
            return int(projection[name].shape[-1])
    raise ModelUntrustedError(
        f"{path.name} is an IP-Adapter of a kind that Regrain does not know.",
        hint="Choose a plain or a plus IP-Adapter.",
    )


def _changed(image: Path) -> int:
    try:
        return image.stat().st_mtime_ns
    except OSError as error:
        raise _unreadable(image, error) from error


def _picture(image: Path) -> Image.Image:
    """Return the reference upright and in sRGB, as large as any image encoder has use for."""
    try:
        return preview(image, _LARGEST)
    except (OSError, ValueError, SyntaxError) as error:
        raise _unreadable(image, error) from error


def _unreadable(image: Path, error: Exception) -> ImageReadError:
    return ImageReadError(
        Reason.UNREADABLE,
        f"The reference picture {image.name} cannot be read: {error}.",
        hint="Choose another one.",
    )
