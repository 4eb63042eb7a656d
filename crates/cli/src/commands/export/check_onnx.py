"""python3 check.py: runs model.onnx on the examples by ONNX Runtime; what comes out lies in outputs/ then."""

import json
import pathlib

import numpy
import onnxruntime

here = pathlib.Path(__file__).resolve().parent
certificate = json.loads((here / "certificate.json").read_text())
session = onnxruntime.InferenceSession(str(here / "model.onnx"), providers=["CPUExecutionProvider"])
name = certificate["input"]["name"]
names = [output.name for output in session.get_outputs()]
outputs = session.run(names, {name: numpy.load(here / f"{name}.npy")})
(here / "outputs").mkdir(exist_ok=True)
for name, values in zip(names, outputs):
    numpy.save(here / "outputs" / f"{name}.npy", values)
print(f"onnxruntime {onnxruntime.__version__}")
