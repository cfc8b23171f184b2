# A PostgreSQL of one's own. Sourced after processes.sh by what starts one. It never runs as root: PostgreSQL refuses that.

# What comes before a command that runs as one who may nothing.
harmless=()
((EUID != 0)) || harmless=(setpriv --reuid=postgres --regid=postgres --clear-groups)

# The newest that is installed.
postgres_programs() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; }

install_postgres() {
    command -v apt-get >/dev/null || return 1
    local sudo=""
    ((EUID == 0)) || sudo=sudo
    $sudo apt-get update -q && $sudo apt-get install -qy --no-install-recommends postgresql
}

postgres_there() { [[ -n $(postgres_programs) ]] || install_postgres >&2 || [[ -n $(postgres_programs) ]]; }

# Its own folder, which the file `postgres` names: another user must be able to reach it.
postgres_place() { # folder name
    if [[ ! -s $1/postgres ]]; then
        mktemp -d "${TMPDIR:-/tmp}/$2.XXXXXX" >"$1/postgres"
        ((EUID != 0)) || chown postgres:postgres "$(<"$1/postgres")"
    fi
    cat "$1/postgres"
}

# Runs a command there, as one who may nothing.
there() { # place command…
    (cd "$1" && exec "${harmless[@]}" "${@:2}")
}

# Its data, and who may do everything in it; over a socket each is who they say.
make_postgres() { # place user
    [[ -d $1/data ]] ||
        there "$1" "$(postgres_programs)/initdb" -D "$1/data" -U "$2" -A trust -E UTF8 --no-locale -N
}

start_postgres() { # place log pid-file host port option…
    local place=$1 log=$2 pid=$3 host=$4 port=$5
    # It is forgotten in the end: nothing waits for the disk.
    (cd "$place" && exec setsid "${harmless[@]}" "$(postgres_programs)/postgres" -D "$place/data" -p "$port" \
        -c fsync=off -c synchronous_commit=off -c max_connections=200 "${@:6}") >>"$log" 2>&1 </dev/null &
    echo "$! $(began $!)" >"$pid"
    local tries=0
    until "$(postgres_programs)/pg_isready" -q -h "$host" -p "$port"; do
        ((++tries < 100)) && runs "$pid" || return 1
        sleep 0.1
    done
}
