#!/usr/bin/env bash
# Installs a stand-in for AWS and starts it. Usage: start.sh FOLDER
# Prints its address; FOLDER keeps `address`, `pid` and `log`. Stop it with stop.sh FOLDER.
# AWS_PEER_PACE: how many seconds a machine takes to come, and to go; 2 if not set. AWS_PEER_PORT: a port, instead of any that is free.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../airflow/processes.sh"
folder=${1:?"a folder for address, pid and log is needed"}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

fail() {
    echo "the stand-in for AWS did not start: $*" >&2
    tail -n 30 "$folder/log" >&2 2>/dev/null || true
    "$here/stop.sh" "$folder"
    exit 1
}

! runs "$folder/pid" || { echo "it runs already; stop it with stop.sh $folder" >&2; exit 1; }
rm -f "$folder/address"

has_python() { python3.11 -c 'import ensurepip, venv' 2>/dev/null; }

install_python() {
    command -v apt-get >/dev/null || return 1
    local sudo=""
    ((EUID == 0)) || sudo=sudo
    $sudo apt-get update -q && $sudo apt-get install -qy python3.11 python3.11-venv
}

venv=$(cd "$here/../.." && pwd)/target/peers/aws
lock=$here/aws.lock
mkdir -p "$venv"
# One at a time, the Airflows beside it included: Debian's installer knows only one caller.
exec 9>"$venv/../install.lock"
flock 9
has_python || install_python >&2 || true
has_python || fail "its versions are locked for Python 3.11, which is not here"
exec 9>&-
# Another start may install the same at this moment.
exec 9>"$venv/../aws.lock"
flock 9
if ! cmp -s "$lock" "$venv/installed.lock"; then
    rm -rf "$venv"
    python3.11 -m venv "$venv"
    # No dependencies are looked for: the list names every one.
    "$venv/bin/pip" install -q --no-deps --disable-pip-version-check -r "$lock" >&2 || fail "its packages were not installed"
    cp "$lock" "$venv/installed.lock"
fi
exec 9>&-

# Nothing of this machine's own account: it must not be asked for by mistake.
unset AWS_PROFILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
export PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
setsid "$venv/bin/python" "$here/server.py" "$here/../../fleet-ops/conformance/scenario.json" "$folder/address" \
    >"$folder/log" 2>&1 </dev/null &
echo "$! $(began $!)" >"$folder/pid"
for _ in {1..300}; do
    [[ ! -s $folder/address ]] || { cat "$folder/address"; exit 0; }
    runs "$folder/pid" || fail "it ended"
    sleep 0.2
done
fail "it is not ready"
