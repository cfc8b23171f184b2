#!/usr/bin/env bash
# Stops the Airflow that start.sh started with the same folder, and nothing else. Usage: stop.sh FOLDER
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/processes.sh"
folder=${1:?"the folder that start.sh was given is needed"}

sessions=()
for file in "$folder"/pid/*; do
    [[ -s $file ]] || continue
    read -r pid since <"$file"
    now=$(began "$pid")
    # A leader may be gone and have left its children; another process may have got its number, with another beginning.
    if [[ -n $since && (-z $now || $now == "$since") ]]; then
        sessions+=("$pid")
        [[ -z $now ]] || kill -TERM "$pid" 2>/dev/null || true
    fi
done

left() {
    local session
    for session in "${sessions[@]}"; do members "$session"; done
}

for _ in {1..40}; do
    [[ -n $(left) ]] || break
    sleep 0.2
done
for pid in $(left); do kill -KILL "$pid" 2>/dev/null || true; done
rm -rf "$folder/pid" "$folder/address"
