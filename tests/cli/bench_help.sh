#!/bin/bash
# The comparison with PyTorch as far as it goes without one: help, misuse, what is missing.
. "$(dirname "$0")/lib/check.bash"
command -v python3 >/dev/null || { echo "no python3"; exit 77; }

FERRY=$FERRY_SOURCE/bench/peer.py
expect 0 --help
says out.txt "--variant"
expect 2 rest
says err.txt "invalid choice: 'rest'"
expect 2 cnn-train --variant lean
says err.txt "cnn-train has no variant 'lean'; expected one of eager, compile"
expect 2 head10
says err.txt "head10 needs pictures; add --folder PATH"

FERRY=$FERRY_SOURCE/bench/compare.py
expect 0 --help
for word in adda supervised startup memory resnet18-train --json --rounds --no-peer --check; do
    says out.txt "$word"
done
expect 2 rest
says err.txt "there is no workload 'rest'; expected one of adda, supervised, startup, memory"
expect 2 --rounds 0
says err.txt "--rounds and --threads begin at 1"
expect 1 --ferry "$PWD/nowhere"
says err.txt "no program at $PWD/nowhere; build it with ./dev build release"
expect 1 --ferry /bin/true --python /bin/false
says err.txt "PyTorch is missing: no torch in /bin/false; install the distribution's package"
says err.txt "apt-get install python3-torch"
expect 1 --has-peer --python "$PWD/nowhere"
expect 1 adda --no-peer --ferry /bin/false
says err.txt "ended with code 1: it said nothing"
expect 1 adda --no-peer --ferry /bin/true
says err.txt "printed no figures"
finish
