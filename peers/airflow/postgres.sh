# A PostgreSQL for one Airflow. With SQLite, what Airflow 3 does side by side fails as «database is locked», and ends its
# scheduler (seen on 3.3.2). Sourced by start.sh. It never runs as root: PostgreSQL refuses that.

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

# Begins one in a folder of its own, which the file `postgres` names: another user must be able to reach it.
start_postgres() { # folder port
    local programs place
    programs=$(postgres_programs)
    if [[ ! -s $1/postgres ]]; then
        mktemp -d "${TMPDIR:-/tmp}/airflow-postgres.XXXXXX" >"$1/postgres"
        ((EUID != 0)) || chown postgres:postgres "$(<"$1/postgres")"
    fi
    place=$(<"$1/postgres")
    if [[ ! -d $place/data ]]; then
        (cd "$place" && "${harmless[@]}" "$programs/initdb" -D "$place/data" -U airflow -A trust -E UTF8 --no-locale -N) \
            >"$1/log/initdb.log" 2>&1 || return 1
    fi
    # It is forgotten in the end: nothing waits for the disk.
    (cd "$place" && exec setsid "${harmless[@]}" "$programs/postgres" -D "$place/data" -p "$2" -c listen_addresses=127.0.0.1 \
        -c unix_socket_directories= -c fsync=off -c synchronous_commit=off -c max_connections=200) \
        >"$1/log/postgres.log" 2>&1 </dev/null &
    echo "$! $(began $!)" >"$1/pid/postgres"
    local tries=0
    until "$programs/pg_isready" -q -h 127.0.0.1 -p "$2"; do
        ((++tries < 100)) && runs "$1/pid/postgres" || return 1
        sleep 0.1
    done
}
