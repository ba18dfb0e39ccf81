# Answers as students give them, some wrong, some right but written in another way; see test_answers.py.

# %% answer="predict_no_genre" wrong="overlooked the 1 in 1 + Wc"
prediction = "a"

# %% answer="predict_no_genre" wrong="took no wish for a wish for everything"
prediction = "c"

# %% answer="predict_no_genre" wrong="wrote the formula instead of the letter"
prediction = "h"

# %% answer="soft_cross_entropy" wrong="forgot the minus sign"
def soft_cross_entropy(shares, logits):
    return ops.sum(shares * ops.log_softmax(logits)) / ops.maximum(ops.sum(shares), 1.0)

# %% answer="soft_cross_entropy" wrong="averaged over the whole batch"
def soft_cross_entropy(shares, logits):
    return -ops.mean(ops.sum(shares * ops.log_softmax(logits), axis=-1))

# %% answer="soft_cross_entropy" wrong="averaged over all entries"
def soft_cross_entropy(shares, logits):
    return -ops.mean(shares * ops.log_softmax(logits))

# %% answer="soft_cross_entropy" wrong="divided by 0 where nothing is known"
def soft_cross_entropy(shares, logits):
    return -ops.sum(shares * ops.log_softmax(logits)) / ops.sum(shares)

# %% answer="soft_cross_entropy" wrong="took the logarithm of a softmax, which overflows"
def soft_cross_entropy(shares, logits):
    total = -ops.sum(shares * ops.log(ops.softmax(logits)))
    return total / ops.maximum(ops.sum(shares), 1.0)

# %% answer="soft_cross_entropy" wrong="kept the logarithm finite with a small number"
def soft_cross_entropy(shares, logits):
    total = -ops.sum(shares * ops.log(ops.softmax(logits) + 1e-9))
    return total / ops.maximum(ops.sum(shares), 1.0)

# %% answer="soft_cross_entropy" wrong="made a single label of the shares"
def soft_cross_entropy(shares, logits):
    known = ops.sum(shares, axis=-1)
    chosen = ops.one_hot(ops.argmax(shares, axis=-1), shares.shape[-1]) * known[:, None]
    return -ops.sum(chosen * ops.log_softmax(logits)) / ops.maximum(ops.sum(known), 1.0)

# %% answer="soft_cross_entropy" wrong="counted the tags instead of the covers"
def soft_cross_entropy(shares, logits):
    known = ops.cast(ops.count_nonzero(shares), "float32")
    return -ops.sum(shares * ops.log_softmax(logits)) / ops.maximum(known, 1.0)

# %% answer="soft_cross_entropy" wrong="softmax over the batch instead of the genres"
def soft_cross_entropy(shares, logits):
    return -ops.sum(shares * ops.log_softmax(logits, axis=0)) / ops.maximum(ops.sum(shares), 1.0)

# %% answer="soft_cross_entropy" wrong="added up instead of averaging"
def soft_cross_entropy(shares, logits):
    return -ops.sum(shares * ops.log_softmax(logits))

# %% answer="soft_cross_entropy" wrong="one loss for each cover"
def soft_cross_entropy(shares, logits):
    return -ops.sum(shares * ops.log_softmax(logits), axis=-1)

# %% answer="soft_cross_entropy" wrong="computed in NumPy, through which no gradient flows"
def soft_cross_entropy(shares, logits):
    shares, logits = ops.convert_to_numpy(shares), ops.convert_to_numpy(logits)
    logits = logits - logits.max(axis=1, keepdims=True)
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return -(shares * logs).sum() / max(shares.sum(), 1)

# %% answer="soft_cross_entropy" right="row by row, with a mask"
def soft_cross_entropy(shares, logits):
    known = ops.cast(ops.any(shares > 0, axis=1), "float32")
    largest = ops.max(logits, axis=1, keepdims=True)
    logs = logits - largest - ops.log(ops.sum(ops.exp(logits - largest), axis=1, keepdims=True))
    rows = ops.sum(shares * logs, axis=1) * known
    return -ops.sum(rows) / ops.maximum(ops.sum(known), 1.0)

# %% answer="soft_cross_entropy" right="with the function that Keras has"
def soft_cross_entropy(shares, logits):
    known = ops.sum(shares, axis=-1)  # in TensorFlow the function has a gradient even where all shares are 0
    rows = known * ops.categorical_crossentropy(shares, logits, from_logits=True)
    return ops.sum(rows) / ops.maximum(ops.sum(known), 1.0)

# %% answer="acgan_losses" wrong="as in the paper of 2017, whose discriminator learns from fakes as well"
def acgan_losses(real, fake, shares, weight):
    d_loss, g_loss = losses.non_saturating(real["logits"], fake["logits"])
    on_fakes = losses.soft_cross_entropy(shares, fake["genre"])
    on_real = losses.soft_cross_entropy(shares, real["genre"])
    return d_loss + weight * (on_real + on_fakes), g_loss + weight * on_fakes

# %% answer="acgan_losses" wrong="the generator answers for the real covers"
def acgan_losses(real, fake, shares, weight):
    d_loss, g_loss = losses.non_saturating(real["logits"], fake["logits"])
    class_loss = weight * losses.soft_cross_entropy(shares, real["genre"])
    return d_loss + class_loss, g_loss + class_loss

# %% answer="acgan_losses" wrong="swapped the heads"
def acgan_losses(real, fake, shares, weight):
    d_loss, g_loss = losses.non_saturating(real["logits"], fake["logits"])
    d_loss += weight * losses.soft_cross_entropy(shares, fake["genre"])
    g_loss += weight * losses.soft_cross_entropy(shares, real["genre"])
    return d_loss, g_loss

# %% answer="acgan_losses" wrong="forgot the weight of the generator's class loss"
def acgan_losses(real, fake, shares, weight):
    d_loss, g_loss = losses.non_saturating(real["logits"], fake["logits"])
    d_loss += weight * losses.soft_cross_entropy(shares, real["genre"])
    g_loss += losses.soft_cross_entropy(shares, fake["genre"])
    return d_loss, g_loss

# %% answer="acgan_losses" wrong="rewarded the generator for wrong genres, as if it were a game"
def acgan_losses(real, fake, shares, weight):
    d_loss, g_loss = losses.non_saturating(real["logits"], fake["logits"])
    d_loss += weight * losses.soft_cross_entropy(shares, real["genre"])
    g_loss -= weight * losses.soft_cross_entropy(shares, fake["genre"])
    return d_loss, g_loss

# %% answer="acgan_losses" wrong="wrote 0.1 instead of the argument"
def acgan_losses(real, fake, shares, weight):
    d_loss, g_loss = losses.non_saturating(real["logits"], fake["logits"])
    d_loss += 0.1 * losses.soft_cross_entropy(shares, real["genre"])
    g_loss += 0.1 * losses.soft_cross_entropy(shares, fake["genre"])
    return d_loss, g_loss

# %% answer="acgan_losses" wrong="gave the losses back in the wrong order"
def acgan_losses(real, fake, shares, weight):
    d_loss, g_loss = losses.non_saturating(real["logits"], fake["logits"])
    d_loss += weight * losses.soft_cross_entropy(shares, real["genre"])
    g_loss += weight * losses.soft_cross_entropy(shares, fake["genre"])
    return g_loss, d_loss

# %% answer="acgan_losses" wrong="weighed the game as well"
def acgan_losses(real, fake, shares, weight):
    d_loss, g_loss = losses.non_saturating(real["logits"], fake["logits"])
    d_loss += losses.soft_cross_entropy(shares, real["genre"])
    g_loss += losses.soft_cross_entropy(shares, fake["genre"])
    return weight * d_loss, weight * g_loss

# %% answer="acgan_losses" wrong="a hard label instead of shares, and a guess where the genre is unknown"
def acgan_losses(real, fake, shares, weight):
    label = ops.one_hot(ops.argmax(shares, axis=-1), shares.shape[-1])
    d_loss, g_loss = losses.non_saturating(real["logits"], fake["logits"])
    d_loss += weight * losses.soft_cross_entropy(label, real["genre"])
    g_loss += weight * losses.soft_cross_entropy(label, fake["genre"])
    return d_loss, g_loss

# %% answer="acgan_losses" wrong="stopped the gradient, so that the generator never hears of genres"
def acgan_losses(real, fake, shares, weight):
    d_loss, g_loss = losses.non_saturating(real["logits"], fake["logits"])
    d_loss += weight * losses.soft_cross_entropy(shares, real["genre"])
    g_loss += weight * losses.soft_cross_entropy(shares, ops.stop_gradient(fake["genre"]))
    return d_loss, g_loss

# %% answer="acgan_losses" wrong="gave the generator no class loss"
def acgan_losses(real, fake, shares, weight):
    d_loss, g_loss = losses.non_saturating(real["logits"], fake["logits"])
    return d_loss + weight * losses.soft_cross_entropy(shares, real["genre"]), g_loss

# %% answer="acgan_losses" wrong="left the framework with float, so that the discriminator cannot learn genres"
def acgan_losses(real, fake, shares, weight=0.1):
    d_loss, g_loss = losses.non_saturating(real["logits"], fake["logits"])
    d_loss = d_loss + weight * float(losses.soft_cross_entropy(shares, real["genre"]))
    return d_loss, g_loss + weight * losses.soft_cross_entropy(shares, fake["genre"])

# %% answer="acgan_losses" right="written out, without the package's functions"
def acgan_losses(real, fake, shares, weight):
    def class_loss(numbers):
        return -ops.sum(shares * ops.log_softmax(numbers)) / ops.maximum(ops.sum(shares), 1.0)

    on_real = ops.mean(ops.softplus(-real["logits"])) + weight * class_loss(real["genre"])
    on_fake = ops.mean(ops.softplus(fake["logits"]))
    return on_real + on_fake, ops.mean(ops.softplus(-fake["logits"])) + weight * class_loss(fake["genre"])

# %% answer="acgan_losses" right="with a comprehension"
def acgan_losses(real, fake, shares, weight):
    game = losses.non_saturating(real["logits"], fake["logits"])
    read = [losses.soft_cross_entropy(shares, head["genre"]) for head in (real, fake)]
    return [one + weight * other for one, other in zip(game, read, strict=True)]

# %% answer="most_confused" wrong="compared counts, not shares"
def most_confused(confusion, genres):
    counts = np.array(confusion, float)
    np.fill_diagonal(counts, 0)
    row, column = np.unravel_index(counts.argmax(), counts.shape)
    return genres[row], genres[column], counts[row, column] / np.sum(confusion[row])

# %% answer="most_confused" wrong="forgot keepdims, so that columns were divided by the sums of rows"
def most_confused(confusion, genres):
    shares = np.array(confusion, float)
    shares = shares / shares.sum(axis=1)
    np.fill_diagonal(shares, 0)
    row, column = np.unravel_index(shares.argmax(), shares.shape)
    return genres[row], genres[column], shares[row, column]

# %% answer="most_confused" wrong="left the diagonal in"
def most_confused(confusion, genres):
    shares = np.array(confusion, float)
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1)
    row, column = np.unravel_index(shares.argmax(), shares.shape)
    return genres[row], genres[column], shares[row, column]

# %% answer="most_confused" wrong="set the diagonal to 0 before dividing"
def most_confused(confusion, genres):
    shares = np.array(confusion, float)
    np.fill_diagonal(shares, 0)
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1)
    row, column = np.unravel_index(shares.argmax(), shares.shape)
    return genres[row], genres[column], shares[row, column]

# %% answer="most_confused" wrong="took rows for what was seen"
def most_confused(confusion, genres):
    shares = np.array(confusion, float)
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1)
    np.fill_diagonal(shares, 0)
    column, row = np.unravel_index(shares.argmax(), shares.shape)
    return genres[row], genres[column], shares[column, row]

# %% answer="most_confused" wrong="changed the matrix it was given"
def most_confused(confusion, genres):
    np.fill_diagonal(confusion, 0)
    return genres[1], genres[2], 0.5

# %% answer="most_confused" wrong="copied nothing where the matrix is of floats already"
def most_confused(confusion, genres):
    shares = np.asarray(confusion, float)
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1)
    np.fill_diagonal(shares, 0)
    row, column = np.unravel_index(shares.argmax(), shares.shape)
    return genres[row], genres[column], shares[row, column]

# %% answer="most_confused" wrong="gave the numbers of the genres instead of their names"
def most_confused(confusion, genres):
    shares = np.array(confusion, float)
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1)
    np.fill_diagonal(shares, 0)
    row, column = np.unravel_index(shares.argmax(), shares.shape)
    return row, column, shares[row, column]

# %% answer="most_confused" wrong="divided by 0 for a genre that nobody asked for"
def most_confused(confusion, genres):
    shares = np.array(confusion, float)
    with np.errstate(invalid="ignore"):
        shares /= shares.sum(axis=1, keepdims=True)
    np.fill_diagonal(shares, 0)
    row, column = np.unravel_index(shares.argmax(), shares.shape)
    return genres[row], genres[column], shares[row, column]

# %% answer="most_confused" wrong="wrote down what the check expects"
def most_confused(confusion, genres):
    return "reggae", "jazz", 0.5

# %% answer="most_confused" right="with loops"
def most_confused(confusion, genres):
    best = (genres[0], genres[1], -1.0)
    for i, counts in enumerate(confusion):
        for j, count in enumerate(counts):
            if i != j and sum(counts) and count / sum(counts) > best[2]:
                best = (genres[i], genres[j], count / sum(counts))
    return best

# %% answer="most_confused" right="with a mask, as a list"
def most_confused(confusion, genres):
    counts = np.array(confusion)
    totals = counts.sum(1)[:, None]
    shares = np.where(np.eye(len(counts), dtype=bool), -1, counts / np.where(totals == 0, 1, totals))
    place = int(np.argmax(shares))
    return [genres[place // len(counts)], genres[place % len(counts)], shares.flat[place]]
