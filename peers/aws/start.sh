#!/usr/bin/env bash
# Installs a stand-in for AWS and starts it. Usage: start.sh FOLDER
# Prints its address; FOLDER keeps `address`, `cloudformation` and `cloudwatch` (the addresses of these), `pid`, `log`, and `work`, where
# it puts what it needs. Stop it with stop.sh FOLDER.
# AWS_PEER_PACE: how many seconds a change takes; 2 if not set. AWS_PEER_PORT: a port, instead of any that is free.
# REDSHIFT_PEER_SOCKET, REDSHIFT_PEER_PORT: the PostgreSQL that plays the warehouse (peers/redshift), the folder of its socket and
# its port; without, statements fail.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../processes.sh"
source "$here/../python.sh"
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
rm -f "$folder/address" "$folder/cloudformation" "$folder/cloudwatch"

venv=$(cd "$here/../.." && pwd)/target/peers/aws
python_packages "$venv" "$here/aws.lock" || fail "its packages were not installed"

# Nothing of this machine's own accounts: they must not be asked for by mistake.
unset AWS_PROFILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
export PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
unset "${!PG@}" "${!AWS_ENDPOINT@}" "${!MINISTACK@}"
# Its functions call it, and nobody in between; what they are unpacked to goes with it.
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 TMPDIR=$folder/work
mkdir -p "$TMPDIR"
setsid "$venv/bin/python" "$here/server.py" "$here/../../fleet-ops/conformance/scenario.json" \
    "$here/../../redshift-ops/conformance/scenario.json" "$folder" >"$folder/log" 2>&1 </dev/null &
echo "$! $(began $!)" >"$folder/pid"
for _ in {1..300}; do
    [[ ! -s $folder/address ]] || { cat "$folder/address"; exit 0; }
    runs "$folder/pid" || fail "it ended"
    sleep 0.2
done
fail "it is not ready"
