#!/usr/bin/env python3
"""heat.py INPUT: one rank of a solver for the heat equation on a rod whose ends are kept at zero.

The rod begins as one arch of a sine, for which the exact solution is known. Each rank has a piece of it, and tells its
neighbours the temperatures at its ends after each step. They speak over TCP: a rank writes where it listens into
exchange/, in the directory that all nodes share. An MPI library would do the same, faster.

SLURM_PROCID and SLURM_NTASKS, which srun sets, say which rank this is, and how many there are.
"""

import json
import math
import os
import secrets
import socket
import struct
import sys
import time
from pathlib import Path

PATIENCE = 60
NUMBER = struct.Struct("!d")


class Neighbour:
    """The other end of a connection to the rank beside this one."""

    def __init__(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(PATIENCE)
        self.connection = connection

    def tell(self, temperature):
        self.connection.sendall(NUMBER.pack(temperature))

    def hear(self):
        return NUMBER.unpack(received(self.connection, NUMBER.size))[0]


def received(connection, size):
    content = b""
    while len(content) < size:
        chunk = connection.recv(size - len(content))
        if not chunk:
            raise ConnectionError("a neighbour has gone")
        content += chunk
    return content


def wait_for_right(rank):
    """The rank to the right connects to us, and shows the key that only readers of our file know."""
    key = secrets.token_hex(16)
    with socket.create_server(("", 0)) as server:
        server.settimeout(PATIENCE)
        announce(rank, f"{socket.gethostname()} {server.getsockname()[1]} {key}")
        while True:
            connection, _ = server.accept()
            connection.settimeout(PATIENCE)
            if secrets.compare_digest(received(connection, len(key)), key.encode()):
                return Neighbour(connection)
            connection.close()


def announce(rank, line):
    draft = Path(f"exchange/.{rank}")
    draft.touch(mode=0o600)
    draft.write_text(line)
    draft.rename(f"exchange/{rank}")


def connect_to_left(rank):
    file = Path(f"exchange/{rank - 1}")
    until = time.monotonic() + PATIENCE
    while not file.exists():
        if time.monotonic() > until:
            sys.exit(f"Rank {rank - 1} did not say where it listens within {PATIENCE} s.")
        time.sleep(0.02)
    host, port, key = file.read_text().split()
    connection = socket.create_connection((host, int(port)), timeout=PATIENCE)
    connection.sendall(key.encode())
    return Neighbour(connection)


def tell(neighbour, temperature):
    if neighbour:
        neighbour.tell(temperature)


def heard(neighbour):
    """Beyond the rod's ends it is always zero degrees."""
    return neighbour.hear() if neighbour else 0.0


def piece(points, rank, ranks):
    """Which points, counted from 1, are this rank's: as even a share as possible."""
    share, more = divmod(points, ranks)
    first = 1 + rank * share + min(rank, more)
    return range(first, first + share + (rank < more))


def solve(case, rank, ranks):
    mine = piece(case["points"], rank, ranks)
    if not mine:
        sys.exit(f"{case['points']} points are too few for {ranks} ranks.")
    # The left connection first, in all ranks but the first: from there the chain builds up, and nobody waits in a ring.
    left = connect_to_left(rank) if rank > 0 else None
    right = wait_for_right(rank) if rank < ranks - 1 else None

    spacing = case["length"] / (case["points"] + 1)
    factor = case["diffusivity"] * case["time_step"] / spacing**2
    places = [index * spacing for index in mine]
    decay = case["diffusivity"] * (math.pi / case["length"]) ** 2
    arch = [math.sin(math.pi * place / case["length"]) for place in places]
    every = max(1, case["steps"] // case["snapshots"])

    temperatures = arch
    with Path(f"result/rank-{rank:05}.tsv").open("w") as result:
        for step in range(1, case["steps"] + 1):
            # All tell before anybody listens, so nobody waits for somebody who waits.
            tell(left, temperatures[0])
            tell(right, temperatures[-1])
            padded = [heard(left), *temperatures, heard(right)]
            temperatures = [
                padded[i] + factor * (padded[i - 1] - 2 * padded[i] + padded[i + 1]) for i in range(1, len(padded) - 1)
            ]
            if step % every == 0 or step == case["steps"]:
                fade = math.exp(-decay * step * case["time_step"])
                for i in range(len(mine)):
                    result.write(f"{step}\t{places[i]:.6f}\t{temperatures[i]:.9f}\t{arch[i] * fade:.9f}\n")


def main():
    rank, ranks = int(os.environ["SLURM_PROCID"]), int(os.environ["SLURM_NTASKS"])
    case = json.loads(Path(sys.argv[1]).read_text())
    solve(case, rank, ranks)


if __name__ == "__main__":
    main()
