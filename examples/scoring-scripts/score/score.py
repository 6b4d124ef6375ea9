"""The same with numpy, and with the input described for callers and `/swagger.json`."""

import os

import numpy as np
import onnxruntime
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.schema_decorators import input_schema


def init():
    global session
    path = os.path.join(os.getenv("AZUREML_MODEL_DIR"), "model.onnx")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


@input_schema("vibration", NumpyParameterType(np.zeros((1, 512), dtype=np.float32)))
def run(vibration):
    name = session.get_inputs()[0].name
    probabilities = session.run(None, {name: vibration})[0]
    return {"probabilities": probabilities.tolist(), "most_likely": np.argmax(probabilities, 1).tolist()}
