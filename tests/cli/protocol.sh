#!/bin/bash
# timeout: 600
# Methods on several shifts: figures of every cell against its source model, the page, the same bytes after a kill, cells that are
# done are not run again, and a cell run by itself is the same.
. "$(dirname "$0")/lib/check.bash"

cat >three.yaml <<'END'
method: coral
threads: 1
workers: 0
kernel_times: ""
holdout: 0.3
source: {format: digits, n: 100, size: 16}
target: {format: digits, style: noisy, n: 60, size: 16}
model: {encoder: digits_bn, classifier: linear}
mcd: {encoder_steps: 2}
adapt:
  source_weights: "{first}/source.safetensors"
  classifier_weights: "{first}/classifier.safetensors"
  steps: 4
  batch: 10
  evaluations: 2
compare:
  seeds: 2
  first: [method=adabn, adapt.source_weights=, adapt.classifier_weights=, adapt.source_epochs=2, adapt.source_batch=10, adapt.steps=1, adapt.evaluations=1]
  shifts:
    to-noisy: []
    to-inverted: [target.style=inverted]
  arms:
    adabn: [method=adabn]
    coral: [transfer.lr=0.01]
    shot: [method=shot]
END
sed -i 's/size: 16/size: 16, pad: 6/' three.yaml

expect 0 compare three.yaml --out whole --json --quiet
json_has cells harm_rate collapse_rate gain oracle_gap oracle_gain per_validator per_method per_shift overall shifts
is_empty err.txt
[ "$(grep -o '"fell_back"' out.txt | wc -l)" -eq 12 ] || fail "there are other cells than 12"
for run in to-noisy.coral-0 to-inverted.shot-1; do
    [ -s "whole/runs/$run/report.html" ] || fail "no report of $run"
    grep -q "\"run\":\"runs/$run\",.*\"source_only\":.*\"alone\":{" whole/results.jsonl || fail "no cell of $run"
done
[ "$(wc -l <whole/results.jsonl)" -eq 12 ] || fail "results.jsonl has other lines than cells"
# One source model for all methods of a shift and a seed.
[ "$(grep '"to-noisy"' whole/results.jsonl | grep '"seed":1,' | grep -o '"source_only":[0-9.]*' | sort -u | wc -l)" -eq 1 ] ||
    fail "methods began with different source models"
for file in to-noisy-0 to-noisy-1 to-inverted-0 to-inverted-1; do
    says "whole/samples/$file.json" '"view_sha256"'
    says "whole/samples/$file.json" '"indices"'
done
for text in 'Of 12 cells' 'choice of the rule' 'to-inverted, shot' 'href="runs/to-noisy.coral-1/report.html"'; do
    says whole/report.html "$text"
done

# Killed at any moment: what is done stays, the rest is run, and all is as if nothing had been.
"$FERRY" compare three.yaml --out broken >out.txt 2>err.txt &
pid=$!
for i in $(seq 1200); do
    [ -e broken/runs/to-noisy.coral-1/recipe.yaml ] && break
    sleep 0.05
done
kill -KILL $pid
wait $pid 2>/dev/null
[ ! -e broken/compare.json ] || echo "all was done before it could be killed"
rows=$(wc -l <broken/results.jsonl)
[ "$rows" -ge 6 ] || fail "only $rows rows before the kill"
done_before=$(stat -c %Y.%i broken/runs/to-noisy.coral-0/result.json)
expect 0 compare --resume --out broken
[ "$(stat -c %Y.%i broken/runs/to-noisy.coral-0/result.json)" = "$done_before" ] || fail "a cell that was done was run again"
for file in results.jsonl compare.json recipe.yaml samples/to-noisy-1.json runs/to-inverted.shot-1/chosen.safetensors; do
    cmp "whole/$file" "broken/$file" || fail "after a kill $file differs"
done
says out.txt "three: target accuracy in percent, means over the cells"
grep -qE "^  coral +4( +[0-9.]+){7}$" out.txt || { fail "no row of coral"; cat out.txt; }
grep -qE "^  Ferry's rule +12 " out.txt || fail "no row of the rule"
grep -qE "^  clusters +12 " out.txt || fail "no row of a validator"

# A cell by itself, from the recipe that its run left.
expect 0 run whole/runs/to-inverted.coral-1/recipe.yaml --out alone
cmp alone/chosen.safetensors whole/runs/to-inverted.coral-1/chosen.safetensors || fail "a cell by itself is another"

# With a baseline methods are held against each other as well, on each shift.
expect 0 compare --resume three.yaml compare.baseline=adabn compare.metric=last --out broken
says out.txt "differences from adabn seed by seed"
grep -qE "^  to-inverted.shot +2 .*(better|worse|unclear|equal|untested)$" out.txt || { fail "no difference on a shift"; cat out.txt; }
says broken/report.html "to-inverted.shot"

# An arm whose training fails: its cells are there, counted as harm, and their sentences are on the page.
sed -e 's/seeds: 2/seeds: 1/' -e '/to-inverted/d' -e '/adabn:/d' -e 's/shot: .*/bad: [adapt.source_weights=, adapt.classifier_weights=, adapt.source_optim=sgd, adapt.source_lr=1e6, adapt.source_weight_decay=1e6]/' three.yaml >bad.yaml
expect 0 compare bad.yaml --out failing --json
grep -q '"failed":1,' out.txt || fail "nobody says how many failed"
grep -q '"bad":{"chosen":{"n":0,"failed":1,"harm_rate":1.0,' out.txt || fail "a cell that failed is no harm"
grep -q '"arm":"bad","seed":0,.*"error":".*"source_only":null' failing/results.jsonl || fail "no cell of the run that failed"
says failing/report.html 'Of 2 cells, 1 failed'
says failing/report.html '<li><b>to-noisy, bad</b> with seed 0: stage'
expect 0 compare --resume --out failing
says out.txt "Of 2 cells, 1 failed and handed nothing back"
grep -qE "^  bad +1( +-){4} +100.0 +100.0 +-$" out.txt || fail "no row of the method that failed"

# What all methods begin with fails on one shift: its cells failed, and the other shift is run.
sed -e 's/seeds: 2/seeds: 1/' -e '/adabn:/d' -e 's/to-noisy: .*/to-noisy: [adapt.source_optim=sgd, adapt.source_lr=1e6, adapt.source_weight_decay=1e6]/' three.yaml >unbegun.yaml
expect 0 compare unbegun.yaml --out unbegun --json
grep -q '"failed":2,' out.txt || fail "nobody says that two failed"
says err.txt "the run that the arms begin with failed: stage"
[ "$(grep -c 'the run that the arms begin with failed' unbegun/results.jsonl)" -eq 2 ] || fail "cells do not say why they failed"
[ -s unbegun/runs/to-inverted.shot-0/result.json ] || fail "the other shift was not run"
says unbegun/report.html 'Of 4 cells, 2 failed'

# ADDA beside them, whose keys are others, from the same source model.
sed -e 's/seeds: 2/seeds: 1/' -e '/to-inverted/d' -e '/adabn:/d' -e 's/coral: .*/adda: [method=adda, "adda.source_weights={first}\/source.safetensors", "adda.classifier_weights={first}\/classifier.safetensors", adda.steps=4, adda.batch=10, adda.evaluations=2]/' three.yaml >adda.yaml
expect 0 compare adda.yaml --out adda --json
[ "$(grep -o '"source_only":[0-9.]*' adda/results.jsonl | sort -u | wc -l)" -eq 1 ] || fail "ADDA began with another source model"

# On a backbone that is given, of which the last layer learns: what is before it is computed once, also for cells of a shift and a seed that
# come later, and changes nothing.
sed -e 's/compare:/transfer: {lr: 1e-3}\ncompare:/' -e 's/seeds: 2/seeds: 1/' -e '/to-inverted/d' -e '/adabn:/d' \
    -e 's/method=adabn,/method=shot, model.weights=whole\/runs\/to-noisy.first-0\/source.safetensors,/' \
    -e 's/^adapt:/adapt:\n  freeze: "conv?.* bn?.*"/' three.yaml >frozen.yaml
expect 0 compare frozen.yaml --out kept
n=$(ls kept/features/*.features | wc -l)
[ "$n" -ge 5 ] || fail "only $n sets of features are kept"
says kept/runs/to-noisy.first-0/weights.json '"file"'
mv kept/runs/to-noisy.shot-0 kept/runs/to-noisy.coral-0 .
touch -d 2000-01-01 kept/features/*
expect 0 compare --resume --out kept
[ "$(ls kept/features/*.features | wc -l)" -eq "$n" ] || fail "a later run made features of its own"
[ -z "$(find kept/features -name '*.features' -newermt 2001-01-01)" ] || fail "features were computed again"
for file in chosen.safetensors metrics.jsonl choice.json; do
    cmp to-noisy.shot-0/$file kept/runs/to-noisy.shot-0/$file || fail "$file differs with features that were there"
done
finish
