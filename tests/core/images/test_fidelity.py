"""The fidelity matrix: an edit that changes nothing loses nothing, by exiftool and by pixels.

Sources are made by Pillow, tifffile and exiftool, never by the code under test.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms
from skimage.color import deltaE_ciede2000

from core.images.colour import apply_change, to_model
from core.images.decode import read_photo
from core.images.encode import EncodeOptions, verify_written, write_photo
from core.images.metadata import Provenance
from core.recipe import MetadataRule
from tests.core.images import samples

pytestmark = pytest.mark.skipif(
    shutil.which("exiftool") is None,
    reason="exiftool is not installed (Debian: libimage-exiftool-perl)",
)
SUFFIXES = {"jpeg": ".jpg", "png": ".png", "tiff": ".tif", "webp": ".webp", "avif": ".avif"}
PROFILES = {
    "none": b"", "adobe": samples.adobe_rgb(), "p3": samples.display_p3(),
    "prophoto": samples.prophoto(), "cmyk": samples.cmyk_profile(), "grey": samples.grey_gamma(),
}  # fmt: skip
GROUPS = ("IFD0", "ExifIFD", "GPS", "InteropIFD", "Canon", "IPTC", "Photoshop", "ICC", "XMP-")
LAYOUT = {
    "StripOffsets", "StripByteCounts", "RowsPerStrip", "SubfileType", "Compression", "Predictor",
    "ImageWidth", "ImageHeight", "PlanarConfiguration", "YCbCrPositioning", "BitsPerSample",
    "ExtraSamples", "SampleFormat", "Software", "ImageDescription", "PageNumber",
    "PhotometricInterpretation", "SamplesPerPixel", "XMPToolkit", "CurrentIPTCDigest",
}  # fmt: skip
TURNED = {"Orientation", "ExifImageWidth", "ExifImageHeight"}
NOTE = Provenance({"model": "builtin"}, "Steps: 4, Seed: 1, Model: builtin")


@dataclass(frozen=True)
class Case:
    kind: str
    profile: str = "p3"
    orientation: int = 1
    bits: int = 8
    alpha: bool = False

    @property
    def name(self) -> str:
        alpha = "alpha" if self.alpha else "opaque"
        stem = f"{self.kind}-{self.profile}-{self.orientation}-{self.bits}-{alpha}"
        return stem + SUFFIXES[self.kind]

    @property
    def lossless(self) -> bool:
        return self.kind in ("png", "tiff")


def cases() -> list[Case]:
    made = [Case(kind, orientation=turn) for kind in SUFFIXES for turn in range(1, 9)]
    made += [Case(kind, name) for kind in SUFFIXES for name in ("none", "adobe", "prophoto")]
    made += [Case(kind, "grey") for kind in ("jpeg", "png", "tiff")]
    made += [Case(kind, "cmyk") for kind in ("jpeg", "tiff")]
    made += [
        Case(kind, name, bits=16)
        for kind in ("png", "tiff")
        for name in ("prophoto", "grey", "adobe")
    ]
    made += [Case("tiff", "cmyk", bits=16)]
    made += [Case(kind, alpha=True) for kind in ("png", "tiff", "webp", "avif")]
    made += [Case(kind, bits=16, alpha=True, orientation=6) for kind in ("png", "tiff")]
    return made


def pixels_of(case: Case) -> np.ndarray:
    whole: np.ndarray = samples.scene() if case.bits == 8 else samples.deep_scene()
    if case.profile == "grey":
        return whole[..., 1].copy()
    if case.profile == "cmyk":
        return np.dstack((whole, whole[..., 0] // 3)).astype(whole.dtype)
    return np.dstack((whole, whole[..., 2])) if case.alpha else whole


def base(case: Case) -> bytes:
    """Return the bare picture; profile and metadata come from exiftool, an AVIF's turn here."""
    pixels, icc = pixels_of(case), PROFILES[case.profile]
    if case.kind == "tiff":
        target = io.BytesIO()
        photometric = {"grey": "minisblack", "cmyk": "separated"}.get(case.profile, "rgb")
        extra = {"extrasamples": ["unassalpha"]} if case.alpha else {}
        tifffile.imwrite(target, pixels, photometric=photometric, metadata=None, **extra)
        return target.getvalue()
    if case.kind == "png":
        return bytes(imagecodecs.png_encode(pixels))
    if case.profile == "cmyk":
        return samples.cmyk_jpeg(pixels, quality=95)
    options: dict[str, Any] = {"quality": 95}
    if case.kind == "avif":
        exif = Image.Exif()
        exif[0x0112] = case.orientation
        # exiftool 12 cannot put a profile into an AVIF.
        options |= {"exif": exif, "subsampling": "4:4:4", "icc_profile": icc}
    return samples.saved(pixels, case.kind, **options)


def exiftool(*arguments: str | Path) -> str:
    done = subprocess.run(
        ["exiftool", "-m", "-q", "-q", *map(str, arguments)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def exiftool_in_turn(*commands: list[str | Path]) -> None:
    """Run commands one after another in one process: starting it takes longer than most."""
    joined = [word for command in commands for word in (*command, "-execute")]
    exiftool(*joined[:-1], "-common_args", "-overwrite_original", "-m", "-q", "-q")


def donor(folder: Path) -> Path:
    """Return a JPEG with all there is: MakerNote, GPS, XMP, IPTC, comment, thumbnail."""
    iptc = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0"
    records = samples.iim((80, "Maria"), (90, "Muenchen"), (25, "Fluss"), (120, "Die Bruecke"))
    iptc += len(records).to_bytes(4, "big") + records + b"\0" * (len(records) % 2)
    data = samples.insert_segments(
        samples.saved(samples.scene(), "jpeg"),
        (0xE1, b"Exif\0\0" + samples.exif_block()),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + samples.XMP),
        (0xED, iptc),
        (0xFE, b"hand-written comment"),
    )
    return samples.write(folder, "donor.jpg", data)


def tags(folder: Path) -> dict[str, dict[str, Any]]:
    listed = json.loads(exiftool("-a", "-G1", "-n", "-j", "-struct", folder))
    return {Path(entry["SourceFile"]).name: entry for entry in listed}


def comparable(entry: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for key, value in entry.items():
        group, _, name = key.partition(":")
        if group.startswith(GROUPS) and name not in LAYOUT | TURNED:
            found[key] = value
    return found


@dataclass(frozen=True)
class Matrix:
    sources: Path
    results: Path
    noted: Path
    stripped: Path
    before: dict[str, dict[str, Any]]
    after: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Matrix:
    root = tmp_path_factory.mktemp("fidelity")
    folders = [root / name for name in ("sources", "results", "noted", "stripped")]
    for folder in folders:
        folder.mkdir()
    sources, results, noted, stripped = folders
    make_sources(root, sources)
    for case in cases():
        edit(sources / case.name, results / case.name, EncodeOptions())
        if case != Case(case.kind, orientation=6):
            continue
        edit(sources / case.name, noted / case.name, EncodeOptions(provenance=NOTE))
        rule = EncodeOptions(metadata=MetadataRule.STRIP_LOCATION)
        edit(sources / case.name, stripped / case.name, rule)
    return Matrix(*folders, tags(sources), tags(results))


def make_sources(root: Path, sources: Path) -> None:
    giver = donor(root)
    for name, icc in PROFILES.items():
        if icc:
            samples.write(root, name + ".icc", icc)
    for case in cases():
        samples.write(sources, case.name, base(case))
    commands: list[list[str | Path]] = [
        [
            "-tagsfromfile",
            giver,
            "-all:all",
            "-makernotes",
            "-unsafe",
            "-IFD0:Orientation=",
            sources,
        ]
    ]
    for profile in PROFILES:
        found = [sources / c.name for c in cases() if c.profile == profile and c.kind != "avif"]
        if PROFILES[profile]:
            commands.append([f"-icc_profile<={root / (profile + '.icc')}", *found])
    for turn in range(1, 9):
        found = [sources / c.name for c in cases() if c.orientation == turn]
        commands.append(["-n", f"-IFD0:Orientation={turn}", *found])
    exiftool_in_turn(*commands)


def edit(source: Path, target: Path, options: EncodeOptions) -> None:
    photo = read_photo(source)
    seen = to_model(photo)
    pixels = apply_change(photo, seen, seen)
    with target.open("wb") as file:
        facts = write_photo(photo, pixels, photo.alpha, file, options)
    verify_written(target, facts)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_metadata_is_the_same_by_exiftool(matrix: Matrix, case: Case) -> None:
    before, after = matrix.before[case.name], matrix.after[case.name]
    expected = comparable(before)
    assert any(key.startswith("Canon:") for key in expected)
    assert any(key.startswith("GPS:") for key in expected)
    assert any(key.startswith("XMP-") for key in expected)
    if case.kind in ("jpeg", "png", "tiff"):
        assert "IPTC:Keywords" in expected
    if case.profile != "none":
        assert "ICC-header:ColorSpaceData" in expected
    assert comparable(after) == expected
    assert "ExifTool:Warning" not in after and "ExifTool:Error" not in after


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_the_result_is_upright_and_says_so(matrix: Matrix, case: Case) -> None:
    before, after = matrix.before[case.name], matrix.after[case.name]
    assert after.get("IFD0:Orientation", 1) == 1 and after["XMP-tiff:Orientation"] == 1
    size = (96, 64) if case.orientation <= 4 else (64, 96)
    assert (after["ExifIFD:ExifImageWidth"], after["ExifIFD:ExifImageHeight"]) == size
    assert before["ExifIFD:ExifImageWidth"] == 96
    photo = read_photo(matrix.results / case.name)
    assert (photo.width, photo.height) == size and photo.orientation == 1


def reference(path: Path, case: Case) -> np.ndarray:
    """Return the pixels that another reader finds in a file, not turned."""
    data = path.read_bytes()
    if case.kind == "tiff":
        return np.asarray(tifffile.imread(io.BytesIO(data)))
    if case.kind == "png":
        return np.asarray(imagecodecs.png_decode(data))
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


def turned(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Turn by the words of the EXIF standard, by another way than the code under test."""
    flips = {2: 0, 4: 0, 5: 3, 7: 1}
    quarters = {1: 0, 2: 0, 3: 2, 4: 2, 5: 0, 6: 3, 7: 0, 8: 1}
    if orientation in flips:
        pixels = np.fliplr(pixels)
    if orientation in (5, 7):
        return np.rot90(pixels, 1 if orientation == 5 else 3)
    return np.rot90(pixels, quarters[orientation])


@pytest.mark.parametrize("case", [c for c in cases() if c.lossless], ids=lambda case: case.name)
def test_lossless_pixels_are_exactly_the_same(matrix: Matrix, case: Case) -> None:
    before = turned(reference(matrix.sources / case.name, case), case.orientation)
    after = reference(matrix.results / case.name, case)
    assert after.dtype == np.dtype(f"uint{case.bits}")
    assert np.array_equal(before, after)


def lab(pixels: np.ndarray, profile: bytes) -> np.ndarray:
    """Return L*a*b* of 8-bit pixels through littlecms."""
    mode = {2: "L", 3: "RGB", 4: "CMYK"}[pixels.ndim if pixels.ndim == 2 else pixels.shape[2]]
    size = (pixels.shape[1], pixels.shape[0])
    image = Image.frombytes(mode, size, np.ascontiguousarray(pixels).tobytes())
    own = ImageCms.ImageCmsProfile(io.BytesIO(profile or samples.srgb()))
    change = ImageCms.buildTransform(own, ImageCms.createProfile("LAB"), mode, "LAB")
    coded = np.asarray(ImageCms.applyTransform(image, change)).astype(float)
    # Pillow shows a and b as unsigned bytes of two's complement.
    a_b = np.where(coded[..., 1:] > 127, coded[..., 1:] - 256, coded[..., 1:])
    return np.dstack((coded[..., :1] * 100 / 255, a_b))


@pytest.mark.parametrize("case", [c for c in cases() if not c.lossless], ids=lambda c: c.name)
def test_lossy_colours_differ_by_less_than_one(matrix: Matrix, case: Case) -> None:
    before = turned(reference(matrix.sources / case.name, case), case.orientation)
    after = reference(matrix.results / case.name, case)
    if case.alpha:
        assert np.abs(before[..., 3].astype(int) - after[..., 3]).mean() < 1
        before, after = before[..., :3], after[..., :3]
    profile = PROFILES[case.profile]
    assert deltaE_ciede2000(lab(before, profile), lab(after, profile)).mean() < 1


@pytest.mark.parametrize("kind", SUFFIXES)
def test_the_note_adds_and_takes_nothing_away(matrix: Matrix, kind: str) -> None:
    case = Case(kind, orientation=6)
    noted = json.loads(exiftool("-a", "-G1", "-n", "-j", "-struct", matrix.noted / case.name))[0]
    expected = comparable(matrix.after[case.name])
    found = comparable(noted)
    added = {key for key in found if key not in expected}
    assert {"XMP-regrain:Model", "XMP-iptcExt:DigitalSourceType"} <= added
    assert added <= {
        "XMP-regrain:Model", "XMP-iptcExt:DigitalSourceType", "ExifIFD:UserComment",
    }  # fmt: skip
    assert found["XMP-xmp:CreatorTool"] == "Regrain"
    del expected["XMP-xmp:CreatorTool"]
    assert {key: found[key] for key in expected} == expected
    assert "ExifTool:Warning" not in noted
    text = noted["PNG:Parameters"] if kind == "png" else noted["ExifIFD:UserComment"]
    assert text == NOTE.parameters


@pytest.mark.parametrize("kind", SUFFIXES)
def test_no_place_is_left_where_it_must_go(matrix: Matrix, kind: str) -> None:
    case = Case(kind, orientation=6)
    found = json.loads(exiftool("-a", "-G1", "-n", "-j", matrix.stripped / case.name))[0]
    places = ("GPS", "City", "Latitude")
    assert not [key for key in found if any(place in key for place in places)]
    assert b"Muenchen" not in (matrix.stripped / case.name).read_bytes()
    assert found["Canon:OwnerName"] == samples.CANON_OWNER
    assert found["XMP-xmp:Rating"] == 4


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_the_embedded_thumbnail_is_new(matrix: Matrix, kind: str, tmp_path: Path) -> None:
    for folder, same in ((matrix.sources, True), (matrix.results, False)):
        coded = subprocess.run(
            ["exiftool", "-b", "-ThumbnailImage", folder / Case(kind, orientation=6).name],
            capture_output=True, check=True,
        ).stdout  # fmt: skip
        assert (coded == samples.thumbnail()) is same
        with Image.open(io.BytesIO(coded)) as image:
            assert image.size == ((160, 107) if same else (64, 96))


def test_comments_stay(matrix: Matrix) -> None:
    found = exiftool("-s3", "-File:Comment", matrix.results / Case("jpeg").name)
    assert found.strip() == "hand-written comment"
