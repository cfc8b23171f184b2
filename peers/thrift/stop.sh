#!/usr/bin/env bash
# Stops the peer that start.sh started with the same folder. Usage: stop.sh FOLDER
set -euo pipefail
source "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../processes.sh"
folder=${1:?"the folder that start.sh was given is needed"}
if runs "$folder/pid"; then
    read -r pid _ <"$folder/pid"
    kill "$pid"
fi
rm -f "$folder/pid" "$folder/address"
