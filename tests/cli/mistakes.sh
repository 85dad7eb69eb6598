#!/bin/bash
# Wrong recipes, data and files: one sentence, the right exit code, and nothing left behind.
. "$(dirname "$0")/lib/check.bash"

printf 'method: adda\nsource: {format: digits}\ntarget: {format: digits, style: noisy}\n' >good.yaml
printf 'method: adda\nadda:\n  critc_lr: 1\nsource: {format: digits}\ntarget: {format: digits}\n' >key.yaml
printf 'method: adda\nsource: {format: digits\n' >syntax.yaml
printf 'method: adda\nsource: {images: no.gz, labels: no2.gz}\ntarget: {format: digits}\n' >nodata.yaml
head -c 5000 /dev/urandom >junk.bin

expect 2 run key.yaml
says err.txt "recipe key.yaml:3:3: unknown key 'adda.critc_lr'; did you mean 'adda.critic_lr'?"
expect 2 run good.yaml adda.critc_lr=1
says err.txt "setting 'adda.critc_lr=1': unknown key"
expect 2 run good.yaml adda.batch=0
says err.txt "'adda.batch' is '0', expected a whole number from 1"
expect 2 run syntax.yaml
says err.txt "recipe syntax.yaml:"
expect 2 run junk.bin
expect 1 run nothing.yaml
says err.txt "nothing.yaml"
expect 1 run .
expect 2 run --json key.yaml
json_has error status run_dir

expect 1 run nodata.yaml
says err.txt "there is no file"
says err.txt "FERRY_DATA"
expect 1 run nodata.yaml source.images="$PWD/junk.bin" source.labels="$PWD/junk.bin"
says err.txt "while opening the data side 'source'"
expect 1 run nodata.yaml source.images="$PWD/junk.bin" source.labels=
says err.txt "junk.bin"
expect 1 run good.yaml target.size=20
says err.txt "resize or pad"
expect 1 run good.yaml source.limit=100000
# A directory whose name nothing could be written with, or that is not to be written in.
expect 1 run good.yaml --out $'o\xff'
says err.txt "not plain UTF-8"
expect 1 run good.yaml --out ""
says err.txt "has no name"
expect 1 adapt --source no.gz --target digits:noisy
says err.txt "there is no file 'no.gz'"
expect 2 adapt --source digits:nosy --target digits:noisy
says err.txt "noisy"
expect 2 adapt --source digits:clean --target digits:noisy --model lenett
says err.txt "did you mean 'lenet'?"
[ ! -e runs ] || fail "a run that never began left a directory behind"

expect 1 inspect junk.bin
says err.txt "junk.bin"
expect 1 inspect lenett
says err.txt "lenet"
expect 1 eval --weights junk.bin --data digits:clean:50
expect 1 data info junk.bin
expect 1 data check digits:clean:50 digits:textured:50
expect 0 data check digits:clean:50 digits:noisy:50
says out.txt "one model can read both"
expect 0 data info digits:clean:50 classes=[1,2]
says out.txt "2 classes"
finish
