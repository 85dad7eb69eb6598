#!/bin/bash
# timeout: 300
# Adapting from a source model that was trained before: the same bytes as after training it here, no training of
# the source, and a sentence for every file that does not fit.
. "$(dirname "$0")/lib/check.bash"

steps='adda.steps=4 adda.evaluations=2'
sides='--source digits:clean:200 --source-test digits:clean:100 --target digits:noisy:200'
expect 0 adapt $sides --method adda --model lenet $steps adda.source_epochs=1 --out first
mkdir files
cp first/source.safetensors first/classifier.safetensors files/
weights='--weights files/source.safetensors --weights files/classifier.safetensors'

expect 0 adapt $sides --method adda $weights $steps --out second
grep -q '^source:' err.txt && fail "the source model was trained again"
says second/recipe.yaml "encoder: lenet"
says second/recipe.yaml "source_weights: \"$PWD/files/source.safetensors\""
grep -q source_lr second/recipe.yaml && fail "a setting of the training that was left out is in the recipe"
says second/data.json '"adda.classifier_weights": {'
says second/report.html "files/source.safetensors"
for file in last chosen source classifier; do
    cmp first/$file.safetensors second/$file.safetensors || fail "$file differs from the run that trained"
done

# What is kept says how its pictures are prepared and what its classes are called.
mkdir -p photos/cat photos/owl
for i in 0 1 2 3 4 5 6 7 8 9; do
    cp "$FERRY_SOURCE/tests/golden/images/rgb8.png" photos/cat/$i.png
    cp "$FERRY_SOURCE/tests/golden/images/rgb444.jpg" photos/owl/$i.jpg
done
look='channels=1 shorter=30 crop=28 range=normal mean=[0.25] deviation=[0.5]'
both=''
for key in $look; do both="$both source.$key target.$key"; done
# shellcheck disable=SC2086 # settings are words
expect 0 adapt --source photos --target photos --method adda --model lenet $both adda.source_epochs=1 adda.source_batch=4 adda.batch=4 $steps --out animals
expect 0 predict --weights animals/chosen.safetensors --weights animals/classifier.safetensors photos --out animals.csv
says out.txt "prepared  $look, by the weights' own word"
grep -q ',cat,\|,owl,' animals.csv || fail "the classes have no names: $(cat animals.csv)"
expect 0 eval --weights animals/source.safetensors --weights animals/classifier.safetensors --data photos
says out.txt "prepared  $look, by the weights' own word"

# Only a checkpoint of PyTorch's has parts.
expect 2 adapt $sides --method adda $weights --part ema $steps --out none
says err.txt "is safetensors, which has no parts such as 'ema'"
# shellcheck disable=SC2086
expect 1 adapt $sides --method adda $weights --prefix '' --prefix student. $steps --out prefixed
says err.txt "the file lacks"
says prefixed/recipe.yaml "classifier_weights_prefix: student."

# The same from a recipe, from another folder.
cp second/recipe.yaml again.yaml
mkdir elsewhere
(cd elsewhere && expect 0 run ../again.yaml --out third)
cmp first/last.safetensors elsewhere/third/last.safetensors || fail "the recipe is another run"

# A run that is resumed needs the file no more, but minds if it is another.
expect 0 run --resume second
echo >>files/classifier.safetensors
expect 1 run --resume second
says err.txt "files/classifier.safetensors' is not the file that it was when the run began"
rm files/classifier.safetensors
expect 0 run --resume second

expect 2 adapt $sides --method adda --weights files/source.safetensors $steps --out none
says err.txt "'files/source.safetensors' holds an encoder without a classifier"
expect 2 adapt $sides --method adda --weights a --weights b --weights c $steps --out none
expect 1 adapt $sides --method adda --weights files/missing.safetensors $steps --out none
says err.txt "files/missing.safetensors"
expect 2 adapt $sides --method adda --weights first/source.safetensors --weights first/classifier.safetensors $steps \
    adda.source_lr=1 --out none
says err.txt "'adda.source_lr' would not be used, since it needs adda.source_weights=\"\""
expect 2 adapt $sides --method adda --weights first/source.safetensors --weights first/source.safetensors $steps --out none
says err.txt "is an encoder; give the encoder first, and its classifier after it"
[ ! -e none/result.json ] || fail "a refused run has a result"
expect 1 run again.yaml adda.source_weights=missing.safetensors --out none2
says err.txt "cannot read 'missing.safetensors'"
[ ! -e none2 ] || fail "a run that never began left a directory behind"
finish
