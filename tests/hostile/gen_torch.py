#!/usr/bin/env python3
"""Writes malformed and malicious PyTorch checkpoints, one flaw each, and what xuxie must say of them.

    gen_torch.py DIR

DIR/NAME.bin     the files
DIR/EXPECT.tsv   name, "ok" or "refuse", a word the message must hold ("-": any), file name

Only Python's standard library is used, and none of xuxie's code: pickles are put together opcode by
opcode, archives field by field. A payload that were run would make a file named xuxie_pwned.
"""
import os
import struct
import sys
import zlib

CASES = []  # (name, function, expectation, word)


def add(name, make, expect="refuse", word="-"):
    CASES.append((name, make, expect, word))


# ---- pickles -----------------------------------------------------------------------------------------

PROTO, STOP = b"\x80\x02", b"."
NONE, MARK, TUPLE, EMPTY_TUPLE, EMPTY_DICT, EMPTY_LIST = b"N", b"(", b"t", b")", b"}", b"]"
REDUCE, BUILD, SETITEM, SETITEMS, PERSID, FALSE = b"R", b"b", b"s", b"u", b"Q", b"\x89"


def text(s):
    s = s.encode() if isinstance(s, str) else s
    return b"X" + struct.pack("<I", len(s)) + s


def number(n):
    if 0 <= n < 256:
        return b"K" + bytes([n])
    if -2**31 <= n < 2**31:
        return b"J" + struct.pack("<i", n)
    size = n.bit_length() // 8 + 1
    return b"\x8a" + bytes([size]) + n.to_bytes(size, "little", signed=True)


def name_of(module, name):
    return b"c" + module.encode() + b"\n" + name.encode() + b"\n"


def tuple_of(*items):
    return MARK + b"".join(items) + TUPLE


def sizes(items):
    return tuple_of(*[i if isinstance(i, bytes) else number(i) for i in items])


def storage(key="0", kind="FloatStorage", n=6, more=b"", word="storage"):
    n = n if isinstance(n, bytes) else number(n)
    return tuple_of(text(word), name_of("torch", kind), text(key), text("cpu"), n, more) + PERSID


def tensor(store=None, offset=0, shape=(2, 3), stride=(3, 1), how="_rebuild_tensor_v2"):
    offset = offset if isinstance(offset, bytes) else number(offset)
    return (name_of("torch._utils", how) +
            tuple_of(storage() if store is None else store, offset, sizes(shape), sizes(stride),
                     FALSE, name_of("collections", "OrderedDict") + EMPTY_TUPLE + REDUCE) + REDUCE)


def pair(key, value):
    return (key if isinstance(key, bytes) else text(key)) + value + SETITEM


def state(*pairs):
    """A whole pickle: a dictionary of one good tensor and of the pairs."""
    return PROTO + EMPTY_DICT + pair("w", tensor()) + b"".join(pairs) + STOP


# ---- archives ----------------------------------------------------------------------------------------


class Member:
    def __init__(self, name, data, **fields):
        self.name = name.encode() if isinstance(name, str) else name
        self.data = data
        self.method = 0
        self.flags = self.local_flags = 0
        self.crc = zlib.crc32(data)
        self.packed = None       # sizes as the directory has them; None: the true ones
        self.unpacked = None
        self.offset = None
        self.local_name = self.local_method = None
        self.local_sizes = None  # crc, packed, unpacked
        self.extra = b""
        self.__dict__.update(fields)


def deflated(name, data, **fields):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(data) + packer.flush()
    return Member(name, packed, method=8, crc=zlib.crc32(data), unpacked=len(data), **fields)


def archive(members, count=None, begin=None, n_bytes=None, comment=b"", disk=0, prefix=b"", gap=b""):
    out = bytearray(prefix)
    directory = b""
    for m in members:
        packed = len(m.data) if m.packed is None else m.packed
        unpacked = packed if m.unpacked is None else m.unpacked
        offset = len(out) if m.offset is None else m.offset
        local = m.local_sizes or (m.crc, packed, unpacked)
        local_name = m.name if m.local_name is None else m.local_name
        method = m.method if m.local_method is None else m.local_method
        out += struct.pack("<IHHHHHIIIHH", 0x04034b50, 20, m.local_flags, method, 0, 0,
                           *local, len(local_name), 0) + local_name + m.data
        directory += struct.pack("<IHHHHHHIIIHHHHHII", 0x02014b50, 20, 20, m.flags, m.method, 0, 0,
                                 m.crc, packed, unpacked, len(m.name), len(m.extra), 0, 0, 0, 0,
                                 offset) + m.name + m.extra
    out += gap
    begin = len(out) if begin is None else begin
    n = len(members) if count is None else count
    end = struct.pack("<IHHHHIIH", 0x06054b50, disk, disk, n, n,
                      len(directory) if n_bytes is None else n_bytes, begin, len(comment)) + comment
    return bytes(out) + directory + end


DATA = struct.pack("<6f", *range(6))


def members(pickle=None, data=DATA, root="archive"):
    return [Member(root + "/data.pkl", state() if pickle is None else pickle),
            Member(root + "/data/0", data), Member(root + "/version", b"3\n")]


def zipped(pickle, data=DATA):
    return lambda: archive(members(pickle, data))


def changed(which=0, **fields):
    def make():
        m = members()
        m[which].__dict__.update(fields)
        return archive(m)
    return make


def legacy(pickle=None, keys=("0",), data=None, magic=0x1950a86a20f9469cfc6c, protocol=1001,
           little=b"\x88", machine=None):
    head = PROTO + b"\x8a\x0a" + magic.to_bytes(10, "little") + STOP
    head += PROTO + number(protocol) + STOP
    head += machine or PROTO + EMPTY_DICT + pair("protocol_version", number(1001)) + \
        pair("little_endian", little) + STOP
    head += state_legacy() if pickle is None else pickle
    head += PROTO + EMPTY_LIST + MARK + b"".join(text(k) for k in keys) + b"e" + STOP
    return head + (struct.pack("<Q", 6) + DATA if data is None else data)


def legacy_tensor(view=NONE, **kw):
    return tensor(store=storage(more=view), **kw)


def state_legacy(*pairs):
    return PROTO + EMPTY_DICT + pair("w", legacy_tensor()) + b"".join(pairs) + STOP


# ---- cases -------------------------------------------------------------------------------------------

COMMAND = "touch xuxie_pwned"


def payloads():
    """Name, opcodes that leave a value, word of the refusal."""
    call = tuple_of(text(COMMAND)) + REDUCE
    for module, name in [("os", "system"), ("posix", "system"), ("nt", "system"),
                         ("subprocess", "Popen"), ("subprocess", "check_output"),
                         ("builtins", "eval"), ("builtins", "exec"), ("__builtin__", "eval"),
                         ("builtins", "getattr"), ("builtins", "__import__"), ("runpy", "run_path"),
                         ("pkgutil", "resolve_name"), ("pip", "main"), ("operator", "attrgetter"),
                         ("importlib", "import_module"), ("torch", "load"), ("torch.hub", "load"),
                         ("torch.storage", "_load_from_bytes"), ("torch._utils", "_import_dotted_name"),
                         ("collections", "OrderedDict.popitem"), ("torch", "FloatStorage.from_file"),
                         ("torch.serialization", "load"), ("numpy.testing._private.utils", "runstring"),
                         ("Torch", "FloatStorage"), ("torch ", "FloatStorage"), ("", ""),
                         ("torch\x1b[2J", "x")]:
        label = (module + "-" + name).replace("\x1b[2J", "escape").replace(" ", "blank").replace(".", "_")
        yield "global-" + label, name_of(module, name) + call, name or "names"
    stack = text("os") + text("system") + b"\x93"
    yield "stack-global", stack + call, "os.system"
    yield "stack-global-memo", (text("system") + b"q\x01" + b"0" + text("os") + b"h\x01" + b"\x93" +
                                call), "os.system"
    yield "stack-global-no-text", number(1) + text("system") + b"\x93", "STACK_GLOBAL"
    yield "stack-global-call", name_of("_codecs", "encode") + tuple_of(text("os")) + REDUCE + \
        text("system") + b"\x93", "STACK_GLOBAL"
    yield "inst", MARK + text(COMMAND) + b"ios\nsystem\n", "INST"
    yield "obj", MARK + name_of("collections", "OrderedDict") + text(COMMAND) + b"o", "OBJ"
    yield "persid-line", b"Pos.system\n", "PERSID"
    yield "persid-text", text(COMMAND) + PERSID, "persistent id"
    yield "persid-module", tuple_of(text("module"), name_of("collections", "OrderedDict"),
                                    text("x"), text("y")) + PERSID, "persistent id"
    yield "ext1", b"\x82\x01", "EXT1"
    yield "newobj-ex", name_of("argparse", "Namespace") + EMPTY_TUPLE + EMPTY_DICT + b"\x92", \
        "NEWOBJ_EX"
    yield "newobj-system", name_of("os", "system") + tuple_of(text(COMMAND)) + b"\x81", "os.system"
    yield "call-storage", name_of("torch", "FloatStorage") + call, "called"
    yield "call-dtype", name_of("torch", "float32") + call, "called"
    yield "call-text", text("os.system") + call, "REDUCE"
    yield "build-global", name_of("argparse", "Namespace") + EMPTY_DICT + BUILD, "BUILD"
    yield "build-tensor", tensor() + EMPTY_DICT + BUILD, "BUILD"
    yield "nested-call", name_of("collections", "OrderedDict") + \
        tuple_of(EMPTY_LIST + name_of("os", "system") + call + b"a") + REDUCE, "os.system"


def add_payload_cases():
    for name, code, word in payloads():
        add("evil-" + name, zipped(state(pair("x", code))), word=word)
    evil = name_of("os", "system") + tuple_of(text(COMMAND)) + REDUCE
    add("evil-in-legacy", lambda: legacy(state_legacy(pair("x", evil))), word="os.system")
    add("evil-first", zipped(PROTO + evil + b"0" + state()[2:]), word="os.system")
    add("evil-before-breakage", zipped(PROTO + evil + b"\xff"), word="os.system")
    add("evil-behind-stop", zipped(state() + evil + STOP), word="STOP")
    add("evil-in-optimizer", zipped(state(pair("optimizer", EMPTY_DICT + pair("a", evil)))),
        word="os.system")
    add("evil-as-key", zipped(state(pair(evil, NONE))), word="os.system")
    add("evil-bare", lambda: PROTO + evil + STOP, word="pickle")
    add("evil-legacy-magic", lambda: legacy()[:17] + PROTO + evil + STOP, word="os.system")
    add("evil-legacy-keys", lambda: legacy().replace(EMPTY_LIST + MARK, evil + b"0" + EMPTY_LIST + MARK),
        word="os.system")
    add("evil-wrong-crc", lambda: archive([Member("a/data.pkl", PROTO + evil + STOP, crc=1)]))
    add("evil-in-deflated", lambda: archive([deflated("a/data.pkl", PROTO + evil + STOP)]),
        word="os.system")


def add_machine_cases():
    broken = [("no-stop", EMPTY_DICT, "STOP"), ("empty", b"", "STOP"), ("only-stop", STOP, "STOP"),
              ("underflow-setitem", EMPTY_DICT + NONE + SETITEM + STOP, "SETITEM"),
              ("underflow-tuple3", NONE + b"\x87" + STOP, "TUPLE3"),
              ("underflow-pop", b"0" + STOP, "POP"), ("underflow-reduce", NONE + REDUCE, "REDUCE"),
              ("underflow-appends", MARK + b"e" + STOP, "APPENDS"), ("no-mark", NONE + b"t" + STOP, "MARK"),
              ("no-mark-setitems", EMPTY_DICT + SETITEMS + STOP, "MARK"),
              ("mark-as-value", MARK + STOP, "STOP"),
              ("mark-in-tuple", NONE + MARK + b"\x86" + STOP, "TUPLE2"),
              ("odd-setitems", EMPTY_DICT + MARK + NONE + SETITEMS + STOP, "key"),
              ("append-to-dict", EMPTY_DICT + NONE + b"a" + STOP, "APPEND"),
              ("append-to-none", NONE + NONE + b"a" + STOP, "APPEND"),
              ("memo-unset", b"h\x05" + STOP, "memo"), ("memo-hole", NONE + b"q\x05h\x04" + STOP, "memo"),
              ("memo-max", NONE + b"r\xff\xff\xff\xff" + STOP, "memo"),
              ("memo-2-20", NONE + b"r\0\0\x10\0" + STOP, "memo"),
              ("get-max", b"j\xff\xff\xff\xff" + STOP, "memo"),
              ("put-nothing", b"q\0" + STOP, "BINPUT"), ("put-mark", MARK + b"q\0" + STOP, "BINPUT"),
              ("text-4g", b"X\xff\xff\xff\xff" + STOP, "BINUNICODE"),
              ("text-2-63", b"\x8d" + struct.pack("<Q", 2**63) + STOP, "BINUNICODE8"),
              ("text-max", b"\x8d" + struct.pack("<Q", 2**64 - 1) + STOP, "BINUNICODE8"),
              ("bytes-cut", b"C\x10abc", "SHORT_BINBYTES"),
              ("long4-negative", b"\x8b\xff\xff\xff\xff" + STOP, "LONG4"),
              ("long4-2g", b"\x8b\xff\xff\xff\x7f" + STOP, "LONG4"),
              ("frame-max", b"\x95" + b"\xff" * 8 + STOP, "FRAME"),
              ("opcode-unknown", b"\xff" + STOP, "0xFF"), ("opcode-zero", b"\0", "0x00"),
              ("opcode-int-line", b"I1\n" + STOP, "INT"), ("opcode-string-line", b"S'a'\n" + STOP, "STRING"),
              ("global-cut", b"cos", "GLOBAL"), ("global-half", b"cos\nsys", "GLOBAL"),
              ("float-cut", b"G\0\0", "BINFLOAT"), ("int-cut", b"J\0\0", "BININT"),
              ("protocol-9", b"\x80\x09}.", "protocol"), ("root-none", NONE + STOP, "dictionary"),
              ("root-list", EMPTY_LIST + STOP, "dictionary"), ("root-tensor", tensor() + STOP, "dictionary"),
              ("root-empty", EMPTY_DICT + STOP, "no tensor")]
    for name, code, word in broken:
        add("pickle-" + name, zipped(PROTO + code), word=word)

    deep = 100000
    add("ok-lists-deep", zipped(state(pair("x", EMPTY_LIST * deep + b"a" * (deep - 1)))), "ok")
    add("ok-tuples-deep", zipped(state(pair("x", EMPTY_TUPLE + b"\x85" * deep))), "ok")
    add("ok-marks-deep", zipped(state(pair("x", MARK * deep + NONE + TUPLE * deep))), "ok")
    key = text("k")
    add("dicts-deep", zipped(state(pair("x", (EMPTY_DICT + key) * deep + NONE + SETITEM * deep))),
        word="deep")
    add("dict-in-itself", zipped(PROTO + EMPTY_DICT + b"q\0" + pair("a", b"h\0") + STOP),
        word="circle")
    add("ok-list-in-itself", zipped(state(pair("x", EMPTY_LIST + b"q\0h\0a"))), "ok")
    laugh = EMPTY_DICT + b"q\0" + b"0"
    for i in range(40):
        laugh += EMPTY_DICT + b"".join(pair(k, b"h" + bytes([i])) for k in "abcdefghij")
        laugh += b"q" + bytes([i + 1]) + b"0"
    add("billion-laughs", zipped(PROTO + laugh + b"h\x28" + STOP), word="entries")
    add("ok-billion-laughs-of-lists", zipped(state(pair("x", EMPTY_LIST + b"q\0" + b"".join(
        EMPTY_LIST + (b"h" + bytes([i]) + b"a") * 10 + b"q" + bytes([i + 1]) for i in range(40)) +
        b"(" + b"0" + b"0" * 40))), "ok")
    add("values-4m", zipped(PROTO + MARK + NONE * (4 << 20) + TUPLE + STOP), word="values")
    add("pickle-65m", lambda: archive([Member("a/data.pkl", PROTO + b"N0" * (33 << 20))]), word="bytes")


def add_tensor_cases():
    big = 2**63 - 1
    for name, kw in [
            ("shape-beyond", {"shape": (127, 127)}), ("offset-beyond", {"offset": 1}),
            ("offset-max", {"offset": big}), ("offset-negative", {"offset": -1}),
            ("offset-2-64", {"offset": 2**64}), ("offset-none", {"offset": NONE}),
            ("shape-negative", {"shape": (-2, 3)}), ("stride-negative", {"stride": (-3, 1)}),
            ("stride-max", {"stride": (big, 1)}),
            ("stride-wrapping", {"shape": (3, 3), "stride": (big, big)}),
            ("shape-wrapping", {"shape": (2**32, 2**32), "stride": (0, 0)}),
            ("shape-endless", {"shape": (2**40,), "stride": (0,)}),
            ("rank-differs", {"stride": (1,)}), ("rank-9", {"shape": [1] * 9, "stride": [1] * 9}),
            ("shape-text", {"shape": (text("2"), 3)}), ("shape-2-64", {"shape": (2**64, 3)}),
            ("store-none", {"store": NONE}), ("store-global", {"store": name_of("torch", "FloatStorage")})]:
        add("tensor-" + name, zipped(PROTO + EMPTY_DICT + pair("w", tensor(**kw)) + STOP))
    for name, kw in [
            ("numel-more", {"n": 7}), ("numel-less", {"n": 5}), ("numel-max", {"n": big}),
            ("numel-2-64", {"n": 2**64}), ("numel-negative", {"n": -6}), ("numel-wrapping", {"n": 2**62 + 6}),
            ("numel-text", {"n": text("6")}), ("class-wrong", {"kind": "HalfStorage"}),
            ("class-dtype", {"kind": "float32"}), ("class-size", {"kind": "Size"}),
            ("key-missing", {"key": "7"}), ("key-up", {"key": "../../etc/passwd"}),
            ("key-escape", {"key": "\x1b[2J"}), ("key-empty", {"key": ""}), ("key-nul", {"key": "0\0"}),
            ("key-long", {"key": "0" * 9000}), ("word-wrong", {"word": "storages"})]:
        shape = {"shape": (1,), "stride": (1,)}
        add("storage-" + name, zipped(PROTO + EMPTY_DICT + pair("w", tensor(storage(**kw), **shape)) + STOP))
    add("storage-two-classes", zipped(state(pair("v", tensor(storage(kind="IntStorage"))))), word="twice")
    add("storage-untyped", zipped(PROTO + EMPTY_DICT + pair("w", tensor(
        storage(n=24).replace(b"ctorch\nFloat", b"ctorch.storage\nUntyped"))) + STOP), word="type")
    add("tensor-few-arguments", zipped(PROTO + EMPTY_DICT + pair("w", name_of(
        "torch._utils", "_rebuild_tensor_v2") + tuple_of(storage()) + REDUCE) + STOP), word="few")
    add("parameter-of-nothing", zipped(state(pair("p", name_of(
        "torch._utils", "_rebuild_parameter") + tuple_of(NONE) + REDUCE))), word="parameter")
    add("name-twice", zipped(state(pair("w", tensor()))), word="twice")
    add("name-twice-by-dots", zipped(state(pair("a.b", tensor()),
                                           pair("a", EMPTY_DICT + pair("b", tensor())))), word="twice")
    add("name-nul", zipped(state(pair("a\0b", tensor()))), word="NUL")
    add("name-long", zipped(state(pair("n" * 5000, tensor()))), word="long")
    add("name-empty", zipped(state(pair("", tensor()))), word="name")


def add_good_cases():
    add("ok-plain", zipped(state()), "ok")
    add("ok-legacy", legacy, "ok")
    add("ok-old-rebuild", zipped(state(pair("v", tensor(how="_rebuild_tensor")))), "ok")
    add("ok-transposed", zipped(state(pair("v", tensor(shape=(3, 2), stride=(1, 3))))), "ok")
    add("ok-expanded", zipped(state(pair("v", tensor(shape=(4, 3), stride=(0, 1))))), "ok")
    add("ok-empty-tensor", zipped(state(pair("v", tensor(shape=(0, 3), offset=2**63 - 1)))), "ok")
    add("ok-empty-odd-strides", zipped(state(pair("v", tensor(shape=(3, 0), stride=(2**63 - 1,) * 2)))), "ok")
    add("ok-scalar", zipped(state(pair("v", tensor(shape=(), stride=(), offset=5)))), "ok")
    add("ok-nested", zipped(PROTO + EMPTY_DICT + pair("state_dict", state()[2:-1]) + STOP), "ok")
    add("ok-number-keys", zipped(state(pair(number(7), tensor()))), "ok")
    add("ok-opaque", zipped(state(pair("args", name_of("argparse", "Namespace") + EMPTY_TUPLE + b"\x81" +
                                       EMPTY_DICT + BUILD), pair("size", name_of("torch", "Size") +
                                       tuple_of(tuple_of(number(2))) + REDUCE))), "ok")
    add("ok-ordered-dict-pairs", zipped(PROTO + name_of("collections", "OrderedDict") + tuple_of(
        EMPTY_LIST + MARK + tuple_of(text("w"), tensor()) + b"e") + REDUCE + STOP), "ok")
    add("ok-deflated", lambda: archive([deflated(m.name, m.data) for m in members()]), "ok")
    add("ok-comment", lambda: archive(members(), comment=b"a comment"), "ok")
    add("ok-descriptor", changed(flags=8, local_flags=8, local_sizes=(0, 0, 0)), "ok")
    add("ok-root-deep", lambda: archive(members(root="a/b")), "ok")


def add_archive_cases():
    whole = archive(members())
    for part in range(1, 8):
        add(f"cut-{part}-8", lambda part=part: whole[:len(whole) * part // 8], word="truncated")
    add("cut-1-byte", lambda: whole[:-1], word="truncated")
    add("crc-pickle", changed(0, crc=1), word="checksum")
    add("crc-storage", changed(1, crc=1), word="checksum")
    add("encrypted", changed(0, flags=1, local_flags=1), word="encrypted")
    add("encrypted-in-directory", changed(0, flags=1), word="encrypted")
    add("encrypted-in-local", changed(0, local_flags=1), word="encrypted")
    add("strong-encryption", changed(1, flags=64, local_flags=64), word="encrypted")
    add("method-12", changed(0, method=12, local_method=12), word="method")
    add("method-differs", changed(0, local_method=8), word="method")
    add("two-data-pkl", lambda: archive(members() + members(root="b")), word="two")
    add("member-twice", lambda: archive(members() + members()[1:2]), word="twice")
    add("no-data-pkl", lambda: archive(members()[1:]), word="data.pkl")
    add("no-storage", lambda: archive(members()[:1]), word="storage")
    add("name-differs", changed(1, local_name=b"archive/data/1"), word="name")
    add("name-differs-in-length", changed(1, local_name=b"archive/data/00"), word="name")
    add("name-nul-zip", lambda: archive(members() + [Member(b"a\0b", b"")]), word="NUL")
    add("name-empty-zip", lambda: archive(members() + [Member(b"", b"")]), word="name")
    add("name-5000-zip", lambda: archive(members() + [Member(b"n" * 5000, b"")]), word="4096")
    add("local-crc-differs", changed(1, local_sizes=(1, 24, 24)), word="checksum")
    add("local-size-differs", changed(1, local_sizes=(zlib.crc32(DATA), 20, 20)), word="size")
    add("size-beyond", changed(2, packed=10**6), word="beyond")
    add("size-4g", changed(2, packed=2**32 - 2), word="beyond")
    add("size-zip64-missing", changed(2, packed=2**32 - 1), word="extra")
    add("stored-two-sizes", changed(1, unpacked=25), word="two sizes")
    add("offset-beyond", changed(1, offset=10**7), word="local header")
    add("offset-wrong", changed(1, offset=3), word="local header")
    add("offset-of-other", changed(1, offset=0), word="name")
    add("overlap", lambda: archive([Member("a/data.pkl", state()), Member("a/data/0", DATA, packed=90),
                                    Member("a/version", b"3" * 90)]), word="overlaps")
    add("extra-malformed", changed(1, extra=b"\1\0\xff\xff"), word="extra")
    for name, kw in [("count-more", {"count": 9}), ("count-less", {"count": 1}),
                     ("count-65535", {"count": 65535}), ("count-0", {"count": 0}), ("begin-0", {"begin": 0}),
                     ("begin-max", {"begin": 2**32 - 1}), ("size-0", {"n_bytes": 0}), ("size-max", {"n_bytes": 2**32 - 1}),
                     ("disk-1", {"disk": 1}),
                     ("gap", {"gap": b"x" * 9, "begin": 10})]:
        add("directory-" + name, lambda kw=kw: archive(members(), **kw))

    def zip64(entries, n_bytes, begin, size=44, locate=None):
        plain = archive(members())
        end = plain[-22:]
        body = plain[:-22]
        record = struct.pack("<IQHHIIQQQQ", 0x06064b50, size, 45, 45, 0, 0, entries, entries, n_bytes, begin)
        locator = struct.pack("<IIQI", 0x07064b50, 0, len(body) if locate is None else locate, 1)
        return body + record + locator + end
    begin = struct.unpack("<I", whole[-6:-2])[0]
    n = len(whole) - 22 - begin
    add("ok-zip64-end", lambda: zip64(3, n, begin), "ok")
    add("zip64-count-max", lambda: zip64(2**64 - 1, n, begin))
    add("zip64-contradicts", lambda: zip64(2, n, begin), word="contradict")
    add("zip64-begin-max", lambda: zip64(3, n, 2**64 - 1))
    add("zip64-size-wraps", lambda: zip64(3, 2**64 - begin, begin))
    add("zip64-record-size", lambda: zip64(3, n, begin, size=45))
    add("zip64-locator-max", lambda: zip64(3, n, begin, locate=2**64 - 1))

    add("bomb-storage", lambda: archive([Member("a/data.pkl", PROTO + EMPTY_DICT + pair(
        "w", tensor(storage(n=50 << 18), shape=(9,), stride=(1,))) + STOP),
        deflated("a/data/0", bytes(50 << 20))]), word="at most")
    add("bomb-pickle", lambda: archive([deflated("a/data.pkl", PROTO + b"N0" * (25 << 20))]), word="at most")
    add("bomb-100-members", lambda: archive([Member("a/data.pkl", PROTO + EMPTY_DICT + b"".join(
        pair(f"w{i}", tensor(storage(key=str(i), n=1 << 18), shape=(9,), stride=(1,)))
        for i in range(100)) + STOP)] +
        [deflated(f"a/data/{i}", bytes(1 << 20)) for i in range(100)]), word="at most")
    add("deflate-damaged", lambda: archive([Member("a/data.pkl", b"\xff" * 50, method=8, unpacked=99)]),
        word="damaged")
    add("deflate-longer", lambda: archive([
        Member("a/data.pkl", deflated("x", state()).data, method=8, crc=0, unpacked=10)]), word="damaged")
    add("deflate-shorter", lambda: archive([
        Member("a/data.pkl", deflated("x", state()).data, method=8, crc=0, unpacked=9999)]), word="damaged")
    add("big-endian", lambda: archive(members() + [Member("archive/byteorder", b"big")]),
        word="little-endian")
    add("byteorder-odd", lambda: archive(members() + [Member("archive/byteorder", b"\x1b[2J")]),
        word="little-endian")


def add_legacy_cases():
    good = legacy()
    for part in range(1, 8):
        add(f"legacy-cut-{part}-8", lambda part=part: good[:len(good) * part // 8], word="truncated")
    add("legacy-cut-1-byte", lambda: good[:-1], word="truncated")
    add("legacy-magic", lambda: legacy(magic=0x1950a86a20f9469cfc6d), word="magic")
    add("legacy-protocol", lambda: legacy(protocol=1002), word="protocol")
    add("legacy-big-endian", lambda: legacy(little=FALSE), word="little-endian")
    add("legacy-machine-list", lambda: legacy(
        machine=PROTO + EMPTY_LIST + text("little_endian") + b"a" + STOP), word="little-endian")
    add("legacy-machine-none", lambda: legacy(machine=PROTO + NONE + STOP), word="little-endian")
    add("legacy-machine-number", lambda: legacy(little=number(1)), word="little-endian")
    add("legacy-keys-dict", lambda: legacy().replace(b"]" + MARK, b"}" + MARK, 1).replace(b"e.", b"0."))
    add("legacy-key-number", lambda: legacy().replace(b"]" + MARK + text("0"), b"]" + MARK + number(0)),
        word="text")
    add("legacy-trailing", lambda: good + b"x", word="more bytes")
    add("legacy-count-differs", lambda: legacy(data=struct.pack("<Q", 5) + DATA), word="number")
    add("legacy-count-max", lambda: legacy(data=struct.pack("<Q", 2**64 - 1) + DATA), word="number")
    add("legacy-no-keys", lambda: legacy(keys=(), data=b""), word="missing")
    add("legacy-key-twice", lambda: legacy(keys=("0", "0")), word="twice")
    add("legacy-key-unknown", lambda: legacy(keys=("0", "1")), word="listed")
    view = tuple_of(text("v"), number(2), number(4))
    add("ok-legacy-view", lambda: legacy(PROTO + EMPTY_DICT + pair("w", legacy_tensor(
        view, shape=(2, 2), stride=(2, 1))) + STOP), "ok")
    add("legacy-view-beyond", lambda: legacy(PROTO + EMPTY_DICT + pair("w", legacy_tensor(view)) + STOP),
        word="beyond")
    add("legacy-view-lies", lambda: legacy(PROTO + EMPTY_DICT + pair("w", legacy_tensor(
        tuple_of(text("v"), number(4), number(4)), shape=(1,), stride=(1,))) + STOP), word="view")
    add("bare-pickle", lambda: state(), word="pickle")
    add("html", lambda: b"<!doctype html><html></html>", word="HTML")
    add("lfs-pointer", lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", word="git-lfs")
    add("empty", lambda: b"", word="empty")
    add("random", lambda: bytes((i * 167 + 13) % 251 for i in range(5000)))
    add("escape-\x1b[31m-in-name", lambda: b"PK\3\4", word="\\u{1B}")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    add_good_cases()
    add_payload_cases()
    add_machine_cases()
    add_tensor_cases()
    add_archive_cases()
    add_legacy_cases()
    names = [c[0] for c in CASES]
    assert len(set(names)) == len(names), "two cases have one name"
    with open(os.path.join(folder, "EXPECT.tsv"), "w", encoding="utf-8") as out:
        for name, make, expect, word in CASES:
            with open(os.path.join(folder, name + ".bin"), "wb") as f:
                f.write(make())
            out.write(f"{name}\t{expect}\t{word}\t{name}.bin\n")
    print(f"{len(CASES)} files in {folder}")


if __name__ == "__main__":
    main()
