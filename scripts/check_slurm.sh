#!/bin/bash
# Run sweeps on a real SLURM: install Debian's slurm-wlm and munge if need be, start both on the loopback in a folder of
# their own, run a sweep of four jobs one of which is pre-empted and requeued, compare it with a local one to the bit,
# run the tests that need SLURM, and stop the daemons. Packages stay installed.
# Usage, as root: scripts/check_slurm.sh; PYTHON names the interpreter, by default python.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() { echo "skipped: $1"; exit 0; }
PYTHON=$(command -v "${PYTHON:-python}") || skip "no ${PYTHON:-python} here; set PYTHON"
[ "$(id -u)" = 0 ] || skip "needs root, to install SLURM and to start its daemons"
if ! command -v slurmctld slurmd munged > /dev/null; then
    command -v apt-get > /dev/null || skip "SLURM is not installed, and there is no apt-get to install it"
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends slurm-wlm munge; } \
        > /dev/null 2>&1 || skip "apt-get cannot install slurm-wlm and munge"
fi

W=$(mktemp -d /tmp/check-slurm-XXXXXX)
DAEMONS=()
tear_down() {
    status=$?
    [ $status = 0 ] || tail -n 20 "$W"/*.log 2> /dev/null || true
    scancel --quiet --me 2> /dev/null || true
    for pid in "${DAEMONS[@]}"; do kill "$pid" 2> /dev/null || true; wait "$pid" 2> /dev/null || true; done
    rm -rf "$W"
    exit $status
}
trap tear_down EXIT
chmod 755 "$W"
mkdir "$W/state" "$W/spool"
HOST=$(hostname -s)
cat > "$W/slurm.conf" << CONF
ClusterName=check
SlurmctldHost=$HOST(127.0.0.1)
SlurmctldPort=26817
SlurmdPort=26818
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$W/munge.socket,cred_expire=10
StateSaveLocation=$W/state
SlurmdSpoolDir=$W/spool
SlurmctldPidFile=$W/slurmctld.pid
SlurmdPidFile=$W/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
NodeName=$HOST NodeAddr=127.0.0.1 CPUs=2 Sockets=1 CoresPerSocket=2 ThreadsPerCore=1 RealMemory=1000 State=UNKNOWN
PartitionName=low Nodes=ALL Default=YES PriorityTier=1
PartitionName=high Nodes=ALL PriorityTier=10 PreemptMode=OFF
CONF
export SLURM_CONF=$W/slurm.conf
head -c 1024 /dev/urandom > "$W/munge.key"
chmod 600 "$W/munge.key"

start() { "$@" > "$W/$(basename "$1").log" 2>&1 & DAEMONS=("$!" "${DAEMONS[@]}"); }
start munged --foreground --force --socket="$W/munge.socket" --key-file="$W/munge.key" --pid-file="$W/munged.pid" \
    --log-file="$W/munged.own.log" --seed-file="$W/munged.seed"
until [ -S "$W/munge.socket" ]; do kill -0 "${DAEMONS[0]}"; sleep 0.1; done
start slurmctld -D -f "$SLURM_CONF"
start slurmd -D -f "$SLURM_CONF" -N "$HOST"
for _ in $(seq 120); do sinfo --noheader --format=%T 2> /dev/null | grep -q idle && break; sleep 0.5; done
echo "cluster: $(sinfo --version), $(sinfo --noheader --partition=low --format='%D node, %c CPUs, %T')"

export PYTHONPATH=$PWD SEDPOOL_DATA=$W/data
sweep() {
    "$PYTHON" train.py -m seed=0,1,2,3 model=tiny dataset.n_train=48 dataset.n_validate=8 dataset.n_test=8 \
        training.epochs=25 training.early_stopping_patience=25 tracking=none jobs=1 launcher.jobs=2 "$@"
}
sweep launcher=slurm runs="$W/slurm" > "$W/sweep.out" 2> "$W/sweep.log" &
SWEEP=$!
# Which of the two at work SLURM pre-empts is its choice: both have to have a checkpoint.
until [ "$(compgen -G "$W/slurm/*/checkpoint" | wc -l)" = 2 ]; do kill -0 $SWEEP; sleep 0.1; done
sbatch --quiet --partition=high --nodes=1 --ntasks=1 --output=/dev/null --wrap="sleep 3" > /dev/null
until [ "$(squeue --noheader --partition=high --states=RUNNING | wc -l)" = 1 ]; do kill -0 $SWEEP; sleep 0.1; done
echo "pre-empted: $(grep -o 'preempted JobId=[^ ]* has been requeued' "$W/slurmctld.log")"
"$PYTHON" -c "from sedpool.cli.app import main; main()" jobs "$W/slurm" | sed "s|$W/||g"
wait $SWEEP
sed "s|$W/||g" "$W/sweep.log"
[ "$(wc -l < "$W/sweep.out")" = 4 ]
resumed=$(cat "$W"/slurm/*/log.txt | grep -c "going on from epoch" || true)
grep -h "going on from epoch" "$W"/slurm/*/log.txt || true
[ "$resumed" -ge 1 ]

sweep launcher=local runs="$W/local" > /dev/null 2> "$W/local.log"
for name in weights.npz metrics.json scores.parquet; do
    for run in "$W"/local/*/; do cmp "$run$name" "$W/slurm/$(basename "$run")/$name"; done
done
echo "weights, metrics and scores of all 4 runs are those of a local sweep, bit by bit"

"$PYTHON" -m pytest -q -p no:cacheprovider -rs tests/experiment/launchers -k cluster -m "slow or not slow" 2>&1 | tail -n 3
echo "passed"
