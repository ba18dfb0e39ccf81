"""Preprocessing: covers a second against a plain Pillow loop, one process and two, duplicates among a million hashes.

    python benchmarks/bench_preprocess.py [FOLDER …] [--prepare FOLDER] [--size 64] [--hashes 1000000] [--save]

Every FOLDER is one of real covers, such as a crawl; without any, drawn covers are enlarged to 640 px and saved as
JPEGs. With --save the figures also go to data/results/preprocess.json.
"""

import argparse
import io
import json
import resource
import shutil
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image

from helpers import DATA
from helpers.building import prepare
from helpers.files import writing
from helpers.preprocess.clean import STEPS, VIEW, clean
from helpers.preprocess.decode import Rejected, decode, read
from helpers.preprocess.dedupe import RADIUS, fingerprint, near_pairs
from helpers.preprocess.shards import Settings, make_shards
from helpers.sources.folder import folder_covers
from helpers.sources.synthetic import synthetic_covers

DRAWN = 100
ROUNDS = 7
PLANTED = 1000
COPIES = 9  # of each drawn cover, so that there is enough to do for two


def plainly(path: Path, size: int):
    """What a first script does."""
    Image.open(path).convert("RGB").resize((size, size))


def wholly(path: Path, size: int):
    """What `covergan prepare` does with each file."""
    picture, _ = clean(read(path, max(2 * size, VIEW)), STEPS)
    picture.resized(size)
    fingerprint(Image.fromarray(picture.resized(VIEW)))


def acceptable(path: Path) -> bool:
    try:
        clean(read(path, VIEW), STEPS)
    except Rejected:
        return False
    return True


def seconds_each(process, paths: list[Path], size: int) -> float:
    """Of processor time, for one file."""
    start = time.process_time()
    for path in paths:
        process(path, size)
    return (time.process_time() - start) / len(paths)


def fidelity(path: Path, size: int) -> float:
    """PSNR in dB of `decode` against decoding every pixel and resampling once, with the Lanczos filter."""
    whole = read(path, 2**31).image
    side = min(whole.size)
    left, top = (whole.width - side) // 2, (whole.height - side) // 2
    reference = whole.resize((size, size), Image.Resampling.LANCZOS, (left, top, left + side, top + side))
    error = np.mean((np.asarray(reference, float) - decode(path, size)) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-3)))


def spread(values) -> dict:
    """Median, least and greatest."""
    return dict(zip(("median", "least", "most"), np.percentile(values, [50, 0, 100]).round(3).tolist(), strict=True))


def decoding(name: str, paths: list[Path], size: int) -> dict:
    """Times of one process, plain loop and ours in turn, so that a change of the machine's speed hits all alike."""
    usable = [path for path in paths if acceptable(path)]
    rounds = [[seconds_each(process, usable, size) for process in (plainly, decode, wholly)] for _ in range(ROUNDS)]
    plain, ours, whole = np.array(rounds).T
    ratios = [fidelity(path, size) for path in usable]
    row = {
        "covers": name,
        "files": len(usable),
        "times_as_fast": spread(plain / ours),
        "decoded_per_second": spread(1 / ours),
        "prepared_per_second": spread(1 / whole),
        "psnr_median": round(float(np.median(ratios)), 1),
        "psnr_first_percentile": round(float(np.percentile(ratios, 1)), 1),
    }
    print(
        f"{name:10} {len(usable):4} files   {row['times_as_fast']['median']:.2f} times as fast as a plain loop "
        f"({row['times_as_fast']['least']:.2f}-{row['times_as_fast']['most']:.2f})   "
        f"{row['decoded_per_second']['median']:4.0f} decoded/s   {row['prepared_per_second']['median']:4.0f} decoded, "
        f"cleaned and hashed/s   PSNR {row['psnr_median']:.1f} dB, 99 % above {row['psnr_first_percentile']:.1f}"
    )
    return row


def search(count: int) -> dict:
    """Near pairs among random hashes, of which some are others with up to `RADIUS` bits turned."""
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 2**64, count + PLANTED, np.uint64)
    originals = rng.choice(count, PLANTED, replace=False)
    for copy, original in enumerate(originals, start=count):
        bits = rng.choice(64, rng.integers(0, RADIUS + 1), replace=False).astype(np.uint64)
        hashes[copy] = hashes[original] ^ np.bitwise_or.reduce(np.uint64(1) << bits)
    start = time.perf_counter()
    pairs = near_pairs(hashes, RADIUS)
    seconds = time.perf_counter() - start
    found = {(i, j) for i, j in pairs.tolist() if j >= count}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {
        "hashes": count,
        "seconds": round(seconds, 1),
        "peak_gib": round(peak / 2**30, 2),
        "planted": PLANTED,
        "planted_found": sum(
            pair in found for pair in zip(originals.tolist(), range(count, count + PLANTED), strict=True)
        ),
        "others_found": len(pairs) - len(found),
    }


def preparing(folder: Path, size: int) -> dict:
    """Seconds of `prepare` for a whole folder, copies and card included, with one process and with two in turn."""
    seconds = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as out:
        make_shards(folder_covers(folder), Path(out), Settings((size,)), 2)  # so that both processes have started
    for _ in range(3):
        for jobs, times in seconds.items():
            with tempfile.TemporaryDirectory() as out:
                start = time.perf_counter()
                with redirect_stdout(io.StringIO()):  # the line on terms
                    (path,) = prepare(folder, Path(out, "set"), (size,), jobs=jobs)
                times.append(time.perf_counter() - start)
                card = json.loads((path / "card.json").read_text(encoding="utf-8"))
    row = {
        "covers": folder.name,
        "files": card["count"] + len(card["rejected"]),
        "seconds_with_one_process": spread(seconds[1]),
        "seconds_with_two": spread(seconds[2]),
        "times_as_fast_with_two": spread(np.array(seconds[1]) / seconds[2]),
    }
    print(
        f"prepare {folder.name}: {row['files']:,} files in {row['seconds_with_one_process']['median']:.1f} s with one "
        f"process, {row['seconds_with_two']['median']:.1f} s with two, {row['times_as_fast_with_two']['median']:.2f} "
        f"times as fast ({row['times_as_fast_with_two']['least']:.2f}-{row['times_as_fast_with_two']['most']:.2f})"
    )
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--prepare", type=Path, metavar="FOLDER", help="prepare this one, with one process and two")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--hashes", type=int, default=1_000_000)
    parser.add_argument("--save", action="store_true", help="write data/results/preprocess.json")
    options = parser.parse_args()

    with ProcessPoolExecutor(1, get_context("spawn")) as pool:  # in a process of its own, whose memory is measured
        searched = pool.submit(search, options.hashes).result()
    print(
        f"{searched['hashes']:,} hashes: {searched['seconds']:.1f} s, {searched['peak_gib']:.2f} GiB, "
        f"{searched['planted_found']} of {searched['planted']} planted pairs found, {searched['others_found']} others"
    )
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "drawn")
        folder.mkdir()
        if not options.folders or not options.prepare:
            for index, (_, cover) in enumerate(synthetic_covers(DRAWN, 320)):
                enlarged = Image.fromarray(cover).resize((640, 640), Image.Resampling.LANCZOS)
                enlarged.save(folder / f"{index:03d}.jpg", quality=90)
        sources = {path.name: path for path in options.folders} or {"drawn": folder}
        rows = [
            decoding(name, sorted(path for path in source.rglob("*") if path.is_file()), options.size)
            for name, source in sources.items()
        ]
        if not options.prepare:
            for path in list(folder.iterdir()):
                for copy in range(COPIES):
                    shutil.copy(path, path.with_stem(f"{path.stem}_{copy}"))
        prepared = preparing(options.prepare or folder, options.size)
    if options.save:
        result = {
            "command": "python benchmarks/bench_preprocess.py FOLDER … --prepare FOLDER --save",
            "machine": "two processor cores, no GPU",
            "size": options.size,
            "decoding": rows,
            "prepare": prepared,
            "search": searched,
        }
        with writing(DATA / "results" / "preprocess.json") as partial:
            partial.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
