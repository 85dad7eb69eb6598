#!/bin/bash
# timeout: 120
# Looking at a model family: its layers, their arithmetic, and what of a file fits.
. "$(dirname "$0")/lib/check.bash"

expect 0 inspect --model resnet18
is_empty err.txt
says out.txt "from [3, 224, 224] to [1000]"
says out.txt "  layer1.0.conv1                               conv2d               [64, 56, 56]              36864       115605504"
says out.txt "  layer4.1                                     relu                 [512, 7, 7]"
says out.txt "11689512 parameters, 9600 running statistics"
says out.txt "1.814 G multiply-adds"

expect 0 inspect resnet18 --input 3x64x64 --classes 0 --pool max --json
json_has family input output parameters buffers multiply_adds flops layers
says out.txt '"output":[512]'
says out.txt '"parameters":11176512'

expect 0 inspect --model mobilenet_v2 --width 0.35
says out.txt "1677128 parameters"

# Published options, then the file's, then the command line's.
expect 0 inspect lenet
says out.txt "431080 parameters"
expect 0 run "$FERRY_SOURCE/recipes/demo.yaml" $small --out run
expect 0 inspect --model digits_encoder --weights run/source.safetensors
says out.txt "  loaded                  6"
expect 0 inspect --model digits_encoder --weights run/source.safetensors --classes 7 --json
says out.txt '"output":[7]'
says out.txt '"weights":{"file":"run/source.safetensors"'

expect 1 inspect --model lenett
says err.txt "did you mean 'lenet'?"
expect 1 inspect --model lenet --input 3x
says err.txt "'3x' is no shape"
expect 1 inspect --model lenet --classes -1
expect 1 inspect --model lenet --classes 1.5
says err.txt "--classes takes a whole number, not '1.5'"
expect 1 inspect --model lenet --width 0.5
says err.txt "family 'lenet' has one width, 1; it cannot be 0.5"
expect 1 inspect --model mobilenet_v2 --width 65
expect 1 inspect --model resnet18 --pool average
says err.txt "pool 'average' is none of avg, max, l2"
expect 1 inspect --model lenet --weights none.pth
says err.txt "none.pth"
expect 2 inspect --model lenet alexnet
expect 2 inspect run/source.safetensors --classes 3
says err.txt "'--classes' is for families"
finish
