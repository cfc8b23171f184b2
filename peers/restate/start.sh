#!/usr/bin/env bash
# Installs Restate's server and starts it. Usage: start.sh FOLDER [NODES], one node or three, on 127.0.0.1 and free ports.
# Prints where handlers are called; FOLDER keeps `ingress`, `admin`, `pids`, configurations, logs and data: started again with the
# same folder, it goes on with them. Stop it with stop.sh FOLDER.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../processes.sh"
folder=${1:?"a folder for addresses, pids, logs and data is needed"}
nodes=${2:-1}
[[ $nodes == [13] ]] || { echo "one node or three, not $nodes" >&2; exit 1; }
mkdir -p "$folder/pids"
folder=$(cd "$folder" && pwd)
for file in "$folder"/pids/*; do
    ! runs "$file" || { echo "it runs already: $file" >&2; exit 1; }
done
rm -f "$folder/ingress" "$folder/admin" "$folder"/pids/*
binary=$("$here/install.sh")

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Below those that the system gives to whoever connects.
free_port() {
    local port
    while port=$((20000 + RANDOM % 12000)) && listens "$port"; do :; done
    echo "$port"
}

configure() {
    local ports=() fabrics="" index memory=512MB copies=1
    ((nodes == 1)) || { memory=256MB copies=2; }
    for ((index = 0; index < 3 * nodes; index++)); do ports+=("$(free_port)"); done
    for ((index = 0; index < nodes; index++)); do fabrics+="\"http://127.0.0.1:${ports[3 * index]}\", "; done
    for ((index = 0; index < nodes; index++)); do
        sed -e "s|@NAME@|node-$((index + 1))|; s|@CLUSTER@|peer-${ports[0]}|; s|@COPIES@|$copies|; s|@MEMORY@|$memory|" \
            -e "s|@FIRST@|$( ((index == 0)) && echo true || echo false)|; s|@FOLDER@|$folder|; s|@FABRICS@|${fabrics%, }|" \
            -e "s|@FABRIC@|${ports[3 * index]}|; s|@INGRESS@|${ports[3 * index + 1]}|; s|@ADMIN@|${ports[3 * index + 2]}|" \
            "$here/node.toml.in" >"$folder/node-$((index + 1)).toml"
    done
}

port() { # node section
    sed -n "/^\[$2\]/,/^\$/s/^bind-port = //p" "$folder/node-$1.toml"
}
fabric() { sed -n '0,/^bind-port = /s/^bind-port = //p' "$folder/node-$1.toml"; }

start() { # node
    # Variables of these names would be settings, stronger than the file's.
    (
        unset "${!RESTATE_@}"
        exec setsid "$binary" --no-logo --config-file "$folder/node-$1.toml"
    ) >>"$folder/node-$1.log" 2>&1 </dev/null &
    local pid=$!
    echo "$pid $(began "$pid")" >"$folder/pids/node-$1"
}

# Whether all nodes serve, and every partition has a leader.
well() {
    local node led=0
    for ((node = 1; node <= nodes; node++)); do
        curl -sfm 2 "http://127.0.0.1:$(port $node ingress)/restate/health" >/dev/null || return 1
        curl -sfm 2 "http://127.0.0.1:$(port $node admin)/health" >/dev/null || return 1
        ((led += $(curl -sfm 2 "http://127.0.0.1:$(fabric $node)/metrics" |
            awk '/^restate_num_active_partition_leaders/ { n = $NF } END { print n + 0 }'))) || true
    done
    ((led >= 4))
}

# Waits until they are well; fails where one ends, or after a minute.
start_all() {
    local node file until=$((SECONDS + 60))
    for ((node = 1; node <= nodes; node++)); do start $node; done
    until well; do
        for file in "$folder"/pids/*; do runs "$file" || return 1; done
        ((SECONDS < until)) || return 1
        sleep 0.2
    done
}

known=$(find "$folder" -maxdepth 1 -name 'node-?.toml' | wc -l)
((known == 0 || known == nodes)) || { echo "$folder is one of $known nodes, not $nodes" >&2; exit 1; }
for try in 1 2 3; do
    ((known)) || configure
    if start_all; then
        echo "http://127.0.0.1:$(port 1 admin)" >"$folder/admin"
        echo "http://127.0.0.1:$(port 1 ingress)" | tee "$folder/ingress"
        exit 0
    fi
    echo "Restate's server did not start:" >&2
    tail -n 30 "$folder"/node-?.log >&2
    "$here/stop.sh" "$folder"
    # Another process may have taken a port meanwhile. Where there are data, they know their ports.
    ((known == 0)) && grep -q "failed binding to address" "$folder"/node-?.log || break
    rm -rf "$folder"/node-?.{toml,log} "$folder/data"
done
exit 1
