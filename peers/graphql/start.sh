#!/bin/sh
# Installs the peer and starts it. Usage: start.sh FOLDER
# Prints its address; FOLDER keeps `address`, `pid` and `log`. Stop it with stop.sh FOLDER.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:?"a folder for address, pid and log is needed"}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
rm -f "$folder/address"

(cd "$here" && npm ci --silent) >&2
node "$here/server.mjs" "$folder" >"$folder/log" 2>&1 &
pid=$!
echo "$pid" >"$folder/pid"

tries=0
until [ -s "$folder/address" ]; do
    tries=$((tries + 1))
    if ! kill -0 "$pid" 2>/dev/null || [ "$tries" -gt 100 ]; then
        echo "the peer did not start:" >&2
        cat "$folder/log" >&2
        exit 1
    fi
    sleep 0.1
done
cat "$folder/address"
echo
