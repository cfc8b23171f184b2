#!/usr/bin/env bash
# Installs the peer and starts it. Usage: start.sh FOLDER
# Prints its address; FOLDER keeps `address`, `pid` and `log`. Stop it with stop.sh FOLDER.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../processes.sh"
folder=${1:?"a folder for address, pid and log is needed"}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
rm -f "$folder/address"

"$here/install.sh" >&2
python=$here/../../target/peers/thrift/bin/python
# The peer reads our tables, as text.
cargo run -q --locked --manifest-path "$here/../../Cargo.toml" -p aurora-client --example print-idl >"$folder/aurora.thrift"
setsid "$python" "$here/serve.py" "$folder/aurora.thrift" "$folder" >"$folder/log" 2>&1 </dev/null &
pid=$!
echo "$pid $(began $pid)" >"$folder/pid"
for _ in $(seq 100); do
    [[ ! -s $folder/address ]] || { cat "$folder/address"; echo; exit 0; }
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
done
echo "the Thrift peer did not start:" >&2
cat "$folder/log" >&2
exit 1
