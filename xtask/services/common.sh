# Sourced by each service, which sets $service first: messages, arguments, folders, the lock.
# Exit codes of both: 0 done, 1 failed, 2 wrong use, 3 not running, 77 cannot run on this machine (skip the test).

say() { printf '%s: %s\n' "$service" "$*" >&2; }
die() { say "$*"; exit 1; }
cannot_run() { say "skipped: $*"; exit 77; }

usage() {
    printf 'usage: %s start [--port N] [--data DIR] | stop | url | status   (the last three take --data DIR too)\n' \
        "$service" >&2
    exit 2
}

# Sets $action, $port (empty: the first free one of the service's range) and $folder (empty: the default one).
read_arguments() {
    action=${1:-}
    port='' folder=''
    [ $# -eq 0 ] || shift
    while [ $# -gt 0 ]; do
        [ $# -ge 2 ] || usage
        case $1 in
        --port) port=$2 ;;
        --data) folder=$2 ;;
        *) usage ;;
        esac
        shift 2
    done
    case $port in *[!0-9]*) usage ;; esac
    case $folder in '' | /*) ;; *) folder=$PWD/$folder ;; esac
}

# Where everything lands unless --data says otherwise.
cache_folder() {
    printf '%s\n' "${TROUSSEAU_TEST_SERVICES:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/trousseau-test-services}"
}

# Makes folder $1, and refuses one that holds something else: what is in it later belongs to the service.
claim() {
    mkdir -p "$1"
    [ -e "$1/lock" ] || [ -z "$(ls -A "$1")" ] || die "$1 holds other files, name an empty folder"
    : >>"$1/lock"
}

# One start or install at a time per claimed folder, where `flock` exists. Held on descriptor 9, which daemons must
# not inherit.
lock() {
    command -v flock >/dev/null 2>&1 || return 0
    exec 9>"$1/lock"
    flock -w 600 9 || die "another process has held $1/lock for ten minutes"
}
unlock() { exec 9>&-; }

# The seconds `start` waits for the service to answer.
patience=${TROUSSEAU_TEST_SERVICES_TIMEOUT:-120}
