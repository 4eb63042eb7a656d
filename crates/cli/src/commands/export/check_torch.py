"""python3 check.py: runs model.py on the examples by PyTorch; what comes out lies in outputs/ then."""

import json
import pathlib

import numpy
import torch

from model import load

here = pathlib.Path(__file__).resolve().parent
certificate = json.loads((here / "certificate.json").read_text())
name = certificate["input"]["name"]
with torch.no_grad():
    outputs = load()(torch.from_numpy(numpy.load(here / f"{name}.npy")))
(here / "outputs").mkdir(exist_ok=True)
for name, values in outputs.items():
    numpy.save(here / "outputs" / f"{name}.npy", values.numpy())
print(f"torch {torch.__version__}")
