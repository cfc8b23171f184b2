#!/usr/bin/env bash
# Stops the Airflow that start.sh started with the same folder, and nothing else. Usage: stop.sh FOLDER [--forget]
# With --forget its data goes too, PostgreSQL's included, which lies elsewhere.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../processes.sh"
folder=${1:?"the folder that start.sh was given is needed"}

mapfile -t servers < <(ls "$folder"/pid/* 2>/dev/null | grep -v '/postgres$')
end_sessions TERM "${servers[@]}"
end_sessions INT "$folder/pid/postgres"
rm -rf "$folder/pid" "$folder/address"
if [[ ${2:-} == --forget && -s $folder/postgres ]]; then
    rm -rf "$(<"$folder/postgres")" "$folder"
fi
