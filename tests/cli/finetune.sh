#!/bin/bash
# timeout: 300
# ferry finetune: from a folder of pictures to a model that ferry eval judges alike; resuming; and one sentence for
# whatever is wrong.
. "$(dirname "$0")/lib/check.bash"
. "$(dirname "$0")/lib/weights.bash"

# Three classes of ten pictures each.
images="$FERRY_SOURCE/tests/golden/images"
for i in 0 1 2 3 4 5 6 7 8 9; do
    mkdir -p photos/cat photos/dog photos/owl
    cp "$images/rgb8.png" "photos/cat/$i.png"
    cp "$images/palette8.png" "photos/dog/$i.png"
    cp "$images/rgb444.jpg" "photos/owl/$i.jpg"
done
small='train.size=32 train.channels=3 finetune.epochs=3 finetune.batch=8 holdout=0.3'

# What it picks it says, and why; keys of a recipe go before.
# shellcheck disable=SC2086 # settings are words
expect 0 finetune photos --model resnet20_cifar $small --out first
says err.txt "picked train.range=data: mean and deviation of the training data"
says err.txt "picked finetune.train=all: nothing is pretrained"
grep -q "picked finetune.epochs" err.txt && fail "a key that was given was picked"
says out.txt "validation, at first"
says out.txt "Model: first/best.safetensors"
says first/report.html "Learning, part by part"
says first/recipe.yaml "method: finetune"
grep -q "Four numbers" first/report.html && fail "the page has sections of adaptation"

# With weights: the head first, and what fitted is told.
# shellcheck disable=SC2086
expect 0 finetune photos --weights first/best.safetensors $small finetune.head_epochs=1 finetune.find_lr=true \
    augment.mixup=0.2 --out second --json
json_has accuracy epochs seconds run_dir best_epoch val_accuracy before moved values
says err.txt "picked finetune.train=head-first: a new head must not spoil what is under it"
says err.txt "picked train.range=normal: the weights' own word"
grep -q "picked train.size" err.txt && fail "a size that was given was picked"
says out.txt '"epochs":4,'
says second/weights.json '"loaded":97'
says second/lr_find-head.json '"stage": "head"'
says second/lr_find-all.json '"stage": "all"'
says second/report.html "What of the weights fitted"
says second/report.html "Which rate to learn at"
says second/report.html "Before the part “head”"

# The kept model is as good elsewhere as it was said to be, and knows its classes and pictures by itself.
cp out.txt tuned.txt
mkdir held && for class in cat dog owl; do mkdir held/$class && cp photos/$class/0.* held/$class; done
# shellcheck disable=SC2086
expect 0 finetune photos --weights first/best.safetensors --test held --train head $small --out third --json
tested=$(grep -o '"test_accuracy":[0-9.]*' out.txt)
says out.txt "\"accuracy\":${tested#*:},"
expect 0 eval --weights third/best.safetensors --data held --json --quiet
says out.txt "\"accuracy\":${tested#*:},"
expect 0 eval --weights third/best.safetensors --data held
says out.txt "by the weights' own word"
says out.txt "owl"
says first/eval.json '"part":"validation"'
says third/eval.json '"part":"test"'
says third/report.html "On the test part, looked at once, it is"

# All three verbs prepare pictures alike.
expect 0 predict --weights third/best.safetensors held --out rows.csv
grep '^prepared' out.txt >predicted.txt
expect 0 eval --weights third/best.safetensors --data held
grep '^prepared' out.txt >judged.txt
cmp predicted.txt judged.txt || fail "ferry predict and ferry eval prepare pictures differently"
values=$(grep -o 'mean=.*\], by' judged.txt)
says third/recipe.yaml "$(sed 's/mean=\(.*\]\) .*/mean: \1/' <<<"$values")"

# A run that is done says so again; the same recipe from elsewhere gives the same model.
expect 0 run --resume second --json
says out.txt '"epochs":4,'
expect 0 run second/recipe.yaml --out again
says out.txt "weights '$PWD/first/best.safetensors': 97 tensors loaded, 0 missing, 0 wrong shape, 0 unexpected; again/weights.json lists them"
cmp second/best.safetensors again/best.safetensors || fail "the same recipe is another model"
cmp second/metrics.jsonl again/metrics.jsonl || fail "the same recipe has other figures"

# One that is stopped goes on to the same bytes.
"$FERRY" run second/recipe.yaml --out broken checkpoint_s=0.01 >/dev/null 2>&1 &
pid=$!
until [ -s broken/checkpoint.safetensors ] || ! kill -0 $pid 2>/dev/null; do sleep 0.02; done
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
expect 0 run --resume broken
cmp second/last.safetensors broken/last.safetensors || fail "a resumed run ends in another model"
cmp second/metrics.jsonl broken/metrics.jsonl || fail "a resumed run has other figures"

# Averages of the weights are kept instead of them, and found again by whoever resumes.
expect 0 run second/recipe.yaml finetune.ema=0.9 finetune.find_lr=false --out averaged
says out.txt "of the average after epoch"
says averaged/report.html "the moving average of the weights after epoch"
cmp -s averaged/best.safetensors averaged/last.safetensors && fail "the kept model is no average"
"$FERRY" run averaged/recipe.yaml --out stopped checkpoint_s=0.01 >/dev/null 2>&1 &
pid=$!
until [ -s stopped/checkpoint.safetensors ] || ! kill -0 $pid 2>/dev/null; do sleep 0.02; done
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
expect 0 run --resume stopped
cmp averaged/best.safetensors stopped/best.safetensors || fail "a resumed run keeps other averages"
cmp averaged/metrics.jsonl stopped/metrics.jsonl || fail "a resumed run with averages has other figures"
expect 2 run second/recipe.yaml finetune.ema=1
says err.txt "finetune.ema"

# One of a checkpoint's dictionaries, and one of the models in it.
parts="$FERRY_SOURCE/tests/golden/torch/parts.pth"
linear='--model linear --train head train.size=28 train.channels=1 finetune.epochs=1 finetune.batch=8 holdout=0.3'
# shellcheck disable=SC2086
expect 0 finetune photos $linear --weights "$parts" --part ema --prefix teacher. --out parted
says err.txt "2 unexpected (the first is 'student.fc.weight')"
says parted/weights.json '"prefix":"teacher."'
says parted/recipe.yaml "weights_part: ema"
expect 0 run parted/recipe.yaml --out parted2
cmp parted/best.safetensors parted2/best.safetensors || fail "the recipe is of another part"
# shellcheck disable=SC2086
expect 1 finetune photos $linear --weights "$parts" --part ema --out none
says err.txt "under 'student.' as well as under 'teacher.'"
expect 2 finetune photos $linear --weights "$parts" --weights "$parts" --out none
says err.txt "one model is tuned, and --weights is given twice"

# With less memory some values are computed twice, to the same bytes; a limit that nothing fits into is an error. Another limit
# is no other run.
expect 0 run second/recipe.yaml memory=10MiB --out lean
says err.txt "values computed twice (+"
cmp second/last.safetensors lean/last.safetensors || fail "less memory makes another model"
cmp second/metrics.jsonl lean/metrics.jsonl || fail "less memory makes other figures"
expect 0 run --resume lean memory=0
expect 1 run second/recipe.yaml memory=100KB --out tight
says err.txt "and memory is 97.7 KiB; take a smaller batch or smaller samples, or give it more"
expect 2 run second/recipe.yaml memory=plenty --out none
says err.txt "expected a size such as 1.5GiB, 800MB or a number of bytes"

# Two that start together compute the features of frozen layers once, to the same bytes as one without files; what does not
# fit is computed every time, and a run keeps to its limit.
head="second/recipe.yaml finetune.train=head finetune.find_lr=false augment.mixup=0 kernel_times="
# shellcheck disable=SC2086
expect 0 run $head --out alone
# shellcheck disable=SC2086
FY_DEBUG=1 "$FERRY" run $head feature_dir=features --out one >/dev/null 2>one.txt &
pid=$!
# shellcheck disable=SC2086
FY_DEBUG=1 "$FERRY" run $head feature_dir=features --out two >/dev/null 2>two.txt || fail "the second of two fails"
wait $pid || fail "the first of two fails"
for dir in one two; do
    cmp alone/last.safetensors $dir/last.safetensors || fail "features in files make another model"
    cmp alone/metrics.jsonl $dir/metrics.jsonl || fail "features in files make other figures"
done
[ "$(cat one.txt two.txt | grep -c 'feature cache: .* go to ')" -eq 2 ] || fail "features were computed twice"
[ "$(cat one.txt two.txt | grep -c 'feature cache: .* found in ')" -eq 2 ] || fail "features were not found"
# shellcheck disable=SC2086
FY_DEBUG=1 expect 0 run $head feature_limit=1 --out unkept
says err.txt "frozen values of"
expect 1 run --resume unkept feature_limit=0
says err.txt "began with feature_limit 1"

# Weights of a recipe are looked for in data_root too.
mkdir -p box/weights && cp first/best.safetensors box/weights/net.safetensors
expect 0 run second/recipe.yaml model.weights=weights/net.safetensors data_root="$PWD/box" --out fourth
says fourth/recipe.yaml "weights: \"$PWD/box/weights/net.safetensors\""
cmp second/best.safetensors fourth/best.safetensors || fail "the same weights are another model"
expect 1 run second/recipe.yaml model.weights=weights/nut.safetensors data_root="$PWD/box" --out none
says err.txt "cannot read 'weights/nut.safetensors', the recipe's 'model.weights': it is neither here nor in"

# What is wrong.
expect 2 finetune photos
says err.txt "there is no model to train; add --model FAMILY"
expect 2 finetune photos --model resnet81
says err.txt "there is no model family 'resnet81'; did you mean 'resnet18'?"
write_linear bare.safetensors 10 784 3
expect 2 finetune photos --weights bare.safetensors
says err.txt "'bare.safetensors' does not say which family it is of; add --model FAMILY"
# shellcheck disable=SC2086
expect 1 finetune photos --model cnn --weights bare.safetensors $small --out wrong
says err.txt "nothing of it fits"
says err.txt "weights.json in 'wrong' lists them all"
says wrong/weights.json '"unexpected":[{"name":"fc.weight"'
expect 1 finetune photos --model cnn --weights missing.pth
says err.txt "cannot read 'missing.pth'"
expect 2 finetune photos --model cnn --train heads
says err.txt "expected head, all, head-first or gradual; did you mean 'head'?"
expect 2 finetune photos --model cnn finetune.epoch=3
says err.txt "did you mean 'finetune.epochs'?"
mkdir lone few && cp -r photos/cat lone/cat && mkdir few/cat few/dog && cp photos/cat/0.png few/cat && cp photos/dog/0.png few/dog
expect 1 finetune lone --model cnn train.size=32
says err.txt "has 1 classes; expected 2 to"
expect 1 finetune lone --model squeezenet1_1
says err.txt "picked train.shorter=256: the model's family"
says err.txt "picked train.crop=224: the model's family"
says err.txt "picked train.range=data: mean and deviation of the training data"
expect 1 finetune few --model cnn train.size=32
says err.txt "instead of which the data side 'val' can be given"
mkdir -p held2/owl held2/dog && cp photos/owl/0.jpg held2/owl && cp photos/dog/0.png held2/dog
expect 1 finetune photos --model cnn train.size=32 --test held2
says err.txt "class 0 is 'cat' in the data side 'train' and 'dog' in 'test'"
expect 1 finetune nowhere --model cnn
says err.txt "there is no file 'nowhere'"
expect 2 finetune --model cnn
says err.txt "one path to labelled data is needed, 0 were given"
finish
