# Answers as students give them, some wrong, some right but written in another way; see test_answers.py.

# %% answer="predict_shuffled" wrong="looked at mean and spread only"
prediction = "a"

# %% answer="predict_shuffled" wrong="took 0 for the worst there is"
prediction = "b"

# %% answer="predict_shuffled" wrong="wrote the number instead of the letter"
prediction = -1

# %% answer="scale" wrong="let NaN into mean and deviation"
class Scale:
    def fit(self, values):
        self.mean, self.deviation = np.mean(values, axis=0), np.std(values, axis=0)
        self.deviation[self.deviation == 0] = 1
        return self

    def scale(self, values):
        return (values - self.mean) / self.deviation

    def inverse(self, scaled):
        return scaled * self.deviation + self.mean


Whole = Scale

# %% answer="scale" wrong="divided by zero where a column never changes"
class Scale(Whole):
    def fit(self, values):
        self.mean, self.deviation = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
        return self

# %% answer="scale" wrong="one mean and one deviation for all columns together"
class Scale(Whole):
    def fit(self, values):
        self.mean, self.deviation = np.nanmean(values), np.nanstd(values) or 1
        return self

# %% answer="scale" wrong="divided by the variance"
class Scale(Whole):
    def fit(self, values):
        self.mean, self.deviation = np.nanmean(values, axis=0), np.nanvar(values, axis=0)
        self.deviation[self.deviation == 0] = 1
        return self

# %% answer="scale" wrong="forgot to return self"
class Scale(Whole):
    def fit(self, values):
        self.mean, self.deviation = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
        self.deviation[self.deviation == 0] = 1

# %% answer="scale" wrong="filled the unknown values with the mean"
class Scale(Whole):
    def fit(self, values):
        self.mean, self.deviation = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
        self.deviation[self.deviation == 0] = 1
        return self

    def scale(self, values):
        return np.nan_to_num((values - self.mean) / self.deviation)

# %% answer="scale" wrong="filled the unknown values in the table that was passed"
class Scale(Whole):
    def fit(self, values):
        for column in values.T:
            column[np.isnan(column)] = np.nanmean(column)
        return super().fit(values)

# %% answer="scale" wrong="scaled every table by its own mean and deviation, and remembered those"
class Scale(Whole):
    def fit(self, values):
        return self

    def scale(self, values):
        self.mean, self.deviation = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
        self.deviation[self.deviation == 0] = 1
        return (values - self.mean) / self.deviation

# %% answer="scale" wrong="kept the numbers in the class, which all scales share"
class Scale:
    def fit(self, values):
        Scale.mean, Scale.deviation = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
        Scale.deviation[Scale.deviation == 0] = 1
        return self

    def scale(self, values):
        return (values - Scale.mean) / Scale.deviation

    def inverse(self, scaled):
        return scaled * Scale.deviation + Scale.mean

# %% answer="scale" wrong="added the mean before multiplying on the way back"
class Scale(Whole):
    def fit(self, values):
        self.mean, self.deviation = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
        self.deviation[self.deviation == 0] = 1
        return self

    def inverse(self, scaled):
        return (scaled + self.mean) * self.deviation

# %% answer="scale" wrong="remembered the table for the way back"
class Scale(Whole):
    def fit(self, values):
        self.table, self.mean, self.deviation = values, np.nanmean(values, axis=0), np.nanstd(values, axis=0)
        self.deviation[self.deviation == 0] = 1
        return self

    def inverse(self, scaled):
        return self.table

# %% answer="scale" wrong="turned louder into less"
class Scale(Whole):
    def fit(self, values):
        self.mean, self.deviation = np.nanmean(values, axis=0), -np.nanstd(values, axis=0)
        self.deviation[self.deviation == 0] = 1
        return self

# %% answer="scale" wrong="divided by N - 1, as pandas does"
class Scale:
    def fit(self, values):
        table = pd.DataFrame(values)
        self.mean = table.mean().to_numpy()
        self.deviation = table.std().replace(0, 1).to_numpy()
        return self

    def scale(self, values):
        return (values - self.mean) / self.deviation

    def inverse(self, scaled):
        return scaled * self.deviation + self.mean

# %% answer="scale" wrong="left out every song that has a gap"
class Scale:
    def fit(self, values):
        whole = values[~np.isnan(values).any(axis=1)]
        self.mean, self.deviation = whole.mean(axis=0), whole.std(axis=0)
        self.deviation[self.deviation == 0] = 1
        return self

    def scale(self, values):
        return (values - self.mean) / self.deviation

    def inverse(self, scaled):
        return scaled * self.deviation + self.mean

# %% answer="scale" right="column by column"
class Scale:
    def fit(self, values):
        known = [column[~np.isnan(column)] for column in np.transpose(values)]
        self.pairs = [(column.mean(), column.std() or 1.0) for column in known]
        return self

    def scale(self, values):
        columns = [(column - m) / d for column, (m, d) in zip(np.transpose(values), self.pairs)]
        return np.stack(columns, axis=1)

    def inverse(self, scaled):
        return np.stack([column * d + m for column, (m, d) in zip(np.transpose(scaled), self.pairs)], axis=1)

# %% answer="scale" right="with scikit-learn, which passes over NaN, too"
from sklearn.preprocessing import StandardScaler
class Scale:
    def fit(self, values):
        self.scaler = StandardScaler().fit(values)
        return self

    def scale(self, values):
        return self.scaler.transform(values)

    def inverse(self, scaled):
        return self.scaler.inverse_transform(scaled)

# %% answer="head_loss" wrong="took the whole square"
def head_loss(wanted, known, read):
    errors = ops.abs(read - wanted)
    each = ops.where(errors <= 1, ops.square(errors), errors - 0.5)
    return ops.sum(known * each) / ops.maximum(ops.sum(known), 1)

# %% answer="head_loss" wrong="forgot to take off the half, so that the line lies beside the square"
def head_loss(wanted, known, read):
    errors = ops.abs(read - wanted)
    each = ops.where(errors <= 1, ops.square(errors) / 2, errors)
    return ops.sum(known * each) / ops.maximum(ops.sum(known), 1)

# %% answer="head_loss" wrong="kept the square everywhere"
def head_loss(wanted, known, read):
    return ops.sum(known * ops.square(read - wanted) / 2) / ops.maximum(ops.sum(known), 1)

# %% answer="head_loss" wrong="forgot the absolute value"
def head_loss(wanted, known, read):
    errors = read - wanted
    each = ops.where(errors <= 1, ops.square(errors) / 2, errors - 0.5)
    return ops.sum(known * each) / ops.maximum(ops.sum(known), 1)

# %% answer="head_loss" wrong="ignored what is unknown"
def head_loss(wanted, known, read):
    errors = ops.abs(read - wanted)
    return ops.mean(ops.where(errors <= 1, ops.square(errors) / 2, errors - 0.5))

# %% answer="head_loss" wrong="divided by all numbers instead of the known ones"
def head_loss(wanted, known, read):
    errors = ops.abs(read - wanted)
    return ops.mean(known * ops.where(errors <= 1, ops.square(errors) / 2, errors - 0.5))

# %% answer="head_loss" wrong="divided 0 by 0 where nothing is known"
def head_loss(wanted, known, read):
    errors = ops.abs(read - wanted)
    each = ops.where(errors <= 1, ops.square(errors) / 2, errors - 0.5)
    return ops.sum(known * each) / ops.sum(known)

# %% answer="head_loss" wrong="averaged over each song, then over the songs"
def head_loss(wanted, known, read):
    errors = ops.abs(read - wanted)
    each = ops.where(errors <= 1, ops.square(errors) / 2, errors - 0.5)
    return ops.mean(ops.sum(known * each, axis=1) / ops.maximum(ops.sum(known, axis=1), 1))

# %% answer="head_loss" wrong="called the package's, which adds up the features of a song"
def head_loss(wanted, known, read):
    return losses.huber(wanted, known, read)

# %% answer="head_loss" wrong="went on with NumPy, through which no gradient flows"
def head_loss(wanted, known, read):
    errors = np.abs(np.asarray(read) - np.asarray(wanted))
    each = np.where(errors <= 1, errors**2 / 2, errors - 0.5)
    return np.sum(np.asarray(known) * each) / max(np.sum(known), 1)

# %% answer="head_loss" wrong="printed the loss instead of returning it"
def head_loss(wanted, known, read):
    errors = ops.abs(read - wanted)
    each = ops.where(errors <= 1, ops.square(errors) / 2, errors - 0.5)
    print(ops.sum(known * each) / ops.maximum(ops.sum(known), 1))

# %% answer="head_loss" right="with a cut-off error instead of a choice"
def head_loss(wanted, known, read):
    off = ops.abs(wanted - read) * known
    inner = ops.clip(off, 0, 1)
    count = ops.sum(known)
    return ops.sum(inner**2 / 2 + (off - inner)) / (count + ops.cast(count == 0, "float32"))

# %% answer="head_loss" right="from the package's, whose sum is put right"
def head_loss(wanted, known, read):
    return losses.huber(wanted, known, read) * wanted.shape[0] / ops.maximum(ops.sum(known), 1)

# %% answer="step" wrong="changed nothing"
Step = Step

# %% answer="step" right="all six repaired in the cell, with normal latents and a penalty by hand"
class Step:
    def scale_loudness(self, decibels):
        return decibels / 30 + 1

    def batch(self, covers, labels, rows):
        return [covers[rows], labels[rows]]

    def latents(self, rng, n):
        return rng.normal(0, 1, (n, 100))

    def sample_latents(self, rng, n):
        return rng.normal(0, 1, (n, 100))

    def latent_step(self, score, z):
        slope = input_gradients(lambda z: ops.sum(score(z)), z)
        size = ops.norm(slope, axis=1, keepdims=True) ** 2
        return 0.9 * slope / (0.1 + size)

    def penalty(self, critic, real, fake, shares):
        mixed = ops.convert_to_tensor(shares * real + (1 - shares) * fake)
        slopes = ops.norm(input_gradients(lambda x: ops.sum(critic(x)[0]), mixed), axis=1)
        return 10 * ops.mean((slopes - 1) ** 2)

    def d_loss(self, critic, real, fake, labels, shares):
        (real_scores, read), (fake_scores, _) = critic(real), critic(fake)
        wrong = ops.mean(ops.abs(read - labels))
        return ops.mean(fake_scores) - ops.mean(real_scores) + wrong + self.penalty(critic, real, fake, shares)

    def g_loss(self, critic, fake, labels):
        scores, read = critic(fake)
        return ops.mean(ops.abs(read - labels)) - ops.mean(scores)


Repaired = Step  # the answers below spoil one method each

# %% answer="step" wrong="five repaired, the penalty still switched off"
class Step(Repaired):
    def penalty(self, critic, real, fake, shares):
        return 0.0

# %% answer="step" wrong="five repaired, the labels still of other covers"
class Step(Repaired):
    def batch(self, covers, labels, rows):
        return covers[rows], labels[: len(rows)]

# %% answer="step" wrong="repaired the label loss of the discriminator only"
class Step(Repaired):
    def g_loss(self, critic, fake, labels):
        scores, read = critic(fake)
        return -(ops.mean(scores) + ops.mean(ops.abs(read - labels)))

# %% answer="step" wrong="turned the sign of the loudness but not its offset"
class Step(Repaired):
    def scale_loudness(self, decibels):
        return 2 * decibels / 60 - 1

# %% answer="step" wrong="put covers and labels in the same order, but always the first of the set"
class Step(Repaired):
    def batch(self, covers, labels, rows):
        return covers[: len(rows)], labels[: len(rows)]

# %% answer="step" wrong="clipped the latents to draw with instead of drawing the same kind"
class Step(Repaired):
    def latents(self, rng, n):
        return rng.uniform(-1, 1, (n, 100))

    def sample_latents(self, rng, n):
        return np.clip(rng.normal(0, 1, (n, 100)), -1, 1)

# %% answer="step" wrong="took the size of the latents instead of their slope"
class Step(Repaired):
    def latent_step(self, score, z):
        slope = input_gradients(lambda z: ops.sum(score(z)), z)
        return 0.9 * slope / (0.1 + ops.sum(ops.square(z), axis=1, keepdims=True))

# %% answer="step" wrong="forgot to square the size of the slope"
class Step(Repaired):
    def latent_step(self, score, z):
        slope = input_gradients(lambda z: ops.sum(score(z)), z)
        return 0.9 * slope / (0.1 + ops.norm(slope, axis=1, keepdims=True))

# %% answer="step" wrong="switched the penalty on without its weight"
class Step(Repaired):
    def penalty(self, critic, real, fake, shares):
        return losses.gradient_penalty(lambda x: critic(x)[0], real, fake, shares)

# %% answer="step" wrong="wrote down the penalty that the green line asks for"
class Step(Repaired):
    def penalty(self, critic, real, fake, shares):
        return 160.0

# %% answer="step" wrong="wrote down the rows that the green line asks for"
class Step(Repaired):
    def batch(self, covers, labels, rows):
        return np.array([4, 2]), np.array([40, 20])

# %% answer="step" wrong="went on with NumPy in the latent step, through which no gradient flows"
class Step(Repaired):
    def latent_step(self, score, z):
        return ops.convert_to_tensor(ops.convert_to_numpy(super().latent_step(score, z)))

# %% answer="step" right="with the package's penalty and uniform latents"
class Step(Repaired):
    def latents(self, rng, n):
        return rng.uniform(-1, 1, (n, 100))

    def sample_latents(self, rng, n):
        return self.latents(rng, n)

    def penalty(self, critic, real, fake, shares):
        return 10 * losses.gradient_penalty(lambda x: critic(x)[0], real, fake, shares)
