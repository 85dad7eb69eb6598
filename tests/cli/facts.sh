#!/bin/bash
# Drawn modalities as a data format: info, a model trained on one, controls, and what is refused.
. "$(dirname "$0")/lib/check.bash"

expect 0 data info facts:1:50
says out.txt "50 samples [24], 16 classes"
expect 0 data info facts:0:50 dims=[7,9] 'unique=[2,0]' redundant=1
says out.txt "50 samples [7], 8 classes"
expect 0 data info facts:1:50 dims=[7,9] draw_seed=3
cp out.txt nine
expect 0 data info facts:1:50 dims=[7,9] draw_seed=4
! cmp -s out.txt nine || fail "another draw_seed gives the same hash"

cat >facts.yaml <<'END'
method: finetune
train: {format: facts, n: 600, redundant: 1, snr: [2], unique_snr: [2]}
val: {format: facts, n: 400, redundant: 1, snr: [2], unique_snr: [2]}
model: {family: linear}
finetune: {train: all, epochs: 6, batch: 20, lr: 0.2}
END
accuracy() { grep -o '"val_accuracy":[0-9.]*' out.txt | head -n 1 | sed 's/.*://'; }
between() { # between LOW HIGH
    awk -v a="$(accuracy)" -v l="$1" -v h="$2" 'BEGIN { exit !(a != "" && a >= l && a <= h) }' ||
        { fail "accuracy $(accuracy) is not within $1 to $2"; cat out.txt err.txt; }
}
# Two of three bits are seen: at best half of the labels; of noise an eighth.
expect 0 run facts.yaml --quiet --json
between 0.4 0.6
expect 0 run facts.yaml --quiet --json train.noise=[0] val.noise=[0]
between 0.05 0.22
expect 0 run facts.yaml --quiet --json train.modality=1 val.modality=1 train.copies=[1,0] val.copies=[1,0]
between 0.4 0.6

# The commands that pick settings pick none that vectors do not have.
expect 0 finetune facts:0:200 --model linear finetune.epochs=1 --out tuned
grep -q "range" err.txt && fail "a range was picked for vectors"
expect 0 distill facts:1:200 --teacher-model linear --student linear distill.epochs=1 distill.teacher_epochs=1 --out taught
grep -q "range" err.txt && fail "a range was picked for vectors"

refused() { # refused TEXT key=value ...
    local text=$1
    shift
    "$FERRY" data info facts:0:50 "$@" >out.txt 2>err.txt && fail "not refused: $*"
    says err.txt "$text"
}
refused "copies has 1 numbers" copies=[1]
refused "copies names modality 4" copies=[4,0]
refused "noise names modality 2, but there are only 0 .. 1" noise=[2]
refused "unique has 3 numbers for 2 modalities" unique=[1,1,1]
refused "there is no modality 2" modality=2
refused "a label of 12 bits; 1 .. 10 are possible" redundant=10
refused "modality 1 cannot be a copy of modality 1" copies=[1,1]
refused "would not be used" range=signed
refused "unique_flip" unique_flip=[0.7]

finish
