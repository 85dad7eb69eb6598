#!/bin/bash
# timeout: 300
# ferry eval: models of known weights on drawn digits and on pictures, its figures, and what it refuses.
. "$(dirname "$0")/lib/check.bash"
. "$(dirname "$0")/lib/weights.bash"

# Always class 3, with the probability of one logit of 1 among nine of 0.
write_linear always3.safetensors 10 784 3
expect 0 eval --model linear --weights always3.safetensors --data digits:clean:200
says out.txt "accuracy             10.00%   of 200 samples"
says out.txt "prepared  channels=1 size=28 range=keep, by the model's family"
says out.txt "model     linear from always3.safetensors (safetensors)"
says out.txt "precision f32"
says out.txt "most often taken for"
expect 0 eval --json --quiet --model linear --weights always3.safetensors --data digits:clean:200 precision=f32
is_empty err.txt
[ "$(wc -l <out.txt)" -eq 1 ] || fail "--json prints more than one line"
json_has accuracy top5 balanced_accuracy macro_f1 matched nll brier ece count classes per_class reliability \
    weights_sha256 data_sha256 preparation precision
says out.txt '"accuracy":0.1,'
says out.txt '"top5":0.5,'
says out.txt '"nll":2.36'

# Class names of the weights: by them, whatever the order of the data's.
meta='"ferry.family":"linear","ferry.options":"{\"input\":[1,28,28],\"n_classes\":10}",
"ferry.classes":"[\"a\",\"b\",\"c\",\"dog\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\"]",
"ferry.pixels":"{\"channels\":1,\"size\":28,\"mean\":[0.25],\"deviation\":[0.5]}"'
write_linear named.safetensors 10 784 3 "$meta"
mkdir -p photos/dog photos/a
cp "$FERRY_SOURCE/tests/golden/images/"{rgb8,palette8,rgb444}.* photos/dog/
cp "$FERRY_SOURCE/tests/golden/images/rgb420.jpg" photos/a/
expect 0 eval --weights named.safetensors --data photos --out judged
says out.txt "accuracy             75.00%"
says out.txt "prepared  channels=1 size=28 range=normal mean=[0.25] deviation=[0.5], by the weights' own word"
says out.txt "dog"
says judged/eval.json '"name":"a/rgb420.jpg"'
says judged/eval.json '"confusion":[['
says out.txt "Report: judged/report.html"
says judged/report.html "Surest mistakes"
says judged/report.html "a/rgb420.jpg"
expect 0 eval --weights named.safetensors --data photos range=signed
says out.txt "by the command line before the model"
mkdir photos/zebra
cp "$FERRY_SOURCE/tests/golden/images/rgb420.jpg" photos/zebra/
expect 1 eval --weights named.safetensors --data photos
says err.txt "the model has no class 'zebra', which the data have; it knows 2 of their 3 classes by name"
printf 'x\ny\nz\n' >three.txt
expect 1 eval --weights named.safetensors --data photos --classes three.txt
says err.txt "'three.txt' has 3 names for the model's 10 classes"
expect 1 eval --model linear --weights always3.safetensors --data photos
says err.txt "the model tells 10 classes apart, the data have 3"

# A file with half of a model.
sed 's/"fc.bias"/"fc.bios"/' always3.safetensors >half.safetensors
expect 1 eval --model linear --weights half.safetensors --data digits:clean:50
says err.txt "the file lacks 1 of the model's tensors, the first is 'fc.bias'; it has 1 that the model does not know"

# What is refused.
expect 1 eval --model lineer --weights always3.safetensors --data digits:clean:50
says err.txt "there is no model family 'lineer'; did you mean 'linear'?"
expect 1 eval --weights always3.safetensors --data digits:clean:50
says err.txt "does not say which family it is of; add --model FAMILY"
expect 1 eval --model lenet --weights named.safetensors --data digits:clean:50
says err.txt "was saved from a model of the family 'linear', not 'lenet'"
expect 1 eval --model lenet --weights always3.safetensors --data digits:clean:50
says err.txt "nothing of it fits"
says err.txt "'ferry inspect --model lenet --weights always3.safetensors' lists them all"
write_linear two.safetensors 2 784 0
expect 1 eval --model linear --weights two.safetensors --data digits:clean:50
says err.txt "the model tells 2 classes apart, the data have 10"
write_nan nan.safetensors 10 784
expect 1 eval --json --model linear --weights nan.safetensors --data digits:clean:50 --out nan
says err.txt "50 of 50 samples have scores that are not finite numbers, the first is sample 0"
json_has error status
[ ! -e nan/eval.json ] || fail "figures of scores that are no numbers were written"
expect 1 eval --weights named.safetensors --data photos labelled=false
says err.txt "has no labels to judge by"
mkdir empty
expect 1 eval --weights named.safetensors --data empty
says err.txt "empty"
: >file
expect 1 eval --model linear --weights always3.safetensors --data digits:clean:50 --out file/judged
says err.txt "file"
expect 1 eval --model linear --weights missing.pth --data digits:clean:50
says err.txt "missing.pth"
expect 1 eval --model linear --weights always3.safetensors --data digits:clean:50 precision=f16
says err.txt "'precision' is 'f16'"
expect 1 eval --model linear --weights always3.safetensors --data digits:clean:50 sise=28
says err.txt "did you mean 'source.size'?"
finish
