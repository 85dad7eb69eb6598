#!/bin/bash
# Pictures: folders, lists and archives on the command line and in a run; what is broken is named.
. "$(dirname "$0")/lib/check.bash"

images="$FERRY_SOURCE/tests/golden/images"
mkdir -p photos/cat photos/dog
for i in 1 2 3 4 5 6; do
    cp "$images/rgb8.png" "photos/cat/$i.png"
    cp "$images/palette8.png" "photos/dog/$i.png"
done
head -c 200 "$images/rgb8.png" >photos/dog/cut.png

expect 0 data info photos
says out.txt "12 samples [3, 13, 11], 2 classes; 1 broken files left out"
says out.txt "class dog"
says out.txt "left out 'dog/cut.png' ends inside its PNG data"
expect 0 data check photos/ shorter=8 crop=8 range=imagenet
says out.txt "cut to 8x8"
says out.txt "mean [0.485, 0.456, 0.406]"
says out.txt "readable, with 1 warnings"
expect 0 data info photos channels=1 range=data
says out.txt "normalised by mean ["
expect 1 data info photos max_broken=0
says err.txt "1 of 13 pictures cannot be read, at most 0 may be left out"
expect 1 data info photos channels=1 range=imagenet
says err.txt "set channels=3"
expect 1 data info photos labelled=false class_file=nowhere.txt
says err.txt "would not be used, since it needs source.labelled=true"
expect 1 data info photos class_file=/nowhere.txt
says err.txt "/nowhere.txt"
expect 0 data info photos labelled=false
says out.txt "no labels"

printf 'path,label\nphotos/cat/1.png,cat\nphotos/dog/1.png,dog\n' >list.csv
expect 0 data info list.csv
says out.txt "2 samples [3, 13, 11], 2 classes"
expect 0 data check "$FERRY_SOURCE/tests/golden/tar/{gnu,pax}.tar"
says out.txt "8 samples [3, 13, 11], 3 classes"
expect 1 data info "$FERRY_SOURCE/tests/golden/tar/x-*.tar"
says err.txt "no file is called"
cp "$images/late_exif.png" photos/cat/7.png
expect 1 data info photos
says err.txt "different sizes"
says err.txt "shorter, crop"
rm photos/cat/7.png

# Keys that do not go with the format, or are misspelt.
printf 'method: adda\nsource: {format: folder, images: photos}\ntarget: {format: digits}\n' >r.yaml
expect 2 run r.yaml source.labels=x
says err.txt "'source.labels' would not be used, since it needs source.format=idx|npy"
expect 2 run r.yaml source.shortr=3
says err.txt "did you mean 'source.shorter'?"
expect 2 run r.yaml source.check=pixel
says err.txt "did you mean 'pixels'?"
expect 2 run r.yaml source.size=8 source.shorter=8
says err.txt "two ways to resize"

# A whole run; what was left out stands in its directory.
expect 0 adapt --source photos --target photos --method adda --model lenet --out run source.size=28 target.size=28 \
    source.channels=1 target.channels=1 source.range=data target.range=source holdout=0.3 \
    adda.source_epochs=1 adda.steps=4 adda.evaluations=2 adda.batch=4 adda.source_batch=4
says run/data.json '"broken": 1'
says run/data.json "ends inside its PNG data"
says run/recipe.yaml "format: folder"
says run/versions.json "libpng 1."
mean=$(grep -o 'mean \[[0-9.]*\]' run/data.json | sort -u | wc -l)
[ "$mean" -eq 1 ] || fail "source and target have different means"
expect 0 eval --weights run/chosen.safetensors --weights run/classifier.safetensors --data photos \
    size=28 channels=1 range=normal mean=0.5 deviation=0.25
says out.txt "  dog  "

# A sheet is a PNG like any other: 11 samples of 13x11, shown five times as large, eight of them with seven views.
expect 0 data sheet photos sheet.png augment.flip=0.5 augment.crop=padded augment.crop_pad=2 range=imagenet
says out.txt "8 samples, each as it is and as 7 epochs show it"
says out.txt "crop pad 2; flip prob 0.5"
mkdir -p sheets && cp sheet.png sheets
expect 0 data info sheets
says out.txt "1 samples [3, 640, 544]"
cp sheet.png first.png
expect 0 data sheet photos sheet.png augment.flip=0.5 augment.crop=padded augment.crop_pad=2 range=imagenet
cmp -s sheet.png first.png || fail "the same sheet is not the same bytes"
expect 1 data sheet photos sheet.png augment.flipp=1
says err.txt "did you mean 'augment.flip'?"
expect 1 data sheet photos nowhere/sheet.png augment.flip=1
says err.txt "nowhere/sheet.png"
expect 2 data sheet photos
says err.txt "sheet takes a PATH and the PNG file to write"
expect 0 help augment
says out.txt "augment.rand_magnitude = 9"
finish
