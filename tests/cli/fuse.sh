#!/bin/bash
# timeout: 300
# ferry fuse: several modalities from the command line; what is picked is said; the figures as JSON; predicting and judging with
# any of them; and one sentence for whatever is wrong.
. "$(dirname "$0")/lib/check.bash"

small='fuse.epochs=2 fuse.features=8 fuse.batch=16'
facts='--part left=facts:0:200 --part right=facts:1:200'

# Drawn modalities, paired by their keys.
# shellcheck disable=SC2086 # settings are words
expect 0 fuse $facts --test left=facts:0:60 --test right=facts:1:60 $small --out first
says err.txt "picked pair.by=key: all samples have names"
grep -q "picked fuse.epochs" err.txt && fail "a key that was given was picked"
says out.txt "all together"
says out.txt "left"
says out.txt "Predict: ferry predict first --part NAME=PATH"
for file in left.safetensors right.safetensors fusion.safetensors fused.json fuse.json report.html; do
    [ -s "first/$file" ] || fail "there is no first/$file"
done
# shellcheck disable=SC2086
expect 0 fuse $facts --method joint --pair number $small --out second --json --quiet
json_has fused fused_val branches weak probe_weak branch_weak epochs best_epoch moved seconds run_dir left right
is_empty err.txt

# The recipe that was made repeats the run, whatever the number of loader threads, and with another method it is another.
expect 0 run first/recipe.yaml workers=3 --out again --json --quiet
cmp first/left.safetensors again/left.safetensors || fail "another encoder"
cmp first/metrics.jsonl again/metrics.jsonl || fail "other metrics"
expect 0 run --resume again --json --quiet
json_has fused branches
expect 0 run first/recipe.yaml method=late --json --quiet
says out.txt '"method":"late"'

# Any of the modalities; those that are not given are missing.
rows() { # rows FILE COUNT
    [ "$(grep -c , "$1")" -eq "$2" ] || { fail "$1 has not $2 lines"; head "$1"; }
}
expect 0 predict first --part left=facts:0:30 --part right=facts:1:30 --out both.csv
rows both.csv 31
says out.txt "model     left mlp, right mlp, then fusion_concat"
expect 0 predict first --part right=facts:1:30 --out right.csv --top 2 --json
rows right.csv 31
cmp -s both.csv right.csv && fail "the left part says nothing"
expect 0 predict first --part left=facts:0:30 --part right=facts:1:20 --out some.csv --quiet
rows some.csv 31
expect 0 eval first --part left=facts:0:60 --part right=facts:1:60 --json --quiet
json_has accuracy model weights data
expect 0 eval first --part left=facts:0:60 --out judged
says out.txt "prepared  as in first"
[ -s judged/report.html ] || fail "no report"

# Tables: by their keys, with the numbers of the run's own samples even when these are gone; groups are not divided.
table() { # table FACTOR LINES
    awk -v f="$1" -v n="$2" 'BEGIN { print "key,who,a,b,y"
        for (i = 0; i < n; i++) printf "k%d,s%d,%g,%g,%s\n", i, i % 7, f * ((i * 37) % 100 + (i % 2) * 60), i % 13, i % 2 ? "odd" : "even" }'
}
table 1 140 >one.csv
table 50 133 >two.csv
keys='part_1.key_column=key part_2.key_column=key part_1.group_column=who part_2.group_column=who'
# shellcheck disable=SC2086
expect 0 fuse --part near=one.csv --part far=two.csv $keys pair.test=0.3 $small --out tables
says err.txt "picked part_2.standardise=true: columns may be of any scale"
says tables/data.json '"part_2_test"'
mkdir gone && mv one.csv two.csv gone
expect 0 predict tables --part far=gone/two.csv --out far.csv 'part_2.columns=[a,b]' --quiet
rows far.csv 134
expect 0 eval tables --part near=gone/one.csv --part far=gone/two.csv --json --quiet
json_has accuracy

# Pictures, by label with something else; their numbers too are the run's.
# shellcheck disable=SC2086
expect 0 fuse --part clean=digits:clean:120 --part noisy=digits:noisy:100 --pair label pair.anchor=noisy \
    $small part_1.size=12 part_2.size=12 --out digits
says err.txt "picked part_1.range=data: mean and deviation of the training data"
expect 0 predict digits --part noisy=digits:noisy:20 --out noisy.jsonl --quiet
expect 1 predict digits --part noisy=digits:noisy:20 --part clean=digits:clean:20 --out none.csv
says err.txt "the run paired samples by label, and these have none; add --pair key or --pair number"
expect 0 eval digits --part noisy=digits:noisy:50 --part clean=digits:clean:50 --quiet

# Sounds are told from pictures, and their spectra too are brought to the run's own mean and deviation.
mkdir -p calls/high calls/low
for i in 0 1 2 3 4 5 6 7 8 9; do
    cp "$FERRY_SOURCE/tests/golden/sound/pcm16.wav" "calls/high/h$i.wav"
    cp "$FERRY_SOURCE/tests/golden/sound/pcm24.wav" "calls/low/l$i.wav"
done
# shellcheck disable=SC2086
expect 0 fuse --part mel=calls --part wave=calls part_1.n_fft=64 part_1.hop=64 part_1.mels=8 part_2.spectrogram=none \
    part_2.seconds=0.05 holdout=0.3 $small fuse.batch=8 --out sounds
says err.txt "picked part_1.spectrogram=mel"
says err.txt "picked pair.by=key: all samples have names"
mv calls gone
expect 0 predict sounds --part mel=gone/calls --out mel.csv --quiet
rows mel.csv 21
expect 0 eval sounds --part mel=gone/calls --part wave=gone/calls --json --quiet
json_has accuracy

# Keys of another method wait for it, which is said.
{ cat first/recipe.yaml; echo 'umt.weight: 0.5'; } >waiting.yaml
expect 0 run waiting.yaml --out waiting
says err.txt "keys that are of no use to this run of the method 'dgl' wait for another: umt.weight"
grep -q umt waiting/recipe.yaml && fail "a key that nothing reads was resolved"

# Two arms.
cat first/recipe.yaml - >arms.yaml <<'END'

compare:
  baseline: joint
  seeds: 2
  metric: probe_weak
  arms:
    joint: [method=joint]
    unique: [method=dgl_unique]
END
expect 0 compare arms.yaml --out compared --quiet
says out.txt "unique"

# Mistakes.
expect 2 fuse --part left=facts:0:20
says err.txt "two modalities or more are needed, each as --part NAME=PATH"
expect 2 fuse --part left --part right=facts:1:20
says err.txt "--part takes NAME=PATH, image=photos, not 'left'"
expect 2 fuse --part left=facts:0:20 --part right=facts:1:20 --test lft=facts:0:20 --test right=facts:1:20
says err.txt "--test: there is no modality 'lft'; did you mean 'left'?"
expect 2 fuse --part left=facts:0:20 --part right=facts:1:20 --test left=facts:0:20
says err.txt "there is a data side 'part_1_test' and no 'part_2_test'"
expect 2 fuse --part left=facts:0:20 --part left=facts:1:20
says err.txt "'encoder_1.name' and 'encoder_2.name' are both 'left'"
expect 2 fuse --part left=facts:0:20 --part right=facts:1:20 --method dgll
says err.txt "did you mean 'dgl'?"
expect 1 fuse --part left=facts:0:40 --part right=facts:1:30 --pair number
says err.txt "modality 'left' has 40 samples and 'right' 30; to be paired by number they are as many"
expect 1 fuse --part a=gone/one.csv --part b=gone/two.csv $keys --val a=gone/one.csv --val b=gone/two.csv
says err.txt "both have samples of the group 's0'"
expect 2 predict first
expect 1 predict first --part middle=facts:0:30 --out x.csv
says err.txt "--part: there is no modality 'middle'; the first is 'left'"
expect 1 predict first --part left=facts:0:30 --part left=facts:0:30 --out x.csv
says err.txt "the modality 'left' is given twice"
expect 1 predict first --part left=facts:0:30 --part right=facts:1:20 --pair number --out x.csv
says err.txt "to be paired by number they are as many"
expect 1 predict first --part left=facts:0:30 --pair numbr --out x.csv
says err.txt "did you mean 'number'?"
expect 1 predict gone --part left=facts:0:30 --out x.csv
says err.txt "'gone' holds no model of several modalities: there is no fused.json in it"
expect 1 predict first --part left=facts:0:30 --model mlp --out x.csv
says err.txt "--model would not be used"
[ -e x.csv ] && fail "a file of no predictions"
expect 0 help methods
says out.txt "dgl_unique"
expect 0 completion bash
says out.txt "part_2_test.modality="
says out.txt "encoder_8.width="
finish
