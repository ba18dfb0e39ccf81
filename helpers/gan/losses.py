"""Adversarial losses and penalties: logits in, scalars out."""

from keras import ops

from helpers.gan.backend import input_gradients


def binary_cross_entropy(labels, logits):
    """Mean cross-entropy of sigmoid(logits) against labels in [0, 1], in its overflow-free form.

    -y log s(x) - (1 - y) log(1 - s(x)) = softplus(x) - x y
    """
    logits = ops.cast(logits, "float32")
    return ops.mean(ops.softplus(logits) - logits * labels)


def soft_cross_entropy(targets, logits):
    """Mean cross-entropy of softmax(logits) against shares, over the rows that have any.

    Args:
        targets: [B, C]; each row sums to 1, or is all 0 where the class is not known.
        logits: [B, C].
    """
    targets = ops.cast(targets, "float32")
    known = ops.sum(targets)
    return -ops.sum(targets * ops.log_softmax(ops.cast(logits, "float32"))) / ops.maximum(known, 1.0)


def huber(wanted, known, read):
    """Huber's loss of `read` against `wanted`, [B, K], summed over columns and averaged over the rows.

    Half the square of an error up to 1, and beyond it its absolute value less 1/2 (Huber 1964).

    Args:
        known: [B, K], 1 where `wanted` counts and 0 where it does not.
    """
    errors = ops.abs(ops.cast(read, "float32") - wanted)
    clipped = ops.minimum(errors, 1.0)
    return ops.mean(ops.sum(known * clipped * (errors - clipped / 2), axis=1))


def non_saturating(real_logits, fake_logits, real_labels=1.0, fake_labels=0.0):
    """Goodfellow et al. 2014, section 3: D separates real from fake, G maximises log D(G(z)).

    Args:
        real_logits, fake_logits: [B, 1].
        real_labels, fake_labels: D's targets, numbers or [B, 1] in [0, 1]; G aims at `real_labels`.

    Returns:
        (d_loss, g_loss), scalars.
    """
    d_loss = binary_cross_entropy(real_labels, real_logits) + binary_cross_entropy(fake_labels, fake_logits)
    return d_loss, binary_cross_entropy(real_labels, fake_logits)


def relativistic(real_logits, fake_logits):
    """Relativistic pairing, Jolicoeur-Martineau 2018, eq. 4-5: is this cover more real than that fake?

    Each fake is judged against a real cover, so no fixed score wins for all fakes: the loss punishes covering only
    some modes (Huang et al. 2024, section 2).
    """
    margin = ops.cast(real_logits, "float32") - ops.cast(fake_logits, "float32")
    return ops.mean(ops.softplus(-margin)), ops.mean(ops.softplus(margin))


def hinge(real_logits, fake_logits):
    """Hinge loss, Miyato et al. 2018, eq. 16-17: D stops pushing covers that it tells apart by a margin of 1."""
    real_logits, fake_logits = (ops.cast(logits, "float32") for logits in (real_logits, fake_logits))
    d_loss = ops.mean(ops.relu(1 - real_logits)) + ops.mean(ops.relu(1 + fake_logits))
    return d_loss, -ops.mean(fake_logits)


def wasserstein(real_logits, fake_logits):
    """Arjovsky et al. 2017, equations 2 and 3: D's mean on real covers less that on fakes is a distance to G's covers.

    D, here called a critic, maximises it over functions whose slope is bounded, and G minimises it.

    Returns:
        (d_loss, g_loss), scalars; d_loss is the distance, times -1.
    """
    real_mean, fake_mean = (ops.mean(ops.cast(logits, "float32")) for logits in (real_logits, fake_logits))
    return fake_mean - real_mean, -fake_mean


def r1_penalty(discriminator, images):
    """Mean squared norm of D's input gradient, Mescheder et al. 2018, eq. 9 without its factor gamma / 2.

    Args:
        discriminator: function from images to logits [B, 1]; each logit must depend on its own image alone.
        images: [B, S, S, 3] in [-1, 1].
    """
    return ops.mean(_squared_slopes(discriminator, images))


def gradient_penalty(critic, real, fake, shares):
    """Mean squared difference of the norm of the critic's input gradient from 1, Gulrajani et al. 2017, equation 3.

    The gradient is taken at a point on the line from each real cover to a fake, and its norm per cover: a mean over the
    batch would let one steep slope hide behind a flat one.

    Args:
        critic: function from images to logits [B, 1]; each logit must depend on its own image alone.
        real, fake: [B, S, S, 3], or points [B, D].
        shares: of the real cover in each mixture, [B, 1] in [0, 1].
    """
    shares = ops.reshape(shares, (-1,) + (1,) * (len(real.shape) - 1))
    mixed = shares * real + (1 - shares) * fake
    # The root's own gradient is infinite at 0.
    return ops.mean(ops.square(ops.sqrt(_squared_slopes(critic, mixed) + 1e-12) - 1))


def _squared_slopes(discriminator, images):
    """Squared norm of each image's own input gradient, [B]."""
    slopes = input_gradients(lambda x: ops.sum(ops.cast(discriminator(x), "float32")), images)
    return ops.sum(ops.square(ops.cast(slopes, "float32")), axis=tuple(range(1, len(images.shape))))
