#!/usr/bin/env bash
# Stops the Airflow that start.sh started with the same folder, and nothing else. Usage: stop.sh FOLDER [--forget]
# With --forget its data goes too, PostgreSQL's included, which lies elsewhere.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../processes.sh"
folder=${1:?"the folder that start.sh was given is needed"}

# Those of these pid files, with all that they began.
stop() { # pid files…
    local file pid since now sessions=()
    for file in "$@"; do
        [[ -s $file ]] || continue
        read -r pid since <"$file"
        now=$(began "$pid")
        # A leader may be gone and have left its children; another process may have got its number, with another beginning.
        if [[ -n $since && (-z $now || $now == "$since") ]]; then
            sessions+=("$pid")
            # To PostgreSQL it means: now, and in good order.
            [[ -z $now ]] || kill "-$signal" "$pid" 2>/dev/null || true
        fi
    done
    for _ in {1..40}; do
        [[ -n $(left "${sessions[@]}") ]] || return 0
        sleep 0.2
    done
    for pid in $(left "${sessions[@]}"); do kill -KILL "$pid" 2>/dev/null || true; done
}

left() { # sessions…
    local session
    for session in "$@"; do members "$session"; done
}

mapfile -t servers < <(ls "$folder"/pid/* 2>/dev/null | grep -v '/postgres$')
signal=TERM stop "${servers[@]}"
signal=INT stop "$folder/pid/postgres"
rm -rf "$folder/pid" "$folder/address"
if [[ ${2:-} == --forget && -s $folder/postgres ]]; then
    rm -rf "$(<"$folder/postgres")" "$folder"
fi
