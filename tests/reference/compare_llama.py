#!/usr/bin/env python3
"""Compares xuxie with llama.cpp, both ways, over GGUF files.

    compare_llama.py XUXIE MODEL.gguf WORK [TYPE...]

MODEL is an f32 or f16 file. For every TYPE (f16 q8_0 q6_K q5_K q4_K q4_0) a file that xuxie quantised and one
that llama.cpp quantised are made in WORK and read by both programs: 64 tokens, each program given the same
ones (teacher-forced). Printed for each file: the largest difference of a logit; at how many of the positions
the best token leads by more than twice that difference, and at how many of these both programs name the same
one, which has to be all of them. For f16 the 64 tokens are the greedy continuation of llama.cpp, so agreement
there means that both write the same text. With "as-is" for TYPE, MODEL itself is read by both, whatever its
type, and gets 64 tokens drawn at random.

llama.cpp is not part of this project and is not built by it. The script uses its Python package:

    python3 -m venv /tmp/llama && /tmp/llama/bin/pip install llama-cpp-python numpy
    /tmp/llama/bin/python tests/reference/compare_llama.py build/xuxie model.gguf /tmp

and its quantisers' errors are compared by tests/bench/bench_quant_error with libggml-base.so of that package.
"""
import ctypes
import os
import subprocess
import sys

import llama_cpp
import numpy

N_TOKENS, N_CONTEXT = 64, 256
TYPES = {"f16": 1, "q8_0": 7, "q6_K": 18, "q5_K": 17, "q4_K": 15, "q4_0": 2}  # enum llama_ftype


class Peer:
    """A model in llama.cpp."""

    def __init__(self, path):
        params = llama_cpp.llama_model_default_params()
        params.n_gpu_layers = 0
        self.model = llama_cpp.llama_model_load_from_file(path.encode(), params)
        if not self.model:
            raise RuntimeError(f"llama.cpp does not load {path}")
        self.n_vocab = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(self.model))
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = params.n_batch = params.n_ubatch = N_CONTEXT
        params.n_threads = params.n_threads_batch = 1
        self.context = llama_cpp.llama_init_from_model(self.model, params)

    def logits(self, ids, position):
        """Logits after each of the ids, which stand at position and after."""
        batch = llama_cpp.llama_batch_init(len(ids), 0, 1)
        batch.n_tokens = len(ids)
        for i, token in enumerate(ids):
            batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.logits[i] = token, position + i, 1, 1
            batch.seq_id[i][0] = 0
        if llama_cpp.llama_decode(self.context, batch):
            raise RuntimeError("llama.cpp does not evaluate the tokens")
        rows = [numpy.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(self.context, i),
                                         (self.n_vocab,)).copy() for i in range(len(ids))]
        llama_cpp.llama_batch_free(batch)
        return numpy.stack(rows)

    def forget(self):
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), True)

    def close(self):
        llama_cpp.llama_free(self.context)
        llama_cpp.llama_model_free(self.model)


def xuxie(*args):
    subprocess.run([XUXIE, *args], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def our_logits(path, ids):
    out = os.path.join(WORK, "logits.npy")
    xuxie("model", "logits", "--model", path, "--ids", ",".join(map(str, ids)), "--npy", out)
    return numpy.load(out)


def their_file(source, out, kind):
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype, params.nthread = TYPES[kind], 2
    if llama_cpp.llama_model_quantize(source.encode(), out.encode(), ctypes.byref(params)):
        raise RuntimeError(f"llama.cpp does not quantise {source} to {kind}")


def greedy(peer):
    """Tokens that llama.cpp writes: 8 to begin with, then its best one each time."""
    rng = numpy.random.default_rng(1)
    ids = [int(i) for i in rng.integers(3, peer.n_vocab - 3, 8)]
    row = peer.logits(ids, 0)[-1]
    while len(ids) < N_TOKENS:
        ids.append(int(row.argmax()))
        row = peer.logits(ids[-1:], len(ids) - 1)[-1]
    peer.forget()
    return ids


def compare(kind, maker, path, ids):
    peer = Peer(path)
    ids = ids or greedy(peer)
    theirs = peer.logits(ids, 0)
    peer.close()
    ours = our_logits(path, ids)
    worst = float(numpy.abs(ours - theirs).max())
    ordered = numpy.sort(ours, axis=1)
    clear = ordered[:, -1] - ordered[:, -2] > 2 * worst
    same = ours.argmax(1) == theirs.argmax(1)
    good = bool(same[clear].all())
    print(f"{kind:6} {maker:10} {os.path.getsize(path) / 1e6:8.1f} MB {numpy.abs(ours).max():9.3f} {worst:10.2e}"
          f" {int(clear.sum()):5} {int((same & clear).sum()):5} {int(same.sum()):5}/{len(ids)}"
          f"{'' if good else '  FAILED'}", flush=True)
    return ids, good and (kind != "f16" or bool(same[7:].all()))


def main():
    global XUXIE, WORK
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    XUXIE, source, WORK = sys.argv[1:4]
    quiet = llama_cpp.llama_log_callback(lambda level, text, data: None)
    llama_cpp.llama_log_set(quiet, None)
    llama_cpp.llama_backend_init()
    print(f"{'type':6} {'made by':10} {'size':>11} {'|logit|':>9} {'difference':>10} clear agree  all agree")
    bad, ids, rng = 0, None, numpy.random.default_rng(2)
    for kind in sys.argv[4:] or TYPES:
        if kind == "as-is":
            bad += not compare(kind, "-", source, [int(i) for i in rng.integers(3, 250, N_TOKENS)])[1]
            continue
        for maker in ("xuxie", "llama.cpp"):
            path = os.path.join(WORK, f"{maker}-{kind}.gguf")
            if maker == "xuxie":
                if os.path.exists(path):
                    os.unlink(path)
                xuxie("model", "quantize", source, path, kind)
            else:
                their_file(source, path, kind)
            ids, good = compare(kind, maker, path, ids)
            bad += not good
            os.unlink(path)
    print(f"{bad} failed")
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
