#!/bin/sh
# Stops the peer that start.sh started with the same folder. Usage: stop.sh FOLDER
set -eu
folder=${1:?"the folder that start.sh was given is needed"}
[ -s "$folder/pid" ] || exit 0
pid=$(cat "$folder/pid")
# The number may belong to another process by now.
case $(ps -o args= -p "$pid" 2>/dev/null || tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null || true) in
*server.mjs*) kill "$pid" ;;
esac
rm -f "$folder/pid" "$folder/address"
