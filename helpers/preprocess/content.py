"""What is on a cover: text and faces, found by networks that come inside Python packages, and remembered.

    found = detect({sha256: image}, ["text", "faces"])
    area(found[sha256]["text"])        # 0.12: an eighth of the cover is lettering

How often the detectors are wrong about covers was measured on covers labelled by eye (`benchmarks/content.py` into
data/results/content.json). They need the extra `album-cover-gans[content]`; faces need TensorFlow, too.
"""

import functools
import importlib.metadata
import importlib.util
import json
import multiprocessing
import os
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage

from helpers.errors import CourseError

SIDE = 352  # pixels of the squares that the networks see; they learnt from pictures larger than small covers
BATCH = 8  # covers that a network sees at a time


class Box(NamedTuple):
    """Where something is, in shares of the cover's width and height from its upper left corner, and how sure that is.

    All five are from 0 to 1; scores of different detectors cannot be compared.
    """

    left: float
    top: float
    right: float
    bottom: float
    score: float


def area(boxes: Sequence[Box]) -> float:
    """Share of the cover that lies in any of the boxes, 0 to 1; where boxes overlap it counts once."""
    if not boxes:
        return 0.0
    edges = np.array([box[:4] for box in boxes])
    x, y = np.unique(edges[:, 0::2]), np.unique(edges[:, 1::2])
    inside = np.zeros((len(y) - 1, len(x) - 1), bool)  # the boxes' edges cut the cover into a grid
    for left, top, right, bottom in edges:
        inside[slice(*np.searchsorted(y, (top, bottom))), slice(*np.searchsorted(x, (left, right)))] = True
    return float(np.diff(y) @ inside @ np.diff(x))


def detect(
    images: Mapping[str, Image.Image], names: Sequence[str] = ("text", "faces"), cache: "Cache | None" = None
) -> dict[str, dict[str, list[Box]]]:
    """Find things on covers; what was found before is not looked for again.

    Args:
        images: digest, of the file or of its pixels -> RGB image of any size. Only images that must be looked at are
            taken from the mapping, so it may be one that decodes when asked.
        names: what to look for, keys of `DETECTORS`.
        cache: where results are kept; by default one file for each user (`cache_folder`).

    Returns:
        sha256 -> name -> boxes.

    Raises:
        CourseError: if a package is missing or the cache cannot be used.
    """
    cache = cache or Cache(cache_folder() / "content.sqlite")
    found = {sha256: {} for sha256 in images}
    for name in names:
        if name not in DETECTORS:
            raise CourseError(f"Nothing here looks for {name!r}; choose from {', '.join(DETECTORS)}.")
        detector = DETECTORS[name]()
        known = cache.read(images, name, detector.version)
        unknown = [sha256 for sha256 in images if sha256 not in known]
        for start in range(0, len(unknown), BATCH):
            lot = unknown[start : start + BATCH]
            new = dict(zip(lot, detector([images[sha256] for sha256 in lot]), strict=True))
            cache.write(new, name, detector.version)
            known |= new
        for sha256, boxes in known.items():
            found[sha256][name] = boxes
    return found


class TextDetector:
    """Finds lines of text in any script: PP-OCRv4's detector, which ships with rapidocr.

    The network says for each pixel how likely it lies in the core of a line of text; each connected piece becomes a
    box (Liao et al., "Real-time Scene Text Detection with Differentiable Binarization", 2020, section 3.4).

    Whether there is text is much surer than where: on small covers many a line is overlooked beside another, so the
    area is rather too small.

    Args:
        size: side in pixels to which covers are brought.
        score: mean probability that a piece must have.
    """

    name = "text"

    def __init__(self, size: int = SIDE, score: float = 0.35):
        package = _require("text", "rapidocr", "onnxruntime")
        self.size, self.score = size, score
        self.version = f"rapidocr {package}, {size} px, {score}"

    def __call__(self, images: Sequence[Image.Image]) -> list[list[Box]]:
        """Boxes for each RGB image; the images may differ in size and shape."""
        pixels = _squares(images, self.size)[..., ::-1]  # it learnt from BGR, as OpenCV reads files
        pixels = np.ascontiguousarray((pixels / np.float32(127.5) - 1).transpose(0, 3, 1, 2))
        network = _text_network()
        (maps,) = network.run(None, {network.get_inputs()[0].name: pixels})  # [B, 1, S, S]
        return [_lines(probabilities, self.score) for probabilities in maps[:, 0]]


PIXEL = 0.2  # probability from which a pixel counts as text
THINNEST = 3  # pixels; a line of text is thicker
UNCLIP = 1.5  # the network is taught to shrink lines, so that they stay apart; this grows them back, as in the paper


def _lines(probabilities: np.ndarray, score: float) -> list[Box]:
    """Boxes of the text in a map [S, S]."""
    boxes = []
    pieces, _ = ndimage.label(probabilities > PIXEL, structure=np.ones((3, 3)))
    for number, where in enumerate(ndimage.find_objects(pieces), start=1):
        rows, columns = where
        height, width = rows.stop - rows.start, columns.stop - columns.start
        mean = float(probabilities[where][pieces[where] == number].mean())
        if min(height, width) >= THINNEST and mean >= score:
            grown = UNCLIP * height * width / (2 * (height + width))
            corners = columns.start - grown, rows.start - grown, columns.stop + grown, rows.stop + grown
            boxes.append(_box(corners, mean, len(probabilities)))
    return boxes


class FaceDetector:
    """Finds photographed faces seen from the front or half from the side, and some painted ones: MTCNN.

    Zhang et al., "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks" (2016).

    Args:
        size: side in pixels to which covers are brought; faces under 20 pixels of it are not found.
        score: probability that a face must have in the last of the three networks.
    """

    name = "faces"

    def __init__(self, size: int = SIDE, score: float = 0.9):
        package = _require("faces", "mtcnn", "tensorflow")
        self.size, self.score = size, score
        self.version = f"mtcnn {package}, {size} px, {score}"

    def __call__(self, images: Sequence[Image.Image]) -> list[list[Box]]:
        """Boxes for each RGB image; the images may differ in size and shape."""
        pixels = list(_squares(images, self.size))
        found = _face_networks().detect_faces(pixels, box_format="xyxy", threshold_onet=self.score)
        return [[_box(face["box"], face["confidence"], self.size) for face in faces] for faces in found]


DETECTORS = {"text": TextDetector, "faces": FaceDetector}


def _squares(images: Sequence[Image.Image], size: int) -> np.ndarray:
    """uint8 [B, size, size, 3]; oblong images are squeezed, so that shares of their sides stay what they are."""
    return np.stack([np.asarray(image.resize((size, size), Image.Resampling.BICUBIC)) for image in images])


def _box(corners: Sequence[float], score: float, size: int) -> Box:
    return Box(*(round(min(max(float(x) / size, 0), 1), 4) for x in corners), round(float(score), 4))


def _require(what: str, package: str, engine: str) -> str:
    """The version of the package a detector comes from, or a `CourseError` if it or what runs it is missing."""
    for module in (package, engine):
        if importlib.util.find_spec(module) is None:
            extra = "cpu" if module == "tensorflow" else "content"
            raise CourseError(f"To look for {what}, {module} is missing: pip install 'album-cover-gans[{extra}]'.")
    return importlib.metadata.version(package)


@functools.cache
def _text_network():
    import onnxruntime

    # Only the file is wanted: importing rapidocr would import OpenCV.
    folder = Path(importlib.util.find_spec("rapidocr").origin).parent / "models"
    path = next(folder.glob("ch_PP-OCRv4_det_*.onnx"), None)
    if path is None:
        raise CourseError("This rapidocr has another text detector: pip install 'album-cover-gans[content]'.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # covers are shared out among processes, not among threads
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


@functools.cache
def _face_networks():
    import tensorflow
    from mtcnn import MTCNN
    from mtcnn.stages import StageONet, StagePNet, StageRNet

    if multiprocessing.parent_process():  # a worker among others: one core, and the GPU is for training
        with suppress(RuntimeError):  # TensorFlow has been used here and cannot be changed any more
            tensorflow.config.threading.set_intra_op_parallelism_threads(1)
            tensorflow.config.threading.set_inter_op_parallelism_threads(1)
            tensorflow.config.set_visible_devices([], "GPU")
    # By name, the package would first look for its weights, which are pickles, in the current folder.
    folder = Path(importlib.util.find_spec("mtcnn").origin).parent / "assets" / "weights"
    stages = {StagePNet: "pnet.lz4", StageRNet: "rnet.lz4", StageONet: "onet.lz4"}
    return MTCNN([stage(weights=str(folder / name)) for stage, name in stages.items()], device="CPU:0")


def cache_folder() -> Path:
    """Where results are kept between runs: what COVERGAN_CACHE names, or the system's folder for a user's caches."""
    if folder := os.environ.get("COVERGAN_CACHE"):
        return Path(folder)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "covergan"
    of_user = "LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME"
    return Path(os.environ.get(of_user) or Path.home() / ".cache") / "covergan"


class Cache:
    """What detectors found, in one SQLite file that several processes may use at once.

    Results belong to the digest of what was looked at, a detector's name and its version, so that other settings are
    looked up anew. A `CourseError` tells when the file cannot be used.
    """

    def __init__(self, path: str | os.PathLike):
        self.path = Path(path)

    def read(self, sha256s: Iterable[str], name: str, version: str) -> dict[str, list[Box]]:
        """Boxes of the covers that are known, by sha256."""
        query = "SELECT boxes FROM found WHERE sha256 = ? AND detector = ? AND version = ?"
        known = {}
        with self._open() as database:
            for sha256 in sha256s:
                if row := database.execute(query, (sha256, name, version)).fetchone():
                    known[sha256] = [Box(*box) for box in json.loads(row[0])]
        return known

    def write(self, found: Mapping[str, list[Box]], name: str, version: str) -> None:
        """Keep what was found."""
        rows = [(sha256, name, version, json.dumps(boxes)) for sha256, boxes in found.items()]
        with self._open() as database:
            database.executemany("INSERT OR REPLACE INTO found VALUES (?, ?, ?, ?)", rows)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Others may be writing: wait for a minute. No write-ahead log, for it fails on network file systems.
            with closing(sqlite3.connect(self.path, timeout=60)) as database, database:
                database.execute(
                    "CREATE TABLE IF NOT EXISTS found (sha256 TEXT, detector TEXT, version TEXT, boxes TEXT, "
                    "PRIMARY KEY (sha256, detector, version)) WITHOUT ROWID"
                )
                yield database
        except (sqlite3.OperationalError, OSError) as error:
            raise CourseError(
                f"The cache {self.path} cannot be used ({error}); set COVERGAN_CACHE to a folder where there is room."
            ) from error
        except (sqlite3.DatabaseError, ValueError, TypeError) as error:
            raise CourseError(
                f"The cache {self.path} is damaged; delete it, and what it held is looked for again."
            ) from error
