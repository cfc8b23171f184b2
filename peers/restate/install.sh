#!/usr/bin/env bash
# Installs Restate's server below target/peers/restate, once for a list of versions. Prints the path of its binary. No package's
# script is run, and the package that would count installations is not among them.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../python.sh" # for `alone`
there=$(cd "$here/../.." && pwd)/target/peers/restate

case $(uname -s) in Darwin) system=darwin ;; *) system=linux ;; esac
case $(uname -m) in arm64 | aarch64) machine=arm64 ;; *) machine=x64 ;; esac
binary=$there/node_modules/@restatedev/restate-server-$system-$machine/bin/restate-server

install() {
    ! { cmp -s "$here/package-lock.json" "$there/installed.lock" && [[ -x $binary ]]; } || return 0
    command -v npm >/dev/null || { echo "npm is needed to install Restate's server" >&2; return 1; }
    rm -rf "$there"
    mkdir -p "$there"
    cp "$here/package.json" "$here/package-lock.json" "$there/"
    (cd "$there" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >&2
    # npm is content with a package for another machine left out.
    [[ -x $binary ]] || { echo "there is no server of Restate for $system on $machine" >&2; return 1; }
    cp "$here/package-lock.json" "$there/installed.lock"
}

alone "$there.lock" install
echo "$binary"
