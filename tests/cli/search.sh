#!/bin/bash
# timeout: 300
# A search: its table and its JSON, a study that goes on and that others join, the best as a recipe, no test in any trial, and
# what is refused before anything runs.
. "$(dirname "$0")/lib/check.bash"
cp "$FERRY_SOURCE/recipes/search-demo.yaml" demo.yaml

expect 0 search demo.yaml sampler=random trials=6 study=tries.db --json --quiet
is_empty err.txt
[ "$(wc -l <out.txt)" -eq 1 ] || fail "--json prints more than one line"
json_has best_value best best_trial trials study metric counts keys importance number state value params
says out.txt '"counts":{"running":0,"done":6,"pruned":0,"failed":0}'
says out.txt '"study":"tries.db"'
[ "$(ls tries-search/runs | wc -l)" -eq 6 ] || fail "six trials left other directories than six"
[ -s tries-search/report.html ] || fail "no report"
for run in tries-search/runs/*; do
    [ ! -e "$run/data/test.json" ] || fail "$run opened the test"
    says "$run/recipe.yaml" "blind: true"
done

# More trials of the same study, with the first ones as they were; the goal is what it was.
cp tries-search/runs/3-0/result.json before.json
expect 0 search demo.yaml sampler=random trials=8 study=tries.db
says out.txt "demo: val_accuracy, higher is better, random, 1 seed for every trial"
says out.txt "8 trials: 8 done"
cmp before.json tries-search/runs/3-0/result.json || fail "a trial that was done was run again"
expect 0 best tries.db
says out.txt "8 trials: 8 done"
expect 0 best --json tries-search
json_has best_value
expect 0 export tries.db --out best.yaml
says out.txt "to be used with: ferry run best.yaml"
expect 0 run best.yaml --quiet --json
json_has test_accuracy
expect 0 export tries.db --trial 2 --out second.yaml
cmp best.yaml second.yaml && expect 0 export tries.db --trial 1 --out second.yaml

# The test is not there, and nobody misses it; a run of what was found does.
expect 0 search demo.yaml trials=2 study=blind.db test.format=idx test.images=gone test.labels=gone test.n= test.size= test.style= --quiet
expect 0 export blind.db --out blind.yaml
expect 1 run blind.yaml
says err.txt "gone"

# Two workers of one study.
"$FERRY" search demo.yaml trials=10 study=both.db --quiet --json >one.txt 2>&1 &
pid=$!
expect 0 search demo.yaml trials=10 study=both.db --quiet --json
wait $pid || { fail "the other worker failed"; cat one.txt; }
cmp one.txt out.txt || fail "two workers report different studies"
says out.txt '"counts":{"running":0,"done":10,"pruned":0,"failed":0}'

# Stopped by Ctrl-C, the same command goes on.
"$FERRY" search demo.yaml trials=30 study=stopped.db finetune.epochs=20 >out.txt 2>err.txt &
pid=$!
for i in $(seq 600); do
    [ -e stopped-search/runs/1-0/recipe.yaml ] && break
    sleep 0.05
done
kill -INT $pid
wait $pid
code=$?
if [ "$code" -ne 0 ]; then
    [ "$code" -eq 1 ] || fail "interrupted, it exits with $code"
    says err.txt "the same command goes on with the search"
fi
expect 0 search demo.yaml trials=4 study=stopped.db finetune.epochs=20 --quiet --json
says out.txt '"running":0'

# Trials that are stopped early, and a grid.
expect 0 search demo.yaml study=pruned.db pruner=halving prune_factor=2 trials=12 --quiet
says out.txt "stopped early by halving"
grep -qE '12 trials: [0-9]+ done, [0-9]+ pruned' out.txt || { fail "nothing was pruned"; cat out.txt; }
expect 0 search demo.yaml study=grid.db sampler=grid trials=0 'search.space.finetune.lr=[0.01, 0.1]' \
    'search.space.finetune.weight_decay=' 'search.space.finetune.label_smoothing=' 'search.space.finetune.batch=int 8 16 3'
says out.txt "6 trials: 6 done"

expect 2 search demo.yaml 'search.space.finetune.rl=log 1 2' --out never
says err.txt "unknown key 'finetune.rl'; did you mean 'finetune.lr'?"
expect 2 search demo.yaml metric=test_accuracy --out never
says err.txt "made of no test and of no target labels; those of the method 'finetune' are val_accuracy, val_loss"
expect 2 search demo.yaml sampler=grid --out never
expect 2 search demo.yaml sampler=tpee --out never
says err.txt "expected tpe, random, sobol or grid"
[ ! -e never ] || fail "what never began left a directory"
expect 2 search demo.yaml finetune.epochs=5 study=tries.db sampler=random
says err.txt "is of another recipe 'demo', or of this one before it was changed"
expect 2 search demo.yaml study=other.db --out tries-search
says err.txt "holds the trials of the study 'tries.db', and this one is 'other.db'"
expect 1 run demo.yaml --out never
says err.txt "'ferry search' tries them"
expect 2 search best.yaml
says err.txt "has nothing to search"
expect 2 search
expect 2 best
expect 1 best nowhere.db
says err.txt "there is no study 'nowhere.db'"
expect 1 best demo.yaml
says err.txt "is no study"
expect 2 export tries.db
expect 2 export tries.db --trial first --out x.yaml
expect 1 export tries.db --trial 99 --out x.yaml
says err.txt "has 8 trials, and none of the number 99"
finish
