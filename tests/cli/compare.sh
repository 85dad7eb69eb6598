#!/bin/bash
# timeout: 600
# A comparison: its table and its JSON, the same bytes after a kill, more seeds, another figure, and what is refused before
# anything runs.
. "$(dirname "$0")/lib/check.bash"

cat >three.yaml <<'END'
method: finetune
train: {format: digits, n: 100, size: 12}
val: {format: digits, style: noisy, n: 100, size: 12}
model: {family: linear}
finetune: {train: all, epochs: 4, batch: 10, lr: 0.01}
compare:
  baseline: plain
  seeds: 3
  arms:
    plain: []
    fast: [finetune.lr=0.1]
    adam: [finetune.optim=adam]
END

expect 0 compare three.yaml --out whole
says out.txt "three: accuracy, higher is better, 3 seeds (0, 1, 2)"
says out.txt "differences from plain seed by seed, with intervals of 95%"
grep -qE '^  fast +3 +0\.[0-9]+ +0\.[0-9]+  [+-]0\.[0-9]+ \[[+-]0\.[0-9]+, [+-]0\.[0-9]+\].* (better|worse|unclear)$' out.txt ||
    { fail "no row of the arm 'fast'"; cat out.txt; }
for run in plain-0 plain-1 plain-2 fast-0 fast-1 fast-2 adam-0 adam-1 adam-2; do
    [ -s "whole/runs/$run/report.html" ] || fail "no report of $run"
    says whole/results.jsonl "\"run\":\"runs/$run\""
done
[ -z "$(find whole -name 'checkpoint.*')" ] || fail "a run that is over has a checkpoint"
[ "$(wc -l <whole/results.jsonl)" -eq 9 ] || fail "results.jsonl has other lines than runs"
[ "$(grep -c '^ferry: the arm ' err.txt)" -eq 9 ] || fail "not every run was named"

expect 0 compare --json --quiet three.yaml compare.metric=val_loss compare.seeds=2
is_empty err.txt
[ "$(wc -l <out.txt)" -eq 1 ] || fail "--json prints more than one line"
json_has baseline metric better level seeds rows arm n failed mean sd diff ci_low ci_high p p_wilcoxon p_holm verdict
says out.txt '"better":"lower"'
says out.txt '"seeds":[0,1]'
[ -s runs/three-compare/compare.json ] || fail "the default directory is another"

# Killed at any moment: the rest is done, and all is as if nothing had been.
"$FERRY" compare three.yaml --out broken >out.txt 2>err.txt &
pid=$!
for i in $(seq 600); do
    [ -e broken/runs/fast-1/recipe.yaml ] && break
    sleep 0.05
done
kill -KILL $pid
wait $pid 2>/dev/null
[ ! -e broken/compare.json ] || echo "the comparison was done before it could be killed"
expect 2 compare three.yaml --out broken
says err.txt "already holds a comparison; continue it with --resume --out broken"
expect 0 compare --resume --out broken
for file in results.jsonl compare.json recipe.yaml runs/fast-1/last.safetensors runs/adam-2/metrics.jsonl; do
    cmp "whole/$file" "broken/$file" || fail "after a kill $file differs"
done
[ -z "$(find broken -name '*.tmp.*')" ] || fail "a temporary is left"

expect 0 compare --resume three.yaml compare.seeds=4 compare.metric=val_accuracy --out broken
says out.txt "three: val_accuracy, higher is better, 4 seeds (0, 1, 2, 3)"
[ "$(wc -l <broken/results.jsonl)" -eq 12 ] || fail "the fourth seed was not added"

# One seed, and an arm whose training fails.
expect 0 compare three.yaml compare.arms.adam= --out one compare.seeds=1
says out.txt "One seed is no test"
expect 0 compare three.yaml compare.seeds=2 'compare.arms.bad=[finetune.lr=1e6, finetune.weight_decay=1e6]' --out failing
says out.txt "bad with seed 1 failed: "
grep -qE '^  bad .* incomplete$' out.txt || fail "an arm that fails has a verdict"
says failing/results.jsonl '"value":null,"error":"'

# Two ways to adapt; the label-free choice takes the source model of so short a training, in both.
expect 0 demo --print
{
    cat out.txt
    printf 'compare: {baseline: a, seeds: 2, arms: {a: [], b: [adda.target_lr=1e-2]}}\n'
} >adapt.yaml
expect 0 compare adapt.yaml $small
says out.txt "adapt: chosen, higher is better, 2 seeds (0, 1)"
says out.txt "equal"
expect 0 compare --resume adapt.yaml $small compare.metric=source_accuracy
says out.txt "Report: runs/adapt-compare/report.html"
says runs/adapt-compare/report.html '<a href="runs/b-1/report.html">'

expect 2 compare three.yaml 'compare.arms.bad=[finetune.rl=1]' --out never
says err.txt "while reading the arm 'bad': setting 'finetune.rl=1': unknown key 'finetune.rl'; did you mean 'finetune.lr'?"
expect 2 compare three.yaml compare.baseline=plin --out never
says err.txt "did you mean 'plain'?"
expect 1 run three.yaml --out never
says err.txt "compares 3 arms, and a run is of one; 'ferry compare' runs them all"
[ ! -e never ] || fail "what never began left a directory"
expect 2 compare
expect 2 compare --resume
expect 1 compare --resume --out nowhere
says err.txt "no recipe.yaml in it"
finish
