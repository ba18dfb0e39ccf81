"""Pictures of what a feature does to covers: response curves, and how well each feature can be read off."""

import numpy as np

from helpers.metrics.conditioning_plots import COLOURS
from helpers.metrics.regression import check_same
from helpers.records import FEATURES

COLUMNS = 3
UNITS = {feature.name: feature.unit for feature in FEATURES if feature.unit != "share"}
FAKES, REALS = COLOURS[1], COLOURS[0]


def response_curves(fakes: dict, reals: dict | None = None, feature: str = "energy"):
    """Draw one panel for each statistic: the fakes' mean with its interval, and real covers' bins beside it.

    Real covers differ in more than the feature, so look at where the curves bend, not only at where they lie.

    Args:
        fakes: what `response.response` returned.
        reals: what `response.response_of_reals` returned; statistics that it lacks are drawn without.
        feature: which one was raised.

    Returns:
        A matplotlib Figure; as the last line of a notebook cell it is shown once. Titles give the monotonicity of the
        fakes' means, from -1 to 1, and that of the reals'.
    """
    import matplotlib.pyplot as plt

    rows = -(-len(fakes["curves"]) // COLUMNS)
    figure, axes = plt.subplots(
        rows, COLUMNS, figsize=(2.9 * COLUMNS, 2.4 * rows + 0.4), layout="constrained", squeeze=False
    )
    for axis in axes.ravel()[len(fakes["curves"]) :]:
        axis.remove()
    for axis, (name, curve) in zip(axes.ravel(), fakes["curves"].items(), strict=False):
        axis.fill_between(fakes["values"], curve["low"], curve["high"], color=FAKES, alpha=0.2, linewidth=0)
        axis.plot(fakes["values"], curve["mean"], color=FAKES, label="fakes, same latents")
        title = f"{name}\nfakes {curve['monotonicity']:+.2f}"
        if reals and name in reals["curves"]:
            real = reals["curves"][name]
            errors = np.abs(np.array([real["low"], real["high"]]) - real["mean"])
            axis.errorbar(
                reals["values"], real["mean"], errors, color=REALS, fmt="o", markersize=4, label="real covers, in bins"
            )
            title += f", reals {real['monotonicity']:+.2f}"
        axis.set_title(title, fontsize=9)
        axis.tick_params(labelsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    figure.supxlabel(_with_unit(feature), fontsize=9)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2, frameon=False, fontsize=9)
    plt.close(figure)  # otherwise the notebook would show it a second time
    return figure


def r2_bars(fakes: dict, reals: dict, share: float | None = None):
    """Draw how well each feature is read off fakes, beside real covers, with intervals; the most readable on top.

    Args:
        fakes, reals: what `regression.r2_scores` returned for each.
        share: mark this share of the reals' R², such as the 0.7 of `regression.as_good`.

    Returns:
        A matplotlib Figure; as the last line of a notebook cell it is shown once.

    Raises:
        CourseError: if the two do not hold the same features.
    """
    import matplotlib.pyplot as plt

    check_same(fakes, reals)
    names = sorted(reals, key=lambda name: reals[name]["value"])
    figure, axes = plt.subplots(figsize=(6, 0.42 * len(names) + 1.1), layout="constrained")
    places = np.arange(len(names))
    for side, scores, shift, colour, hatch in (
        ("real covers", reals, 0.2, REALS, ""),
        ("fakes", fakes, -0.2, FAKES, "//"),
    ):
        value, low, high = np.transpose([[scores[name][key] for key in ("value", "low", "high")] for name in names])
        axes.barh(places + shift, value, 0.36, color=colour, hatch=hatch, edgecolor="w", label=side)
        axes.hlines(places + shift, low, high, color="0.2", linewidth=1)
    if share:
        marks = [share * reals[name]["value"] for name in names]
        axes.vlines(marks, places - 0.4, places, color="k", linewidth=1.5, label=f"{share:.0%} of the real covers'")
    axes.axvline(0, color="0.5", linewidth=0.8)
    axes.set_yticks(places, names, fontsize=9)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("R² of the features that were read", fontsize=9)
    axes.spines[["top", "right", "left"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=3, frameon=False, fontsize=9)
    plt.close(figure)
    return figure


def _with_unit(feature: str) -> str:
    return f"{feature} ({UNITS[feature]})" if feature in UNITS else feature
