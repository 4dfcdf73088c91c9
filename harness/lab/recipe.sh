# shellcheck shell=bash
# What the recipes have in common; each `up` sources it.
#
#   recipe NAME "$@"      reads [--listener LISTENER] DIR COMMAND…; then $install is where the server is
#                         installed, and $run a folder that this run alone has
#   debian PACKAGE...     unpacks packages and all that they need and the system lacks into $install/root
#   account NAME          makes a system account that a server insists on
#   fill FILE NAME=VALUE… prints FILE with {name} replaced
#   serve PROGRAM...      starts the server, runs COMMAND, ends the server, exits as COMMAND did

set -euo pipefail

recipe() {
    local name=$1
    shift
    listener=smtp
    if [ "${1-}" = --listener ]; then
        listener=$2
        shift 2
    fi
    if [ $# -lt 2 ]; then
        echo "usage: $0 [OPTION] [--listener smtp|submission|submissions] DIR COMMAND..." >&2
        exit 2
    fi
    mkdir -p "$1"
    install=$(cd "$1" && pwd)/$name
    shift
    command=("$@")
    mkdir -p "$install"
    # Two that start at once wait for each other while one installs.
    exec {lock}>"$install/lock"
    flock "$lock"
    run=$(mktemp -d "$install/run.XXXXXX")
    chmod 755 "$run"
    log=$install/last.log
    trap 'rm -rf "$run"' EXIT
    port=$(free_port)
    submission=$(free_port)
    submissions=$(free_port)
    next_hop=$(free_port)
    # Where the command is to find the server (RFC 5321, RFC 6409, RFC 8314 §3.3).
    case $listener in
    smtp) listens=$port ;;
    submission) listens=$submission ;;
    submissions) listens=$submissions ;;
    *)
        echo "there is no listener $listener: smtp, submission, submissions" >&2
        exit 2
        ;;
    esac
}

# Below the ports that the system gives to clients, so that none of them takes it meanwhile.
free_port() {
    python3 - <<'PYTHON'
import random, socket
while True:
    port = random.randint(10000, 32000)
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            continue
    print(port)
    break
PYTHON
}

debian() {
    local root=$install/root
    if [ "$(cat "$install/unpacked" 2>/dev/null)" != "$*" ]; then
        local packages=$install/packages
        mkdir -p "$packages/partial" "$root"
        local get=(apt-get -qq -y -o "Dir::Cache::archives=$packages" -o DPkg::Lock::Timeout=120
            --no-install-recommends --reinstall --download-only install "$@")
        # An old list names packages that are no longer there.
        "${get[@]}" >"$install/install.log" 2>&1 ||
            { apt-get -qq update && "${get[@]}"; } >>"$install/install.log" 2>&1 ||
            { tail -n 5 "$install/install.log" >&2; exit 1; }
        local package
        for package in "$packages"/*.deb; do
            dpkg -x "$package" "$root"
        done
        # Set-user-id programs may not say where their libraries are. What they were for, mail from
        # local users, is not wanted here.
        chmod -R u-s,g-s "$root"
        echo "$*" >"$install/unpacked"
    fi
    LD_LIBRARY_PATH=$(printf '%s:' "$root"/usr/lib/*-linux-gnu "$root"/lib/*-linux-gnu)
    # Postfix has libraries of its own.
    export LD_LIBRARY_PATH=${LD_LIBRARY_PATH}$root/usr/lib/postfix
}

# A user bob with the password secret, in a file that Cyrus SASL reads.
sasl_user() {
    # What the system has of them already was not installed.
    SASL_PATH=$(printf '%s:' "$install"/root/usr/lib/*-linux-gnu/sasl2 /usr/lib/*-linux-gnu/sasl2)
    export SASL_PATH
    printf secret | "$install/root/usr/sbin/saslpasswd2" -p -c -f "$1" -u example.test bob
}

account() {
    getent passwd "$1" >/dev/null ||
        useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$1"
}

# For TLS: nobody is to trust it.
certificate() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$run/key.pem" -out "$run/cert.pem" -days 30 \
        -subj /CN=mx.example.test -addext 'subjectAltName=DNS:mx.example.test,DNS:localhost,IP:127.0.0.1' \
        2>/dev/null
    chmod 600 "$run/key.pem"
}

fill() {
    local file=$1 pair
    shift
    local edits=()
    for pair in "dir=$run" "root=$install/root" "port=$port" "submission=$submission" \
        "submissions=$submissions" "next-hop=$next_hop" "$@"; do
        edits+=(-e "s#{${pair%%=*}}#${pair#*=}#g")
    done
    sed "${edits[@]}" "$file"
}

serve() {
    "$@" >"$log" 2>&1 {lock}>&- &
    server=$!
    trap 'end; rm -rf "$run"' EXIT
    local tries=0
    until (exec 3<>"/dev/tcp/127.0.0.1/$listens") 2>/dev/null; do
        tries=$((tries + 1))
        if ! kill -0 "$server" 2>/dev/null || [ "$tries" -gt 300 ]; then
            echo "the server did not start; its last words:" >&2
            tail -n 5 "$log" >&2
            exit 1
        fi
        sleep 0.1
    done
    exec {lock}>&-
    export SMTPSPEC_SERVER=127.0.0.1:$listens
    # Its own libraries are not for the command.
    unset LD_LIBRARY_PATH
    local status=0
    "${command[@]}" || status=$?
    exit "$status"
}

# A server may have a way of its own: it defines `end_server`.
end() {
    if declare -F end_server >/dev/null; then
        end_server >>"$log" 2>&1 || true
    fi
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
}
