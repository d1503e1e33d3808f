#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the borders of this project that no compiler sees. CTest runs it as `structure`.

    python3 scripts/check_structure.py [PROJECT]

The arrow:  core <- io <- { image, weights, data, comm, model } <- { train, attention } <- apps, preprocess
Between siblings only data -> image and model -> weights. Prints one line a fault, with the rule; leaves with 1 if
there is one. --self-test breaks each rule in a folder of its own and checks that it is noticed.
"""
import re
import sys
import tempfile
from pathlib import Path

LEFT = {"core", "io", "image", "weights", "data", "comm", "model"}
MAY_INCLUDE = {
    "core": set(),
    "io": {"core"},
    "image": {"core", "io"},
    "weights": {"core", "io"},
    "data": {"core", "io", "image"},
    "comm": {"core", "io"},
    "model": {"core", "io", "weights"},
    "train": LEFT,
    "attention": LEFT,
    "preprocess": LEFT,
    "apps": LEFT | {"train", "attention"},
}
MAY_INCLUDE_PREPROCESS = {"src/apps/pack.cpp"}

# Headers of one library, and the only files that may see them.
RESERVED = [
    (r"cuda|nccl\.h|cublas|cudnn|c10/cuda|ATen/cuda|torch/csrc/cuda",
     {"src/comm/gpu_handles.h", "src/comm/nccl_communicator.cpp", "tests/comm/nccl_communicator_test.cpp"}),
    (r"mpi\.h", {"src/comm/bare_allreduce.cpp", "src/comm/mpi_environment.cpp", "src/comm/mpi_communicator.cpp", "src/comm/ordered_reduction.cpp", "src/comm/ordered_reduction.h", "preprocess/mpi_team.cpp",
                "tests/support/mpi_main.cpp"}),
    (r"iostream", set()),
]
# Messages know pointers and counts, so that they compile without LibTorch.
WITHOUT_LIBTORCH = re.compile(r"comm/(mpi_environment|\w*communicator|nccl_stub|gpu_handles|gpu_staging|gpu_staging_stub)\.(h|cpp)$")

# A public header is tested by the test of its name, or by another one that includes it. These are neither; and why.
NO_TEST = {
    "core/exit_code.h": "numbers alone, checked in core/error_test",
    "core/image_size.h": "two numbers, compared wherever pictures are tested",
    "image/image.h": "a structure without code",
    "attention/batch_records.h": "records of all columns are written, padded or not, in attention/dumper_test and compared in recomputation_test",
    "attention/map_attributes.h": "attributes go through a file and back in attention/map_reader_test",
    "attention/map_columns.h": "columns go through a file and back in attention/map_reader_test",
    "attention/map_format.h": "names and versions alone, checked in attention/map_reader_test",
    "attention/plan_file.h": "written, read and compared in attention/dump_index_test",
    "data/manifest.h": "written by preprocess/packer_test, read and damaged in data/data_index_test",
    "train/evaluator.h": "scores by train/evaluation_job_test, on 1, 2 and 4 ranks by e2e/pipeline_test",
    "train/run_start.h": "every way to start is taken by train/training_job_test",
    "train/trainer.h": "run on 1 and 2 ranks by train/training_job_test",
    "weights/published_optimizer.h": "written and read by weights/weight_export_test, loaded by e2e.back_to_python",
    "train/training_run.h": "run on 1 and 2 ranks by train/training_job_test",
}

MOST_LINES = 500

COLLECTIVE = re.compile(
    r"(?:\.|->)\s*(allreduce|allreduce_now|broadcast|broadcast_bytes|broadcast_text|gather|barrier|agree)\s*\(")
RANK_CONDITION = re.compile(r"\brank(?:_|\(\))?\s*(?:==|!=|<|>)|(?:==|!=)\s*(?:\w+(?:\.|->))*rank\b|\bis_root\b|\bis_main\b")


class Source:
    """A file of ours: its text, and the same text with comments and strings blanked out."""

    def __init__(self, root, path):
        self.path = path
        self.name = path.relative_to(root).as_posix()
        self.text = path.read_text(encoding="utf-8")
        self.code = re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', blank, self.text,
                           flags=re.S) if path.suffix in (".h", ".cpp") else self.text
        self.includes = re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', self.text, re.M)

    def line_of(self, offset):
        return self.text.count("\n", 0, offset) + 1


def blank(match):
    return re.sub(r"[^\n]", " ", match.group(0))


def part_of(name):
    """The part that a file of include/, src/ or preprocess/ belongs to; None for others."""
    words = name.split("/")
    if words[0] == "include":
        return words[2]
    if words[0] == "src" and len(words) > 2:
        return words[1]
    return "preprocess" if words[0] == "preprocess" else None


def check_arrow(source):
    part = part_of(source.name)
    if part is None:
        return
    if part not in MAY_INCLUDE:
        yield f"{source.name}: '{part}' is no part of this project"
        return
    for include in source.includes:
        words = include.split("/")
        if words[0] == "preprocess" and part != "preprocess" and source.name not in MAY_INCLUDE_PREPROCESS:
            yield f"{source.name}: includes {include}; only src/apps/pack.cpp may include preprocess/"
        if words[0] == "intr" and len(words) == 3 and words[1] != part and words[1] not in MAY_INCLUDE[part]:
            yield f"{source.name}: includes {include}; {part} may not include {words[1]}"


def check_reserved_headers(source):
    for pattern, allowed in RESERVED:
        for include in source.includes:
            if re.match(pattern, include) and source.name not in allowed:
                yield f"{source.name}: includes <{include}>, which is for {', '.join(sorted(allowed)) or 'no file'}"
    if WITHOUT_LIBTORCH.search(source.name):
        for include in source.includes:
            if re.match(r"torch/|ATen/|c10/", include):
                yield f"{source.name}: includes <{include}>; messages know no LibTorch"


def check_form(source):
    if source.path.suffix == ".h" and "#pragma once" not in source.text:
        yield f"{source.name}: lacks #pragma once"
    if "SPDX-License-Identifier: Apache-2.0" not in source.text[:200]:
        yield f"{source.name}: lacks its SPDX line"
    lines = source.text.count("\n")
    if source.path.suffix != ".py" and lines > MOST_LINES:
        yield f"{source.name}: {lines} lines; split it by noun below {MOST_LINES}"
    for match in re.finditer(r"^\s*#\s*(?:if|ifdef|ifndef|elif)\b[^\n]*(?:CUDA|NCCL|GPU)", source.code, re.M):
        yield f"{source.name}:{source.line_of(match.start())}: #if for the GPU; let CMake pick a source file"


def matching(code, start, opening, closing):
    """Offset behind the bracket that closes the one at `start`."""
    depth = 0
    for offset in range(start, len(code)):
        depth += (code[offset] == opening) - (code[offset] == closing)
        if depth == 0:
            return offset + 1
    return len(code)


def end_of_statement(code, start):
    """Offset behind the statement or block that begins at `start`, with its else branch."""
    start += len(code[start:]) - len(code[start:].lstrip())
    if code.startswith("{", start):
        end = matching(code, start, "{", "}")
    else:
        end = code.find(";", start) + 1
    rest = code[end:].lstrip()
    if rest.startswith("else"):
        return end_of_statement(code, len(code) - len(rest) + len("else"))
    return end


def end_of_block(code, start):
    """Offset of the brace that closes the block around `start`."""
    depth = 0
    for offset in range(start, len(code)):
        depth += (code[offset] == "{") - (code[offset] == "}")
        if depth < 0:
            return offset
    return len(code)


def check_collectives(source):
    """No collective under a condition on the rank, nor behind a return under one. As far as text shows it: a function
    that hides a collective is not seen."""
    if part_of(source.name) in (None, "comm"):
        return
    code = source.code
    for match in re.finditer(r"\bif\s*(?:constexpr\s*)?\(", code):
        opening = match.end() - 1
        body = matching(code, opening, "(", ")")
        if not RANK_CONDITION.search(code[opening:body]):
            continue
        end = end_of_statement(code, body)
        leaves = re.search(r"\breturn\b", code[body:end])
        reach = end_of_block(code, end) if leaves else end
        for call in COLLECTIVE.finditer(code, body, reach):
            where = "in a branch" if call.start() < end else "behind a return"
            yield (f"{source.name}:{source.line_of(call.start())}: {call.group(1)} {where} that only some ranks take "
                   f"(line {source.line_of(match.start())})")


def check_tests(root):
    texts = [path.read_text(encoding="utf-8") for path in sorted((root / "tests").rglob("*_test.cpp"))]
    included = set(re.findall(r'^#include "intr/([^"]+)"', "\n".join(texts), re.M))
    for header in sorted((root / "include/intr").glob("*/*.h")):
        name = header.relative_to(root / "include/intr").as_posix()
        test = root / "tests" / (name[:-2] + "_test.cpp")
        tested = test.exists() or name in included
        if name not in NO_TEST and not tested:
            yield f"include/intr/{name}: lacks tests/{name[:-2]}_test.cpp (or a reason in NO_TEST)"
    for test in sorted((root / "tests").glob("*/*_test.cpp")):
        listed = test.parent / "CMakeLists.txt"
        if not listed.exists() or not re.search(rf"\b{test.stem[:-5]}\b", listed.read_text(encoding="utf-8")):
            yield f"{test.relative_to(root).as_posix()}: not registered in {listed.relative_to(root).as_posix()}"


def faults_of(root):
    for folder in ("include", "src", "preprocess", "tests", "scripts"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".h", ".cpp", ".py"):
                continue
            source = Source(root, path)
            for check in (check_arrow, check_reserved_headers, check_form, check_collectives):
                yield from check(source)
    yield from check_tests(root)


LICENSE = "// SPDX-License-Identifier: Apache-2.0\n"
SELF_TEST = {  # file, its text, what must be said of it; "" = nothing
    "src/model/a.cpp": (LICENSE + '#include "intr/comm/communicator.h"\n', "model may not include comm"),
    "src/data/a.cpp": (LICENSE + '#include "intr/image/image.h"\n', ""),
    "src/apps/eval.cpp": (LICENSE + '#include "preprocess/packer.h"\n', "only src/apps/pack.cpp"),
    "src/train/a.cpp": (LICENSE + "#include <cuda_runtime.h>\n", "which is for"),
    "src/train/b.cpp": (LICENSE + "#ifdef INTR_CUDA\n#endif\n", "let CMake pick"),
    "src/train/c.cpp": (LICENSE + "void f() {\n  if (comm.rank() == 0) {\n    comm.barrier(t);\n  }\n}\n",
                        "c.cpp:4: barrier in a branch"),
    "src/train/d.cpp": (LICENSE + "void f() {\n  if (rank != 0) return;\n  comm.agree(w, h, t);\n}\n",
                        "d.cpp:4: agree behind a return"),
    "src/train/e.cpp": (LICENSE + "void f() {\n  if (rank == 0) g();\n  comm.barrier(t);  // if (rank == 0)\n}\n"
                        "void h() { comm.barrier(t); }\n", ""),
    "src/train/f.cpp": (LICENSE + "void f() {\n  if (rank == 0) {\n    g();\n  } else {\n    c->gather(b, 0, t);\n  }\n}\n",
                        "f.cpp:6: gather in a branch"),
    "src/comm/self_communicator.cpp": (LICENSE + "#include <ATen/ATen.h>\n", "messages know no LibTorch"),
    "src/io/a.h": (LICENSE, "lacks #pragma once"),
    "src/io/b.cpp": ("int b;\n", "lacks its SPDX line"),
    "src/io/c.cpp": (LICENSE + "\n" * 600, "601 lines"),
    "include/intr/io/x.h": (LICENSE + "#pragma once\n", "lacks tests/io/x_test.cpp"),
}


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, (text, _) in SELF_TEST.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        found = list(faults_of(root))
        wrong = []
        for name, (_, expected) in SELF_TEST.items():
            of_file = [fault for fault in found if fault.startswith(name)]
            if (not expected and of_file) or (expected and not any(expected in fault for fault in of_file)):
                wrong.append(f"{name}: expected '{expected}', said {of_file}")
        return wrong


def main(words):
    if words == ["--self-test"]:
        faults = self_test()
    else:
        faults = list(faults_of(Path(words[0] if words else Path(__file__).parent.parent).resolve()))
    for fault in faults:
        print(fault)
    print(f"structure: {len(faults)} faults" if faults else "structure: no faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
