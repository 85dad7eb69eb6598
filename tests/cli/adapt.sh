#!/bin/bash
# timeout: 300
# ferry adapt --method: methods that share one stage from the command line; figures as JSON; keys that wait; and one sentence for
# whatever is wrong.
. "$(dirname "$0")/lib/check.bash"

data='--source digits:clean:200 --target digits:noisy:200'
small='adapt.source_steps=5 adapt.steps=4 adapt.batch=16 adapt.evaluations=2'

# shellcheck disable=SC2086 # settings are words
expect 0 adapt $data --method shot $small model.classifier=linear_norm --out first --json --quiet
json_has source_accuracy source_only last chosen oracle reason chosen_step validators density risk
grep -q "validator.clusters" first/metrics.jsonl || fail "no validators along the way"
for file in source classifier last chosen; do
    [ -s "first/$file.safetensors" ] || fail "there is no first/$file.safetensors"
done
[ -e first/last_classifier.safetensors ] && fail "the classifier moved"
[ -s first/report.html ] || fail "no report"

# The recipe that was made repeats the run, whatever the number of loader threads, and with another method it is another.
expect 0 run first/recipe.yaml workers=3 --out again --json --quiet
cmp first/last.safetensors again/last.safetensors || fail "another encoder"
cmp first/metrics.jsonl again/metrics.jsonl || fail "other metrics"
expect 0 run first/recipe.yaml method=mcd --out other --json --quiet
says out.txt '"method":"mcd"'
[ -s other/last_classifier.safetensors ] || fail "the classifier did not move"

# Tables take a network for tables; where there are no labels is said by a text without a character; what is handed back is used as
# the last lines say.
awk 'BEGIN { print "x,y,label"; for (i = 0; i < 120; i++) print i % 2 * 3 + i % 7 / 7 "," i % 5 / 5 "," (i % 2 ? "a" : "b") }' >lab.csv
awk 'BEGIN { print "x,y"; for (i = 0; i < 80; i++) print i % 2 * 3 + 0.4 + i % 7 / 7 "," i % 5 / 5 }' >field.csv
# shellcheck disable=SC2086
expect 0 adapt --source lab.csv --target field.csv 'target.label_column=""' --method mcc $small --out table
says table/recipe.yaml "encoder: mlp"
says out.txt "To use it: ferry predict --weights table/chosen.safetensors --weights table/chosen_classifier.safetensors DATA"
expect 0 predict --weights table/chosen.safetensors --weights table/chosen_classifier.safetensors field.csv 'label_column=""'
# shellcheck disable=SC2086
expect 2 adapt --source lab.csv --target field.csv --method shot $small 'target.label_column=""' adapt.step=3
says err.txt "did you mean 'adapt.steps'?"

# From a source model that is there.
# shellcheck disable=SC2086
expect 0 adapt $data --method tent adapt.steps=3 adapt.batch=16 adapt.evaluations=1 \
    --weights first/source.safetensors --weights first/classifier.safetensors --out tented --json --quiet
cmp first/source.safetensors tented/source.safetensors || fail "the source model is another"

# And without any sample of the source.
expect 0 adapt --target digits:noisy:200 --method shot adapt.steps=3 adapt.batch=16 adapt.evaluations=1 \
    --weights first/source.safetensors --weights first/classifier.safetensors --out alone --json --quiet
says out.txt '"source_accuracy":null'
[ -s alone/report.html ] || fail "no report"
expect 2 adapt --target digits:noisy:200 --method coral --weights first/source.safetensors \
    --weights first/classifier.safetensors
says err.txt "coral learns from the source's samples: give --source, or take shot, adabn, tent or auto"
expect 2 adapt --target digits:noisy:200 --method shot --weights first/classifier.safetensors \
    --weights first/source.safetensors
says err.txt "the second file of --weights, 'first/source.safetensors', is an encoder; give the encoder first"
expect 2 adapt --target digits:noisy:200 --method shot --model lenet --weights first/source.safetensors \
    --weights first/classifier.safetensors
says err.txt "not 'lenet'; leave --model out"

# Several methods, a stop in one of them, and a recipe that does it again.
# shellcheck disable=SC2086
expect 0 adapt $data --method auto $small 'auto.methods=[shot, coral, adabn]' auto.trials=2 --out several --json --quiet
json_has tried chosen_method reason validators chosen_step rollbacks not_tried
says out.txt '"not_tried":["adabn"]'
grep -q 'Not tried: adabn[.]' several/report.html || fail "the page does not say what was not tried"
grep -q '1 method was not tried: auto.trials=2' several/choice.json || fail "nor does the reason"
grep -q '"stage": "coral"' several/metrics.jsonl || fail "no metrics of a try"
[ -d several/tries/adabn ] && fail "three tries instead of two"
[ -s several/choice.json ] && [ -s several/chosen.safetensors ] || fail "no choice"
expect 0 run several/recipe.yaml --out several-again --json --quiet
cmp several/choice.json several-again/choice.json || fail "another choice"
expect 0 run first/recipe.yaml method=auto 'auto.methods=[tent, shot]' --out from-shot
says out.txt "method                     last step"
says out.txt "kept the source model: no step of tent, shot passed the gates."
says err.txt "ferry: auto: shot, 2 of 2"
expect 0 adapt --target digits:noisy:200 --method auto auto.trials=1 adapt.steps=3 adapt.batch=16 adapt.evaluations=1 \
    --weights first/source.safetensors --weights first/classifier.safetensors --out several-alone --quiet
says out.txt "there are no source samples to try the source model on"
# shellcheck disable=SC2086
expect 2 adapt $data --method auto $small 'auto.methods=[shoot]' --out nobody
says err.txt "'auto.methods' has 'shoot', which is no method; did you mean 'shot'?"
# shellcheck disable=SC2086
expect 2 adapt $data --method auto $small 'auto.methods=[shot, adda]' --out nobody
says err.txt "auto does not try adda: "
[ -e nobody ] && fail "a directory of nothing"
# shellcheck disable=SC2086
expect 1 adapt $data --method shot $small --out first
says err.txt "'first' already holds a run; continue it with ferry run --resume first"

# shellcheck disable=SC2086
expect 2 adapt $data --method shoot
says err.txt "did you mean 'shot'?"
# shellcheck disable=SC2086
expect 2 adapt $data --method finetune
says err.txt "ferry adapt has no method 'finetune'; see 'ferry finetune'"
# shellcheck disable=SC2086
expect 2 adapt $data --method anything
says err.txt "ferry adapt has no method 'anything'; there are adda, adabn, tent, "
# shellcheck disable=SC2086
expect 2 adapt $data --method coral mcd.encoder_steps=2
says err.txt "'mcd.encoder_steps' is a key of the method 'mcd', but the recipe's method is 'coral'"
# shellcheck disable=SC2086
expect 1 adapt $data --method adabn model.encoder=lenet $small --out none
says err.txt "an encoder of the family 'lenet' has none"
# shellcheck disable=SC2086
expect 1 adapt $data --method coral $small 'target.classes=[0, 1, 2]' --out fewer
says err.txt "the classes of 'source' and 'target' are not the same: only 'source' has '3', '4', '5', '6' and 3 more;"
# shellcheck disable=SC2086
expect 0 adapt $data --method coral $small 'target.classes=[0, 1, 2]' adapt.partial=true --out partial --quiet
finish
