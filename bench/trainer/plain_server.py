"""Runs a plain PyTorch loop as often as it is asked to, as trainer_bench does for archsweep.

    plain_server.py LOOP DEPTH WIDTH BATCH THREADS LAYOUT DEVICE STATE

LOOP is a Python file with Network, train_step, pgd20 and calls, such as plain_loop.py. LAYOUT is contiguous or
channels_last. STATE holds weights, images.uint8 and labels. A line on standard input is `train`, `pgd20` or
`calls FORWARD GRADIENT`, and is answered by a line of JSON.
"""
import importlib.util
import json
import struct
import sys
import time

import torch

TYPES = {"F32": torch.float32, "F64": torch.float64, "I64": torch.int64, "U8": torch.uint8, "BOOL": torch.bool}
ATTACK_STEPS = 10  # Of the recipe "bat".


def read_safetensors(path):
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        content = file.read()
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        raw = torch.frombuffer(bytearray(content[begin:end]), dtype=TYPES[entry["dtype"]])
        tensors[name] = raw.view(entry["shape"])
    return tensors


def load_weights(net, state, order):
    """Official names differ from those of LOOP, but modules are defined in the same order."""
    own = net.state_dict()
    assert len(own) == len(order)
    net.load_state_dict({name: state[official].view(own[name].shape) for name, official in zip(own, order)})


def official_order(state):
    """Of the state dict of a network of basic blocks, whose file lists the names alphabetically."""
    places = {"bn1": 0, "conv1": 1, "bn2": 2, "conv2": 3, "shortcut": 4}
    parts = {"weight": 0, "bias": 1, "running_mean": 2, "running_var": 3, "num_batches_tracked": 4}

    def key(name):
        words = name.split(".")
        if words[0] == "blocks":  # blocks.STAGE.layer.PLACE.MODULE[.0].PART
            return (1, int(words[1]), int(words[3]), places[words[4]], parts[words[-1]])
        return ({"stem_conv": 0, "norm1": 2, "fc": 3}[words[0]], 0, 0, 0, parts[words[-1]])

    return sorted((name for name in state if name not in ("images.uint8", "labels")), key=key)


class Server:
    def __init__(self, loop, depth, width, batch, threads, layout, device, state_path):
        spec = importlib.util.spec_from_file_location("loop", loop)
        self.loop = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.loop)
        torch.set_num_threads(int(threads))
        memory = torch.channels_last if layout == "channels_last" else torch.contiguous_format
        state = read_safetensors(state_path)
        triple = [tuple(int(number) for number in text.split(",")) for text in (depth, width)]
        self.net = self.loop.Network(*triple)
        load_weights(self.net, state, official_order(state))
        self.net = self.net.to(device, memory_format=memory)
        self.images = (state["images.uint8"][: int(batch)].float() / 255).to(device, memory_format=memory)
        self.labels = state["labels"][: int(batch)].to(device)
        self.optimiser = torch.optim.SGD(self.net.parameters(), lr=0.1, momentum=0.9, weight_decay=2e-4)

    def run(self, work, *counts):
        if work == "train":
            return self.loop.train_step(self.net, self.optimiser, self.images, self.labels, ATTACK_STEPS)
        self.net.eval()
        for parameter in self.net.parameters():
            parameter.requires_grad_(False)
        if work == "pgd20":
            return self.loop.pgd20(self.net, self.images, self.labels)
        self.loop.calls(self.net, self.images, self.labels, *(int(count) for count in counts))
        return 0


def main():
    server = Server(*sys.argv[1:])
    for line in sys.stdin:
        begin, begin_cpu = time.monotonic(), time.process_time()
        result = server.run(*line.split())
        if server.images.is_cuda:
            torch.cuda.synchronize()
        seconds, cpu_seconds = time.monotonic() - begin, time.process_time() - begin_cpu
        print(json.dumps({"seconds": seconds, "cpu_seconds": cpu_seconds, "result": result}), flush=True)


if __name__ == "__main__":
    main()
