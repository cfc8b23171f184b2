#!/usr/bin/env bash
# Stops the stand-in for AWS that start.sh started with the same folder, and nothing else. Usage: stop.sh FOLDER
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../processes.sh"
folder=${1:?"the folder that start.sh was given is needed"}
# With the functions behind its stacks.
end_sessions TERM "$folder/pid"
rm -f "$folder/pid" "$folder/address" "$folder/cloudformation" "$folder/cloudwatch"
rm -rf "$folder/work"
