#!/bin/bash
# timeout: 300
# Places that cannot be written to: a sentence and exit code 1, never a half file under a good name.
. "$(dirname "$0")/lib/check.bash"

"$FERRY" help >/dev/full 2>err.txt
[ $? -eq 1 ] || fail "a full stdout went unnoticed"
says err.txt "cannot write to standard output"

touch file
expect 1 demo $small --out file
says err.txt "file"
expect 1 demo $small --runs file/below
expect 1 demo $small --out /proc/ferry
if [ "$(id -u)" -ne 0 ]; then
    mkdir closed
    chmod 500 closed
    expect 1 demo $small --runs closed
    says err.txt "closed"
    chmod 700 closed
fi

# A disk of one MiB: the models of the run do not fit.
mkdir tiny
if [ "$(id -u)" -eq 0 ] && mount -t tmpfs -o size=1m tmpfs tiny 2>/dev/null; then
    expect 1 demo $small --out tiny/run
    says err.txt "No space left on device"
    find tiny -name '.*.tmp*' | grep -q . && fail "temporary files were left behind"
    umount tiny
else
    echo "no tmpfs may be mounted here: the full disk was not tried"
fi
finish
