"""The other side of `scripts/bench tables`, one task a process: `python peer_tables.py TASK FILE [OUT]`.

needs PyTorch, and for its task polars, pandas, torchvision, PyOD or scikit-learn. Training writes `ep 1/1` to stderr when the first epoch
is done; scoring prints as JSON the seconds from the file to the written scores, with the detector fitted before on the first rows.
"""

import json
import sys
import time

BATCH, FITTED = 1024, 10_000  # rows of a step; rows that a detector is fitted on before its scores are timed


def net(torch, width, hidden, latent, end):
    layers = []
    sizes = [width, hidden, latent, hidden, width]
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.Tanh()]
    return torch.nn.Sequential(*layers[:-1], end)


def epoch(torch, model, batches):
    optimiser = torch.optim.Adam(model.parameters(), 1e-3)
    for batch in batches:
        optimiser.zero_grad()
        (0.5 * (model(batch) - batch).square().sum(1).mean()).backward()
        optimiser.step()
    print("ep 1/1", file=sys.stderr, flush=True)


def table(read, path, _):
    import torch

    rows = torch.from_numpy(read(path)).float()
    rows = (rows - rows.mean(0)) / rows.std(0, correction=0)
    order = torch.randperm(len(rows))
    epoch(torch, net(torch, rows.shape[1], 12, 2, torch.nn.Identity()), (rows[at] for at in order.split(BATCH)))


def polars(path):
    import polars

    return polars.read_csv(path).to_numpy()


def pandas(path):
    import pandas

    return pandas.read_csv(path).to_numpy()


def folder(path, _):
    import torch
    from torchvision import datasets, transforms

    grey = transforms.Compose([transforms.Grayscale(), transforms.ToTensor(), transforms.Lambda(torch.flatten)])
    images = datasets.ImageFolder(path, grey)
    loader = torch.utils.data.DataLoader(images, batch_size=128, shuffle=True, num_workers=2)
    epoch(torch, net(torch, 784, 64, 8, torch.nn.Sigmoid()), (batch for batch, _ in loader))


def pyod():
    from pyod.models.auto_encoder import AutoEncoder

    return AutoEncoder(hidden_neuron_list=[12, 2], epoch_num=1, batch_size=32, verbose=0)


def forest():
    from sklearn.ensemble import IsolationForest

    return IsolationForest(n_jobs=-1)


def scores(make, score, path, out):
    import pandas

    detector = make()
    detector.fit(pandas.read_csv(path, nrows=FITTED).to_numpy())
    start = time.perf_counter()
    found = score(detector, pandas.read_csv(path).to_numpy())
    pandas.DataFrame({"score": found}).to_csv(out)
    print(json.dumps({"seconds": time.perf_counter() - start}))


def fit(path, _):
    import pandas

    pyod().fit(pandas.read_csv(path).to_numpy())
    print("ep 1/1", file=sys.stderr, flush=True)


TASKS = {
    "polars": lambda *args: table(polars, *args),
    "pandas": lambda *args: table(pandas, *args),
    "folder": folder,
    "score-pyod": lambda *args: scores(pyod, lambda detector, rows: detector.decision_function(rows), *args),
    "score-forest": lambda *args: scores(forest, lambda detector, rows: -detector.score_samples(rows), *args),
    "fit-pyod": fit,
}


if __name__ == "__main__":
    TASKS[sys.argv[1]](sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None)
