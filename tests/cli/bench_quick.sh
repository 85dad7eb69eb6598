#!/bin/bash
# labels: slow
# timeout: 600
# The small workloads of the comparison run on both sides and give figures; how large they are is not
# judged. Both sides of a network compute the same. Skipped in builds without benchmarks and where
# PyTorch is missing.
. "$(dirname "$0")/lib/check.bash"
program=$(dirname "$FERRY")/bench/bench
compare=$FERRY_SOURCE/bench/compare.py
[ -x "$program" ] || { echo "this build has no benchmarks"; exit 77; }
command -v python3 >/dev/null || { echo "no python3"; exit 77; }

FERRY=$compare
expect 0 adda startup memory jpeg --quick --no-peer --json --ferry "$program"
json_has workload metric ferry peer ratio figures
"$compare" --has-peer || exit 77

expect 0 cnn-train distill distill-whole --check --ferry "$program"
says out.txt "cnn-train, f32, eager: second result"
says out.txt "distill, kept teacher: second result"
says out.txt "distill, live teacher, jit: second result"
says out.txt "distill, no teacher: second result"
says out.txt "distill-whole, kept teacher: redistilled result"

expect 0 dann cdan mcd mmd --check --ferry "$program"
for method in dann cdan mcd mmd; do
    says out.txt "$method, $method, jit: second moment result"
done
says out.txt "cdan, cdan, classic: second critic moment result"
expect 0 mcd --quick --ferry "$program"
says out.txt "mcd"

expect 0 adda supervised startup memory cnn-train --quick --json --ferry "$program"
says out.txt "cached features / classic loop"
tail -n 1 out.txt | python3 -c '
import json, sys
whole = json.load(sys.stdin)
figures = whole["figures"]
main = {key: figures[0][key] for key in ("workload", "metric", "ferry", "peer", "ratio")}
assert main == {key: whole[key] for key in main}, main
assert main["workload"] == "adda" and main["metric"] == "steps_per_s", main
assert [f["workload"] for f in figures] == (["adda"] * 3 + ["supervised"] * 2 + ["startup"]
                                            + ["memory"] * 2 + ["cnn-train"] * 3)
for f in figures:
    better = f["ferry"] / f["peer"] if f["metric"].endswith("_per_s") else f["peer"] / f["ferry"]
    assert abs(f["ratio"] - better) < 1e-3, f
    assert len(f["rounds"]) == whole["n_rounds"] == 1, f
    assert f["ferry_range"][0] <= f["ferry"] <= f["ferry_range"][1] + 1e-4, f
' || fail "the JSON does not hold together: $(tail -n 1 out.txt)"
finish
