#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Weight files that a reader must refuse, each a small good one with one thing wrong: see make_corpus.py.

hostile_files() yields (file name, what is wrong with it, bytes). To add a case, add a line. The good file holds one
tensor, "weight", of four float32 values. What torch.load says of a file is no measure: it reads several of these.
"""
import io
import os
import pickle
import struct
import tarfile
import warnings
import zipfile
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch._utils import _rebuild_tensor_v2

DATA = struct.pack("<4f", 0.25, -0.5, 0.75, -1.0)
PROTOCOL_2 = b"\x80\x02"
MAGIC = 0x1950A86A20F9469CFC6C
SYSTEM = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}


# ---- what stands in a pickle ---------------------------------------------------------------------------------------
@dataclass
class Storage:
    """Pickled as the persistent id with which a torch file names the bytes of a tensor."""
    numel: int = 4
    kind: object = torch.FloatStorage
    key: object = "0"
    extra: tuple = ()
    word: str = "storage"


class Call:
    """Pickled as a request to call function(*arguments)."""
    def __init__(self, function, *arguments):
        self.request = function, arguments

    def __reduce__(self):
        return self.request


class TorchPickler(pickle.Pickler):
    def persistent_id(self, item):
        if isinstance(item, Storage):
            return (item.word, item.kind, item.key, "cpu", item.numel, *item.extra)
        return None


def pickled(item, protocol=2):
    out = io.BytesIO()
    TorchPickler(out, protocol).dump(item)
    return out.getvalue()


def tensor(storage=Storage(), offset=0, size=(4,), stride=(1,)):
    return Call(_rebuild_tensor_v2, storage, offset, size, stride, False, OrderedDict())


def weight(**changes):
    return pickled({"weight": tensor(**changes)})


def text(string):
    return b"X" + struct.pack("<I", len(string)) + string.encode()


def code_pickles():
    """What asks for something to be run."""
    yield "os_system", "calls os.system", pickled({"weight": Call(os.system, "echo hostile")})
    yield "eval", "calls eval, protocol 4", pickled({"weight": Call(eval, "1 + 1")}, protocol=4)
    yield "unknown_global", "an unknown constructor", pickled({"weight": Call(Fraction, 1, 2)})
    yield "unknown_global_unused", "names os.system, calls nothing", PROTOCOL_2 + b"cposix\nsystem\n0}."
    yield "reduce_on_string", "REDUCE on a text", PROTOCOL_2 + text("print") + b")R."
    yield "reduce_on_tensor", "REDUCE on a tensor", pickled(tensor())[:-1] + b")R."
    yield "newobj_storage", "NEWOBJ of a storage class", PROTOCOL_2 + b"ctorch\nFloatStorage\n)\x81."
    yield "build_on_dict", "BUILD on a plain dict", PROTOCOL_2 + b"}}b."
    yield "instance", "opcode INST", PROTOCOL_2 + b"(" + text("echo hostile") + b"iposix\nsystem\n."
    built = b"cargparse\nNamespace\n)\x81}" + text("a") + b"K\1sb"
    yield "object_changed", "SETITEM on an object that has its state", PROTOCOL_2 + built + text("b") + b"K\1s."
    yield "object_without_state", "an object without state", PROTOCOL_2 + built[: built.index(b"}")] + b"."
    yield "extension", "opcode EXT1", PROTOCOL_2 + b"\x82\x01."


def tensor_pickles():
    """Tensors that do not fit their storage."""
    yield "numel_more_than_record", "1,000 values, a record of 16 bytes", weight(storage=Storage(1000), size=(1000,))
    yield "numel_less_than_record", "3 values, a record of 16 bytes", weight(storage=Storage(3), size=(3,))
    yield "numel_negative", "a storage of -4 values", weight(storage=Storage(-4))
    yield "numel_huge", "a storage of 2^62 values", weight(storage=Storage(2**62))
    yield "wider_type", "float64 values, a record of 4 float32", weight(storage=Storage(kind=torch.DoubleStorage))
    yield "missing_record", "no record of the storage", weight(storage=Storage(key="1"))
    yield "record_outside", "a storage key with a path", weight(storage=Storage(key="../version"))
    yield "view_too_long", "5 values of a storage of 4", weight(size=(5,))
    yield "view_offset", "begins behind the end", weight(offset=4)
    yield "view_last_element", "its last value is one too far", weight(offset=1, size=(2,), stride=(3,))
    yield "offset_negative", "offset -1", weight(offset=-1, size=(2,))
    yield "offset_huge", "offset 2^63 - 1", weight(offset=2**63 - 1)
    yield "size_negative", "size -4", weight(size=(-4,))
    yield "stride_negative", "stride -1", weight(offset=3, stride=(-1,))
    yield "stride_missing", "two sizes, one stride", weight(size=(2, 2), stride=(1,))
    yield "stride_zero_bomb", "2^40 values through stride 0", weight(size=(2**40,), stride=(0,))
    yield "size_overflow", "2^32 x 2^32 x 2 values", weight(size=(2**32, 2**32, 2), stride=(0, 0, 1))
    yield "stride_overflow", "a stride that wraps around to 0", weight(size=(5,), stride=(2**62,))
    yield "many_dimensions", "1,000 dimensions", weight(size=(1,) * 1000, stride=(1,) * 1000)
    yield "size_float", "size 4.0", weight(size=(4.0,))
    pair = {"weight": tensor(), "again": tensor(Storage(2, torch.DoubleStorage), size=(2,))}
    yield "long_size", "torch.Size of 1,000 sizes", pickled({"size": torch.Size([1] * 1000)})
    device = b"ctorch\ndevice\n" + text("x" * 100) + b"\x85R."
    yield "long_device", "torch.device with a long name", PROTOCOL_2 + device
    yield "long_key", "a storage key of 1,000 bytes", weight(storage=Storage(key="0" * 1000))
    yield "long_call", "a call with 1,000 arguments", PROTOCOL_2 + b"ctorch\nSize\n(" + b"N" * 1000 + b"tR."
    yield "two_types", "one storage as float32 and as float64", pickled(pair)
    yield "not_a_storage", "a tensor of a number", pickled({"weight": tensor(storage=4)})
    yield "module", "the persistent id of a module", weight(storage=Storage(word="module"))
    yield "key_number", "a storage key that is no text", weight(storage=Storage(key=0))


def memory_pickles():
    """What would eat memory or the stack. The large ones are made by the tests themselves."""
    yield "memo_huge_index", "memo index 2^31 - 1", PROTOCOL_2 + b"}r\xff\xff\xff\x7f."
    yield "memo_unset", "reads a memo that was never set", PROTOCOL_2 + b"h\x07."
    twice = b"".join(b"0](h%ch%ceq%c" % (k, k, k + 1) for k in range(40))
    yield "tree_bomb", "2^40 leaves: each list holds the one before twice", PROTOCOL_2 + b"]q\0" + twice + b"."
    yield "own_parent", "a dict that holds itself", PROTOCOL_2 + b"}q\0" + text("self") + b"h\0s."
    yield "long_string", "a text of 4 GB", PROTOCOL_2 + b"X\xf0\xff\xff\xffabc."
    yield "long_integer", "an integer of 2 GB", PROTOCOL_2 + b"\x8b\xff\xff\xff\x7f\1."


def broken_pickles():
    """Pickles that are none."""
    yield "stack_underflow", "pops an empty stack", PROTOCOL_2 + b"0."
    yield "mark_missing", "SETITEMS without MARK", PROTOCOL_2 + b"}u."
    yield "odd_items", "a key without a value", PROTOCOL_2 + b"}(" + text("weight") + b"u."
    yield "list_key", "a list as a key", PROTOCOL_2 + b"}]K\1s."
    yield "setitem_on_list", "SETITEM on a list", PROTOCOL_2 + b"]" + text("weight") + b"K\1s."
    yield "duplicate_key", "a name twice", PROTOCOL_2 + b"}" + 2 * (text("weight") + b"K\1s") + b"."
    yield "invalid_utf8", "a name that is no UTF-8", PROTOCOL_2 + b"}X\2\0\0\0\xff\xfeK\1s."
    yield "no_stop", "ends without STOP", PROTOCOL_2 + b"}"
    yield "after_stop", "goes on behind STOP", weight() + weight()
    yield "two_results", "two values at STOP", PROTOCOL_2 + b"}}."
    yield "unknown_opcode", "opcode 0xff", PROTOCOL_2 + b"\xff."
    yield "protocol_9", "protocol 9", b"\x80\x09}."
    yield "empty_pickle", "no byte at all", b""


# ---- zip files -----------------------------------------------------------------------------------------------------
def archive(pickle_bytes=None, records=(("data/0", DATA),), method=zipfile.ZIP_STORED, top="archive/", order=b"little"):
    """A torch zip file as an ordinary zip program writes it. records: (name below the top folder, content)."""
    out = io.BytesIO()
    first = (("data.pkl", weight() if pickle_bytes is None else pickle_bytes), ("byteorder", order))
    with zipfile.ZipFile(out, "w") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some names come twice
        for name, content in (*first, *records, ("version", b"3\n")):
            info = zipfile.ZipInfo(top + name)
            info.compress_type = method if name.startswith("data/") else zipfile.ZIP_STORED
            file.writestr(info, content)
    return out.getvalue()


def header(data, name, central=True):
    """Where an entry's central or local header begins."""
    magic, fixed = (b"PK\1\2", 46) if central else (b"PK\3\4", 30)
    at = data.index(name.encode())
    while data[at - fixed : at - fixed + 4] != magic:
        at = data.index(name.encode(), at + 1)
    return at - fixed


def patched(data, at, layout, *values):
    new = struct.pack("<" + layout, *values)
    return data[:at] + new + data[at + len(new) :]


def with_sizes(data, name, size, crc):
    """Another CRC and other sizes of an entry, in both of its headers."""
    data = patched(data, header(data, name) + 16, "III", crc, size, size)
    return patched(data, header(data, name, central=False) + 14, "III", crc, size, size)


def overlapping():
    """data/0 reaches over data/1, with a right CRC and a tensor of that length."""
    records = (("data/0", DATA), ("data/1", DATA))
    begin_of = lambda data, name: header(data, name, central=False) + 30 + len(name)
    data = archive(records=records)
    length = begin_of(data, "archive/data/1") + len(DATA) - begin_of(data, "archive/data/0")
    both = {"weight": tensor(Storage(length // 4), size=(length // 4,)), "other": tensor(Storage(key="1"))}
    data = archive(pickled(both), records)
    begin = begin_of(data, "archive/data/0")
    return with_sizes(data, "archive/data/0", length, zlib.crc32(data[begin : begin + length]))


def layout_zips():
    good = archive()
    record, central = "archive/data/0", header(good, "archive/data/0")
    local, end = header(good, record, central=False), good.rindex(b"PK\5\6")
    for part in (10, 30, 50, 70, 90, 99):
        yield f"zip_cut_{part}", f"cut at {part} %", good[: part * len(good) // 100]
    yield "zip_without_end", "no end record", good[:end]
    yield "zip_overlap", "an entry reaches over the next one", overlapping()
    second = archive(records=(("data/0", DATA), ("data/1", DATA)))
    at = header(second, "archive/data/1") + 42
    yield "zip_same_offset", "two entries at one place", patched(second, at, "I", header(second, record, central=False))
    yield "zip_name_mismatch", "local and central name differ", patched(good, local + 30, "7s", b"brchive")
    yield "zip_size_past_end", "an entry of 1 GB", with_sizes(good, record, 2**30, zlib.crc32(DATA))
    yield "zip_offset_past_end", "a local header behind the end", patched(good, central + 42, "I", 2**31)
    absent = 2**32 - 1
    yield "zip_bad_zip64", "sizes in a zip64 field that is missing", patched(good, central + 20, "II", absent, absent)
    yield "zip_more_entries", "claims 60,000 entries", patched(good, end + 8, "HH", 60000, 60000)
    yield "zip_directory_size", "a directory of 4 GB", patched(good, end + 12, "I", 2**32 - 2)


def content_zips():
    good, pair = archive(), weight()
    at = good.index(DATA)
    central, local = (header(good, "archive/data/0", which) for which in (True, False))
    yield "zip_wrong_crc", "a flipped bit in the tensor", patched(good, at, "B", good[at] ^ 1)
    yield "zip_flipped_pickle", "a flipped bit in data.pkl", patched(good, good.index(b"weight"), "B", ord("W"))
    yield "zip_duplicate_record", "data/0 twice", archive(records=(("data/0", DATA), ("data/0", bytes(16))))
    yield "zip_duplicate_pickle", "data.pkl twice", archive(pair, (("data/0", DATA), ("data.pkl", pair)))
    yield "zip_two_tops", "two folders with a data.pkl", archive(records=(("data/0", DATA), ("deeper/data.pkl", pair)))
    yield "zip_deflated", "a compressed tensor", archive(method=zipfile.ZIP_DEFLATED)
    yield "zip_traversal", "a name with ..", archive(records=(("data/0", DATA), ("../../escaped", b"x")))
    yield "zip_absolute", "absolute names", archive(top="/archive/")
    yield "zip_no_pickle", "no data.pkl", good.replace(b"archive/data.pkl", b"archive/data.pxl")
    yield "zip_encrypted", "encrypted", patched(patched(good, central + 8, "H", 1), local + 6, "H", 1)
    script = (("data/0", DATA), ("constants.pkl", pickled(())), ("code/__torch__.py", b"class Module(Module):\n  pass\n"))
    yield "torchscript", "a TorchScript program", archive(records=script)
    yield "zip_big_endian", "big-endian", archive(order=b"big")


# ---- the legacy stream ---------------------------------------------------------------------------------------------
def legacy(item=None, keys=("0",), count=4, data=DATA, magic=MAGIC, protocol=1001, system=SYSTEM):
    """Five pickles, then the element count and bytes of each storage."""
    item = {"weight": tensor(Storage(extra=(None,)))} if item is None else item
    parts = [pickled(part) for part in (magic, protocol, system, item, list(keys))]
    return b"".join(parts) + len(keys) * (struct.pack("<q", count) + data)


def legacies():
    good = legacy()
    cuts = {"magic": 9, "protocol": 17, "system": good.index(b"protocol_version"), "object": good.index(b"weight"),
            "keys": -len(DATA) - 12, "count": -len(DATA) - 3, "data": -len(DATA) // 2, "last": -1}
    for part, at in cuts.items():
        yield f"legacy_cut_{part}", f"cut: {part}", good[:at]
    yield "legacy_count_more", "5 values, said to be 4", legacy(count=5, data=DATA + bytes(4))
    yield "legacy_count_less", "3 values, said to be 4", legacy(count=3, data=DATA[:12])
    yield "legacy_count_negative", "-4 values", legacy(count=-4)
    huge = {"weight": tensor(Storage(2**60, extra=(None,)), size=(2**60,))}
    yield "legacy_count_huge", "2^60 values", legacy(huge, count=2**60)
    yield "legacy_key_missing", "no storage for the tensor", legacy(keys=())
    yield "legacy_key_unknown", "a storage of no tensor", legacy(keys=("0", "7"))
    yield "legacy_key_twice", "a storage twice", legacy(keys=("0", "0"))
    view = {"weight": tensor(Storage(extra=(("view", 2, 4),)))}
    yield "legacy_view_outside", "a view behind its storage's end", legacy(view)
    yield "legacy_protocol", "stream protocol 1002", legacy(protocol=1002)
    yield "legacy_magic", "another magic number", legacy(magic=MAGIC + 1)
    yield "legacy_big_endian", "big-endian", legacy(system=SYSTEM | {"little_endian": False})
    yield "legacy_module", "a pickled module", legacy({"weight": Storage(word="module", extra=(None,))})
    yield "legacy_os_system", "calls os.system", legacy({"weight": Call(os.system, "echo hostile")})
    yield "legacy_rest", "a byte behind the last storage", good + b"x"


# ---- safetensors ---------------------------------------------------------------------------------------------------
def safetensors(head, data=DATA, length=None):
    head = head.encode() if isinstance(head, str) else head
    return struct.pack("<Q", len(head) if length is None else length) + head + data


def field(dtype="F32", shape="[4]", begin=0, end=16):
    return f'{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{begin},{end}]}}'


def one(**changes):
    return f'{{"weight":{field(**changes)}}}'


def two(first, second, names=("a", "b")):
    return f'{{"{names[0]}":{first},"{names[1]}":{second}}}'


def safetensor_files():
    half, rest = field(shape="[2]", end=8), field(shape="[2]", begin=8)
    yield "overlap", "two tensors share bytes", safetensors(two(field(), rest))
    yield "gap", "bytes of no tensor", safetensors(two(half, field(shape="[1]", begin=12)))
    yield "trailing", "bytes behind the last tensor", safetensors(one(), DATA + b"tail")
    yield "past_end", "a tensor that ends behind the file", safetensors(one(shape="[8]", end=32))
    yield "cut", "cut in the tensor", safetensors(one())[:-3]
    yield "offsets_reversed", "end before begin", safetensors(one(begin=16, end=0))
    yield "offset_negative", "begin -16", safetensors(one(begin=-16, end=0))
    yield "offset_float", "end 16.0", safetensors(one(end="16.0"))
    yield "duplicate_name", "a name twice", safetensors(two(half, rest, names=("a", "a")))
    yield "duplicate_field", "a field twice", safetensors('{"weight":{"dtype":"F16",' + field()[1:] + "}")
    yield "header_past_end", "a header longer than the file", safetensors(one(), length=10_000)
    yield "header_huge", "a header of 2^63 bytes", safetensors(one(), length=2**63)
    yield "header_limit", "a header of 100,000,001 bytes", safetensors(one(), length=100_000_001)
    yield "header_empty", "a header of 0 bytes", safetensors("")
    yield "header_short", "a file of 5 bytes", b"\x40\0\0\0\0"
    yield "not_json", "no JSON", safetensors("{weight}")
    yield "array", "an array", safetensors("[]", b"")
    yield "leading_space", "does not begin with {", safetensors(" " + one())
    yield "after_json", "text behind the JSON", safetensors(one() + "x")
    yield "invalid_utf8", "a name that is no UTF-8", safetensors(one().encode().replace(b"weight", b"\xff\xfe"))
    yield "shape_mismatch", "3 values in 16 bytes", safetensors(one(shape="[3]"))
    yield "shape_negative", "size -4", safetensors(one(shape="[-4]"))
    yield "shape_float", "size 4.0", safetensors(one(shape="[4.0]"))
    yield "shape_overflow", "2^32 x 2^32 values", safetensors(one(shape="[4294967296,4294967296]", end=0), b"")
    yield "dtype_unknown", "dtype F31", safetensors(one(dtype="F31"))
    yield "field_missing", "no shape", safetensors('{"weight":{"dtype":"F32","data_offsets":[0,16]}}')
    yield "field_unknown", "a fourth field", safetensors('{"weight":{"x":1,' + field()[1:] + "}")
    yield "metadata_number", "__metadata__ with a number", safetensors('{"__metadata__":{"a":1},' + one()[1:])


# ---- files that are something else ---------------------------------------------------------------------------------
def strangers():
    yield "empty.pth", "an empty file", b""
    yield "empty.safetensors", "an empty file", b""
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 166618694\n"
    yield "pointer.pth", "a Git LFS pointer", pointer
    yield "page.pth", "a web page", b"<!DOCTYPE html>\n<html><body>404 Not Found</body></html>\n"
    yield "noise.pth", "random bytes", b"".join(struct.pack(">I", zlib.crc32(b"%d" % i)) for i in range(500))
    yield "zeros.pth", "zeros", bytes(4096)
    yield "bare_pickle.pth", "a pickle without a container", pickled({"weight": [1.0, 2.0]})
    yield "hdf5.pth", "an HDF5 file that ends after its first bytes", b"\x89HDF\r\n\x1a\n" + bytes(100)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        for name in ("sys_info", "pickle", "tensors", "storages"):
            file.addfile(tarfile.TarInfo(name))
    yield "tar.pth", "torch's format before 0.1.10", out.getvalue()[:2048]


def hostile_files():
    for cases in (code_pickles, tensor_pickles, memory_pickles, broken_pickles):
        for name, why, data in cases():
            yield f"pickle_{name}.pth", why, archive(data)
    for cases in (layout_zips, content_zips, legacies):
        for name, why, data in cases():
            yield f"{name}.pth", why, data
    for name, why, data in safetensor_files():
        yield f"{name}.safetensors", why, data
    yield from strangers()
