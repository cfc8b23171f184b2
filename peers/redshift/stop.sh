#!/usr/bin/env bash
# Stops the Redshift of the tests that start.sh started with the same folder, and nothing else; its data goes. Usage: stop.sh FOLDER
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../processes.sh"
folder=${1:?"the folder that start.sh was given is needed"}
end_sessions INT "$folder/pid"
[[ ! -s $folder/postgres ]] || rm -rf "$(<"$folder/postgres")"
rm -f "$folder/pid" "$folder/address" "$folder/ca.pem" "$folder/socket" "$folder/postgres"
