#!/usr/bin/env bash
# Stops what start.sh started with the same folder. Its data stay. Usage: stop.sh FOLDER
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../processes.sh"
folder=${1:?"the folder that start.sh was given is needed"}
end_sessions TERM "$folder"/pids/*
rm -f "$folder"/pids/* "$folder/ingress" "$folder/admin"
