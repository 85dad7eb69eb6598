#!/bin/bash
# timeout: 300
# ferry predict: a row for each picture, files whole or not at all, broken pictures, and what is refused.
. "$(dirname "$0")/lib/check.bash"
. "$(dirname "$0")/lib/weights.bash"

meta='"ferry.family":"linear","ferry.options":"{\"input\":[1,28,28],\"n_classes\":3}",
"ferry.classes":"[\"a, b\",\"the \\\"x\\\"\",\"dog\"]"'
write_linear named.safetensors 3 784 1 "$meta"
write_linear plain.safetensors 10 784 3
golden="$FERRY_SOURCE/tests/golden/images"
mkdir -p nested/one/deep nested/two flat
cp "$golden/rgb8.png" nested/one/deep/1.png
cp "$golden/rgb444.jpg" nested/two/
cp "$golden/rgb420.jpg" "nested/top, \"quoted\".jpg"
cp "$golden/palette8.png" flat/

expect 0 predict --weights named.safetensors nested --out rows.csv --top 2
says rows.csv 'name,class_1,p_1,class_2,p_2'
says rows.csv 'one/deep/1.png,"the ""x""",0.576117,"a, b",0.211942'
says rows.csv '"top, ""quoted"".jpg","the ""x""",0.576117'
[ "$(wc -l <rows.csv)" -eq 4 ] || fail "not one row for each picture: $(cat rows.csv)"
says out.txt "prepared  channels=1 size=28 range=keep, by the model's family"
says out.txt "3 rows: rows.csv"
expect 0 predict --weights named.safetensors nested --out rows.jsonl --top 99 --json
json_has count broken classes top out predicted preparation
says out.txt '"count":3,"broken":0,"classes":3,"top":3'
says rows.jsonl '{"index":1,"name":"one/deep/1.png","top":[{"class":"the \"x\"","p":0.576117},'
expect 0 predict --weights named.safetensors flat --quiet
[ "$(cat out.txt)" = 'name,class_1,p_1
palette8.png,"the ""x""",0.576117' ] || fail "not the rows on standard output: $(cat out.txt)"
is_empty err.txt
expect 0 predict --weights named.safetensors flat/palette8.png --quiet
says out.txt 'palette8.png,"the ""x""",0.576117'
expect 1 eval --weights named.safetensors --data flat/palette8.png
says err.txt "has no labels to judge by"
printf 'flat/palette8.png,x\nnested/two/rgb444.jpg,whatever\n' >list.csv
expect 0 predict --weights named.safetensors list.csv --quiet
says out.txt 'nested/two/rgb444.jpg,"the ""x"""'
expect 0 predict --model linear --weights plain.safetensors digits:clean:300 --out rows.csv
says rows.csv '299,3,0.231969'
says out.txt "  3                          300  100.0%"
expect 0 predict --model linear --weights plain.safetensors digits:clean:300 --out again.csv precision=f32
cmp rows.csv again.csv || fail "the same data give other rows"

# Broken pictures: named, counted, no rows; also those whose pixels turn out to be damaged.
head -c 200 "$golden/rgb8.png" >flat/cut.png
cp "$golden/rgb420.jpg" flat/late.jpg
size=$(wc -c <flat/late.jpg)
printf '\377\331' | dd of=flat/late.jpg bs=1 seek=$((size - 60)) conv=notrunc 2>dd.txt
expect 0 predict --weights named.safetensors flat --out broken.csv
says err.txt "cut.png"
says err.txt "late.jpg"
says err.txt "2 pictures are broken and have no row"
[ "$(wc -l <broken.csv)" -eq 2 ] || fail "broken pictures have rows: $(cat broken.csv)"
expect 1 predict --weights named.safetensors flat --out few.csv max_broken=0
says err.txt "at most 0 may be left out"
[ ! -e few.csv ] || fail "a refused prediction left a file"

# A checkpoint with several dictionaries, one of them with two models.
parts="$FERRY_SOURCE/tests/golden/torch/parts.pth"
expect 0 predict --model linear --weights "$parts" flat/palette8.png --quiet
says out.txt 'palette8.png,0,0.576117'
expect 0 predict --model linear --weights "$parts" --part ema --prefix teacher. flat/palette8.png --out part.csv
says part.csv 'palette8.png,2,0.576117'
says out.txt "(PyTorch zip; its part 'ema'; 'teacher.' is taken off its names)"
says err.txt "2 unexpected (the first is 'student.fc.weight')"
expect 1 predict --model linear --weights "$parts" --part ema flat/palette8.png
says err.txt "fits under 'student.' as well as under 'teacher.'"
expect 1 predict --model linear --weights "$parts" --part emma flat/palette8.png
says err.txt "has no part 'emma'; at the top it has 'epoch' 'state_dict' 'ema'"
expect 1 predict --model linear --weights "$parts" --part ema --part ema --prefix teacher. flat/palette8.png
says err.txt "--part 'ema' is of the second --weights, which is not there"

# What is refused; the file that was there stays.
echo before >kept.csv
write_nan nan.safetensors 10 784
expect 1 predict --model linear --weights nan.safetensors digits:clean:50 --out kept.csv
says err.txt "sample 0 has scores that are not finite numbers"
[ "$(cat kept.csv)" = before ] || fail "a failed prediction changed the file"
[ "$(ls -A | grep -c kept)" -eq 1 ] || fail "a temporary file stayed: $(ls -A)"
mkdir empty
expect 1 predict --weights named.safetensors empty --out none.csv
says err.txt "empty"
expect 1 predict --weights named.safetensors flat --out nowhere/none.csv
says err.txt "nowhere"
expect 1 predict --weights named.safetensors flat --out none.txt
says err.txt "ends in .csv or .jsonl, not 'none.txt'"
expect 1 predict --weights named.safetensors flat --out none.csv --top 0
says err.txt "--top takes a whole number from 1 to 1000, not '0'"
expect 1 predict --weights named.safetensors missing --out none.csv
says err.txt "there is no file 'missing'"
expect 1 predict --model lenett --weights plain.safetensors flat --out none.csv
says err.txt "did you mean 'lenet'?"
expect 2 predict --weights named.safetensors
says err.txt "one PATH are needed, found 0 paths"
expect 2 predict --weights named.safetensors flat --json
says err.txt "--json needs --out"
[ ! -e none.csv ] || fail "a refused prediction left a file"
finish
