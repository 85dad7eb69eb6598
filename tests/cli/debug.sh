#!/bin/bash
# timeout: 120
# FY_DEBUG: what it shows goes to stderr, never to stdout, and changes no result.
. "$(dirname "$0")/lib/check.bash"

settings="$small model.encoder=lenet"
expect 0 demo $settings --out plain
cp out.txt plain.txt
grep -q 'plan, as compiled' err.txt && fail "plans are shown without being asked for"
expect 0 demo $settings profile=true --out measured
grep -q 'plan, mean times' err.txt && fail "profile=true shows plans"
says measured/kernels-adapt.json '"op": "adam"'
says measured/report.html "Where the time went"
cmp plain/last.safetensors measured/last.safetensors || fail "profile=true changes weights"
export FY_DEBUG=3
expect 0 demo $settings --out shown
[ "$(grep -c . out.txt)" = "$(grep -c . plain.txt)" ] || fail "FY_DEBUG changes what is printed"
for text in "ferry: plan, as compiled:" "conv_pool" "ferry: plan, mean times of 4 steps:" "graph after sequence:" \
    "use 'target.conv1.weight'" "stage 'adapt': 2 streams, 4 steps" \
    "stage 'adapt': 1 values of stream 0 are frozen and come from the feature cache"; do
    says err.txt "$text"
done
cmp plain/last.safetensors shown/last.safetensors || fail "FY_DEBUG changes weights"
says shown/report.html "Where the time went"
[ -e plain/kernels-adapt.json ] && fail "kernels are measured without being asked for"
expect 0 demo $settings --quiet --out quiet
is_empty err.txt

# A rate that makes the first step infinite: level 4 names the operator, the others name what they saw.
export FY_DEBUG=4
expect 1 demo $settings adda.source_optim=sgd adda.source_lr=1e6 --out broken
says err.txt "computed"
says err.txt "kernel"
finish
