#!/bin/bash
# timeout: 600
# A run's directory, its JSON line, the same run again from its own recipe, and going on after a stop.
. "$(dirname "$0")/lib/check.bash"

# Everything of a result but where and how long.
figures() {
    grep -vE '"(run_dir|seconds|recipe)"' "$1/result.json"
}

expect 0 demo --print
cp out.txt demo.yaml
expect 0 run demo.yaml $small
says out.txt "source only"
says out.txt "Report: runs/demo-0/report.html"
for file in recipe.yaml data.json versions.json result.json report.html metrics.jsonl \
    data/source.json data/source_test.json data/target.json; do
    [ -s "runs/demo-0/$file" ] || fail "no $file"
done

expect 0 run --json --quiet demo.yaml $small
is_empty err.txt
[ "$(wc -l <out.txt)" -eq 1 ] || fail "--json prints more than one line"
json_has source_accuracy source_only last chosen oracle source_only_matched last_matched \
    chosen_matched oracle_matched source_only_swapped last_swapped chosen_swapped chosen_step oracle_step oracle_step_matched \
    fell_back reason run_dir seconds seed method recipe
[ -d runs/demo-0-2 ] || fail "the second run did not get a directory of its own"
cmp <(figures runs/demo-0) <(figures runs/demo-0-2) || fail "two equal runs differ"
cmp runs/demo-0/metrics.jsonl runs/demo-0-2/metrics.jsonl || fail "two equal runs have other metrics"

expect 0 run runs/demo-0/recipe.yaml --out again
cmp <(figures runs/demo-0) <(figures again) || fail "the resolved recipe is another run"
cmp runs/demo-0/recipe.yaml again/recipe.yaml || fail "the resolved recipe resolves to another"
expect 1 run runs/demo-0/recipe.yaml --out again
says err.txt "already holds a run"

expect 1 run --resume nowhere
says err.txt "no recipe.yaml in it"
expect 1 run --resume again seed=4
says err.txt "began with seed 0, the recipe now says 4"
expect 2 run --resume again --out other
expect 0 run --resume again threads=1
cmp <(figures runs/demo-0) <(figures again) || fail "resuming a finished run changed it"

# A seed that JSON's whole numbers do not hold.
expect 0 run --json demo.yaml $small seed=18446744073709551615 --out large
tail -n 1 out.txt >large.json
says large.json '"seed":"18446744073709551615"'
says large/result.json '"seed": "18446744073709551615"'
says large/report.html '18446744073709551615'
says runs/demo-0/result.json '"seed": 0'

# What was refused before it learnt anything is in nobody's way, and files that are no run's are not laid among.
expect 1 run demo.yaml $small --out refused adda.batch=4096
says err.txt "lower it, or add samples"
expect 1 run demo.yaml $small --out refused adda.batch=2048
says err.txt "batch is 2048"
expect 1 run --resume refused
expect 0 run demo.yaml $small --resume refused
says refused/result.json '"seed"'
expect 1 run demo.yaml $small --out refused adda.batch=4096
says err.txt "already holds a run"
mkdir own
sed 's/^seed: .*/seed: 5 # mine/' demo.yaml >own/recipe.yaml
cp own/recipe.yaml mine.yaml
expect 1 run own/recipe.yaml $small --out own
says err.txt "already holds a run"
cmp own/recipe.yaml mine.yaml || fail "somebody's recipe was written over"
mkdir pictures
echo >pictures/cat.jpg
expect 1 run demo.yaml $small --out pictures
says err.txt "'pictures' holds 'cat.jpg' and no run"
[ "$(ls pictures)" = cat.jpg ] || fail "a refused run left files behind: $(ls pictures)"

# A result that somebody else left: neither taken for this run's nor overwritten.
mkdir foreign
cp again/result.json foreign/
expect 1 run demo.yaml $small seed=4 --out foreign
says err.txt "'foreign/result.json' is the result of another recipe"
[ "$(ls foreign)" = result.json ] || fail "a refused run left files behind: $(ls foreign)"
cmp again/result.json foreign/result.json || fail "a foreign result was changed"
echo '{"last": 0.5}' >foreign/result.json
expect 1 run demo.yaml $small --out foreign
says err.txt "recipe_sha256 is missing"
cp large/result.json again/
expect 1 run --resume again
says err.txt "is the result of another recipe"

# What is odd about the data: of every side, in the log and in data.json.
expect 0 run demo.yaml $small --out odd source_test.range=signed source_test.draw_seed=1 source.draw_seed=1 \
    target_eval.format=digits target_eval.style=inverted target_eval.n=50
for text in "source and source_test: values of" "source and source_test: 64 of the 64 samples" \
    "source and target_eval: the mean value of" "source_test: an accuracy over so few samples as 64" \
    "target_eval: an accuracy over so few samples as 50 is uncertain by 7 points"; do
    says err.txt "ferry: warning: $text"
    says odd/data.json "$text"
    says odd/report.html "$text"
done

# Stopped while adapting; the whole is the unbroken run, byte for byte.
long='adda.steps=150 adda.evaluations=3 target.n=512'
expect 0 run demo.yaml $small $long --out whole
: >err.txt # else the whole run's lines would be taken for the broken one's
"$FERRY" run demo.yaml $small $long --out broken >out.txt 2>err.txt &
pid=$!
for i in $(seq 600); do
    grep -q '^adapt: step' err.txt && break
    sleep 0.1
done
kill -INT $pid
wait $pid
code=$?
if [ $code -eq 1 ]; then
    says err.txt "resume with: ferry run --resume broken"
    [ ! -e broken/result.json ] || fail "a stopped run has a result"
    expect 0 run --resume broken
else
    echo "the run was done before it could be stopped (exit code $code)"
fi
cmp <(figures whole) <(figures broken) || fail "a resumed run is not the unbroken one"
cmp whole/last.safetensors broken/last.safetensors || fail "resumed weights are not the unbroken ones"

# Stopped between the stages, while the target is clustered, which would take hours.
: >err.txt
"$FERRY" run demo.yaml $small adda.pseudo_weight=1 adda.cluster_restarts=1000000 --out clusters >out.txt 2>err.txt &
pid=$!
for i in $(seq 600); do
    grep -q '^source: step 2 of 2' err.txt && break
    sleep 0.1
done
sleep 1
kill -INT $pid
for i in $(seq 600); do
    kill -0 $pid 2>/dev/null || break
    sleep 0.1
done
kill -KILL $pid 2>/dev/null && fail "the clustering did not stop"
wait $pid
[ $? -eq 1 ] || fail "a run stopped while clustering ended otherwise"
says err.txt "ferry: stopped while"
says err.txt "resume with: ferry run --resume clusters"
[ -s clusters/checkpoint.safetensors ] || fail "nothing was saved"

expect 0 eval --json --weights whole/last.safetensors --weights whole/classifier.safetensors \
    --data digits:clean:100
json_has accuracy matched count
expect 0 eval --weights whole/source.safetensors --weights whole/classifier.safetensors --data digits:clean:100
says out.txt "accuracy"
expect 1 eval --weights whole/source.safetensors --data digits:clean:100
expect 0 inspect whole/source.safetensors
says out.txt "conv1.weight"
says out.txt "ferry.family"

expect 0 adapt --source digits:clean:200 --target digits:noisy:200 --method adda --model lenet --out short \
    adda.source_epochs=1 adda.steps=2 adda.evaluations=1
says short/recipe.yaml "encoder: lenet"
finish
