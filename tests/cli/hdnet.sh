#!/bin/bash
# timeout: 300
# The commands of docs/hdnet.md do what it says; the figures as JSON; a stopped run's directory goes on; and one sentence for whatever
# is wrong.
. "$(dirname "$0")/lib/check.bash"

ln -s "$FERRY_SOURCE/recipes" recipes
n=0
while read -r line; do
    eval "set -- $line"
    shift
    expect 0 "$@"
    n=$((n + 1))
done < <(grep '^    ferry ' "$FERRY_SOURCE/docs/hdnet.md")
[ "$n" -eq 6 ] || fail "$n commands were found, not 6"

for file in left.safetensors fusion.safetensors fused.json fuse.json report.html source+left.safetensors \
    source+left+head1.safetensors target-hybrid-whole+fusion.safetensors target-finetune+right.safetensors \
    data/target.train.left.json; do
    [ -s "first/$file" ] || fail "there is no first/$file"
done
says first/report.html "Three stages"
says second/report.html "soft"
says without-2/result.json '"branches": null'
grep -q '"labelled": true' first/data.json || fail "no side has labels"

small='hdnet.epochs=1 hdnet.branch_epochs=1 hdnet.whole_epochs=1 hdnet.features=4'
# shellcheck disable=SC2086 # settings are words
expect 0 run recipes/hdnet-facts.yaml $small strategy=auto --out third --json --quiet
json_has targets finetune stages target finetuned gain strategy kept share critic pressure branches fused test seconds run_dir
expect 0 run --resume third --json --quiet
json_has targets
# shellcheck disable=SC2086
expect 0 run recipes/hdnet-facts.yaml $small strategy=auto workers=3 --out fourth --quiet
cmp third/metrics.jsonl fourth/metrics.jsonl || fail "other metrics with more threads"
cmp third/fusion.safetensors fourth/fusion.safetensors || fail "another fusion with more threads"
# The best of a seed's strategies goes into a comparison by its figure.
expect 2 run recipes/hdnet-facts.yaml strategy=harder
says err.txt "did you mean 'hard'?"
expect 2 run recipes/hdnet-facts.yaml domain.of_source=0
says err.txt "nothing says where a target's samples of 'part_1' are"
finish
