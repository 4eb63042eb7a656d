"""python forward.py model.safetensors pictures.json: codes and reconstructions of `espejo train`, without espejo."""
import json
import sys

import numpy as np
from safetensors.numpy import load_file

w = load_file(sys.argv[1])
x = np.array(json.load(open(sys.argv[2])))  # [pictures, pixels], values from 0 to 1
hidden = np.tanh(x @ w["encoder.0.weight"].T + w["encoder.0.bias"])
codes = hidden @ w["encoder.1.weight"].T + w["encoder.1.bias"]
hidden = np.tanh(codes @ w["decoder.0.weight"].T + w["decoder.0.bias"])
pictures = 1 / (1 + np.exp(-(hidden @ w["decoder.1.weight"].T + w["decoder.1.bias"])))
print(json.dumps({"codes": codes.tolist(), "pictures": pictures.tolist()}))
