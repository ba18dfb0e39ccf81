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


def r1_penalty(discriminator, images):
    """Mean squared norm of D's input gradient, Mescheder et al. 2018, eq. 9 without its factor gamma / 2.

    Args:
        discriminator: function from images to logits [B, 1]; each logit must depend on its own image alone.
        images: [B, S, S, 3] in [-1, 1].
    """
    slope = input_gradients(lambda x: ops.sum(ops.cast(discriminator(x), "float32")), images)
    return ops.mean(ops.sum(ops.square(ops.cast(slope, "float32")), axis=(1, 2, 3)))
