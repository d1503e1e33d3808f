#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tests/weights/corpus: small weight files in every format, with what is in them, and ones to be refused.

    python3 tests/weights/make_corpus.py [FOLDER]        needs torch, numpy and safetensors

FOLDER/good/      files of every dtype, odd view, odd name and container, as torch and safetensors write them
FOLDER/hostile/   files that must be refused, see hostile_files.py
FOLDER/expected.json
    good      file: format, tensors {path: dtype, shape, sha256 of the row-major little-endian bytes}, values {path:
              plain value}. A path is the keys from the top joined by "/".
    hostile   file: why (what is wrong with it), says (a part of the message with which it is refused)

`says` is kept from the expected.json that is there; of a new case it is empty until somebody writes it. The legacy
files differ from run to run, for torch names their storages by address. The tests read any such folder that
INTR_WEIGHT_CORPUS names.
"""
import hashlib
import io
import json
import sys
import zipfile
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from hostile_files import hostile_files


def numbers(*shape):
    """Distinct values in [-1, 1), exact in float16 and bfloat16."""
    count = torch.Size(shape).numel()
    return (torch.arange(count).mul(37).remainder(128).sub(64) / 64).reshape(shape)


def kinds():
    """Everything odd in one small object."""
    base, tied = numbers(6, 4), numbers(3)
    signed = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8")
    dtypes = {name: (100 * numbers(2, 3)).to(getattr(torch, name)) for name in signed}
    return {
        "dtypes": dtypes | {"uint8": torch.arange(250, 256, dtype=torch.uint8), "bool": numbers(9) > 0},
        "shapes": {
            "scalar": torch.tensor(2.5),
            "integer_scalar": torch.tensor(7),
            "empty": torch.empty(0),
            "empty_matrix": torch.empty(3, 0, 2),
            "six_dimensions": numbers(1, 2, 1, 2, 1, 3),
        },
        "views": {
            "base": base,
            "row": base[2],
            "column": base[:, 1],
            "last_element": base[5, 3],
            "every_third": base.flatten()[1::3],
            "transposed": base.t(),
            "expanded": numbers(1).expand(2, 3),
            "channels_last": numbers(4, 3, 2, 2).to(memory_format=torch.channels_last),
        },
        "tied": [tied, tied, tied.view(3)],
        "parameter": torch.nn.Parameter(numbers(2, 2)),
        "special": torch.tensor([float("inf"), float("-inf"), -0.0, 1e-45, 3.4028235e38]),
        "größe.weight": numbers(2),
        "": torch.ones(1),
        "plain": {
            "none": None, "yes": True, "no": False, "zero": 0, "minus": -1, "byte": 255, "large": 2**40,
            "negative": -(2**40), "pi": 3.141592653589793, "text": "naïve\n", "list": [1, [2.0, "3"]], "pair": (4, 5),
        },
        "many": list(range(300)),
    }


def leaves(node, path=""):
    if isinstance(node, (list, tuple)):
        node = dict(enumerate(node))
    if not isinstance(node, dict):
        yield path, node
        return
    for key, child in node.items():
        yield from leaves(child, f"{path}/{key}" if path else str(key))


def facts(tensor):
    data = tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
    return {"dtype": str(tensor.dtype).removeprefix("torch."), "shape": list(tensor.shape),
            "sha256": hashlib.sha256(data).hexdigest()}


def entry(kind, node):
    found = list(leaves(node))
    return {"format": kind,
            "tensors": {path: facts(leaf) for path, leaf in found if isinstance(leaf, torch.Tensor)},
            "values": {path: leaf for path, leaf in found if not isinstance(leaf, torch.Tensor)}}


def repacked(data):
    """The same entries as an ordinary zip program writes them: not aligned, no zip64, sizes in the local headers."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name), source.read(name))
    return out.getvalue()


def write_good(folder):
    odd = kinds()
    files = {}

    def save(name, kind, content, **options):
        torch.save(content, folder / name, **options)
        files[name] = entry(kind, content)

    def derive(name, data, source):
        (folder / name).write_bytes(data)
        files[name] = files[source]

    save("kinds_legacy.pth", "legacy", odd, _use_new_zipfile_serialization=False)
    save("kinds_zip.pth", "zip", odd)
    save("kinds_protocol4.pth", "zip", odd, pickle_protocol=4)
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
    for tensor in model.state_dict().values():
        tensor.copy_(numbers(*tensor.shape))
    save("state_dict.pth", "zip", model.state_dict())
    derive("kinds_unaligned.pth", repacked((folder / "kinds_zip.pth").read_bytes()), "kinds_zip.pth")
    old = (folder / "kinds_legacy.pth").read_bytes()
    assert old.count(b"X\3\0\0\0cpu") == 1  # the pickle holds the place once and refers to it
    derive("kinds_gpu.pth", old.replace(b"X\3\0\0\0cpu", b"X\6\0\0\0cuda:0"), "kinds_legacy.pth")

    alone = {path: leaf.detach().clone(memory_format=torch.contiguous_format)
             for path, leaf in leaves(odd) if isinstance(leaf, torch.Tensor)}
    save_file(alone, folder / "kinds.safetensors", metadata={"format": "pt"})
    with safe_open(folder / "kinds.safetensors", "pt") as file:
        files["kinds.safetensors"] = entry("safetensors", {name: file.get_tensor(name) for name in file.keys()})
    return files


def shown(node, levels=4):
    """JSON with a line for each tensor, each file's values and each hostile file."""
    flat = json.dumps(node, ensure_ascii=False)
    if levels == 0 or not isinstance(node, dict) or {"why", "sha256", "plain/none"} & node.keys():
        return flat
    lines = (f"{json.dumps(key, ensure_ascii=False)}: {shown(child, levels - 1)}" for key, child in node.items())
    return "{\n" + ",\n".join(lines) + "}"


def main(folder):
    for name in ("good", "hostile"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for old in (folder / name).iterdir():
            old.unlink()
    listed = folder / "expected.json"
    known = json.loads(listed.read_text())["hostile"] if listed.exists() else {}
    expected = {"made_by": {"torch": torch.__version__}, "good": write_good(folder / "good"), "hostile": {}}
    for name, why, data in hostile_files():
        assert name not in expected["hostile"], name
        (folder / "hostile" / name).write_bytes(data)
        expected["hostile"][name] = {"why": why, "says": known.get(name, {}).get("says", "")}
    listed.write_text(shown(expected) + "\n")
    print(f"{folder}: {len(expected['good'])} good files, {len(expected['hostile'])} hostile ones")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "corpus")
