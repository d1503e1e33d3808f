#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes stand-ins for the CUDA libraries that `import torch` wants and that a CPU never calls.

    python3 tests/python/stand_in_libraries.py TORCH_LIB_FOLDER OUT

LibTorch is unpacked from a wheel that is built for CUDA: its Python part loads libtorch_cuda.so, which is linked to
2.5 GB of CUDA libraries. Without a GPU they only have to be there when they are loaded. OUT gets a library for each
that is missing, with the symbols that torch names; each ends the process if it is called. Needs readelf and a C
compiler. What lies in OUT is for LD_LIBRARY_PATH of tests.
"""
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

CUDA = re.compile(r"lib(cublas|cublasLt|cudnn|cufft|cufile|curand|cusolver|cusparse|cusparseLt|nccl|nvshmem_host)\.so\.\d+$")
# Prefixes of the libraries' symbols that carry no version.
PREFIXES = {"cublas": "cublas", "cudnn": "cudnn", "cufft": "cufft", "cuFile": "cufile", "curand": "curand",
            "cusolver": "cusolver", "cusparseLt": "cusparseLt", "cusparse": "cusparse", "nccl": "nccl", "pncc": "nccl",
            "nvshmem": "nvshmem_host"}


def readelf(*words):
    return subprocess.run(["readelf", "-W", *words], capture_output=True, text=True, check=True).stdout


def wanted(folder):
    """{library: {(symbol, version)}} of all CUDA libraries that those of the folder are linked to."""
    found = defaultdict(set)
    for path in sorted(folder.glob("lib*.so")):
        needed = [name for name in re.findall(r"Shared library: \[(.*)\]", readelf("-d", path)) if CUDA.match(name)]
        for name in needed:
            found[name]  # also those without a symbol
        if not needed:
            continue
        owner, file = {}, None
        for line in readelf("-V", path).splitlines():
            if match := re.search(r"File: (\S+)", line):
                file = match[1]
            elif (match := re.search(r"Name: (\S+)\s+Flags", line)) and file:
                owner[match[1]] = file
        by_stem = {name[3:].split(".so")[0]: name for name in needed}
        for symbol, version in re.findall(r"UND ([A-Za-z_]\w*)(?:@(\S+))?", readelf("--dyn-syms", path)):
            if version:
                library = owner.get(version)
            else:
                stem = next((stem for prefix, stem in PREFIXES.items() if symbol.startswith(prefix)), None)
                library = by_stem.get(stem)
            if library in found:
                found[library].add((symbol, version))
    return found


def make(library, symbols, out):
    code = "void abort(void);\n" + "".join(f"void {name}(void) {{ abort(); }}\n" for name in sorted({s for s, _ in symbols}))
    versions = defaultdict(list)
    for name, version in symbols:
        if version:
            versions[version].append(name)
    script = "".join(f"{version} {{ global: {' '.join(name + ';' for name in names)} }};\n"
                     for version, names in sorted(versions.items()))
    with tempfile.TemporaryDirectory() as folder:
        source, listed = Path(folder, "a.c"), Path(folder, "a.map")
        source.write_text(code)
        listed.write_text(script)
        options = [f"-Wl,--version-script={listed}"] if script else []
        subprocess.run(["cc", "-w", "-fno-builtin", "-shared", "-fPIC", str(source), f"-Wl,-soname,{library}", *options,
                        "-o", str(out / library)], check=True)


def main(folder, out):
    if shutil.which("readelf") is None or shutil.which("cc") is None:
        sys.exit("stand_in_libraries: readelf and cc are needed. Next: scripts/setup.sh")
    out.mkdir(parents=True, exist_ok=True)
    for library, symbols in wanted(folder).items():
        make(library, symbols, out)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
