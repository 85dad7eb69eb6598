#!/bin/bash
# Help, versions, and what a mistyped command line is told. Misuse is exit code 2.
. "$(dirname "$0")/lib/check.bash"

expect 2
says err.txt "ferry demo"
expect 0 --help
says out.txt "ferry run"
is_empty err.txt
expect 0 --version
says out.txt "thread"
says out.txt "ferry 0."

for verb in demo run adapt eval predict pid inspect data completion help; do
    expect 0 "$verb" --help
    says out.txt "Examples:"
    says out.txt "usage: ferry $verb"
    expect 0 help "$verb"
    expect 2 "$verb" --no-such-option
    says err.txt "unknown option '--no-such-option'"
done

expect 0 help recipe
says out.txt "adda.critic_lr"
expect 0 help models
says out.txt "lenet"
expect 0 help methods
says out.txt "adda"
expect 2 help rum
says err.txt "did you mean 'run'?"

expect 2 rum
says err.txt "there is no verb 'rum'; did you mean 'run'?"
expect 2 run --jsn x.yaml
says err.txt "unknown option '--jsn'; did you mean '--json'?"
expect 2 run --js x.yaml
says err.txt "unknown option '--js'"
expect 2 run
says err.txt "one recipe is expected, found 0"
expect 2 run a.yaml b.yaml
says err.txt "found 2"
expect 2 run --out
says err.txt "option '--out' needs a value"
expect 2 run --json=yes a.yaml
says err.txt "option '--json' takes no value"
expect 2 demo extra
says err.txt "found 'extra'"
expect 2 adapt --source digits:clean
says err.txt "both --source and --target are needed"
expect 2 data infos digits:clean
says err.txt "did you mean 'info'?"
expect 2 eval --weights a
says err.txt "--data PATH are needed"

expect 0 completion bash
bash -n out.txt || fail "the bash completion is no bash"
says out.txt "adda.critic_lr="
says out.txt "target_eval.limit="
says out.txt "predict) echo '--weights --model --part --prefix --classes --pair --out --top"
says out.txt "pid) echo '--gate --heading --shuffles --seed --json"
expect 0 completion zsh
says out.txt "#compdef ferry"
expect 2 completion fish
finish
