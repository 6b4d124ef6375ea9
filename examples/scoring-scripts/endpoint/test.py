"""Condition of a bearing from windows of 512 samples; no package but the runtime's own onnxruntime."""

import json
import os

import onnxruntime

CONDITIONS = ["healthy", "inner-race", "outer-race", "imbalance"]


def init():
    global session
    path = os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.onnx")
    session = onnxruntime.InferenceSession(path)


def run(data):
    windows = json.loads(data)["vibration"]
    (probabilities,) = session.run(["probabilities"], {"vibration": windows})
    return [
        {"condition": CONDITIONS[row.index(max(row))], "probabilities": row}
        for row in probabilities.tolist()
    ]
