#!/bin/bash
# timeout: 600
# Four workers share a study while SIGKILLs are thrown at them: no trial is lost, none counts twice, and every trial comes to
# what it comes to undisturbed, and the models of the best one alone are left.
# KILLS: how many, 12 by default.
. "$(dirname "$0")/lib/check.bash"
. "$(dirname "$0")/lib/storm.bash"
cp "$FERRY_SOURCE/recipes/search-demo.yaml" demo.yaml

n_kills=0
quiet_search quiet.db quiet
storm storm.db storm 4 "${KILLS:-12}"
check_storm storm.db
[ "$(ls storm/runs | wc -l)" -eq 24 ] || fail "other directories than trials"
for dir in quiet storm; do
    best=$(sed 's/.*"best_trial": *\([0-9]*\).*/\1/;t;d' $dir/search.json)
    kept=$(cd $dir/runs && ls -d */best.safetensors */last.safetensors)
    [ "$kept" = "$best-0/best.safetensors
$best-0/last.safetensors" ] || fail "$dir: the best trial is $best, and models are left of $kept"
done
cmp "quiet/runs/$best-0/best.safetensors" "storm/runs/$best-0/best.safetensors" ||
    fail "a worker that was killed has left another model"
left=$(find storm -name "*.tmp.*")
[ -z "$left" ] || fail "temporaries are left: $left"
echo "$n_kills kills"
finish
