# Answers as students give them, some wrong, some right but written in another way; see test_answers.py.

# %% answer="predict_fid" wrong="thought of quality alone, not of the number of images"
prediction = "a"

# %% answer="predict_fid" wrong="took the largest heap for the largest number"
prediction = "b"

# %% answer="predict_fid" wrong="wrote a capital letter"
prediction = "C"

# %% answer="frechet" wrong="did not square the distance of the means"
def frechet(mean_1, covariance_1, mean_2, covariance_2):
    eigenvalues = np.linalg.eigvals(covariance_1 @ covariance_2).real
    overlap = np.sqrt(np.maximum(eigenvalues, 0)).sum()
    return np.linalg.norm(mean_1 - mean_2) + np.trace(covariance_1 + covariance_2) - 2 * overlap

# %% answer="frechet" wrong="took the root of the whole in the end"
def frechet(mean_1, covariance_1, mean_2, covariance_2):
    eigenvalues = np.linalg.eigvals(covariance_1 @ covariance_2).real
    overlap = np.sqrt(np.maximum(eigenvalues, 0)).sum()
    return np.sqrt(np.sum((mean_1 - mean_2) ** 2) + np.trace(covariance_1 + covariance_2) - 2 * overlap)

# %% answer="frechet" wrong="looked at the diagonals only"
def frechet(mean_1, covariance_1, mean_2, covariance_2):
    deviations = np.sqrt(np.diag(covariance_1)), np.sqrt(np.diag(covariance_2))
    return np.sum((mean_1 - mean_2) ** 2) + np.sum((deviations[0] - deviations[1]) ** 2)

# %% answer="frechet" wrong="took the root of the product entry by entry"
def frechet(mean_1, covariance_1, mean_2, covariance_2):
    root = np.sqrt(np.abs(covariance_1 @ covariance_2))
    return np.sum((mean_1 - mean_2) ** 2) + np.trace(covariance_1 + covariance_2 - 2 * root)

# %% answer="frechet" wrong="took singular values for eigenvalues"
def frechet(mean_1, covariance_1, mean_2, covariance_2):
    values = np.linalg.svd(covariance_1 @ covariance_2, compute_uv=False)
    return np.sum((mean_1 - mean_2) ** 2) + np.trace(covariance_1 + covariance_2) - 2 * np.sqrt(values).sum()

# %% answer="frechet" wrong="forgot the 2"
def frechet(mean_1, covariance_1, mean_2, covariance_2):
    eigenvalues = np.linalg.eigvals(covariance_1 @ covariance_2).real
    overlap = np.sqrt(np.maximum(eigenvalues, 0)).sum()
    return np.sum((mean_1 - mean_2) ** 2) + np.trace(covariance_1 + covariance_2) - overlap

# %% answer="frechet" wrong="added up the eigenvalues without taking roots"
def frechet(mean_1, covariance_1, mean_2, covariance_2):
    overlap = np.linalg.eigvals(covariance_1 @ covariance_2).real.sum()
    return np.sum((mean_1 - mean_2) ** 2) + np.trace(covariance_1 + covariance_2) - 2 * overlap

# %% answer="frechet" wrong="left the covariances out"
def frechet(mean_1, covariance_1, mean_2, covariance_2):
    return np.sum((mean_1 - mean_2) ** 2)

# %% answer="frechet" wrong="multiplied entry by entry instead of as matrices"
def frechet(mean_1, covariance_1, mean_2, covariance_2):
    eigenvalues = np.linalg.eigvals(covariance_1 * covariance_2).real
    overlap = np.sqrt(np.maximum(eigenvalues, 0)).sum()
    return np.sum((mean_1 - mean_2) ** 2) + np.trace(covariance_1 + covariance_2) - 2 * overlap

# %% answer="frechet" wrong="did not clip the eigenvalues that rounding makes negative"
def frechet(mean_1, covariance_1, mean_2, covariance_2):
    overlap = np.sqrt(np.linalg.eigvals(covariance_1 @ covariance_2).real).sum()
    return np.sum((mean_1 - mean_2) ** 2) + np.trace(covariance_1 + covariance_2) - 2 * overlap

# %% answer="frechet" wrong="kept the imaginary parts that rounding leaves"
def frechet(mean_1, covariance_1, mean_2, covariance_2):
    overlap = np.sqrt(np.linalg.eigvals(covariance_1 @ covariance_2) + 0j).sum()
    return np.sum((mean_1 - mean_2) ** 2) + np.trace(covariance_1 + covariance_2) - 2 * overlap

# %% answer="frechet" wrong="subtracted the means in the caller's array"
def frechet(mean_1, covariance_1, mean_2, covariance_2):
    mean_1 -= mean_2
    eigenvalues = np.linalg.eigvals(covariance_1 @ covariance_2).real
    overlap = np.sqrt(np.maximum(eigenvalues, 0)).sum()
    return np.sum(mean_1**2) + np.trace(covariance_1 + covariance_2) - 2 * overlap

# %% answer="frechet" right="by the symmetric root of one covariance"
def frechet(mean_1, covariance_1, mean_2, covariance_2):
    values, vectors = np.linalg.eigh(covariance_1)
    root = vectors * np.sqrt(np.clip(values, 0, None)) @ vectors.T
    product = np.linalg.eigvalsh(root @ covariance_2 @ root).clip(min=0)
    shift = mean_1 - mean_2
    return float(shift @ shift + np.trace(covariance_1) + np.trace(covariance_2) - 2 * np.sqrt(product).sum())

# %% answer="frechet" right="by the singular values of the product of both roots"
def root_of(covariance):
    values, vectors = np.linalg.eigh(covariance)
    return np.sqrt(values.clip(0))[:, None] * vectors.T
def frechet(mean_1, covariance_1, mean_2, covariance_2):
    overlap = np.linalg.norm(root_of(covariance_1) @ root_of(covariance_2).T, "nuc")
    return ((mean_1 - mean_2) ** 2).sum() + covariance_1.trace() + covariance_2.trace() - 2 * overlap

# %% answer="coverage_of" wrong="counted a point as its own nearest neighbour"
def coverage_of(real, fake, k=5):
    radii = np.sort(np.linalg.norm(real[:, None] - real, axis=2), axis=1)[:, k - 1]
    return np.mean(np.linalg.norm(real[:, None] - fake, axis=2).min(axis=1) <= radii)

# %% answer="coverage_of" wrong="went one neighbour too far"
def coverage_of(real, fake, k=5):
    radii = np.sort(np.linalg.norm(real[:, None] - real, axis=2), axis=1)[:, k + 1]
    return np.mean(np.linalg.norm(real[:, None] - fake, axis=2).min(axis=1) <= radii)

# %% answer="coverage_of" wrong="computed precision, the share of fakes in a ball"
def coverage_of(real, fake, k=5):
    radii = np.sort(np.linalg.norm(real[:, None] - real, axis=2), axis=1)[:, k]
    return np.mean((np.linalg.norm(fake[:, None] - real, axis=2) <= radii).any(axis=1))

# %% answer="coverage_of" wrong="computed density, which counts balls"
def coverage_of(real, fake, k=5):
    radii = np.sort(np.linalg.norm(real[:, None] - real, axis=2), axis=1)[:, k]
    return (np.linalg.norm(fake[:, None] - real, axis=2) <= radii).sum() / (k * len(fake))

# %% answer="coverage_of" wrong="divided by the number of fakes"
def coverage_of(real, fake, k=5):
    radii = np.sort(np.linalg.norm(real[:, None] - real, axis=2), axis=1)[:, k]
    return (np.linalg.norm(real[:, None] - fake, axis=2).min(axis=1) <= radii).sum() / len(fake)

# %% answer="coverage_of" wrong="gave every point the ball of average size"
def coverage_of(real, fake, k=5):
    radius = np.sort(np.linalg.norm(real[:, None] - real, axis=2), axis=1)[:, k].mean()
    return np.mean(np.linalg.norm(real[:, None] - fake, axis=2).min(axis=1) <= radius)

# %% answer="coverage_of" wrong="gave back which points are covered, not their share"
def coverage_of(real, fake, k=5):
    radii = np.sort(np.linalg.norm(real[:, None] - real, axis=2), axis=1)[:, k]
    return np.linalg.norm(real[:, None] - fake, axis=2).min(axis=1) <= radii

# %% answer="coverage_of" wrong="looked at the first feature only, which is all there is on a line"
def coverage_of(real, fake, k=5):
    radii = np.sort(np.abs(real[:, 0, None] - real[:, 0]), axis=1)[:, k]
    return np.mean(np.abs(real[:, 0, None] - fake[:, 0]).min(axis=1) <= radii)

# %% answer="coverage_of" wrong="left the rim out"
def coverage_of(real, fake, k=5):
    radii = np.sort(np.linalg.norm(real[:, None] - real, axis=2), axis=1)[:, k]
    return np.mean(np.linalg.norm(real[:, None] - fake, axis=2).min(axis=1) < radii)

# %% answer="coverage_of" wrong="left out every other point at distance 0 as well"
def coverage_of(real, fake, k=5):
    among_real = np.linalg.norm(real[:, None] - real, axis=2)
    among_real[among_real == 0] = np.inf
    radii = np.sort(among_real, axis=1)[:, k - 1]
    return np.mean(np.linalg.norm(real[:, None] - fake, axis=2).min(axis=1) <= radii)

# %% answer="coverage_of" wrong="took 5 neighbours wherever there are so many"
def coverage_of(real, fake, k=5):
    k = 5 if len(real) > 5 else 1
    radii = np.sort(np.linalg.norm(real[:, None] - real, axis=2), axis=1)[:, k]
    return np.mean(np.linalg.norm(real[:, None] - fake, axis=2).min(axis=1) <= radii)

# %% answer="coverage_of" right="in a loop over the real points"
def coverage_of(real, fake, k=5):
    covered = 0
    for i, point in enumerate(real):
        others = np.delete(real, i, axis=0)
        radius = sorted(np.linalg.norm(others - point, axis=1))[k - 1]
        covered += any(np.linalg.norm(f - point) <= radius for f in fake)
    return covered / len(real)

# %% answer="coverage_of" right="with SciPy and partition"
from scipy.spatial.distance import cdist
def coverage_of(real, fake, k=5):
    radii = np.partition(cdist(real, real), k, axis=1)[:, k]
    return float((cdist(real, fake) <= radii[:, None]).any(axis=1).mean())

# %% answer="kernel_distance" wrong="compared each image with itself, too"
def kernel_distance(real, fake):
    def kernel(a, b):
        return (a @ b.T / a.shape[1] + 1) ** 3
    return kernel(real, real).mean() + kernel(fake, fake).mean() - 2 * kernel(real, fake).mean()

# %% answer="kernel_distance" wrong="left out the diagonal but divided by all pairs"
def kernel_distance(real, fake):
    def kernel(a, b):
        return (a @ b.T / a.shape[1] + 1) ** 3
    def among(a):
        return (kernel(a, a).sum() - np.trace(kernel(a, a))) / len(a) ** 2
    return among(real) + among(fake) - 2 * kernel(real, fake).mean()

# %% answer="kernel_distance" wrong="forgot the 2"
def kernel_distance(real, fake):
    def kernel(a, b):
        return (a @ b.T / a.shape[1] + 1) ** 3
    def among(a):
        return (kernel(a, a).sum() - np.trace(kernel(a, a))) / (len(a) * (len(a) - 1))
    return among(real) + among(fake) - kernel(real, fake).mean()

# %% answer="kernel_distance" wrong="left out the last average"
def kernel_distance(real, fake):
    def among(a):
        table = (a @ a.T / a.shape[1] + 1) ** 3
        return (table.sum() - np.trace(table)) / (len(a) * (len(a) - 1))
    return among(real) + among(fake)

# %% answer="kernel_distance" wrong="set the diagonal to 0 before the kernel, which makes it 1"
def kernel_distance(real, fake):
    def among(a):
        products = a @ a.T
        np.fill_diagonal(products, 0)
        return ((products / a.shape[1] + 1) ** 3).sum() / (len(a) * (len(a) - 1))
    return among(real) + among(fake) - 2 * ((real @ fake.T / real.shape[1] + 1) ** 3).mean()

# %% answer="kernel_distance" wrong="did not divide by the number of features"
def kernel_distance(real, fake):
    def kernel(a, b):
        return (a @ b.T + 1) ** 3
    def among(a):
        return (kernel(a, a).sum() - np.trace(kernel(a, a))) / (len(a) * (len(a) - 1))
    return among(real) + among(fake) - 2 * kernel(real, fake).mean()

# %% answer="kernel_distance" wrong="left out the diagonal of reals with fakes as well"
def kernel_distance(real, fake):
    def average(a, b):
        table = (a @ b.T / a.shape[1] + 1) ** 3
        return (table.sum() - np.trace(table)) / (len(a) * (len(b) - 1))
    return average(real, real) + average(fake, fake) - 2 * average(real, fake)

# %% answer="kernel_distance" wrong="divided by the number of images instead of features"
def kernel_distance(real, fake):
    def kernel(a, b):
        return (a @ b.T / len(a) + 1) ** 3
    def among(a):
        return (kernel(a, a).sum() - np.trace(kernel(a, a))) / (len(a) * (len(a) - 1))
    return among(real) + among(fake) - 2 * kernel(real, fake).mean()

# %% answer="kernel_distance" wrong="took the number of reals for that of fakes"
def kernel_distance(real, fake):
    def kernel(a, b):
        return (a @ b.T / a.shape[1] + 1) ** 3
    n = len(real)
    def among(a):
        return (kernel(a, a).sum() - np.trace(kernel(a, a))) / (n * (n - 1))
    return among(real) + among(fake) - 2 * kernel(real, fake).sum() / n**2

# %% answer="kernel_distance" wrong="cut off what is negative, since a distance cannot be"
def kernel_distance(real, fake):
    def kernel(a, b):
        return (a @ b.T / a.shape[1] + 1) ** 3
    def among(a):
        return (kernel(a, a).sum() - np.trace(kernel(a, a))) / (len(a) * (len(a) - 1))
    distance = among(real) + among(fake) - 2 * kernel(real, fake).mean()
    return max(distance, 0.0)

# %% answer="kernel_distance" right="with a mask instead of the trace"
def kernel_distance(real, fake):
    everything = np.concatenate([real, fake])
    table = np.power(1 + np.inner(everything, everything) / real.shape[1], 3)
    n = len(real)
    reals, fakes = table[:n, :n], table[n:, n:]
    return (
        reals[~np.eye(n, dtype=bool)].mean()
        + fakes[~np.eye(len(fake), dtype=bool)].mean()
        - 2 * table[:n, n:].mean()
    )

# %% answer="kernel_distance" right="pair by pair"
from itertools import combinations, product
def kernel_distance(real, fake):
    def kernel(pair):
        return (float(np.dot(*pair)) / real.shape[1] + 1) ** 3
    def average(pairs):
        values = [kernel(pair) for pair in pairs]
        return sum(values) / len(values)
    return average(combinations(real, 2)) + average(combinations(fake, 2)) - 2 * average(product(real, fake))
