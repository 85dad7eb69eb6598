#!/bin/bash
# timeout: 300
# ferry distill: a smaller network, and a copy for another domain; what is picked is said; resuming; the figures as JSON;
# and one sentence for whatever is wrong.
. "$(dirname "$0")/lib/check.bash"
. "$(dirname "$0")/lib/weights.bash"

small='distill.epochs=1 distill.teacher_epochs=1 distill.batch=16'

# A smaller network: the teacher learns first.
# shellcheck disable=SC2086 # settings are words
expect 0 distill digits:clean:120 --teacher-model lenet --student linear $small --out first
says err.txt "picked source.range=source: mean and deviation of the source"
grep -q "picked distill.epochs" err.txt && fail "a key that was given was picked"
says out.txt "teacher"
says out.txt "Model: first/chosen.safetensors"
says first/report.html "The networks"
says first/report.html "Learning, stage by stage"
grep -q "Pareto" first/report.html && fail "a front of one domain"

# Two domains, from the teacher's file; figures as JSON.
# shellcheck disable=SC2086
expect 0 distill digits:clean:120 --teacher first/teacher.safetensors --target digits:noisy:60 \
    --target-test digits:noisy:50 --losses "soft hint" distill.taps=conv2 distill.redistil_epochs=1 $small \
    --out second --json
json_has teacher student redistilled finetuned chosen moved_fraction holds teaches_target seconds run_dir
says err.txt "picked target.range=normal: the weights' own word"
cmp first/teacher.safetensors second/teacher.safetensors || fail "the teacher moved"
says second/report.html "Pareto front"
says second/report.html "Plain fine-tuning has"
expect 0 eval --weights second/chosen.safetensors --data digits:noisy:50 --json --quiet

# The recipe that was made repeats the run.
expect 0 run second/recipe.yaml --out again --json
cmp second/student.safetensors again/student.safetensors || fail "another student"
cmp second/metrics.jsonl again/metrics.jsonl || fail "other metrics"
expect 0 run --resume again --json
says out.txt '"chosen":'

expect 2 distill digits:clean:120
says err.txt "there is no teacher; add --teacher FILE, or --teacher-model FAMILY"
expect 2 distill digits:clean:120 --teacher-model lenat
says err.txt "did you mean 'lenet'?"
expect 1 distill digits:clean:120 --teacher nowhere.safetensors
says err.txt "nowhere.safetensors"
expect 1 distill digits:clean:120 --teacher-model lenet --losses sft
says err.txt "did you mean 'soft'?"
expect 1 distill digits:clean:120 --teacher-model lenet --target-test digits:noisy:50
says err.txt "there is a data side 'target_test' and no 'target'"
expect 0 help losses
says out.txt "Hinton"
finish
