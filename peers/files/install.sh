#!/usr/bin/env bash
# Installs pyarrow, DuckDB and fastavro below target/peers/files, once for a list of versions. Prints the interpreter that has them.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../python.sh"
venv=$(cd "$here/../.." && pwd)/target/peers/files
python_packages "$venv" "$here/requirements.lock"
echo "$venv/bin/python"
