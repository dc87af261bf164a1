#!/usr/bin/env bash
# Install PostgreSQL (Debian's, unless it is there), start it in a temporary folder on the loopback, let eight jobs begin
# at once on a new database of MLflow's, send a run there that was made while it could not be reached, and stop it.
# Usage, as root or as a user where PostgreSQL is installed: scripts/check_postgres.sh; PYTHON names the interpreter, by
# default python. The package stays installed.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() { echo "skipped: $1"; exit 0; }
programs() { find /usr/lib/postgresql -path "*/bin/initdb" -printf "%h\n" 2> /dev/null | sort -V | tail -n 1; }
PYTHON=$(command -v "${PYTHON:-python}") || skip "no ${PYTHON:-python} here; set PYTHON"
"$PYTHON" -c "import psycopg" 2> /dev/null || skip "psycopg is not installed; pip install 'sedpool[postgres]'"
if [ -z "$(programs)" ]; then
    [ "$(id -u)" = 0 ] || skip "PostgreSQL is not installed, and that needs root"
    command -v apt-get > /dev/null || skip "PostgreSQL is not installed, and there is no apt-get to install it"
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql; } \
        > /dev/null 2>&1 || skip "apt-get cannot install postgresql"
fi
BIN=$(programs)
as_user() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; } # it refuses to run as root

W=$(mktemp -d /tmp/check-postgres-XXXXXX)
tear_down() {
    status=$?
    [ $status = 0 ] || tail -n 20 "$W"/*.log 2> /dev/null || true
    as_user "$BIN/pg_ctl" -D "$W/data" -m immediate stop > /dev/null 2>&1 || true
    rm -rf "$W"
    exit $status
}
trap tear_down EXIT
trap 'exit 1' INT TERM
chmod 711 "$W"
mkdir "$W/data" "$W/socket"
[ "$(id -u)" != 0 ] || chown postgres "$W/data" "$W/socket"
PORT=${PORT:-15432}
(
    cd "$W"
    as_user "$BIN/initdb" -D "$W/data" -U sedpool --auth=trust > "$W/initdb.log"
    as_user "$BIN/pg_ctl" -D "$W/data" -w -o "-p $PORT -h 127.0.0.1 -k $W/socket" start > "$W/start.log"
)
ask() { psql -h 127.0.0.1 -p "$PORT" -U sedpool -At "$@"; }
ask postgres -c "create database runs" > /dev/null
URI=postgresql+psycopg://sedpool@127.0.0.1:$PORT/runs
echo "database: $(ask runs -c "select split_part(version(), ' (', 1)"), new"

export PYTHONPATH=$PWD SEDPOOL_DATA=$W/cache
small=(model=tiny dataset.n_train=24 dataset.n_validate=8 dataset.n_test=8 training.epochs=3 jobs=1)
small+=(training.early_stopping_patience=3 tracking.energy=false)
"$PYTHON" train.py -m seed=0,1,2,3,4,5,6,7 launcher.jobs=8 runs="$W/runs" tracking.uri="$URI" "${small[@]}" \
    > "$W/sweep.out" 2> "$W/sweep.log"
[ "$(wc -l < "$W/sweep.out")" = 8 ]
! grep -h "not logged" "$W"/runs/*/output.txt "$W/sweep.log"
finished() { ask runs -c "select count(*) from runs where status = 'FINISHED'"; }
losses() { ask runs -c "select count(*) from metrics where key = 'loss'"; }
[ "$(finished) $(losses)" = "8 24" ]
echo "eight jobs at once: $(finished) finished runs, $(losses) epochs, $(ask runs -c "select count(*) from experiments where name = 'sedpool'") experiment"

"$PYTHON" train.py seed=8 runs="$W/offline" tracking.uri="${URI/$PORT/9}" "${small[@]}" > "$W/offline.out" 2> "$W/offline.log"
grep -q "not logged" "$W/offline.log"
"$PYTHON" -c "from sedpool.cli.app import main; main()" track "$(cat "$W/offline.out")" --uri "$URI"
[ "$(finished) $(losses)" = "9 27" ]
echo "a run made while the database could not be reached, sent later: $(finished) finished runs, $(losses) epochs"
echo "passed"
