#!/bin/bash
# labels: slow
# timeout: 1800
# SIGKILL at random moments: the run that was killed again and again ends in the bytes of the one that was not.
# KILLS: how many at least, 100 by default.
. "$(dirname "$0")/lib/check.bash"
kills=${KILLS:-100}
settings='source.n=640 source_test.n=200 target.n=640 adda.source_epochs=10 adda.steps=200 adda.evaluations=4
    adda.conditional=true adda.pseudo_weight=1 adda.shift_frac=0.07 choice.source_floor=1 checkpoint_s=0.02
    threads=1 workers=2'
expect 0 demo --print
cp out.txt demo.yaml
# shellcheck disable=SC2086 # settings are words
began=$(date +%s%N)
expect 0 run demo.yaml $settings --out whole
longest_ms=$((($(date +%s%N) - began) / 2000000)) # half of the whole run

# One life of the run: it is killed after a random part of a second, unless it ends before. A life that begins
# where the last one did still counts: the moment of the kill is what is tested.
live() {
    "$FERRY" "$@" >out.txt 2>err.txt &
    local pid=$!
    local ms=$((RANDOM % longest_ms + 20))
    sleep "$((ms / 1000)).$(printf '%03d' $((ms % 1000)))"
    if kill -KILL $pid 2>/dev/null; then
        n_kills=$((n_kills + 1))
    fi
    wait $pid 2>/dev/null
    code=$?
}

same() {
    for file in last.safetensors chosen.safetensors source.safetensors classifier.safetensors metrics.jsonl \
        critic.json features.json samples.json; do
        cmp "whole/$file" "$1/$file" || fail "after $n_kills kills $file differs"
    done
    [ -z "$(find "$1" -name '*.tmp.*')" ] || fail "a temporary is left"
}

n_kills=0 n_runs=0
while [ "$n_kills" -lt "$kills" ] && [ "$failures" -eq 0 ]; do
    n_runs=$((n_runs + 1))
    rm -rf "broken$((n_runs - 1))"
    dir=broken$n_runs
    until [ -e "$dir/recipe.yaml" ]; do
        rm -rf "$dir"
        # shellcheck disable=SC2086
        live run demo.yaml $settings --out "$dir"
    done
    while [ ! -e "$dir/result.json" ]; do
        live run --resume "$dir"
        if [ $code -ne 0 ] && [ $code -ne 137 ]; then
            fail "resuming exited with $code"
            cat err.txt
            break
        fi
        [ "$n_kills" -lt "$kills" ] || expect 0 run --resume "$dir"
    done
    same "$dir"
done
echo "$n_kills kills in $n_runs runs"
finish
