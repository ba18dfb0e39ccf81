"""Pictures of a judge's opinions: what was taken for what, and how far its confidence can be trusted."""

import numpy as np

from helpers.errors import CourseError

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")  # of Okabe and Ito, for any colour vision
MARKERS = "osD^"  # and for none


def confusions(scores: dict[str, dict]):
    """Draw confusion matrices side by side, in per cent of what was asked for.

    Args:
        scores: label -> what `conditioning.genre_scores` returned, such as {"fakes": …, "real covers": …}.

    Returns:
        A matplotlib Figure; as the last line of a notebook cell it is shown once.

    Raises:
        CourseError: if there are no scores.
    """
    import matplotlib.pyplot as plt

    _check(scores)
    side = max(2.2, 0.34 * max(len(each["genres"]) for each in scores.values()) + 0.6)
    figure, axes = plt.subplots(
        1, len(scores), figsize=(side * len(scores) + 0.6, side + 0.9), layout="constrained", squeeze=False
    )
    for axis, (label, each) in zip(axes[0], scores.items(), strict=True):
        counts = np.array(each["confusion"], float)
        shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        axis.imshow(shares, cmap="Blues", vmin=0, vmax=100)
        for (row, column), share in np.ndenumerate(shares):
            if share >= 0.5:
                axis.text(
                    column, row, f"{share:.0f}", ha="center", va="center", fontsize=7, color="w" if share > 55 else "k"
                )
        ticks = range(len(counts))
        axis.set_xticks(ticks, each["genres"], rotation=90, fontsize=8)
        axis.set_yticks(ticks, each["genres"] if axis is axes[0, 0] else [""] * len(counts), fontsize=8)
        axis.set_title(f"{label}: {each['accuracy']:.0%} right", fontsize=10)
        axis.set_xlabel("taken for", fontsize=9)
        axis.tick_params(length=0)
        axis.spines[:].set_visible(False)
    axes[0, 0].set_ylabel("asked for, or true", fontsize=9)
    plt.close(figure)  # otherwise the notebook would show it a second time
    return figure


def reliability_curves(scores: dict[str, dict]):
    """Draw how often opinions are right against how confident they are; on the diagonal the two agree.

    Arguments, result and errors as for `confusions`; the larger a dot, the more covers it stands for.
    """
    import matplotlib.pyplot as plt

    _check(scores)
    figure, axes = plt.subplots(figsize=(4, 4.2), layout="constrained")
    axes.plot([0, 1], [0, 1], color="0.75", linewidth=1)
    for k, (label, each) in enumerate(scores.items()):
        confidence, accuracy, covers = np.transpose(each["reliability"])
        colour, marker = COLOURS[k % len(COLOURS)], MARKERS[k % len(MARKERS)]
        axes.plot(confidence, accuracy, color=colour, linewidth=1)
        axes.scatter(
            confidence,
            accuracy,
            300 * covers / covers.sum(),
            color=colour,
            marker=marker,
            alpha=0.7,
            label=f"{label}: off by {each['calibration_error']:.0%}",
        )
    axes.set(xlabel="confidence", ylabel="share that is right", xlim=(0, 1), ylim=(-0.03, 1.03), aspect="equal")
    axes.spines[["top", "right"]].set_visible(False)
    legend = axes.legend(frameon=False, fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1))
    for handle in legend.legend_handles:
        handle.set_sizes([40])  # as the largest mark in the plot would be too large here
    plt.close(figure)
    return figure


def _check(scores: dict) -> None:
    if not scores:
        raise CourseError("There are no scores to draw; pass at least one label with what genre_scores returned.")
