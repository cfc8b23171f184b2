# Python packages by a lock file, below target/peers, once for a list of versions. Sourced by what installs a peer; its functions
# run under `set -e`, and say on standard error what went wrong.

has_python() { python3.11 -c 'import ensurepip, venv' 2>/dev/null; }

install_python() {
    command -v apt-get >/dev/null || return 1
    local sudo=""
    ((EUID == 0)) || sudo=sudo
    $sudo apt-get update -q && $sudo apt-get install -qy python3.11 python3.11-venv
}

# Runs a command alone: Debian's installer knows only one caller, and two may install the same list.
alone() { # lock command…
    local lock=$1
    shift
    mkdir -p "$(dirname "$lock")"
    (
        exec 9>"$lock"
        flock 9
        "$@"
    )
}

python_there() { has_python || install_python >&2 || has_python; }

# The packages of a lock file into a virtual environment. No dependencies are looked for: the list names every one.
python_packages() { # folder lock-file
    alone "$1/../install.lock" python_there ||
        { echo "the versions of $2 are locked for Python 3.11, which is not here" >&2; return 1; }
    alone "$1.lock" into_venv "$1" "$2"
}

into_venv() { # folder lock-file
    ! cmp -s "$2" "$1/installed.lock" || return 0
    rm -rf "$1"
    python3.11 -m venv "$1" &&
        "$1/bin/pip" install -q --no-deps --disable-pip-version-check -r "$2" >&2 &&
        cp "$2" "$1/installed.lock"
}
