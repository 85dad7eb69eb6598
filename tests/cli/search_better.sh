#!/bin/bash
# timeout: 300
# What fifty trials find is better than what the recipe had, at the 5% level, on seeds that no trial had.
. "$(dirname "$0")/lib/check.bash"
cp "$FERRY_SOURCE/recipes/search-demo.yaml" demo.yaml

expect 0 search demo.yaml checkpoint_s=0 workers=0 trials=50 --out found --quiet --json
says out.txt '"counts":{"running":0,"done":50,"pruned":0,"failed":0}'
expect 0 export found --compare 6 --out proof.yaml
says out.txt "to be used with: ferry compare proof.yaml"
says proof.yaml 'seeds: [1, 2, 3, 4, 5, 6]'
says proof.yaml 'blind: true'
expect 0 compare proof.yaml checkpoint_s=0 workers=0 --out proof
grep -qE '^  best .* better$' out.txt || { fail "what was found is not shown to be better"; cat out.txt; }
[ ! -e proof/runs/best-1/data/test.json ] || fail "the comparison opened the test"
expect 2 export found --compare 0 --out x.yaml
finish
