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
