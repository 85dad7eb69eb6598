#!/bin/bash
# timeout: 600
# Four workers share a study while SIGKILLs are thrown at them: no trial is lost, none counts twice, and every trial comes to
# what it comes to undisturbed.
# KILLS: how many, 12 by default.
. "$(dirname "$0")/lib/check.bash"
. "$(dirname "$0")/lib/storm.bash"
cp "$FERRY_SOURCE/recipes/search-demo.yaml" demo.yaml

n_kills=0
quiet_search quiet.db quiet
storm storm.db storm 4 "${KILLS:-12}"
check_storm storm.db
[ "$(ls storm/runs | wc -l)" -eq 24 ] || fail "other directories than trials"
left=$(find storm -name "*.tmp.*")
[ -z "$left" ] || fail "temporaries are left: $left"
echo "$n_kills kills"
finish
