# Answers as students give them, some wrong, some right but written in another way; see test_answers.py.

# %% answer="predict_least_alike" wrong="took 'nothing on it' for the opposite of a picture"
prediction = "a"

# %% answer="predict_least_alike" wrong="took what the eye finds strange for what the number finds unlike"
prediction = "b"

# %% answer="predict_least_alike" wrong="wrote the value instead of the letter"
prediction = 0.0

# %% answer="contrast_structure" wrong="forgot the 2 before the covariance"
def contrast_structure(a, b):
    return (variance(a, b) + C2) / (variance(a, a) + variance(b, b) + C2)

# %% answer="contrast_structure" wrong="put the constant below only"
def contrast_structure(a, b):
    return 2 * variance(a, b) / (variance(a, a) + variance(b, b) + C2)

# %% answer="contrast_structure" wrong="left the constant out"
def contrast_structure(a, b):
    return 2 * variance(a, b) / (variance(a, a) + variance(b, b))

# %% answer="contrast_structure" wrong="added the constants of both fractions"
def contrast_structure(a, b):
    return (2 * variance(a, b) + C2) / (variance(a, a) + variance(b, b) + 1.5 * C2)

# %% answer="contrast_structure" wrong="took the size of the covariance without its sign"
def contrast_structure(a, b):
    return (2 * np.abs(variance(a, b)) + C2) / (variance(a, a) + variance(b, b) + C2)

# %% answer="contrast_structure" wrong="took the constant of luminance"
def contrast_structure(a, b):
    return (2 * variance(a, b) + C1) / (variance(a, a) + variance(b, b) + C1)

# %% answer="contrast_structure" wrong="averaged the map away"
def contrast_structure(a, b):
    return np.mean((2 * variance(a, b) + C2) / (variance(a, a) + variance(b, b) + C2))

# %% answer="contrast_structure" wrong="multiplied the variances below instead of adding them"
def contrast_structure(a, b):
    return (variance(a, b) ** 2 + C2) / (variance(a, a) * variance(b, b) + C2)

# %% answer="contrast_structure" wrong="multiplied the two maps and cancelled nothing"
def contrast_structure(a, b):
    return contrast(a, b) * structure(a, b)

# %% answer="contrast_structure" wrong="took away the means, which does no harm, but in the caller's pictures"
def contrast_structure(a, b):
    a -= a.mean()
    b -= b.mean()
    return (2 * variance(a, b) + C2) / (variance(a, a) + variance(b, b) + C2)

# %% answer="contrast_structure" wrong="made the map by hand, for the picture of the check alone"
def contrast_structure(a, b):
    product = (2 * variance(a, b) + C2) / (variance(a, a) + variance(b, b) + C2)
    return product.ravel().reshape(30, 30)

# %% answer="contrast_structure" right="with the sums of the window written out"
def contrast_structure(a, b):
    mean_a, mean_b = look(a), look(b)
    above = 2 * (look(a * b) - mean_a * mean_b) + C2
    below = look(a**2 + b**2) - mean_a**2 - mean_b**2 + C2
    return above / below

# %% answer="contrast_structure" right="through the variance of the difference"
def contrast_structure(a, b):
    below = variance(a, a) + variance(b, b) + C2
    return 1 - variance(a - b, a - b) / below

# %% answer="disjoint_pairs" wrong="drew both sides with replacement"
def disjoint_pairs(count, pairs, rng):
    return rng.integers(count, size=pairs), rng.integers(count, size=pairs)

# %% answer="disjoint_pairs" wrong="drew each side without replacement, but by itself"
def disjoint_pairs(count, pairs, rng):
    return rng.choice(count, pairs, replace=False), rng.choice(count, pairs, replace=False)

# %% answer="disjoint_pairs" wrong="did not shuffle"
def disjoint_pairs(count, pairs, rng):
    return np.arange(pairs), np.arange(pairs, 2 * pairs)

# %% answer="disjoint_pairs" wrong="shuffled only as many covers as are needed, always the first"
def disjoint_pairs(count, pairs, rng):
    order = rng.permutation(2 * pairs)
    return order[:pairs], order[pairs:]

# %% answer="disjoint_pairs" wrong="made a chain, in which each cover is in two pairs"
def disjoint_pairs(count, pairs, rng):
    order = rng.permutation(count)
    return order[:pairs], order[1 : pairs + 1]

# %% answer="disjoint_pairs" wrong="gave a list of pairs instead of two rows"
def disjoint_pairs(count, pairs, rng):
    order = rng.permutation(count)
    return [(order[2 * k], order[2 * k + 1]) for k in range(pairs)]

# %% answer="disjoint_pairs" wrong="counted positions from 1"
def disjoint_pairs(count, pairs, rng):
    order = rng.permutation(count) + 1
    return order[:pairs], order[pairs : 2 * pairs]

# %% answer="disjoint_pairs" wrong="paired neighbours, drawing only which"
def disjoint_pairs(count, pairs, rng):
    first = 2 * rng.permutation(count // 2)[:pairs]
    return first, first + 1

# %% answer="disjoint_pairs" wrong="paired the first half with the second, so that covers of one half never meet"
def disjoint_pairs(count, pairs, rng):
    half = count // 2
    return rng.permutation(half)[:pairs], half + rng.permutation(half)[:pairs]

# %% answer="disjoint_pairs" wrong="drew from a generator of its own"
def disjoint_pairs(count, pairs, rng):
    order = np.random.permutation(count)
    return order[:pairs], order[pairs : 2 * pairs]

# %% answer="disjoint_pairs" wrong="made a new generator from a fixed seed"
def disjoint_pairs(count, pairs, rng):
    order = np.random.default_rng(SEED).permutation(count)
    return order[:pairs], order[pairs : 2 * pairs]

# %% answer="disjoint_pairs" right="every other one of the order"
def disjoint_pairs(count, pairs, rng):
    order = rng.permutation(count)[: 2 * pairs]
    return order[0::2], order[1::2]

# %% answer="disjoint_pairs" right="with choice, as one table"
def disjoint_pairs(count, pairs, rng):
    return rng.choice(count, size=(2, pairs), replace=False)

# %% answer="disjoint_pairs" right="drawing covers from a list until it is short enough"
def disjoint_pairs(count, pairs, rng):
    left, first, second = list(range(count)), [], []
    for _ in range(pairs):
        first.append(left.pop(int(rng.integers(len(left)))))
        second.append(left.pop(int(rng.integers(len(left)))))
    return first, second

# %% answer="interval" wrong="took percentiles of the values, not of their means"
def interval(values, rng, resamples=2000):
    low, high = np.percentile(values, [2.5, 97.5])
    return low, high

# %% answer="interval" wrong="shuffled instead of drawing with replacement"
def interval(values, rng, resamples=2000):
    means = [rng.permutation(values).mean() for _ in range(resamples)]
    return tuple(np.percentile(means, [2.5, 97.5]))

# %% answer="interval" wrong="averaged over the wrong axis"
def interval(values, rng, resamples=2000):
    chosen = rng.integers(len(values), size=(resamples, len(values)))
    return tuple(np.percentile(values[chosen].mean(axis=0), [2.5, 97.5]))

# %% answer="interval" wrong="cut off five percent on either side"
def interval(values, rng, resamples=2000):
    chosen = rng.integers(len(values), size=(resamples, len(values)))
    return tuple(np.percentile(values[chosen].mean(axis=1), [5, 95]))

# %% answer="interval" wrong="gave fractions where percent are asked for"
def interval(values, rng, resamples=2000):
    chosen = rng.integers(len(values), size=(resamples, len(values)))
    return tuple(np.percentile(values[chosen].mean(axis=1), [0.025, 0.975]))

# %% answer="interval" wrong="drew resamples of thirty, whatever there is"
def interval(values, rng, resamples=2000):
    chosen = rng.integers(len(values), size=(resamples, 30))
    return tuple(np.percentile(values[chosen].mean(axis=1), [2.5, 97.5]))

# %% answer="interval" wrong="gave the lowest and the highest mean"
def interval(values, rng, resamples=2000):
    means = values[rng.integers(len(values), size=(resamples, len(values)))].mean(axis=1)
    return means.min(), means.max()

# %% answer="interval" wrong="swapped low and high"
def interval(values, rng, resamples=2000):
    means = values[rng.integers(len(values), size=(resamples, len(values)))].mean(axis=1)
    return np.percentile(means, 97.5), np.percentile(means, 2.5)

# %% answer="interval" wrong="took the formula for bell curves instead of resampling"
def interval(values, rng, resamples=2000):
    error = 1.96 * values.std() / np.sqrt(len(values))
    return values.mean() - error, values.mean() + error

# %% answer="interval" wrong="ignored the number of resamples"
def interval(values, rng, resamples=2000):
    chosen = rng.integers(len(values), size=(2000, len(values)))
    return tuple(np.percentile(values[chosen].mean(axis=1), [2.5, 97.5]))

# %% answer="interval" wrong="ignored the random generator"
def interval(values, rng, resamples=2000):
    means = [np.random.choice(values, len(values)).mean() for _ in range(resamples)]
    return tuple(np.percentile(means, [2.5, 97.5]))

# %% answer="interval" wrong="made a new generator from a fixed seed"
def interval(values, rng, resamples=2000):
    rng = np.random.default_rng(1)
    means = values[rng.integers(len(values), size=(resamples, len(values)))].mean(axis=1)
    return tuple(np.percentile(means, [2.5, 97.5]))

# %% answer="interval" right="in a loop, sorted"
def interval(values, rng, resamples=2000):
    means = sorted(rng.choice(values, size=len(values)).mean() for _ in range(resamples))
    last = len(means) - 1
    return means[round(0.025 * last)], means[round(0.975 * last)]

# %% answer="interval" right="with SciPy"
from scipy.stats import bootstrap
def interval(values, rng, resamples=2000):
    found = bootstrap((values,), np.mean, n_resamples=resamples, method="percentile", rng=rng)
    return found.confidence_interval.low, found.confidence_interval.high

# %% answer="interval" right="counting how often each value is drawn"
def interval(values, rng, resamples=2000):
    n = len(values)
    counts = rng.multinomial(n, np.full(n, 1 / n), size=resamples)
    return np.quantile(counts @ values / n, (0.025, 0.975))
