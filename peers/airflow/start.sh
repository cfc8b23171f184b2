#!/usr/bin/env bash
# Installs a real Airflow and starts it. Usage: start.sh 2|3 FOLDER
# Prints its address; FOLDER keeps `address`, `pid/`, `log/` and its database. Stop it with stop.sh FOLDER.
# AIRFLOW_PORT: a port, instead of any that is free.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../processes.sh"
source "$here/../python.sh"
source "$here/../postgres.sh"
major=${1:-}
[[ $major == [23] ]] || { echo "which Airflow: 2 or 3?" >&2; exit 2; }
folder=${2:?"a folder for address, pids, logs and database is needed"}
mkdir -p "$folder/pid" "$folder/log" "$folder/home"
folder=$(cd "$folder" && pwd)
rm -f "$folder/address"

fail() {
    echo "Airflow $major did not start: $*" >&2
    tail -n 30 "$folder"/log/*.log >&2 2>/dev/null || true
    "$here/stop.sh" "$folder"
    exit 1
}

# --- Install, once for a list of versions -----------------------------------------------------------------------------
venv=$(cd "$here/../.." && pwd)/target/peers/airflow-$major
alone "$venv/../install.lock" postgres_there || fail "it needs PostgreSQL, which is not here"
python_packages "$venv" "$here/airflow-$major.lock" || fail "its packages were not installed"
export PATH=$venv/bin:$PATH

free_port() {
    python -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}
port=${AIRFLOW_PORT:-$(free_port)}
address=http://127.0.0.1:$port
database=$(free_port)

# --- Settings: loopback only, quick to notice -----------------------------------------------------------------
export AIRFLOW_HOME=$folder/home
export AIRFLOW__CORE__DAGS_FOLDER=$here/dags
export AIRFLOW__CORE__LOAD_EXAMPLES=False
export AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION=False
export AIRFLOW__CORE__EXECUTOR=LocalExecutor
export AIRFLOW__CORE__PARALLELISM=16
export AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME=0.5
# Files are read once: nobody changes them.
export AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL=86400 AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL=86400
export AIRFLOW__SCHEDULER__PARSING_PROCESSES=1 AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES=1
export AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC=2
export AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=postgresql+psycopg2://airflow@127.0.0.1:$database/postgres
# A connection for each thread that answers. With fewer, what finds none free for 30 s is answered with 500 (seen on 3.3.2).
export AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_SIZE=40 AIRFLOW__DATABASE__SQL_ALCHEMY_MAX_OVERFLOW=20
export AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False
export PYTHONUNBUFFERED=1
if [[ $major == 2 ]]; then
    export AIRFLOW__API__AUTH_BACKENDS=airflow.api.auth.backend.basic_auth,airflow.api.auth.backend.session
    export AIRFLOW__WEBSERVER__SECRET_KEY=only-for-tests
    export AIRFLOW__WEBSERVER__WORKERS=2
    # By default an address may try to log in five times in 40 s; tests do more often.
    export AIRFLOW__FAB__AUTH_RATE_LIMITED=False
    # The log server would listen on every address; what reads logs finds them on the disk.
    servers=("webserver --hostname 127.0.0.1 --port $port --pid $folder/home/gunicorn.pid" "scheduler --skip-serve-logs")
else
    export AIRFLOW__API__BASE_URL=$address
    export AIRFLOW__CORE__EXECUTION_API_SERVER_URL=$address/execution/
    # Without one, each server makes up its own, and a token is good for one of them.
    export AIRFLOW__API_AUTH__JWT_SECRET=only-for-tests-only-for-tests-only-for-tests-only-for-tests-only
    export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS=admin:admin,viewer:viewer
    export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE=$folder/home/passwords.json
    echo '{"admin": "admin", "viewer": "viewer"}' >"$AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"
    servers=("api-server --host 127.0.0.1 --port $port --workers 1" "scheduler --skip-serve-logs" "dag-processor")
fi

# --- Start ------------------------------------------------------------------------------------------------------------
for file in "$folder"/pid/*; do
    ! runs "$file" || { echo "it runs already; stop it with stop.sh $folder" >&2; exit 1; }
done
# With SQLite, what Airflow 3 does side by side fails as «database is locked», and ends its scheduler (seen on 3.3.2).
place=$(postgres_place "$folder" airflow-postgres)
make_postgres "$place" airflow >"$folder/log/initdb.log" 2>&1 &&
    start_postgres "$place" "$folder/log/postgres.log" "$folder/pid/postgres" 127.0.0.1 "$database" \
        -c listen_addresses=127.0.0.1 -c unix_socket_directories= || fail "it has no PostgreSQL"
if [[ ! -e $folder/home/ready ]]; then
    airflow db migrate >"$folder/log/database.log" 2>&1 || fail "it has no database"
    [[ $major == 3 ]] || python "$here/users.py" >"$folder/log/users.log" 2>&1 || fail "it has no users"
    touch "$folder/home/ready"
fi
rm -f "$folder/home/gunicorn.pid"
for server in "${servers[@]}"; do
    name=${server%% *}
    # shellcheck disable=SC2086 # its arguments are words
    setsid airflow $server >"$folder/log/$name.log" 2>&1 </dev/null &
    echo "$! $(began $!)" >"$folder/pid/$name"
done

dags=$(python -c 'import json, sys
print(*(dag["id"] for dag in json.load(open(sys.argv[1]))["dags"]))' "$here/../../airflow-client/conformance/scenario.json")
dags="$dags on_aurora"
# shellcheck disable=SC2086 # each is a word
python "$here/ready.py" "$major" "$address" $dags >&2 &
ready=$!
while kill -0 "$ready" 2>/dev/null; do
    for server in "${servers[@]}"; do
        runs "$folder/pid/${server%% *}" || { kill "$ready" 2>/dev/null || true; fail "its ${server%% *} ended"; }
    done
    sleep 0.5
done
wait "$ready" || fail "it is not ready"
echo "$address" | tee "$folder/address"
