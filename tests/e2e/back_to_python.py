#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What we train can leave for Python: trains a small model, converts its checkpoint, and reads it with torch and
safetensors. CTest runs it as e2e.back_to_python.

    back_to_python.py PROGRAM_FOLDER REFERENCE_FOLDER [STAND_INS]

Needs torch, torchvision, safetensors, numpy and Pillow: scripts/setup.sh --tests. REFERENCE_FOLDER holds
reference_model.py, the model in plain PyTorch; STAND_INS the libraries of tests/python/stand_in_libraries.py.
"""
import ctypes
import json
import subprocess
import sys
import tempfile
from pathlib import Path

for library in sorted(Path(sys.argv[3]).glob("*.so.*")) if len(sys.argv) > 3 else ():
    ctypes.CDLL(str(library), ctypes.RTLD_GLOBAL)  # for this process alone, not for the programs that it runs

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

MODEL = dict(backbone="resnet18", hidden_dim=32, nheads=4, enc_layers=1, dec_layers=2, dim_feedforward=64)
CLASSES = ("blue", "green", "red")
SIDE = 64
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
FROZEN = ("backbone.0.body.conv1.", "backbone.0.body.layer1.")


class Programs:
    def __init__(self, folder):
        self.folder = folder

    def __call__(self, name, *words):
        command = [str(self.folder / f"intr-{name}"), *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, f"{' '.join(command)}\nleft with {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout


def make_pictures(folder):
    """Noise with a square of its class's color."""
    for split, count in (("train", 6), ("val", 2)):
        for label, name in enumerate(CLASSES):
            (folder / split / name).mkdir(parents=True)
            for i in range(count):
                generator = np.random.default_rng(100 * label + i)
                picture = generator.integers(60, 120, (SIDE, SIDE, 3), np.uint8)
                top, left = generator.integers(0, SIDE - 24, 2)
                picture[top : top + 24, left : left + 24, 2 - label] = 230
                Image.fromarray(picture).save(folder / split / name / f"{i}.png")


def train(run, folder):
    make_pictures(folder / "pictures")
    run("pack", "pack", folder / "pictures", "--out", folder / "set", "--quiet")
    shape = [word for name, value in MODEL.items() for word in (f"--{name.replace('_', '-')}", value)]
    run("train", "--data", folder / "set", "--out", folder / "run", *shape, "--image-size", SIDE, "--augmentation", "flip",
        "--batch-size", 6, "--epochs", 2, "--lr", "1e-3", "--lr-backbone", "1e-4", "--lr-drop", 1, "--threads", 1,
        "--freeze", "stem", "--quiet")
    return folder / "run/checkpoints/last.h5"


def check_torch_reads_it(pth, safetensors):
    """torch.load runs nothing either way, and safetensors' own reader finds the same tensors."""
    content = torch.load(pth, weights_only=True)
    mapped = torch.load(pth, weights_only=True, mmap=True)
    other = load_file(safetensors)
    assert list(content["model"]) == list(mapped["model"]), "another order with mmap"
    assert set(content["model"]) == set(other), set(content["model"]) ^ set(other)
    for name, tensor in content["model"].items():
        assert tensor.dtype == torch.float32, name
        for found in (mapped["model"][name], other[name]):
            assert torch.equal(tensor, found), name
    return content


def check_reference_model(state):
    from reference_model import ModelConfig, ReferenceModel

    model = ReferenceModel(ModelConfig(num_classes=len(CLASSES), **MODEL))
    print(model.load_state_dict(state, strict=True))
    assert list(model.state_dict()) == list(state), "another order than the published one"
    return model.eval()


def check_logits(run, model, weights, folder):
    """Every picture of the validation split, as its own batch and without padding."""
    pictures = sorted((folder / "pictures/val").rglob("*.png"))
    lines = run("predict", "--model", weights, "--json", "--logits", "--batch-size", 1, "--threads", 1, *pictures)
    said = [json.loads(line) for line in lines.splitlines()]
    assert len(said) == len(pictures)
    worst = 0.0
    for path, prediction in zip(pictures, said):
        pixels = torch.from_numpy(np.array(Image.open(path))).permute(2, 0, 1) / 255
        image = (pixels - torch.tensor(MEAN)[:, None, None]) / torch.tensor(DEVIATION)[:, None, None]
        with torch.no_grad():
            logits = model(image[None], torch.zeros(1, SIDE, SIDE, dtype=torch.bool))["logits"][0]
        worst = max(worst, (logits - torch.tensor(prediction["logits"])).abs().max().item())
    print(f"{len(pictures)} pictures, largest difference of a logit {worst:.2g}")
    assert worst < 1e-5


def check_training_goes_on(model, content):
    """The optimizer and the schedule of the published training script take their state and step."""
    trained = [(name, p) for name, p in model.named_parameters() if not name.startswith(FROZEN)]
    groups = [{"params": [p for name, p in trained if "backbone" not in name]},
              {"params": [p for name, p in trained if "backbone" in name], "lr": 1e-5}]
    optimizer = torch.optim.AdamW(groups, lr=1e-4)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    optimizer.load_state_dict(content["optimizer"])
    scheduler.load_state_dict(content["lr_scheduler"])
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            moments = optimizer.state[parameter]
            assert moments["exp_avg"].shape == moments["exp_avg_sq"].shape == parameter.shape
            assert float(moments["step"]) == 6, "three steps an epoch, two epochs"
            parameter.grad = torch.ones_like(parameter)
    before = [parameter.detach().clone() for _, parameter in trained]
    optimizer.step()
    scheduler.step()
    assert all(not torch.equal(old, new) for old, (_, new) in zip(before, trained)), "a parameter did not move"
    assert content["epoch"] == 1, "the epoch that is done, from 0"


def main():
    programs, reference = (Path(word) for word in sys.argv[1:3])
    sys.path.insert(0, str(reference))
    torch.set_num_threads(1)
    run = Programs(programs)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        checkpoint = train(run, folder)
        run("weights", "convert", checkpoint, folder / "model.pth", "--with-optimizer")
        run("weights", "convert", checkpoint, folder / "model.safetensors")
        content = check_torch_reads_it(folder / "model.pth", folder / "model.safetensors")
        model = check_reference_model(content["model"])
        check_logits(run, model, checkpoint, folder)
        check_training_goes_on(model, content)


if __name__ == "__main__":
    main()
