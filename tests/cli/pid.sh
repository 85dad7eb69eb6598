#!/bin/bash
# ferry pid: gates, files of samples and counts, predictions held against labels, and what is refused.
. "$(dirname "$0")/lib/check.bash"

near() { # near KEY VALUE: a number of the JSON line, to within 1e-3
    local got
    got=$(grep -o "\"$1\":\[*[-0-9.e]*" out.txt | head -n 1 | sed 's/.*[:[]//')
    awk -v a="$got" -v b="$2" 'BEGIN { exit !(a - b <= 1e-3 && b - a <= 1e-3) }' ||
        { fail "$1 is $got, expected $2"; cat out.txt; }
}

expect 0 pid --gate xor --json
is_empty err.txt
[ "$(wc -l <out.txt)" -eq 1 ] || fail "--json prints more than one line"
json_has redundant unique synergy information both gap iterations values
near redundant 0
near unique 0
near synergy 1
expect 0 pid --gate and --json
near redundant 0.3113
near synergy 0.5
expect 0 pid --gate=copy --json
near redundant 1
expect 0 pid --gate unique --json
near unique 1
near synergy 0
expect 0 pid --gate sum
says out.txt "y = x1 + x2: x1 has 2 values, x2 2, y 3"
says out.txt "redundant: either alone                 0.5000"
says out.txt "Certified to within"

# Samples and counts of the same gate say the same.
for i in $(seq 50); do printf '0,0,no\n0,1,no\n1,0,no\n1,1,yes\n'; done >and.csv
printf 'a,b,y,count\n0,0,no,1\n0,1,no,1\n1,0,no,1\n1,1,yes,1\n' >counts.csv
expect 0 pid and.csv --json
near redundant 0.3113
near synergy 0.5
json_has samples chance
says out.txt '"samples":200'
cp out.txt once
expect 0 pid and.csv --json --seed 0 --shuffles 20
cmp out.txt once || fail "the same seed gives other shuffles"
expect 0 pid counts.csv --json
near redundant 0.3113
! grep -q chance out.txt || fail "counts have no shuffles"
expect 0 pid and.csv
says out.txt "by chance"
says out.txt "200 samples"
{ echo 'left,right,label'; cat and.csv; } >headed.csv
expect 0 pid headed.csv --heading --json
near redundant 0.3113

# Predictions of two models as ferry predict writes them, in any order.
printf 'name,class_1,p_1\na.jpg,cat,0.9\n"b,.jpg",dog,0.8\nc.jpg,cat,0.7\nd.jpg,dog,1\n' >one.csv
printf 'd.jpg,dog,1\nc.jpg,cat,0.7\n"b,.jpg",cat,0.8\na.jpg,dog,0.9\n' >two.csv
printf 'path,label\n"b,.jpg",dog\na.jpg,cat\nd.jpg,dog\nc.jpg,cat\n' >labels.csv
expect 0 pid one.csv two.csv labels.csv --json --shuffles 0
near unique 1
near redundant 0
near synergy 0
! grep -q chance out.txt || fail "no shuffles were asked for"

refused() { # refused TEXT ARG...
    local text=$1
    shift
    expect 1 pid "$@"
    says err.txt "$text"
    [ "$(wc -l <err.txt)" -eq 1 ] || fail "more than a sentence: $*"
}
refused "no gate is called 'nxor'; did you mean 'xor'?" --gate nxor
refused "none.csv" none.csv
printf '0,0,0\n1,1\n' >bad.csv
refused "'bad.csv', line 2: 2 fields" bad.csv
printf '0,0,0,1\n1,1,1,-1\n' >bad.csv
refused "line 2: '-1' is no count" bad.csv
printf '0,0,0,0\n1,1,1,0\n' >bad.csv
refused "nothing is in it" bad.csv
printf 'x1,x2,y\n' >bad.csv
refused "'bad.csv' has no line with a sample" bad.csv
printf '0,,0\n' >bad.csv
refused "field 2 is empty" bad.csv
seq 2000 | awk '{ print $1 ",0," $1 }' >bad.csv
refused "x1 has 2000 values; 1 .. 1024 are possible" bad.csv
{ cat one.csv; echo e.jpg,cat; } >more.csv
refused "'two.csv' has no value for 'e.jpg', which is in 'more.csv'" more.csv two.csv labels.csv
printf 'a.jpg,cat\na.jpg,dog\n' >twice.csv
refused "'twice.csv' has a value for 'a.jpg' twice" twice.csv two.csv labels.csv
printf 'a.jpg,cat\n' >few.csv
refused "'few.csv' has no value for 'b,.jpg', which is in 'one.csv'" one.csv few.csv labels.csv

expect 2 pid
says err.txt "--gate NAME, one FILE, or"
expect 2 pid --gate xor and.csv
expect 2 pid one.csv two.csv
expect 2 pid and.csv --shuffles -1
says err.txt "--shuffles takes a whole number from 0 to 100000, not '-1'"
expect 2 pid and.csv --seed x

finish
