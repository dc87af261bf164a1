#!/usr/bin/env bash
# Start a Dask scheduler and two workers on the loopback, make a corpus, compute its features and detect in recordings on
# them, kill a worker in the middle of each, and compare every byte with what this machine makes alone.
# Usage: scripts/check_dask.sh [RECORDINGS]; PYTHON names the interpreter, by default python.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() { echo "skipped: $1"; exit 0; }
PYTHON=$(command -v "${PYTHON:-python}") || skip "no ${PYTHON:-python} here; set PYTHON"
"$PYTHON" -c "import distributed" 2> /dev/null || skip "Dask is not installed; pip install 'sedpool[dask]'"
N=${1:-200}
PORT=${PORT:-18786}
ADDRESS=tcp://127.0.0.1:$PORT
export PYTHONPATH=$PWD

W=$(mktemp -d /tmp/check-dask-XXXXXX)
declare -A PROCESSES
tear_down() {
    status=$?
    [ $status = 0 ] || tail -n 20 "$W"/*.log 2> /dev/null || true
    for pid in "${PROCESSES[@]}"; do kill "$pid" 2> /dev/null || true; wait "$pid" 2> /dev/null || true; done
    rm -rf "$W"
    exit $status
}
trap tear_down EXIT
trap 'exit 1' INT TERM

start() {
    local name=$1
    shift
    "$PYTHON" -m distributed.cli.dask_"$@" > "$W/$name.log" 2>&1 &
    PROCESSES[$name]=$!
}
start_worker() {
    start "$1" worker "$ADDRESS" --nthreads 1 --no-nanny --no-dashboard --memory-limit 0 --local-directory "$W"
}
start scheduler scheduler --host 127.0.0.1 --port "$PORT" --no-dashboard
start_worker one
start_worker two

sedpool() { "$PYTHON" -c "from sedpool.cli.app import main; main()" "$@"; }
on_dask() { # a command that works on the cluster; what follows -- says when it is in the middle
    local command=() pid
    while [ "$1" != -- ]; do command+=("$1"); shift; done
    shift
    sedpool "${command[@]}" > "$W/on_dask.out" 2> "$W/on_dask.log" &
    pid=$!
    until "$@"; do kill -0 $pid || { wait $pid; echo "ended before a worker was killed" >&2; exit 1; }; sleep 0.05; done
    kill -9 "${PROCESSES[two]}"
    kill -0 $pid
    wait "${PROCESSES[two]}" 2> /dev/null || true
    wait $pid
    start_worker two
}
peak() { awk '/VmHWM/ { print int($2 / 1024) }' "/proc/${PROCESSES[one]}/status"; }
at_least() { [ "$(find "$2" -name "$3" 2> /dev/null | wc -l)" -ge "$1" ]; }

"$PYTHON" - "$W/recordings" "$N" << 'PY'
import sys
from pathlib import Path

import numpy as np
import soundfile as sf

folder, rng = Path(sys.argv[1]), np.random.default_rng(0)
folder.mkdir()
for number in range(int(sys.argv[2])):
    time = np.arange(int(44100 * rng.uniform(5, 15))) / 44100
    sound = np.sin(2 * np.pi * np.cumsum(rng.uniform(200, 4000) + 300 * np.sin(2 * np.pi * rng.uniform(0.2, 4) * time)) / 44100)
    loud = (np.sin(2 * np.pi * rng.uniform(0.1, 0.5) * time) > 0.3) * rng.uniform(0.05, 0.5)
    sf.write(folder / f"{number:03d}.wav", loud * sound + rng.normal(0, 0.01, len(time)), 44100)
PY

corpus=(demo dataset.n_train=160 dataset.n_validate=16 dataset.n_test=16)
SEDPOOL_DATA=$W/local sedpool data prepare "${corpus[@]}" > "$W/prepare.log"
SEDPOOL_DATA=$W/dask on_dask data prepare "${corpus[@]}" parallel=dask parallel.address="$ADDRESS" \
    -- at_least 24 "$W/dask" "*.jams"
(cd "$W/local" && find . -name "*.wav" -o -name "*.jams" -o -name "*.txt" -o -name "*.tsv") | sort > "$W/files"
while read -r name; do cmp "$W/local/$name" "$W/dask/$name"; done < "$W/files"
echo "a corpus of $(grep -c wav "$W/files") soundscapes, one worker killed: the same bytes as on this machine alone"

"$PYTHON" - "$W" << 'PY'
import sys
from pathlib import Path

from sedpool.features import shards

found = [shards.read_index(next(Path(sys.argv[1], name, "features").glob("*"))) for name in ("local", "dask")]
checksums = [sorted(index.records["checksum"].tolist()) for index in found]
assert checksums[0] == checksums[1] and len(checksums[0]) == 192, list(map(len, checksums))
print(f"features of its {len(checksums[0])} clips: the same checksums")
PY

sedpool detect demo "$W/recordings" --format tsv --format scores --jobs 2 --out "$W/detected" 2> "$W/detect.log"
on_dask detect demo "$W/recordings" --format tsv --format scores --parallel dask --parallel-address "$ADDRESS" \
    --out "$W/on_dask" -- at_least $((N / 3)) "$W/on_dask" "*.tsv"
tail -n 2 "$W/on_dask.log" | sed "s|$W/||g"
diff -r -x '*.lock' "$W/detected" "$W/on_dask"
echo "detections and scores of $N recordings, one worker killed: the same bytes as by two processes of this machine"

before=$(peak)
sedpool detect demo "$W/recordings" --format tsv --format scores --parallel dask --parallel-address "$ADDRESS" \
    --out "$W/again" 2> /dev/null
echo "peak memory of the worker that lived: $before MB, and $(peak) MB after the same $N recordings once more"
[ "$(peak)" -le $((before + before / 10)) ]
echo "passed"
