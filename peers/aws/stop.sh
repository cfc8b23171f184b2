#!/usr/bin/env bash
# Stops the stand-in for AWS that start.sh started with the same folder, and nothing else. Usage: stop.sh FOLDER
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../processes.sh"
folder=${1:?"the folder that start.sh was given is needed"}
if runs "$folder/pid"; then
    read -r pid _ <"$folder/pid"
    kill "$pid" 2>/dev/null || true
    for _ in {1..25}; do
        runs "$folder/pid" || break
        sleep 0.2
    done
    ! runs "$folder/pid" || kill -KILL "$pid" 2>/dev/null || true
fi
rm -f "$folder/pid" "$folder/address"
