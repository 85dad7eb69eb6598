#!/bin/bash
# timeout: 300
# The commands of docs/search.md that need no server do what it says, and its recipe is the one that is shipped.
. "$(dirname "$0")/lib/check.bash"
. "$(dirname "$0")/lib/doc.bash"

n=0
ln -s "$FERRY_SOURCE/recipes" recipes
for title in "" "By which figure" "What is tried next"; do
    while read -r line; do
        eval "set -- $line"
        shift
        expect 0 "$@"
        n=$((n + 1))
    done < <(commands search.md "$title")
done
[ "$n" -eq 7 ] || fail "$n commands were found, not 7"
says runs/search-demo-compare/compare.json '"baseline": "default"'
[ -s runs/search-demo-0/result.json ] || fail "the best was not run"
says pruned-search/search.json '"pruner": "halving"'

# The section that it shows is the recipe's.
awk '/^```yaml/ { inside = 1; next } /^```/ { inside = 0 } inside' "$FERRY_SOURCE/docs/search.md" >shown.txt
awk '/^search:/ { inside = 1 } inside' recipes/search-demo.yaml >shipped.txt
cmp shown.txt shipped.txt || fail "docs/search.md shows another section than recipes/search-demo.yaml has"

# Trials side by side, and a page of a run written again.
expect 0 report demo-search --out all.html
says all.html "<h1>12 runs</h1>"
says all.html "demo-search/runs/0-0"
says all.html "finetune.weight_decay"
says all.html "val.accuracy"
expect 0 report runs/search-demo-0
says out.txt "Report: runs/search-demo-0/report.html"
mkdir deep
expect 0 report demo-search runs --out deep/all.html
says deep/all.html "<h1>23 runs</h1>"
says deep/all.html '<a href="../runs/search-demo-0/report.html">'
mkdir nothing
expect 1 report nothing
says err.txt "is done: there is no result.json in it or below it"
expect 1 report nowhere
expect 2 report
[ ! -e runs.html ] || fail "a page of nothing was written"
finish
