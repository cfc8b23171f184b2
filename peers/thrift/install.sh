#!/usr/bin/env bash
# Installs an independent Thrift runtime (thriftpy2) below target/peers/thrift, once for a list of versions.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../python.sh"
python_packages "$(cd "$here/../.." && pwd)/target/peers/thrift" "$here/requirements.lock"
