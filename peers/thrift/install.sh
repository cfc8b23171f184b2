#!/usr/bin/env bash
# Installs an independent Thrift runtime (thriftpy2) below target/peers/thrift, once for a list of versions.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=$here/../../target/peers/thrift
lock=$here/requirements.lock
! cmp -s "$lock" "$venv/installed.lock" || exit 0
mkdir -p "$venv"
# One at a time with the other peers: Debian's installer knows only one caller.
exec 9>"$venv/../install.lock"
flock 9
has_python() { python3.11 -c 'import ensurepip, venv' 2>/dev/null; }
if ! has_python && command -v apt-get >/dev/null; then
    sudo=""
    ((EUID == 0)) || sudo=sudo
    $sudo apt-get update -q && $sudo apt-get install -qy python3.11 python3.11-venv || true
fi
has_python || { echo "the Thrift peer's versions are locked for Python 3.11, which is not here" >&2; exit 1; }
rm -rf "$venv"
python3.11 -m venv "$venv"
"$venv/bin/pip" install -q --no-deps --disable-pip-version-check -r "$lock"
cp "$lock" "$venv/installed.lock"
