# Answers as students give them, some wrong, some right but written in another way; see test_answers.py.

# %% answer="predict_farthest" wrong="chose the one that overlaps least, as JS does"
prediction = "a"

# %% answer="predict_farthest" wrong="took the widest for the farthest"
prediction = "c"

# %% answer="predict_farthest" wrong="wrote the distance instead of the letter"
prediction = 4.0

# %% answer="missing_modes" wrong="listed the modes that were found"
def missing_modes(points, centres, radius):
    distances = np.linalg.norm(points[:, None] - centres, axis=2)
    return np.flatnonzero((distances <= radius).any(axis=0)).tolist()

# %% answer="missing_modes" wrong="looked which centre is nearest to each point and forgot the radius"
def missing_modes(points, centres, radius):
    nearest = np.linalg.norm(points[:, None] - centres, axis=2).argmin(axis=1)
    return [k for k in range(len(centres)) if k not in nearest]

# %% answer="missing_modes" wrong="let each point count for its nearest centre alone"
def missing_modes(points, centres, radius):
    distances = np.linalg.norm(points[:, None] - centres, axis=2)
    near = {int(row.argmin()) for row in distances if row.min() <= radius}
    return [k for k in range(len(centres)) if k not in near]

# %% answer="missing_modes" wrong="took a minimum, which no points at all have not"
def missing_modes(points, centres, radius):
    distances = np.linalg.norm(points[:, None] - centres, axis=2)
    return np.flatnonzero(distances.min(axis=0) > radius).tolist()

# %% answer="missing_modes" wrong="asked whether all points are far from a centre, along the wrong axis"
def missing_modes(points, centres, radius):
    distances = np.linalg.norm(points[:, None] - centres, axis=2)
    return np.flatnonzero((distances > radius).all(axis=1)).tolist()

# %% answer="missing_modes" wrong="used the ring's centres and radius instead of the arguments"
def missing_modes(points, centres, radius):
    distances = np.linalg.norm(points[:, None] - ring.CENTRES, axis=2)
    return np.flatnonzero(~(distances <= 3 * ring.DEVIATION).any(axis=0)).tolist()

# %% answer="missing_modes" wrong="added the differences of the coordinates instead of taking the straight distance"
def missing_modes(points, centres, radius):
    distances = np.abs(points[:, None] - centres).sum(axis=2)
    return np.flatnonzero(~(distances <= radius).any(axis=0)).tolist()

# %% answer="missing_modes" wrong="returned inside the loop"
def missing_modes(points, centres, radius):
    missing = []
    for k, centre in enumerate(centres):
        if not any(np.linalg.norm(point - centre) <= radius for point in points):
            missing.append(k)
        return missing

# %% answer="missing_modes" wrong="took a point exactly at the radius for one beyond it"
def missing_modes(points, centres, radius):
    distances = np.linalg.norm(points[:, None] - centres, axis=2)
    return np.flatnonzero(~(distances < radius).any(axis=0)).tolist()

# %% answer="missing_modes" wrong="gave a column of indices"
def missing_modes(points, centres, radius):
    distances = np.linalg.norm(points[:, None] - centres, axis=2)
    return np.argwhere(~(distances <= radius).any(axis=0))

# %% answer="missing_modes" wrong="gave the tuple that np.where gives"
def missing_modes(points, centres, radius):
    distances = np.linalg.norm(points[:, None] - centres, axis=2)
    return np.where(~(distances <= radius).any(axis=0))

# %% answer="missing_modes" wrong="gave the centres instead of their indices"
def missing_modes(points, centres, radius):
    distances = np.linalg.norm(points[:, None] - centres, axis=2)
    return centres[~(distances <= radius).any(axis=0)]

# %% answer="missing_modes" right="with loops and hypot"
def missing_modes(points, centres, radius):
    missing = []
    for k, (a, b) in enumerate(centres):
        if not any(np.hypot(x - a, y - b) <= radius for x, y in points):
            missing.append(k)
    return missing

# %% answer="missing_modes" right="with the squares, as an array"
def missing_modes(points, centres, radius):
    squares = ((centres[:, None] - points) ** 2).sum(axis=2)
    return np.where((squares > radius**2).all(axis=1))[0]

# %% answer="match_losses" wrong="gave the generator the critic's aim"
def match_losses(real_scores, fake_scores, penalty, weight=10.0):
    return ops.mean(fake_scores) - ops.mean(real_scores) + weight * penalty, ops.mean(fake_scores)

# %% answer="match_losses" wrong="made the critic's distance small instead of large"
def match_losses(real_scores, fake_scores, penalty, weight=10.0):
    return ops.mean(real_scores) - ops.mean(fake_scores) + weight * penalty, -ops.mean(fake_scores)

# %% answer="match_losses" wrong="rewarded the critic for its penalty"
def match_losses(real_scores, fake_scores, penalty, weight=10.0):
    return -(ops.mean(real_scores) - ops.mean(fake_scores) + weight * penalty), -ops.mean(fake_scores)

# %% answer="match_losses" wrong="forgot the weight of the penalty"
def match_losses(real_scores, fake_scores, penalty, weight=10.0):
    return ops.mean(fake_scores) - ops.mean(real_scores) + penalty, -ops.mean(fake_scores)

# %% answer="match_losses" wrong="wrote 10 where the argument belongs"
def match_losses(real_scores, fake_scores, penalty, weight=10.0):
    return ops.mean(fake_scores) - ops.mean(real_scores) + 10 * penalty, -ops.mean(fake_scores)

# %% answer="match_losses" wrong="let the generator pay the opposite of all that the critic pays"
def match_losses(real_scores, fake_scores, penalty, weight=10.0):
    d_loss = ops.mean(fake_scores) - ops.mean(real_scores) + weight * penalty
    return d_loss, -d_loss

# %% answer="match_losses" wrong="used the discriminator's cross-entropy"
def match_losses(real_scores, fake_scores, penalty, weight=10.0):
    d_loss = -ops.mean(ops.log(ops.sigmoid(real_scores))) - ops.mean(ops.log(1 - ops.sigmoid(fake_scores)))
    return d_loss + weight * penalty, -ops.mean(ops.log(ops.sigmoid(fake_scores)))

# %% answer="match_losses" wrong="subtracted row from row, which is the mean only for equal numbers"
def match_losses(real_scores, fake_scores, penalty, weight=10.0):
    return ops.sum(fake_scores - real_scores) / len(fake_scores) + weight * penalty, -ops.mean(fake_scores)

# %% answer="match_losses" wrong="left the framework with float, so that nothing can be learnt"
def match_losses(real_scores, fake_scores, penalty, weight=10.0):
    d_loss = float(ops.mean(fake_scores)) - float(ops.mean(real_scores)) + weight * float(penalty)
    return d_loss, -float(ops.mean(fake_scores))

# %% answer="match_losses" wrong="averaged over the covers alone, so that each loss is a column of one"
def match_losses(real_scores, fake_scores, penalty, weight=10.0):
    d_loss = ops.mean(fake_scores, axis=0) - ops.mean(real_scores, axis=0) + weight * penalty
    return d_loss, -ops.mean(fake_scores, axis=0)

# %% answer="match_losses" wrong="gave back the critic's loss alone"
def match_losses(real_scores, fake_scores, penalty, weight=10.0):
    return ops.mean(fake_scores) - ops.mean(real_scores) + weight * penalty

# %% answer="match_losses" right="from the package's losses"
def match_losses(real_scores, fake_scores, penalty, weight=10.0):
    d_loss, g_loss = losses.wasserstein(real_scores, fake_scores)
    return d_loss + penalty * weight, g_loss

# %% answer="match_losses" right="as the distance with another sign, with sums"
def match_losses(real_scores, fake_scores, penalty, weight=10.0):
    reals, fakes = (ops.sum(scores) / scores.shape[0] for scores in (real_scores, fake_scores))
    distance = reals - fakes
    return [weight * penalty - distance, 0 - fakes]

# %% answer="one_sided_penalty" wrong="kept the penalty two-sided"
def one_sided_penalty(critic, real, fake, shares):
    return penalty_by_hand(critic, real, fake, shares)

# %% answer="one_sided_penalty" wrong="cut off after squaring, when nothing is negative any more"
def one_sided_penalty(critic, real, fake, shares):
    mixed = ops.convert_to_tensor(shares * real + (1 - shares) * fake)
    gradients = input_gradients(lambda x: ops.sum(critic(x)), mixed)
    norms = ops.sqrt(ops.sum(ops.square(gradients), axis=1))
    return ops.mean(ops.relu(ops.square(norms - 1)))

# %% answer="one_sided_penalty" wrong="forgot to square"
def one_sided_penalty(critic, real, fake, shares):
    mixed = ops.convert_to_tensor(shares * real + (1 - shares) * fake)
    gradients = input_gradients(lambda x: ops.sum(critic(x)), mixed)
    return ops.mean(ops.relu(ops.sqrt(ops.sum(ops.square(gradients), axis=1)) - 1))

# %% answer="one_sided_penalty" wrong="averaged the slopes before looking which are too steep"
def one_sided_penalty(critic, real, fake, shares):
    mixed = ops.convert_to_tensor(shares * real + (1 - shares) * fake)
    gradients = input_gradients(lambda x: ops.sum(critic(x)), mixed)
    norms = ops.sqrt(ops.sum(ops.square(gradients), axis=1))
    return ops.square(ops.relu(ops.mean(norms) - 1))

# %% answer="one_sided_penalty" wrong="took the norm over the whole batch"
def one_sided_penalty(critic, real, fake, shares):
    mixed = ops.convert_to_tensor(shares * real + (1 - shares) * fake)
    gradients = input_gradients(lambda x: ops.sum(critic(x)), mixed)
    return ops.square(ops.relu(ops.sqrt(ops.sum(ops.square(gradients))) - 1))

# %% answer="one_sided_penalty" wrong="measured the slope at the real covers"
def one_sided_penalty(critic, real, fake, shares):
    gradients = input_gradients(lambda x: ops.sum(critic(x)), ops.convert_to_tensor(real))
    return ops.mean(ops.square(ops.relu(ops.sqrt(ops.sum(ops.square(gradients), axis=1)) - 1)))

# %% answer="one_sided_penalty" wrong="mixed real and fake the other way round"
def one_sided_penalty(critic, real, fake, shares):
    mixed = ops.convert_to_tensor((1 - shares) * real + shares * fake)
    gradients = input_gradients(lambda x: ops.sum(critic(x)), mixed)
    return ops.mean(ops.square(ops.relu(ops.sqrt(ops.sum(ops.square(gradients), axis=1)) - 1)))

# %% answer="one_sided_penalty" wrong="forgot the root of the norm"
def one_sided_penalty(critic, real, fake, shares):
    mixed = ops.convert_to_tensor(shares * real + (1 - shares) * fake)
    gradients = input_gradients(lambda x: ops.sum(critic(x)), mixed)
    return ops.mean(ops.square(ops.relu(ops.sum(ops.square(gradients), axis=1) - 1)))

# %% answer="one_sided_penalty" wrong="took one share for the whole batch"
def one_sided_penalty(critic, real, fake, shares):
    share = shares.mean()
    mixed = ops.convert_to_tensor(share * real + (1 - share) * fake)
    gradients = input_gradients(lambda x: ops.sum(critic(x)), mixed)
    return ops.mean(ops.square(ops.relu(ops.sqrt(ops.sum(ops.square(gradients), axis=1)) - 1)))

# %% answer="one_sided_penalty" wrong="counted two coordinates only"
def one_sided_penalty(critic, real, fake, shares):
    mixed = ops.convert_to_tensor(shares * real + (1 - shares) * fake)
    gradients = input_gradients(lambda x: ops.sum(critic(x)), mixed)
    norms = ops.sqrt(ops.square(gradients[:, 0]) + ops.square(gradients[:, 1]))
    return ops.mean(ops.square(ops.relu(norms - 1)))

# %% answer="one_sided_penalty" wrong="went on with NumPy, through which no gradient flows"
def one_sided_penalty(critic, real, fake, shares):
    mixed = ops.convert_to_tensor(shares * real + (1 - shares) * fake)
    gradients = ops.convert_to_numpy(input_gradients(lambda x: ops.sum(critic(x)), mixed))
    return np.mean(np.maximum(np.linalg.norm(gradients, axis=1) - 1, 0) ** 2)

# %% answer="one_sided_penalty" right="with maximum and norm, a point on the way from the fake"
def one_sided_penalty(critic, real, fake, shares):
    place = ops.convert_to_tensor(fake + shares * (real - fake))
    slopes = ops.norm(input_gradients(lambda x: ops.sum(critic(x)), place), axis=-1)
    return ops.mean(ops.maximum(slopes - 1, 0) ** 2)

# %% answer="one_sided_penalty" right="with where, and a small number under the root"
def one_sided_penalty(critic, real, fake, shares):
    mixed = ops.convert_to_tensor(shares * real + (1 - shares) * fake)
    squares = ops.sum(input_gradients(lambda x: ops.sum(critic(x)), mixed) ** 2, axis=1)
    excess = ops.sqrt(squares + 1e-12) - 1
    return ops.sum(ops.where(excess > 0, excess**2, 0.0)) / len(real)
