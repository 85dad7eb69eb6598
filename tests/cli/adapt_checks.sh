#!/bin/bash
# timeout: 300
# What is looked at before an adaptation begins, and said: a target unlike the source model's pictures, samples that are learnt from and
# judged, samples that were chosen by labels; and keys that a method on fixed features has no use for.
. "$(dirname "$0")/lib/check.bash"

small='adapt.steps=1 adapt.batch=16 adapt.evaluations=1 adapt.source_steps=2 adapt.source_batch=16'
# shellcheck disable=SC2086 # settings are words
expect 0 adapt --source digits:clean:100 --target digits:noisy:100 --method adabn $small --out first \
    target.limit=60 target.pick=stratified
says err.txt "target: pick=stratified chose its samples by their labels, but it is learnt from without labels"
[ "$(grep -c stratified err.txt)" -eq 1 ] || fail "said more than once"
model='--weights first/source.safetensors --weights first/classifier.safetensors'
alone="adapt --target digits:noisy:60 --method adabn $model adapt.steps=1 adapt.batch=16 adapt.evaluations=1"
# shellcheck disable=SC2086
expect 0 $alone --out alike
grep -q "source model and target" err.txt && fail "a warning of what is alike"
# shellcheck disable=SC2086
expect 0 $alone target.range=signed --out signed
says err.txt "source model and target: the model was made for values in 0 .. 1, and these lie in -1 .. 1; bring them to its range with target.range"

# A copy of the target's pictures is no other data.
for class in 0 1; do
    mkdir -p field/$class copy/$class
    for i in 0 1 2 3 4 5 6 7 8 9; do cp "$FERRY_SOURCE/tests/golden/images/rgb8.png" "field/$class/$i.png"; done
    cp field/$class/* copy/$class
done
pictures='target.format=folder target.images=field target.size=28 target.channels=1 target_eval.format=folder target_eval.size=28 target_eval.channels=1'
alone="run alike/recipe.yaml data_root=$PWD adapt.source_weights=$PWD/first/source.safetensors"
grep -v "^ *n:\|^ *style:\|^ *draw_seed:" alike/recipe.yaml >pictures.yaml
alone=${alone/alike\/recipe.yaml/pictures.yaml}
# shellcheck disable=SC2086
expect 0 $alone $pictures target_eval.images=copy --out copied
says err.txt "target and target_eval: 20 of the 20 samples of 'target_eval' are in 'target' too"
# shellcheck disable=SC2086
expect 0 $alone $pictures target_eval.images=field --out same
grep -q "target and target_eval" err.txt && fail "a warning of one set that both are"

# What would make the two fit.
expect 1 adapt --source digits:clean:100 --target digits:textured:100 --out channels
says err.txt "prepare one with channels = 1: target.channels=1"
expect 1 adapt --source digits:clean:100 --target digits:clean:100 target.size=20 --out size
says err.txt "resize or pad one to the other's size: target.size=28"

# One colour is no data.
for class in 0 1; do
    mkdir -p flat/$class
    printf 'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAADElEQVR42mNgoA4AAABIAAEQRe/SAAAAAElFTkSuQmCC' | base64 -d >flat/$class/0.png
done
expect 1 adapt --source digits:clean:100 --target flat target.size=28 target.channels=1 --out flat-run
says err.txt "all values of 'target' are the same"

# Two draws of one style are two sets of one domain.
short='adapt.source_steps=1 adapt.steps=1 adapt.batch=4 adapt.evaluations=1'
# shellcheck disable=SC2086
expect 0 adapt --source digits:clean:400 --target digits:clean:400 target.draw_seed=5 --method coral $short --out twice
says err.txt "source and target: the domains cannot be told apart (by 22 figures of 360 samples of each); there is little to adapt to"
# shellcheck disable=SC2086
expect 0 adapt --source digits:clean:400 --target digits:noisy:400 --method coral $short --out noisy
grep -q "told apart" err.txt && fail "noise is no domain of its own"

for method in subspace transport; do
    expect 2 adapt --source digits:clean:100 --target digits:noisy:100 --method $method augment.flip=0.5
    says err.txt "'augment.flip' is a key of the method '"
    says err.txt "but the recipe's method is '$method'"
done
finish
