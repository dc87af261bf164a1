"""Break sedpool for a while and see that nothing is lost: ``python scripts/soak.py FOLDER --minutes 60 --seed 0``.

Each step breaks one thing, chosen by the seed and the step's number alone: a run of 60 training steps is killed and
goes on, a feature store is damaged, a disk takes no more, a tracking server fails. Afterwards everything has to be as
if nothing had happened. The same command goes on where it stopped, as what each step saw is in ``soak.jsonl``.
"""

import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from sedpool import storage
from sedpool.features import FeatureStore, LogMel
from sedpool.run_folder import RunFolder

WITH_PARENT = "import os, threading; threading.Thread(target=lambda: os.read(0, 1) or os._exit(1), daemon=True).start()"
"""A process that ends as soon as this one does, however that ends: else it would still train where the next goes on."""
TRAIN = [sys.executable, "-c", f"{WITH_PARENT}; from sedpool.cli.app import main; main()", "train"]
SETTINGS = (
    *("dataset.n_train=24", "dataset.n_validate=8", "dataset.n_test=8", "jobs=1", "model=tiny"),
    *("training.epochs=6", "training.batches_per_epoch=10", "training.early_stopping_patience=60", "tracking=none"),
    *("features.sr=8000", "features.n_fft=256", "features.hop_length=128", "features.n_mels=16"),
)
KILLS = ("kill",) * 4
KINDS = (
    *("kill", "store", "disk", "kill", "tracking"),
    *(*KILLS, "store", *KILLS, "store", *KILLS, "disk", "store", *KILLS, "tracking", "store", "kill", "kill"),
)
"""What steps break, in turn: 200 kills, 50 stores, 20 disks and 20 servers in 290 steps."""
SAME = ("weights.npz", "metrics.json", "history.csv", "counts.parquet", "events.tsv")
TIMED = ["seconds", "clips_per_second", "data_wait", "energy_wh"]
PATIENCE = 1800  # seconds after which a command hangs: others may keep the processors busy
FLAT = 1.1  # times as much memory as at the beginning


class Lost(Exception):
    """Something is not as if nothing had happened."""


class Soak:
    """The steps of one seed in one folder."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.seed = folder.resolve(), seed
        self.journal = self.folder / "soak.jsonl"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.alive, self.held_open = os.pipe()  # the standard input of every process that is started
        whole, _, torn = (self.journal.read_text() if self.journal.exists() else "").rpartition("\n")
        if torn:
            storage.write_text(self.journal, f"{whole}\n" if whole else "")
        self.seen: list[dict[str, Any]] = [json.loads(line) for line in whole.splitlines()]
        if any(one["seed"] != seed for one in self.seen):
            raise typer.BadParameter(f"{self.folder}: holds another seed; give that, or another folder")
        began = time.monotonic()
        reference = self.finished_run(self.train("reference"))
        self.reference = fingerprint(reference)
        self.seconds = max(2.0, time.monotonic() - began) if not self.seen else float(self.seen[0]["run_seconds"])
        recordings = sorted(path for path in (self.folder / "data").rglob("*.wav"))
        self.paths = {path.name: str(path) for path in recordings}
        self.features = self.read_store(self.folder / "cache")
        shutil.rmtree(self.folder / "damaged", ignore_errors=True)
        if self.read_store(self.folder / "damaged") != self.features:  # loads what computing needs: memory is then flat
            raise Lost(f"{self.folder}: features computed again differ")

    def step(self) -> None:
        """Take the next step and note what it saw."""
        number = len(self.seen)
        rng = np.random.default_rng([self.seed, number])
        kind = KINDS[number % len(KINDS)]
        began = time.monotonic()
        note: dict[str, Any] = {"seed": self.seed, "step": number, "kind": kind, "run_seconds": self.seconds}
        try:
            note |= {"seen": getattr(self, kind)(rng), "lost": None}
        except Lost as lost:
            note |= {"seen": "", "lost": str(lost)}
        own, children = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        note |= {"seconds": round(time.monotonic() - began, 1), "own_kib": resident_kib(), "peak_kib": own}
        note["largest_child_kib"] = children
        self.seen.append(note)
        with self.journal.open("a") as stream:
            stream.write(json.dumps(note) + "\n")

    def kill(self, rng: np.random.Generator) -> str:
        """Kill a run at any moment after it began, then have it finish, or be killed again by a later step."""
        times = sum(one["kind"] == "kill" for one in self.seen)
        runs = f"killed-{times // 4}"
        with self.training(runs) as process:
            if self.wait_for_log(runs, process):
                time.sleep(float(rng.uniform(0, 0.4 * self.seconds)))
            was_at_work = process.poll() is None
            if was_at_work:
                os.killpg(process.pid, signal.SIGKILL)
        killed = f"killed in epoch {self.epochs(runs)}" if was_at_work else "finished before"
        if rng.uniform() < 0.3 or not was_at_work or times % 4 == 3:
            self.same(self.finished_run(self.train(runs)))
            shutil.rmtree(self.folder / runs)
            return f"{killed}, went on to the same bits"
        return f"{killed}, left for the next kill"

    def store(self, rng: np.random.Generator) -> str:
        """Damage a feature store, and read all features from it."""
        copy = self.folder / "damaged"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.folder / "cache", copy)
        files = sorted(path for path in copy.rglob("*") if path.is_file() and path.name != "lock")
        victim = files[int(rng.integers(len(files)))]
        content = bytearray(victim.read_bytes())
        how = str(rng.choice(["flip", "cut", "empty", "zeros", "remove", "copy"]))
        if how == "flip":
            content[int(rng.integers(len(content)))] ^= 1 << int(rng.integers(8))
        elif how == "cut":
            del content[int(rng.integers(len(content))) :]
        elif how == "empty":
            content.clear()
        elif how == "zeros":
            first = int(rng.integers(len(content)))
            content[first : first + 512] = bytes(len(content[first : first + 512]))
        if how == "remove":
            victim.unlink()
        elif how == "copy":
            shutil.copy(victim, victim.with_name(f"{victim.stem} (1){victim.suffix}"))
        else:
            victim.write_bytes(content)
        found = self.read_store(copy)
        wrong = [name for name, digest in self.features.items() if found.get(name) != digest]
        if wrong:
            raise Lost(f"{victim.name}, {how}: features of {', '.join(wrong[:3])} differ")
        shutil.rmtree(copy)
        return f"{victim.suffix or victim.name}, {how}: the same features"

    def disk(self, rng: np.random.Generator) -> str:
        """Train where files can grow no more at some moment, then where they can."""
        limit = int(np.exp(rng.uniform(np.log(200), np.log(60_000))))
        done = self.train("full", limit=limit)
        errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        if done.returncode == 0:
            said = "fitted"
        elif "Traceback" in done.stderr or len(errors) != 1 or str(self.folder) not in errors[0]:
            raise Lost(f"files of {limit} bytes: no line that names the file: {done.stderr[-300:]}")
        else:
            said = "one line"
        self.same(self.finished_run(self.train("full")))
        shutil.rmtree(self.folder / "full")
        return f"files of {limit} bytes: {said}, went on to the same bits"

    def tracking(self, rng: np.random.Generator) -> str:
        """Train with a tracking server that is not there, answers nothing, or answers nonsense."""
        how = str(rng.choice(["refuses", "silent", "nonsense"]))
        with server(how) as uri:
            done = self.train("untracked", "tracking=mlflow", f"tracking.uri={uri}", "tracking.energy=false")
        self.same(self.finished_run(done))
        if "warning: " not in done.stderr:
            raise Lost(f"a server that {how}: nothing warns of it")
        shutil.rmtree(self.folder / "untracked")
        return f"{how}: warned, same bits"

    def command(self, runs: str, *overrides: str) -> list[str]:
        """Return the command that trains the run in a folder of its own."""
        places = (f"data_root={self.folder}/data", f"cache={self.folder}/cache", f"runs={self.folder}/{runs}")
        return [*TRAIN, *SETTINGS, f"seed={self.seed}", *places, *overrides]

    def train(self, runs: str, *overrides: str, limit: int | None = None) -> subprocess.CompletedProcess[str]:
        """Train to the end, with files of up to `limit` bytes."""
        command = self.command(runs, *overrides)
        if limit is not None:  # as shells set it in kibibytes only
            start = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit})); "
            command[2] = start + command[2]
        try:
            return subprocess.run(
                command, stdin=self.alive, capture_output=True, text=True, timeout=PATIENCE, check=False
            )
        except subprocess.TimeoutExpired:
            raise Lost(f"{runs}: no end after {PATIENCE} s") from None

    @contextmanager
    def training(self, runs: str) -> Iterator[subprocess.Popen[bytes]]:
        """Train in the background, in a group of processes of its own."""
        nowhere = subprocess.DEVNULL
        with subprocess.Popen(
            self.command(runs), start_new_session=True, stdin=self.alive, stdout=nowhere, stderr=nowhere
        ) as process:
            yield process

    def wait_for_log(self, runs: str, process: subprocess.Popen[bytes]) -> bool:
        """Wait until a run is at work on its folder; False if it ends before."""
        before = sum(path.stat().st_size for path in (self.folder / runs).glob("*/log.txt"))
        stop = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < stop:
            if sum(path.stat().st_size for path in (self.folder / runs).glob("*/log.txt")) > before:
                return True
            time.sleep(0.05)
        return False

    def epochs(self, runs: str) -> int:
        """Return how many epochs a run has."""
        tables = [path.read_text().splitlines() for path in (self.folder / runs).glob("*/history.csv")]
        return max((len(lines) - 1 for lines in tables), default=0)

    def finished_run(self, done: subprocess.CompletedProcess[str]) -> RunFolder:
        """Return the run that a command made."""
        if done.returncode:
            raise Lost(f"exit status {done.returncode}: {done.stderr[-500:]}")
        return RunFolder(done.stdout.splitlines()[-1])

    def same(self, run: RunFolder) -> None:
        """Check that a run has what the reference has, and nothing that is half written."""
        found = fingerprint(run)
        if different := [name for name, digest in self.reference.items() if found[name] != digest]:
            raise Lost(f"{run.path}: {', '.join(different)} differ from those of the run that nothing happened to")
        if left := [path.name for path in run.path.rglob(".writing-*")]:
            raise Lost(f"{run.path}: {', '.join(left)} left behind")

    def read_store(self, folder: Path) -> dict[str, str]:
        """Return a hash of every recording's features, by its name."""
        features, broken = FeatureStore(folder, LogMel(sr=8000, n_fft=256, hop_length=128, n_mels=16)).prepare(
            self.paths, n_jobs=1
        )
        if broken:
            raise Lost(f"{folder}: {len(broken)} recordings cannot be read")
        return {name: storage.hash_value(np.asarray(features[name]).tobytes().hex()) for name in self.paths}

    def summary(self) -> str:
        """Say how many steps broke what, what was lost, and whether memory was flat."""
        lines = [f"seed {self.seed}, {len(self.seen)} steps, {sum(one['seconds'] for one in self.seen) / 60:.0f} min"]
        for kind in dict.fromkeys(KINDS):
            own = [one for one in self.seen if one["kind"] == kind]
            lines.append(f"{kind}: {len(own)} steps, {sum(one['lost'] is not None for one in own)} lost something")
        lines += [f"LOST in step {one['step']} ({one['kind']}): {one['lost']}" for one in self.seen if one["lost"]]
        memory = [one["own_kib"] for one in self.seen if one["kind"] == "store"]
        if len(memory) >= 2:
            first, last = memory[0] / 1024, memory[-1] / 1024
            lines.append(f"memory after the first damaged store {first:.0f} MiB, after the last {last:.0f} MiB")
        lines.append(
            f"largest command: {max((one['largest_child_kib'] for one in self.seen), default=0) / 1024:.0f} MiB"
        )
        return "\n".join(lines)

    @property
    def is_in_order(self) -> bool:
        """Whether nothing was lost and memory was flat."""
        memory = [one["own_kib"] for one in self.seen if one["kind"] == "store"]
        is_flat = len(memory) < 2 or memory[-1] <= FLAT * memory[0]
        return is_flat and not any(one["lost"] for one in self.seen)


def fingerprint(run: RunFolder) -> Mapping[str, str]:
    """Return a hash of what a run came to, by file; how long its epochs took is left out."""
    found = {name: storage.sha256_file(run.file(name)) for name in SAME if name != "history.csv"}
    history = run.history
    return found | {"history.csv": storage.hash_value(history.drop(columns=TIMED, errors="ignore").to_csv(index=False))}


@contextmanager
def server(how: str) -> Iterator[str]:
    """Serve on a port of this machine as a server in trouble does; give its address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        if how == "refuses":
            yield f"http://127.0.0.1:{port}"
            return
        listening.listen(16)
        answer = b"HTTP/1.1 500 \r\nContent-Length: 3\r\nConnection: close\r\n\r\n{]}" if how == "nonsense" else b""
        serving = os.fork()
        if serving == 0:
            taken = []
            while True:
                connection, _ = listening.accept()
                taken.append(connection)
                if answer:
                    connection.recv(65536)
                    connection.sendall(answer)
                    connection.close()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            os.kill(serving, signal.SIGKILL)
            os.waitpid(serving, 0)


def resident_kib() -> int:
    """Return the memory of this process, where Linux says it; else the most that it had."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main(
    folder: Annotated[Path, typer.Argument(help="Where it happens; the same folder goes on.")],
    minutes: Annotated[float, typer.Option(help="How long.")] = 60.0,
    seed: Annotated[int, typer.Option(help="What happens.")] = 0,
) -> None:
    """Break sedpool for some minutes, print a summary, and exit with 1 if anything was lost or memory grew."""
    stop = time.monotonic() + 60 * minutes
    soak = Soak(folder, seed)
    while time.monotonic() < stop:
        soak.step()
        last = soak.seen[-1]
        typer.echo(f"{last['step']:4d} {last['kind']:8s} {last['seconds']:6.1f} s  {last['lost'] or last['seen']}")
    typer.echo(soak.summary())
    raise typer.Exit(0 if soak.is_in_order else 1)


if __name__ == "__main__":
    typer.run(main)
