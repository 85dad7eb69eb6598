#!/bin/bash
# timeout: 300
# Models changed by --edit and model.edit: looked at, tuned, judged, tuned on; and one sentence for what is wrong.
. "$(dirname "$0")/lib/check.bash"

expect 0 inspect --model resnet18 --edit 'drop layer4.1' --edit 'head mlp 256 7'
says out.txt "changed: drop layer4.1; head mlp 256"
says out.txt "from [3, 224, 224] to [7]"
says out.txt "  fc.0 "
grep -q "layer4.1" <(sed 1,3d out.txt) && fail "a block that was dropped is listed"
expect 0 inspect --model resnet18 --edit 'insert before layer2 as wide conv 64 1 identity' --json
says out.txt '"edits":"insert before layer2 as wide conv 64 1 identity"'
says out.txt '"name":"wide"'
expect 1 inspect --model resnet18 --edit 'drop layer5'
says err.txt "edit 'drop layer5': there is no layer 'layer5'; did you mean 'layer1'?"
expect 1 inspect --model resnet18 --edit 'replace layer3.0.conv2 conv 64 3'
says err.txt "'layer3.0.conv2' gives 64 channels or features, and 'layer3.0.bn2' expects 256"
expect 2 inspect none.safetensors --edit 'drop layer4'
says err.txt "'--edit' is for families"

small='finetune.epochs=1 finetune.batch=16 holdout=0.3'
# shellcheck disable=SC2086 # settings are words
expect 0 finetune digits:clean:120 --model lenet --edit 'insert after conv2 conv 50 1' --edit 'head mlp 24' $small --out first
says first/recipe.yaml '  edit: ["insert after conv2 conv 50 1", "head mlp 24"]'
expect 0 inspect --model lenet --weights first/best.safetensors
says out.txt "changed: insert after conv2 as conv2_after conv 50 1; head mlp 24"
says out.txt "  loaded                 12"
expect 0 eval --weights first/best.safetensors --data digits:clean:50
expect 0 predict --weights first/best.safetensors digits:clean:20 --out guesses.csv

# The recipe repeats the run.
expect 0 run first/recipe.yaml --out again
cmp first/best.safetensors again/best.safetensors || fail "the recipe is another run"

# What is tuned on keeps its shape, and more can be changed.
# shellcheck disable=SC2086
expect 0 finetune digits:noisy:120 --weights first/best.safetensors --edit 'insert after fc1 dropout 0.1' $small \
    finetune.head_epochs=1 --out second
says err.txt "picked model.edit=insert after conv2 as conv2_after conv 50 1; head mlp 24: the weights' own word"
says second/recipe.yaml '"head mlp 24", "insert after fc1 dropout 0.1"]'
says second/weights.json '"loaded":12'
# shellcheck disable=SC2086
expect 0 finetune digits:noisy:120 --weights first/best.safetensors --edit 'replace fc1 linear 500' $small \
    finetune.head_epochs=1 --out third
says third/weights.json '"new_layer":[{"name":"fc1.weight"'
says third/report.html "of layers that an edit made: they began anew"

# A recipe that does not know of the file's edits is told.
# shellcheck disable=SC2086
expect 0 run first/recipe.yaml model.weights=first/best.safetensors 'model.edit=[replace conv2 conv 50 5]' --out fourth
says err.txt "the file's model was changed: 'insert after conv2 as conv2_after conv 50 1; head mlp 24'"
says fourth/recipe.yaml 'edit: ["replace conv2 conv 50 5"]'
# From a file that calls things otherwise, and from a wider model.
# shellcheck disable=SC2086
expect 0 finetune digits:noisy:120 --model cnn $small --out cnn
expect 0 inspect --model cnn --weights cnn/best.safetensors --map 'features.6.bias -> features.8.bias' --map auto
says out.txt "  mapped                  1"
says out.txt "      features.6 -> features.8 (1)"
# shellcheck disable=SC2086
expect 0 finetune digits:noisy:120 --model cnn --weights cnn/best.safetensors --map 'features.6.bias -> features.8.bias' \
    --edit 'head linear' $small finetune.head_epochs=1 --out mapped
says mapped/recipe.yaml '  map: ["features.6.bias -> features.8.bias"]'
says mapped/weights.json '"mapped":[{"name":"features.8.bias","from":"features.6.bias"'
says mapped/report.html "taken over from what has another name in the file"
expect 1 inspect --model cnn --weights cnn/best.safetensors --map 'encoder.* -> features.*'
says err.txt "map: 'encoder.* -> features.*': 'cnn/best.safetensors' has none of these tensors"
expect 1 inspect --model cnn --map auto
says err.txt "--map is about a file; add --weights FILE"
expect 2 finetune digits:clean:120 --model lenet --slice $small --out none
says err.txt "'model.slice' would not be used, since it needs model.weights"

# shellcheck disable=SC2086
expect 1 finetune digits:clean:120 --model lenet --edit 'head linear 7' $small --out fifth
says err.txt "make a head for 7 classes, and"
says err.txt "leave the number out"
finish
