# Processes by pid, and never a stranger's: a pid file holds «PID STARTTIME», since a number may belong to another process by
# now. Each server leads a session of its own; its children stay in it. Sourced by start.sh and stop.sh; Linux only.

# The fields of /proc/PID/stat from the state on. (The name before it may hold blanks and brackets.)
stat_of() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null || true; }

# When a process began; nothing for one that is gone, or that waits only to be buried.
began() { stat_of "$1" | awk '$1 != "Z" { print $20 }'; }

# All living processes of a session.
members() {
    { cat /proc/[0-9]*/stat 2>/dev/null || true; } |
        awk -v session="$1" '{ pid = $1; sub(/.*\) /, "") } $1 != "Z" && $4 == session { print pid }'
}

# Whether the process that a pid file names still runs.
runs() {
    local pid since
    [[ -s $1 ]] && read -r pid since <"$1" && [[ $(began "$pid") == "$since" ]]
}

# Ends the sessions of these pid files, with all that they began: asks by a signal, and waits. To PostgreSQL, INT means: now, and
# in good order.
end_sessions() { # signal pid-file…
    local signal=$1 file pid since now sessions=()
    for file in "${@:2}"; do
        [[ -s $file ]] || continue
        read -r pid since <"$file"
        now=$(began "$pid")
        # A leader may be gone and have left its children; another process may have got its number, with another beginning.
        if [[ -n $since && (-z $now || $now == "$since") ]]; then
            sessions+=("$pid")
            [[ -z $now ]] || kill "-$signal" "$pid" 2>/dev/null || true
        fi
    done
    for _ in {1..40}; do
        [[ -n $(left_of "${sessions[@]}") ]] || return 0
        sleep 0.2
    done
    for pid in $(left_of "${sessions[@]}"); do kill -KILL "$pid" 2>/dev/null || true; done
}

left_of() { # sessions…
    local session
    for session in "$@"; do members "$session"; done
}
