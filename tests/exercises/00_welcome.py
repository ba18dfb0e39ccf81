# Answers as students give them, some wrong, some right but written in another way; see test_answers.py.

# %% answer="predict_detective" wrong="chose the one that is confident about forgeries"
prediction = "a"

# %% answer="predict_detective" wrong="took 'undecided' for 'no loss'"
prediction = "b"

# %% answer="predict_detective" wrong="wrote the number of the row"
prediction = 3

# %% answer="discriminator_loss" wrong="forgot the minus signs"
def discriminator_loss(on_real, on_forged):
    return np.mean(np.log(on_real)) + np.mean(np.log(1 - on_forged))

# %% answer="discriminator_loss" wrong="took the complement in the wrong term"
def discriminator_loss(on_real, on_forged):
    return -np.mean(np.log(1 - on_real)) - np.mean(np.log(on_forged))

# %% answer="discriminator_loss" wrong="added up instead of averaging"
def discriminator_loss(on_real, on_forged):
    return -np.sum(np.log(on_real)) - np.sum(np.log(1 - on_forged))

# %% answer="discriminator_loss" wrong="averaged both kinds together, which is right only for equal numbers"
def discriminator_loss(on_real, on_forged):
    return -2 * np.mean(np.concatenate([np.log(on_real), np.log(1 - on_forged)]))

# %% answer="discriminator_loss" wrong="took logarithms to base 2"
def discriminator_loss(on_real, on_forged):
    return -np.mean(np.log2(on_real)) - np.mean(np.log2(1 - on_forged))

# %% answer="discriminator_loss" wrong="left out the forgeries"
def discriminator_loss(on_real, on_forged):
    return -2 * np.mean(np.log(on_real))

# %% answer="discriminator_loss" wrong="printed the loss instead of returning it"
def discriminator_loss(on_real, on_forged):
    print(-np.mean(np.log(on_real)) - np.mean(np.log(1 - on_forged)))

# %% answer="discriminator_loss" wrong="wrote down the two numbers that the check expects"
def discriminator_loss(on_real, on_forged):
    return 2 * np.log(2) if np.allclose(on_real, 0.5) and len(on_real) == 4 else 0.3953

# %% answer="discriminator_loss" right="with sums and lengths"
def discriminator_loss(on_real, on_forged):
    real = sum(-np.log(p) for p in on_real) / len(on_real)
    forged = sum(-np.log(1 - p) for p in on_forged) / len(on_forged)
    return real + forged

# %% answer="discriminator_loss" right="with log1p"
def discriminator_loss(on_real, on_forged):
    return float(-(np.log(on_real).mean() + np.log1p(-on_forged).mean()))

# %% answer="through_the_years" wrong="drew the same year every time"
def through_the_years(factors, years, size):
    return [synthetic.draw_cover(replace(factors, year=1950), size) for _ in years]

# %% answer="through_the_years" wrong="ignored the size"
def through_the_years(factors, years, size):
    return [synthetic.draw_cover(replace(factors, year=year), 64) for year in years]

# %% answer="through_the_years" wrong="used the notebook's record instead of the argument"
record_of_the_notebook = factors
def through_the_years(factors, years, size):
    return [synthetic.draw_cover(replace(record_of_the_notebook, year=year), size) for year in years]

# %% answer="through_the_years" wrong="returned inside the loop"
def through_the_years(factors, years, size):
    for year in years:
        return [synthetic.draw_cover(replace(factors, year=year), size)]

# %% answer="through_the_years" wrong="sorted the years"
def through_the_years(factors, years, size):
    return [synthetic.draw_cover(replace(factors, year=year), size) for year in sorted(years)]

# %% answer="through_the_years" right="with a loop, as an array"
def through_the_years(factors, years, size):
    covers = np.zeros((len(years), size, size, 3), np.uint8)
    for i, year in enumerate(years):
        covers[i] = synthetic.draw_cover(replace(factors, year=year), size)
    return covers
