"""The other side of `scripts/bench sweep`: `python peer_sweep.py WAY GLYPHS EPOCHS LATENTS SEEDS`, GLYPHS a JSON of 32 rows of 35 pixels.

needs PyTorch and Optuna. Every trial trains 35-25-L-25-35 as the preset `letters` does: tanh, cross-entropy over logits, Adam with a learning
rate of 0.01 that falls by a cosine, all glyphs in each step. Prints as JSON the number of trials and the mean loss of the best of them.

WAY is `one` (a process, a trial at a time), `threads` (`n_jobs=2`), or `processes` (two, which share a study in a file).
"""

import itertools
import json
import multiprocessing
import sys
import tempfile

import optuna
import torch

# Twice as fast as two threads, at this size.
torch.set_num_threads(1)
optuna.logging.set_verbosity(optuna.logging.WARNING)


def net(latent):
    sizes = [35, 25, latent, 25, 35]
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.Tanh()]
    return torch.nn.Sequential(*layers[:-1])


def trained(glyphs, epochs, latent, seed):
    """The mean cross-entropy of a glyph, summed over its pixels, after so many steps."""
    torch.manual_seed(seed)
    model = net(latent)
    optimiser = torch.optim.Adam(model.parameters(), 0.01, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
    loss = torch.nn.BCEWithLogitsLoss(reduction="sum")
    for _ in range(epochs):
        optimiser.zero_grad()
        value = loss(model(glyphs), glyphs) / len(glyphs)
        value.backward()
        optimiser.step()
        schedule.step()
    return value.item()


def study(storage):
    return optuna.create_study(storage=storage, study_name="letters", load_if_exists=True)


def work(of, glyphs, epochs, grid, trials, jobs=1):
    """So many of the trials that wait."""

    def objective(trial):
        return trained(glyphs, epochs, *(trial.suggest_categorical(key, values) for key, values in grid.items()))

    of.optimize(objective, n_trials=trials, n_jobs=jobs)


def begun(storage, grid):
    """A study in which every combination waits."""
    of = study(storage)
    for values in itertools.product(*grid.values()):
        of.enqueue_trial(dict(zip(grid, values)))
    return of


def in_processes(glyphs, epochs, grid, trials):
    with tempfile.TemporaryDirectory() as folder:
        log = f"{folder}/study.log"
        of = begun(file_storage(log), grid)
        share = [trials // 2, trials - trials // 2]
        context = multiprocessing.get_context("spawn")
        workers = [context.Process(target=worker, args=(log, glyphs, epochs, grid, each)) for each in share]
        for each in workers:
            each.start()
        for each in workers:
            each.join()
        return of.trials, of.best_value


def file_storage(log):
    return optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(log))


def worker(log, glyphs, epochs, grid, trials):
    work(study(file_storage(log)), glyphs, epochs, grid, trials)


def main():
    way, path, epochs, latents, seeds = sys.argv[1:6]
    with open(path) as file:
        glyphs = torch.tensor(json.load(file), dtype=torch.float32)
    grid = {"latent": [int(latent) for latent in latents.split(",")], "seed": list(range(1, int(seeds) + 1))}
    trials = len(grid["latent"]) * len(grid["seed"])
    if way == "processes":
        found, best = in_processes(glyphs, int(epochs), grid, trials)
    else:
        of = begun(None, grid)
        work(of, glyphs, int(epochs), grid, trials, jobs=2 if way == "threads" else 1)
        found, best = of.trials, of.best_value
    done = [trial for trial in found if trial.state == optuna.trial.TrialState.COMPLETE]
    print(json.dumps({"trials": len(done), "different": len({str(trial.params) for trial in done}), "best": best}))


if __name__ == "__main__":
    main()
