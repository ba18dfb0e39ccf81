"""Pictures for notebooks and reports: grids of covers, training curves."""

import io
import math
import os
from pathlib import Path

import numpy as np
from PIL import Image

from helpers.errors import CourseError

# Two colours of the Okabe-Ito palette, which people with any common colour vision can tell apart.
D_COLOUR, G_COLOUR = "#0072B2", "#D55E00"
HEAVY = 100_000  # bytes


def image_grid(images, columns: int | None = None, pad: int = 2, scale: int = 1) -> np.ndarray:
    """Lay images out in rows, left to right, on white.

    Args:
        images: uint8 [N, S, S, 3], or a sequence of N uint8 arrays [S, S, 3] of one shape.
        columns: images per row; by default as many as make the grid about square.
        pad: white pixels around and between the images, not scaled.
        scale: each pixel becomes a square of scale x scale, so that small images stay crisp.

    Returns:
        uint8 [H, W, 3].

    Raises:
        CourseError: if there are no images, they are not uint8 RGB of one shape, or a number is out of range.
    """
    images = _as_batch(images)
    count, height, width, _ = images.shape
    columns = math.ceil(math.sqrt(count)) if columns is None else columns
    if columns < 1 or scale < 1 or pad < 0:
        raise CourseError(f"columns={columns}, scale={scale}, pad={pad}: columns and scale start at 1, pad at 0.")
    columns = min(columns, count)
    rows = math.ceil(count / columns)
    height, width = height * scale, width * scale
    grid = np.full((rows * (height + pad) + pad, columns * (width + pad) + pad, 3), 255, np.uint8)
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        top, left = pad + row * (height + pad), pad + column * (width + pad)
        grid[top : top + height, left : left + width] = image.repeat(scale, axis=0).repeat(scale, axis=1)
    return grid


def show(images, columns: int | None = None, scale: int = 2, title: str | None = None) -> None:
    """Display a grid of images below a notebook cell: as PNG, or as JPEG where that would make a heavy notebook.

    Args:
        images, columns, scale: as for `image_grid`.
        title: a line of Markdown to put above the picture.
    """
    from IPython.display import Image as Picture
    from IPython.display import Markdown, display

    file, _ = encoded(Image.fromarray(image_grid(images, columns, scale=scale)))
    if title:
        display(Markdown(title))
    display(Picture(file))


def encoded(image: Image.Image) -> tuple[bytes, str]:
    """A picture as a file, and "png" or, where that would be heavy, "jpeg"."""
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    if file.tell() <= HEAVY:
        return file.getvalue(), "png"
    file = io.BytesIO()
    image.save(file, "JPEG", quality=90, subsampling=0)
    return file.getvalue(), "jpeg"


def strips(rows: dict, scale: int = 1):
    """Draw one row of images for each label, for example a factor and the covers it leads to.

    Args:
        rows: label -> images, as for `image_grid`; short rows end in white.
        scale: as for `image_grid`.

    Returns:
        A matplotlib Figure; as the last line of a notebook cell it is shown once.

    Raises:
        CourseError: as `image_grid`, and if there are no rows.
    """
    import matplotlib.pyplot as plt

    if not rows:
        raise CourseError("There are no rows; strips need at least one label with its images.")
    batches = [_as_batch(images) for images in rows.values()]
    columns = max(map(len, batches))
    padded = [np.pad(b, ((0, columns - len(b)), (0, 0), (0, 0), (0, 0)), constant_values=255) for b in batches]
    grid = image_grid([image for row in padded for image in row], columns, scale=scale)
    height, width = grid.shape[:2]
    figure, axes = plt.subplots(figsize=(width / 100 + 1.3, height / 100), dpi=100, layout="constrained")
    axes.imshow(grid)
    row = (height - 2) / len(rows)  # with the white line below it
    axes.set_yticks(np.arange(len(rows)) * row + (row + 1) / 2, rows)
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    plt.close(figure)
    return figure


def labelled(images: dict, height: float = 1.6):
    """Draw pictures side by side, each under its label; they may differ in shape and size.

    Args:
        images: label -> uint8 [H, W, 3] or [H, W], or a Pillow image.
        height: of every picture, in inches.

    Returns:
        A matplotlib Figure; as the last line of a notebook cell it is shown once.

    Raises:
        CourseError: if there are no pictures.
    """
    import matplotlib.pyplot as plt

    if not images:
        raise CourseError("There are no pictures; labelled needs at least one label with its picture.")
    pictures = [np.asarray(image) for image in images.values()]
    widths = [height * picture.shape[1] / picture.shape[0] for picture in pictures]
    figure, axes = plt.subplots(
        1,
        len(images),
        figsize=(sum(widths) + 0.1 * len(images), height + 0.3),
        dpi=80,  # a line of covers is looked at as a whole; a notebook of many of them should load quickly
        layout="constrained",
        width_ratios=widths,
        squeeze=False,
    )
    for axis, label, picture in zip(axes[0], images, pictures, strict=True):
        axis.imshow(picture, cmap="gray", vmin=0, vmax=255)
        axis.set_title(label, fontsize=9)
        axis.axis("off")
    plt.close(figure)
    return figure


def curves(log: str | os.PathLike, smooth: int = 50):
    """Draw both losses of a training run against the step.

    Args:
        log: a CSV file with the columns step, d_loss and g_loss, as training writes it.
        smooth: the bold lines are means over this many rows (fewer where the log has not got so many before).

    Returns:
        A matplotlib Figure; as the last line of a notebook cell it is shown once.

    Raises:
        CourseError: if the log cannot be read, has other columns, or holds no rows yet.
    """
    import matplotlib.pyplot as plt

    rows = _read_log(log)
    figure, axes = plt.subplots(figsize=(6.4, 2.8), layout="constrained")
    players = (("d_loss", "discriminator", D_COLOUR, "-"), ("g_loss", "generator", G_COLOUR, "--"))
    for name, label, colour, dashes in players:
        axes.plot(rows["step"], rows[name], color=colour, alpha=0.25, linewidth=0.8)
        mean = rows[name].rolling(smooth, min_periods=1).mean()
        axes.plot(rows["step"], mean, dashes, color=colour, linewidth=1.8, label=label)
    axes.set(xlabel="step", ylabel="loss")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, ncols=2)
    plt.close(figure)  # otherwise the notebook would show it a second time
    return figure


def _as_batch(images) -> np.ndarray:
    """The images as one uint8 array [N, S, S, 3], or a CourseError that names what is wrong."""
    try:
        images = np.asarray(images)
    except ValueError:
        raise CourseError("The images have different sizes; bring them to one size before making a grid.") from None
    if images.ndim != 4 or images.shape[-1] != 3 or 0 in images.shape:
        raise CourseError(f"The images have the shape {list(images.shape)}; a grid needs [N, S, S, 3], N at least 1.")
    if images.dtype != np.uint8:
        raise CourseError(f"The images are {images.dtype}; a grid needs uint8: scale [-1, 1] to [0, 255] and round.")
    return images


def _read_log(log):
    """The rows of a training log as a DataFrame, without a last row that a crash cut short."""
    import pandas as pd

    log = Path(log)
    try:
        rows = pd.read_csv(log, usecols=["step", "d_loss", "g_loss"]).dropna()
    except OSError as error:
        raise CourseError(f"{log} cannot be read ({error.strerror}); pass the CSV log of a training run.") from error
    except ValueError as error:  # pandas' errors for an empty file and for missing columns are ValueErrors
        raise CourseError(f"{log} is not a training log: it needs the columns step, d_loss and g_loss.") from error
    if rows.empty:
        raise CourseError(f"{log} holds no rows yet; train for at least one step first.")
    return rows
