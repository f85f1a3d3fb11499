#!/usr/bin/python3
"""Train the handwritten-digit classifier in assets/digits/ and write its test requests.

A small convolutional network, trained by plain numpy on scikit-learn's digits (8x8 images):

    pixels [N,1,8,8] -> Conv 3x3 -> ReLU -> Conv 3x3 -> ReLU -> MaxPool 2x2 -> Gemm -> Softmax [N,10]

It is deliberately wider than the task needs, so that one request (a batch of 40 images) keeps a
core busy for tens of milliseconds and a small always-on pool really saturates.

Needs Debian's python3-sklearn and python3-onnx:  tools/train_digits.py [--out assets/digits]
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # the order of sums must not vary
    os.environ[variable] = "1"

import argparse
import json
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

SEED = 20250
SIDE = 8  # pixels per edge
CLASSES = 10
CHANNELS = 192
IMAGES_PER_REQUEST = 40
TEST_IMAGES = 11 * IMAGES_PER_REQUEST
MIN_ACCURACY = 0.96
PIXEL_MAX = 16.0  # scikit-learn's digits have grey values 0..16


# ---- The network. Activations are [N, height, width, channels]; weights as noted. ----


def patches(x):
    """All 3x3 neighbourhoods with a border of zeros: [N,H,W,C] -> [N,H,W,9*C]."""
    n, h, w, c = x.shape
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    shifted = [padded[:, i : i + h, j : j + w, :] for i in range(3) for j in range(3)]
    return np.concatenate(shifted, axis=3).reshape(n, h, w, 9 * c)


def unpatch(gradient, c):
    """The transpose of patches(): adds each neighbourhood's gradient back to its pixels."""
    n, h, w, _ = gradient.shape
    padded = np.zeros((n, h + 2, w + 2, c), np.float32)
    for k in range(9):
        i, j = divmod(k, 3)
        padded[:, i : i + h, j : j + w, :] += gradient[..., k * c : (k + 1) * c]
    return padded[:, 1:-1, 1:-1, :]


def pool_windows(x):
    """[N,8,8,C] -> [N,4,4,C,4]: the four pixels of each 2x2 window last."""
    n, h, w, c = x.shape
    return x.reshape(n, h // 2, 2, w // 2, 2, c).transpose(0, 1, 3, 5, 2, 4).reshape(
        n, h // 2, w // 2, c, 4
    )


def pool_unwindows(windows):
    n, h, w, c, _ = windows.shape
    return windows.reshape(n, h, w, c, 2, 2).transpose(0, 1, 4, 2, 5, 3).reshape(
        n, 2 * h, 2 * w, c
    )


def softmax(scores):
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


class Network:
    def __init__(self, random):
        def weights(inputs, outputs):  # He initialisation
            return random.normal(0, np.sqrt(2 / inputs), (inputs, outputs)).astype(np.float32)

        features = (SIDE // 2) ** 2 * CHANNELS
        self.parameters = {
            "conv1.weight": weights(9, CHANNELS),
            "conv1.bias": np.zeros(CHANNELS, np.float32),
            "conv2.weight": weights(9 * CHANNELS, CHANNELS),
            "conv2.bias": np.zeros(CHANNELS, np.float32),
            "dense.weight": weights(features, CLASSES) * np.float32(0.1),
            "dense.bias": np.zeros(CLASSES, np.float32),
        }

    def forward(self, images):
        p = self.parameters
        kept = {"patches1": patches(images)}
        kept["hidden1"] = np.maximum(kept["patches1"] @ p["conv1.weight"] + p["conv1.bias"], 0)
        kept["patches2"] = patches(kept["hidden1"])
        kept["hidden2"] = np.maximum(kept["patches2"] @ p["conv2.weight"] + p["conv2.bias"], 0)
        kept["windows"] = pool_windows(kept["hidden2"])
        kept["flat"] = kept["windows"].max(axis=4).reshape(len(images), -1)
        return softmax(kept["flat"] @ p["dense.weight"] + p["dense.bias"]), kept

    def gradients(self, images, labels):
        """The gradient of the mean cross-entropy with respect to each parameter."""
        p = self.parameters
        probabilities, kept = self.forward(images)
        d_scores = (probabilities - np.eye(CLASSES, dtype=np.float32)[labels]) / len(images)
        d_pooled = (d_scores @ p["dense.weight"].T).reshape(kept["windows"].shape[:4])
        winner = kept["windows"].argmax(axis=4)[..., None] == np.arange(4)
        d_hidden2 = pool_unwindows(d_pooled[..., None] * winner) * (kept["hidden2"] > 0)
        d_patches2 = d_hidden2 @ p["conv2.weight"].T
        d_hidden1 = unpatch(d_patches2, CHANNELS) * (kept["hidden1"] > 0)

        def conv_weight(inputs, outputs):
            return inputs.reshape(-1, inputs.shape[-1]).T @ outputs.reshape(-1, outputs.shape[-1])

        return {
            "conv1.weight": conv_weight(kept["patches1"], d_hidden1),
            "conv1.bias": d_hidden1.sum(axis=(0, 1, 2)),
            "conv2.weight": conv_weight(kept["patches2"], d_hidden2),
            "conv2.bias": d_hidden2.sum(axis=(0, 1, 2)),
            "dense.weight": kept["flat"].T @ d_scores,
            "dense.bias": d_scores.sum(axis=0),
        }


def train(network, images, labels, random, epochs=5, batch=32):
    """Adam with a learning rate that falls linearly to zero."""
    mean = {k: np.zeros_like(v) for k, v in network.parameters.items()}
    square = {k: np.zeros_like(v) for k, v in network.parameters.items()}
    steps = epochs * (len(images) // batch)
    step = 0
    for epoch in range(epochs):
        order = random.permutation(len(images))
        for start in range(0, len(images) - batch + 1, batch):
            chosen = order[start : start + batch]
            rate = 1e-3 * (1 - step / steps)
            step += 1
            for key, g in network.gradients(images[chosen], labels[chosen]).items():
                mean[key] = 0.9 * mean[key] + 0.1 * g
                square[key] = 0.999 * square[key] + 0.001 * g * g
                change = mean[key] / (1 - 0.9**step)
                scale = np.sqrt(square[key] / (1 - 0.999**step)) + 1e-8
                network.parameters[key] -= (rate * change / scale).astype(np.float32)
        print(f"epoch {epoch + 1} of {epochs}", flush=True)


def classify(network, images):
    parts = np.array_split(images, 16)  # all at once would need gigabytes
    return np.concatenate([network.forward(part)[0].argmax(axis=1) for part in parts])


# ---- Files. ----


def onnx_model(network):
    """The same network as ONNX: NCHW, grey values 0..16 as they are (scaling is in conv1)."""
    p = network.parameters
    half = SIDE // 2

    def conv(weight, channels):  # [9*C, K] with 3x3 outermost -> [K, C, 3, 3]
        return weight.reshape(3, 3, channels, -1).transpose(3, 2, 0, 1)

    def dense(weight):  # rows from (height, width, channel) to (channel, height, width)
        ordered = weight.reshape(half, half, CHANNELS, CLASSES).transpose(2, 0, 1, 3)
        return ordered.reshape(-1, CLASSES)

    tensors = {
        "conv1.weight": conv(p["conv1.weight"], 1) / np.float32(PIXEL_MAX),
        "conv1.bias": p["conv1.bias"],
        "conv2.weight": conv(p["conv2.weight"], CHANNELS),
        "conv2.bias": p["conv2.bias"],
        "dense.weight": dense(p["dense.weight"]).T,
        "dense.bias": p["dense.bias"],
    }
    same = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    nodes = [
        helper.make_node("Conv", ["pixels", "conv1.weight", "conv1.bias"], ["c1"], **same),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("Conv", ["r1", "conv2.weight", "conv2.bias"], ["c2"], **same),
        helper.make_node("Relu", ["c2"], ["r2"]),
        helper.make_node("MaxPool", ["r2"], ["pooled"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["pooled"], ["flat"], axis=1),
        helper.make_node("Gemm", ["flat", "dense.weight", "dense.bias"], ["scores"], transB=1),
        helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["batch", 1, SIDE, SIDE])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", CLASSES])],
        [numpy_helper.from_array(np.ascontiguousarray(v), k) for k, v in tensors.items()],
    )
    model = helper.make_model(
        graph,
        producer_name="warmgate tools/train_digits.py",
        opset_imports=[helper.make_opsetid("", 13)],
    )
    model.ir_version = 7
    model.model_version = 1
    onnx.checker.check_model(model)
    return model


def request_lines(pixels, labels, answers):
    """One line per batch: a ready-made Open Inference Protocol body, the true labels, and what
    this model answers (it errs now and then; a server that answers otherwise is broken)."""
    for start in range(0, len(pixels), IMAGES_PER_REQUEST):
        chosen = slice(start, start + IMAGES_PER_REQUEST)
        part = pixels[chosen]
        tensor = {
            "name": "pixels",
            "shape": [len(part), 1, SIDE, SIDE],
            "datatype": "FP32",
            "data": [int(v) for v in part.reshape(-1)],
        }
        line = {
            "body": {"inputs": [tensor]},
            "labels": [int(v) for v in labels[chosen]],
            "answers": [int(v) for v in answers[chosen]],
        }
        yield json.dumps(line, separators=(",", ":")) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("assets/digits"))
    out = parser.parse_args().out

    digits = load_digits()
    train_pixels, test_pixels, train_labels, test_labels = train_test_split(
        digits.data.astype(np.float32),
        digits.target,
        test_size=TEST_IMAGES,
        random_state=SEED,
        stratify=digits.target,
    )

    def as_images(pixels):
        return (pixels / PIXEL_MAX).reshape(-1, SIDE, SIDE, 1)

    random = np.random.default_rng(SEED)
    network = Network(random)
    train(network, as_images(train_pixels), train_labels, random)
    answers = classify(network, as_images(test_pixels))
    right = int((answers == test_labels).sum())
    test_accuracy = right / len(test_labels)
    print(f"test accuracy {test_accuracy:.4f} ({right} of {len(test_labels)} images)")
    if test_accuracy < MIN_ACCURACY:
        sys.exit(f"The test accuracy is below {MIN_ACCURACY}; nothing was written.")

    out.mkdir(parents=True, exist_ok=True)
    onnx.save(onnx_model(network), str(out / "digits.onnx"))
    lines = request_lines(test_pixels, test_labels, answers)
    (out / "requests.jsonl").write_text("".join(lines))
    print(f"wrote {out / 'digits.onnx'} and {out / 'requests.jsonl'}")


if __name__ == "__main__":
    main()
