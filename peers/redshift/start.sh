#!/usr/bin/env bash
# Starts a PostgreSQL that answers as a Redshift does. Usage: start.sh FOLDER
# Prints its address; FOLDER keeps `address`, `pid`, `log`, `ca.pem` (whose word its certificate is) and `socket` (a folder: over
# that each is who they say). Stop it with stop.sh FOLDER. REDSHIFT_PEER_PORT: a port, instead of any that is free.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../processes.sh"
source "$here/../python.sh"
source "$here/../postgres.sh"
folder=${1:?"a folder for address, pid, log and ca.pem is needed"}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

fail() {
    echo "the Redshift of the tests did not start: $*" >&2
    tail -n 30 "$folder/log" >&2 2>/dev/null || true
    "$here/stop.sh" "$folder"
    exit 1
}

! runs "$folder/pid" || { echo "it runs already; stop it with stop.sh $folder" >&2; exit 1; }
"$here/stop.sh" "$folder"
: >"$folder/log"

# --- Install ----------------------------------------------------------------------------------------------------------
there_is_openssl() { command -v openssl >/dev/null; }
install_openssl() {
    command -v apt-get >/dev/null || return 1
    local sudo=""
    ((EUID == 0)) || sudo=sudo
    $sudo apt-get update -q && $sudo apt-get install -qy --no-install-recommends openssl
}
openssl_there() { there_is_openssl || install_openssl >&2 || there_is_openssl; }
lock=$(cd "$here/../.." && pwd)/target/peers/install.lock
alone "$lock" postgres_there || fail "it needs PostgreSQL, which is not here"
alone "$lock" openssl_there || fail "it needs openssl, which is not here"
programs=$(postgres_programs)
version=$(basename "$(dirname "$programs")")
((${version%%.*} >= 15)) || fail "it needs PostgreSQL 15 or newer, and here is $version"

# Nothing that this shell says of other servers counts.
unset "${!PG@}"

# --- Make it ----------------------------------------------------------------------------------------------------------
certificates() { # place
    cp "$here/tls.cnf" "$1/tls.cnf"
    chmod a+r "$1/tls.cnf"
    local key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config "$1/tls.cnf")
    there "$1" openssl req -x509 "${key[@]}" -extensions ca -subj "/CN=CA of the tests" -days 365 \
        -keyout "$1/ca.key" -out "$1/ca.pem" &&
        there "$1" openssl req -new "${key[@]}" -subj /CN=localhost -keyout "$1/server.key" -out "$1/server.csr" &&
        there "$1" openssl x509 -req -in "$1/server.csr" -CA "$1/ca.pem" -CAkey "$1/ca.key" -CAcreateserial \
            -extfile "$1/tls.cnf" -extensions server -days 365 -out "$1/server.pem" &&
        there "$1" chmod 600 "$1/server.key" "$1/ca.key" &&
        cp "$1/ca.pem" "$folder/ca.pem"
}

place=$(postgres_place "$folder" redshift-peer)
ln -s "$place" "$folder/socket"
make_postgres "$place" rdsdb >>"$folder/log" 2>&1 || fail "it has no database"
certificates "$place" >>"$folder/log" 2>&1 || fail "it has no certificate"
# By TCP with TLS and a password only, as a warehouse that requires it.
printf '%s\n' "local all all trust" "hostssl all all 127.0.0.1/32 scram-sha-256" >"$place/data/pg_hba.conf"

# --- Start it ---------------------------------------------------------------------------------------------------------
begin() { # port
    start_postgres "$place" "$folder/log" "$folder/pid" "$place" "$1" \
        -c listen_addresses=127.0.0.1 -c unix_socket_directories="$place" -c autovacuum=off -c timezone=UTC \
        -c ssl=on -c ssl_cert_file="$place/server.pem" -c ssl_key_file="$place/server.key"
}
port=${REDSHIFT_PEER_PORT:-}
if [[ -n $port ]]; then
    begin "$port" || fail "it ended"
else
    # PostgreSQL chooses none by itself. Below those that are given to clients; the next one, if another has it.
    for try in {1..10}; do
        port=$((20000 + RANDOM % 12000))
        ! begin "$port" || break
        ! runs "$folder/pid" && ((try < 10)) || fail "it ended"
    done
fi

sql() { "$programs/psql" -X -q -v ON_ERROR_STOP=1 -h "$place" -p "$port" -U rdsdb "$@" >>"$folder/log" 2>&1; }
sql -d postgres -f "$here/users.sql" -c "create database warehouse" || fail "it has no users"
sql -d warehouse -1 -f "$here/views.sql" || fail "it has no views"
sql -d warehouse -1 -f "$here/warehouse.sql" || fail "it has no tables"
# Nobody can stay in the template, so that every test can have a database made of it.
sql -d postgres -c "alter database warehouse with is_template true allow_connections false" \
    -c "create database belomonte template warehouse owner loader" || fail "it has no warehouse"
echo "postgresql://localhost:$port/belomonte" | tee "$folder/address"
