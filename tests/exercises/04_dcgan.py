# Answers as students give them, some wrong, some right but written in another way; see test_answers.py.

# %% answer="predict_certainty" wrong="thought of the target 1"
prediction = "a"

# %% answer="predict_certainty" wrong="took the least loss for a floor that is reached and kept"
prediction = "c"

# %% answer="predict_certainty" wrong="described it instead of giving the letter"
prediction = "it falls and rises again"

# %% answer="binary_cross_entropy" wrong="computed the definition as it stands, which overflows"
def binary_cross_entropy(labels, logits):
    p = ops.sigmoid(logits)
    return -ops.mean(labels * ops.log(p) + (1 - labels) * ops.log(1 - p))

# %% answer="binary_cross_entropy" wrong="kept the definition finite by clipping the probability"
def binary_cross_entropy(labels, logits):
    p = ops.clip(ops.sigmoid(logits), 1e-7, 1 - 1e-7)
    return -ops.mean(labels * ops.log(p) + (1 - labels) * ops.log(1 - p))

# %% answer="binary_cross_entropy" wrong="got the sign of the second part wrong"
def binary_cross_entropy(labels, logits):
    return ops.mean(ops.softplus(logits) + labels * logits)

# %% answer="binary_cross_entropy" wrong="forgot the fakes: only the first term"
def binary_cross_entropy(labels, logits):
    return ops.mean(labels * ops.softplus(-logits))

# %% answer="binary_cross_entropy" wrong="treated every label as 0 or 1"
def binary_cross_entropy(labels, logits):
    return ops.mean(ops.where(labels > 0.5, ops.softplus(-logits), ops.softplus(logits)))

# %% answer="binary_cross_entropy" wrong="added up instead of averaging"
def binary_cross_entropy(labels, logits):
    return ops.sum(ops.softplus(logits) - labels * logits)

# %% answer="binary_cross_entropy" wrong="left the average out"
def binary_cross_entropy(labels, logits):
    return ops.softplus(logits) - labels * logits

# %% answer="binary_cross_entropy" wrong="took logits for probabilities"
def binary_cross_entropy(labels, logits):
    return ops.mean(ops.binary_crossentropy(labels, logits))

# %% answer="binary_cross_entropy" wrong="computed in NumPy, through which no gradient flows"
def binary_cross_entropy(labels, logits):
    labels, logits = ops.convert_to_numpy(labels), ops.convert_to_numpy(logits)
    return np.mean(np.logaddexp(0, logits) - labels * logits)

# %% answer="binary_cross_entropy" wrong="looked at the first cover of the batch only"
def binary_cross_entropy(labels, logits):
    return (ops.softplus(logits) - labels * logits)[0, 0]

# %% answer="binary_cross_entropy" wrong="gave nothing back"
def binary_cross_entropy(labels, logits):
    ops.mean(ops.softplus(logits) - labels * logits)

# %% answer="binary_cross_entropy" wrong="typed out what softplus means, which overflows for large logits"
def binary_cross_entropy(labels, logits):
    return ops.mean(ops.log(1 + ops.exp(logits)) - labels * logits)

# %% answer="binary_cross_entropy" right="with both terms and two softplus"
def binary_cross_entropy(labels, logits):
    real, fake = ops.softplus(-logits), ops.softplus(logits)
    return ops.sum(labels * real + (1.0 - labels) * fake) / len(logits)

# %% answer="binary_cross_entropy" right="with log_sigmoid"
def binary_cross_entropy(labels, logits):
    each = labels * ops.log_sigmoid(logits) + (1 - labels) * ops.log_sigmoid(-logits)
    return -ops.mean(each)

# %% answer="binary_cross_entropy" right="with the function that Keras has"
def binary_cross_entropy(labels, logits):
    return ops.mean(ops.binary_crossentropy(labels, logits, from_logits=True))

# %% answer="game_losses" wrong="took the game for one of zero sum"
def game_losses(real_logits, fake_logits, real_labels, fake_labels):
    d_loss = losses.binary_cross_entropy(real_labels, real_logits) + losses.binary_cross_entropy(fake_labels, fake_logits)
    return d_loss, -d_loss

# %% answer="game_losses" wrong="the obvious, saturating loss"
def game_losses(real_logits, fake_logits, real_labels, fake_labels):
    on_fakes = losses.binary_cross_entropy(fake_labels, fake_logits)
    return losses.binary_cross_entropy(real_labels, real_logits) + on_fakes, -on_fakes

# %% answer="game_losses" wrong="the generator aims at the fakes' targets"
def game_losses(real_logits, fake_logits, real_labels, fake_labels):
    on_fakes = losses.binary_cross_entropy(fake_labels, fake_logits)
    return losses.binary_cross_entropy(real_labels, real_logits) + on_fakes, on_fakes

# %% answer="game_losses" wrong="gave the losses back in the wrong order"
def game_losses(real_logits, fake_logits, real_labels, fake_labels):
    d_loss = losses.binary_cross_entropy(real_labels, real_logits) + losses.binary_cross_entropy(fake_labels, fake_logits)
    return losses.binary_cross_entropy(real_labels, fake_logits), d_loss

# %% answer="game_losses" wrong="halved the discriminator's loss"
def game_losses(real_logits, fake_logits, real_labels, fake_labels):
    d_loss = losses.binary_cross_entropy(real_labels, real_logits) + losses.binary_cross_entropy(fake_labels, fake_logits)
    return d_loss / 2, losses.binary_cross_entropy(real_labels, fake_logits)

# %% answer="game_losses" wrong="swapped labels and logits in the calls"
def game_losses(real_logits, fake_logits, real_labels, fake_labels):
    d_loss = losses.binary_cross_entropy(real_logits, real_labels) + losses.binary_cross_entropy(fake_logits, fake_labels)
    return d_loss, losses.binary_cross_entropy(fake_logits, real_labels)

# %% answer="game_losses" wrong="made the targets sharp again"
def game_losses(real_logits, fake_logits, real_labels, fake_labels):
    return losses.non_saturating(real_logits, fake_logits)

# %% answer="game_losses" wrong="let the generator pay for the real covers, too"
def game_losses(real_logits, fake_logits, real_labels, fake_labels):
    on_real = losses.binary_cross_entropy(real_labels, real_logits)
    d_loss = on_real + losses.binary_cross_entropy(fake_labels, fake_logits)
    return d_loss, on_real + losses.binary_cross_entropy(real_labels, fake_logits)

# %% answer="game_losses" wrong="used one target for the whole batch"
def game_losses(real_logits, fake_logits, real_labels, fake_labels):
    real_label, fake_label = real_labels[0, 0], fake_labels[0, 0]
    d_loss = losses.binary_cross_entropy(real_label, real_logits) + losses.binary_cross_entropy(fake_label, fake_logits)
    return d_loss, losses.binary_cross_entropy(real_label, fake_logits)

# %% answer="game_losses" wrong="cut the generator off from its fakes"
def game_losses(real_logits, fake_logits, real_labels, fake_labels):
    fake_logits = ops.stop_gradient(fake_logits)
    d_loss = losses.binary_cross_entropy(real_labels, real_logits) + losses.binary_cross_entropy(fake_labels, fake_logits)
    return d_loss, losses.binary_cross_entropy(real_labels, fake_logits)

# %% answer="game_losses" right="without the package's function, and over both kinds at once"
def game_losses(real_logits, fake_logits, real_labels, fake_labels):
    logits = ops.concatenate([real_logits, fake_logits])
    labels = ops.concatenate([real_labels, fake_labels])
    d_loss = 2 * ops.mean(ops.softplus(logits) - labels * logits)
    g_loss = ops.mean(ops.softplus(fake_logits) - real_labels * fake_logits)
    return d_loss, g_loss

# %% answer="game_losses" right="with the loss of Keras, as a list"
def game_losses(real_logits, fake_logits, real_labels, fake_labels):
    cost = keras.losses.BinaryCrossentropy(from_logits=True)
    return [cost(real_labels, real_logits) + cost(fake_labels, fake_logits), cost(real_labels, fake_logits)]

# %% answer="slerp" wrong="walked in a straight line"
def slerp(a, b, share):
    return (1 - share) * a + share * b

# %% answer="slerp" wrong="copied great_circle, with its division by 0"
def slerp(a, b, share):
    return great_circle(a, b, share)

# %% answer="slerp" wrong="forgot to clip the cosine"
def slerp(a, b, share):
    angle = np.arccos(np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)))
    if angle == 0:
        return a
    return (np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle)

# %% answer="slerp" wrong="walked from b to a"
def slerp(a, b, share):
    cosine = np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
    angle = np.arccos(np.clip(cosine, -1, 1))
    if angle < 1e-6:
        return a
    return (np.sin(share * angle) * a + np.sin((1 - share) * angle) * b) / np.sin(angle)

# %% answer="slerp" wrong="scaled both ends to length 1"
def slerp(a, b, share):
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    angle = np.arccos(np.clip(np.dot(a, b), -1, 1))
    if angle < 1e-6:
        return a
    return (np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle)

# %% answer="slerp" wrong="a straight walk lifted to the shell, which is not even"
def slerp(a, b, share):
    length = (1 - share) * np.linalg.norm(a) + share * np.linalg.norm(b)
    line = (1 - share) * a + share * b
    return line / np.linalg.norm(line) * length

# %% answer="slerp" wrong="took everything below 60 degrees for a tiny angle"
def slerp(a, b, share):
    cosine = np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
    if cosine > 0.5:
        return (1 - share) * a + share * b
    angle = np.arccos(np.clip(cosine, -1, 1))
    return (np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle)

# %% answer="slerp" wrong="took the angle from its sine, which makes obtuse angles acute"
def slerp(a, b, share):
    cosine = np.clip(np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)), -1, 1)
    angle = np.arcsin(np.sqrt(1 - cosine**2))
    if angle < 1e-6:
        return (1 - share) * a + share * b
    return (np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle)

# %% answer="slerp" wrong="changed the vectors it was given"
def slerp(a, b, share):
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    if share == 0 or share == 1:
        a *= 1 - share
        b *= share
        return a + b
    angle = np.arccos(np.clip(np.dot(a, b) / (lengths[0] * lengths[1]), -1, 1))
    if angle < 1e-6:
        return (1 - share) * a + share * b
    return (np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle)

# %% answer="slerp" wrong="took two ends that point the same way for one"
def slerp(a, b, share):
    cosine = np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
    angle = np.arccos(np.clip(cosine, -1, 1))
    if angle < 1e-4:
        return a
    return (np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle)

# %% answer="slerp" right="turns the direction and grows the length separately"
def slerp(a, b, share):
    long_a, long_b = np.linalg.norm(a), np.linalg.norm(b)
    along = a / long_a
    across = b / long_b - along * np.dot(along, b / long_b)
    angle = np.arctan2(np.linalg.norm(across), np.dot(along, b / long_b))
    if np.linalg.norm(across) > 1e-7:
        across = across / np.linalg.norm(across)
    length = long_a + share * (long_b - long_a)
    return length * (np.cos(share * angle) * along + np.sin(share * angle) * across)

# %% answer="slerp" right="weights chosen by the angle"
def slerp(a, b, share):
    dot = min(1.0, max(-1.0, float(np.dot(a, b)) / float(np.linalg.norm(a) * np.linalg.norm(b))))
    angle = np.arccos(dot)
    weights_of_ends = (1 - share, share)
    if not np.isclose(angle, 0):
        weights_of_ends = np.sin(np.array(weights_of_ends) * angle) / np.sin(angle)
    return weights_of_ends[0] * a + weights_of_ends[1] * b

# %% answer="slerp" right="with keras.ops"
def slerp(a, b, share):
    a, b = ops.convert_to_tensor(a), ops.convert_to_tensor(b)
    angle = ops.arccos(ops.clip(ops.sum(a * b) / (ops.norm(a) * ops.norm(b)), -1.0, 1.0))
    if angle < 1e-4:
        return (1 - share) * a + share * b
    return (ops.sin((1 - share) * angle) * a + ops.sin(share * angle) * b) / ops.sin(angle)

# %% answer="slerp" wrong="took the cosine without dividing by the lengths"
def slerp(a, b, share):
    angle = np.arccos(np.clip(np.dot(a, b), -1, 1))
    if angle < 1e-4:
        return (1 - share) * a + share * b
    return (np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle)
