#!/bin/bash
# timeout: 300
# ferry distill: a smaller network, and a copy for another domain; what is picked is said; resuming; the figures as JSON;
# and one sentence for whatever is wrong.
. "$(dirname "$0")/lib/check.bash"
. "$(dirname "$0")/lib/weights.bash"

small='distill.epochs=1 distill.batch=16'
learns='distill.teacher_epochs=1'

# A smaller network: the teacher learns first.
# shellcheck disable=SC2086 # settings are words
expect 0 distill digits:clean:120 --teacher-model lenet --student linear $small $learns --out first
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

# A target with other classes: the teacher has nothing to say there, in the table and in the report.
expect 0 distill digits:clean:120 --teacher-model lenet --target digits:noisy:60 'source.classes=[0,1,2,3]' \
    'target.classes=[7,8,9]' distill.epochs=1 distill.teacher_epochs=1 distill.batch=16 distill.rounds=0 \
    distill.finetuned=false --out others
says out.txt "The teacher has no class for the target's, so it was not imitated there."
says others/report.html "The teacher has no class for the target"
grep -q "no better than chance" others/report.html && fail "the report judges a teacher that was not asked"

expect 2 distill digits:clean:120
says err.txt "there is no teacher; add --teacher FILE, or --teacher-model FAMILY"
expect 2 distill digits:clean:120 --teacher-model lenat
says err.txt "did you mean 'lenet'?"
expect 1 distill digits:clean:120 --teacher nowhere.safetensors
says err.txt "nowhere.safetensors"
expect 1 distill digits:clean:120 --teacher-model lenet --losses sft
says err.txt "did you mean 'soft'?"
expect 1 distill digits:clean:120 --teacher-model lenet --losses soft,hint
says err.txt "'soft,hint' has a comma; blanks separate names"
expect 2 distill digits:clean:120 --teacher-model lenet --student lenet distill.rounds=1
says err.txt "'distill.rounds' would not be used, since it needs a data side 'target'"
expect 2 distill digits:clean:120 --teacher-model lenet --student lenet kd.gamma=1
says err.txt "'kd.gamma' would not be used, since it needs correlation among distill.losses"
expect 2 distill digits:clean:120 --teacher first/teacher.safetensors $learns
says err.txt "'distill.teacher_epochs' would not be used, since it needs teacher.weights=\"\" or teacher.learns=true"
expect 1 distill digits:clean:120 --teacher first/teacher.safetensors teacher.family=lenet teacher.width=2
says err.txt "first/teacher.safetensors', says it itself; leave it out"
expect 1 distill digits:clean:120 --teacher-model lenet --student lenet distill.views=4
says err.txt "4 views of each sample are asked for, and nothing augments them"
expect 1 distill digits:clean:120 --teacher-model lenet --losses hint distill.taps=conv3
says err.txt "did you mean 'conv1'?"
expect 1 distill digits:clean:120 --teacher-model lenet --target-test digits:noisy:50
says err.txt "there is a data side 'target_test' and no 'target'"
expect 0 help recipe
says out.txt "needs dkd|dist among distill.losses"
says out.txt "needs a data side 'target'"
expect 0 help losses
says out.txt "Hinton"
finish
