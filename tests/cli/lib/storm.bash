# What tests of killed workers share.
#
#   quiet_search STUDY OUT        the search undisturbed, in out.txt
#   storm STUDY OUT WORKERS KILLS   the same by several workers of which one at a time is killed, and begun again
#   check_storm STUDY             what it came to is what the undisturbed search came to

storm_settings='trials=24 sampler=random finetune.epochs=30 checkpoint_s=0.05 threads=1 workers=0'

begin_worker() { # STUDY OUT NUMBER
    # shellcheck disable=SC2086 # settings are words
    "$FERRY" search demo.yaml $storm_settings study="$1" --out "$2" >"worker$3.txt" 2>>"log$3.txt" &
    pids[$3]=$!
}

quiet_search() {
    # shellcheck disable=SC2086
    expect 0 search demo.yaml $storm_settings study="$1" --out "$2" --quiet --json
    tail -n 1 out.txt | sed 's/.*"trials":/"trials":/' >quiet.json
}

nap() {
    local ms=$((RANDOM % 400 + 20))
    sleep "0.$(printf '%03d' $ms)"
}

storm() {
    local study=$1 out=$2 workers=$3 kills=$4 n i code
    pids=()
    for ((i = 0; i < workers; i++)); do
        begin_worker "$study" "$out" "$i"
    done
    for ((n = 0; n < kills; n++)); do
        nap
        i=$((RANDOM % workers))
        if kill -KILL "${pids[i]}" 2>/dev/null; then
            n_kills=$((n_kills + 1))
        fi
        wait "${pids[i]}" 2>/dev/null
        begin_worker "$study" "$out" "$i"
    done
    for ((i = 0; i < workers; i++)); do
        wait "${pids[i]}"
        code=$?
        [ $code -eq 0 ] || { fail "worker $i exits with $code"; tail -n 5 "log$i.txt"; }
    done
}

check_storm() {
    local number
    expect 0 best --json "$1"
    tail -n 1 out.txt | sed 's/.*"trials":/"trials":/' >storm.json
    cmp quiet.json storm.json || fail "after $n_kills kills other trials, or another result"
    for number in $(seq 0 23); do
        [ "$(cat log*.txt | grep -c "ferry: trial $number is done")" -le 1 ] ||
            fail "trial $number was ended twice"
    done
    for number in log*.txt; do
        if grep -qE 'AddressSanitizer|runtime error|LeakSanitizer' "$number"; then
            fail "sanitizer"
            cat "$number"
        fi
    done
}
