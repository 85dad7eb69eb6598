#!/bin/bash
# timeout: 600
# The same on a PostgreSQL server that this test starts, and what only a server has: several studies, and a server that is
# gone. Skipped where there is no server, or where ferry knows none.
# KILLS: how many, 8 by default.
. "$(dirname "$0")/lib/check.bash"
. "$(dirname "$0")/lib/storm.bash"
cp "$FERRY_SOURCE/recipes/search-demo.yaml" demo.yaml

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb 2>/dev/null)" 2>/dev/null)
if [ ! -x "$bin/initdb" ]; then
    echo "skipped: no PostgreSQL server is installed"
    exit 77
fi
"$FERRY" best postgresql:///nowhere >out.txt 2>&1
if grep -q 'was built without libpq' out.txt; then
    echo "skipped: ferry was built without libpq"
    exit 77
fi

# A server does not run as root, and its user may not see this folder.
home=$(mktemp -d /tmp/ferry-pg-XXXXXX)
as_user() {
    if [ "$(id -u)" -eq 0 ]; then
        (cd "$home" && setpriv --reuid=nobody --regid=nogroup --clear-groups "$@")
    else
        (cd "$home" && "$@")
    fi
}
stop_server() {
    as_user "$bin/pg_ctl" -D "$home/data" -m immediate stop >/dev/null 2>&1
}
trap 'stop_server; rm -rf "$home"' EXIT
[ "$(id -u)" -ne 0 ] || chown nobody:nogroup "$home"
if ! as_user "$bin/initdb" -D "$home/data" -U ferry --auth=trust -N >initdb.txt 2>&1 ||
    ! as_user "$bin/pg_ctl" -D "$home/data" -w -l "$home/log" \
        -o "-c listen_addresses= -c fsync=off -k $home" start >pg_ctl.txt 2>&1; then
    fail "the server does not start"
    cat initdb.txt pg_ctl.txt
    finish
fi
server="postgresql:///postgres?host=$home&user=ferry"

n_kills=0
quiet_search quiet.db quiet
storm "$server" storm 4 "${KILLS:-8}"
check_storm "$server"

# Another study on the same server, and the same recipe changed.
sed 's/trials: 24/trials: 3/' demo.yaml >other.yaml
expect 0 search other.yaml study="$server" --quiet --json
says out.txt '"counts":{"running":0,"done":3,"pruned":0,"failed":0}'
says out.txt '"study":"postgresql:///postgres"'
expect 1 best "$server"
says err.txt "there are several studies"
expect 0 best "$server" --name other
expect 0 export "$server" --name demo --out best.yaml
expect 2 search other.yaml finetune.epochs=9 study="$server"
says err.txt "is of another recipe 'other', or of this one before it was changed"

stop_server
expect 1 search other.yaml study="$server"
says err.txt "cannot reach the study at 'postgresql:///postgres'"
expect 1 best "postgresql://ann:secret@localhost:1/x"
grep -q secret err.txt && fail "a password is shown"
echo "$n_kills kills"
finish
