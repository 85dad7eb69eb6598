#!/bin/bash
# timeout: 300
# Classes of the two domains of an adaptation: other names, other numbers and missing ones are told apart, for every method; what the
# recipe chooses on both sides is only said.
. "$(dirname "$0")/lib/check.bash"

images="$FERRY_SOURCE/tests/golden/images"
folder() {
    local name=$1 class
    shift
    for class in "$@"; do
        mkdir -p "$name/$class"
        for i in 0 1 2 3 4 5 6 7; do cp "$images/rgb8.png" "$name/$class/$i.png"; done
    done
}
folder lab dog house
folder field dog guitar
folder garden house
folder street dog house tree
folder dogs dog
folder names dog x日日日日日日日日 # the sixteenth byte is inside of a character
small='source.size=16 source.channels=3 target.size=16 target.channels=3 holdout=0.3'
for method in coral adda; do
    steps="$small $method.steps=2 $method.batch=4 $method.evaluations=1 $method.source_steps=2 $method.source_batch=4"
    key=$method
    [ $method = adda ] || key=adapt
    steps=${steps//coral/adapt}
    model='model.encoder=lenet model.classifier=linear'
    adapts() {
        local want=$1 source=$2 target=$3
        shift 3
        # shellcheck disable=SC2086 # settings are words
        expect "$want" adapt --source "$source" --target "$target" --method $method $steps $model "$@"
    }

    adapts 1 lab field --out $method-named
    says err.txt "the classes of 'source' and 'target' are not the same: only 'source' has 'house', only 'target' has 'guitar'; a method that"
    grep -q "partial=true" err.txt && fail "$method: the target does not only lack a class"
    adapts 1 lab field $key.partial=true --out $method-partly
    says err.txt "only 'target' has 'guitar'"
    adapts 1 lab street --out $method-more
    says err.txt "are not the same: only 'target' has 'tree'; a method that"
    adapts 1 lab garden --out $method-fewer
    says err.txt "only 'source' has 'dog'; a method that"
    says err.txt "or say $key.partial=true"
    adapts 1 lab garden $key.partial=true --out $method-other-number
    says err.txt "'house' is class 0 in 'target' and another one in 'source'; a method that"
    adapts 0 lab dogs $key.partial=true --out $method-subset
    grep -q "source and target: only" err.txt && fail "$method: a warning of what was agreed to"
    says err.txt "8 of the 8 samples of 'target' are in 'source' too, byte for byte: is one a copy of the other?"

    # On purpose: one class of each, and the other names are said.
    adapts 0 lab field 'source.classes=[1, 0]' 'target.classes=[0, 1]' --out $method-chosen
    says err.txt "source and target: only 'source' has 'house', only 'target' has 'guitar'"
    says $method-chosen/data.json "only 'target' has 'guitar'"
    adapts 0 lab names 'source.classes=[1, 0]' 'target.classes=[0, 1]' --out $method-long
    says $method-long/data.json "only 'target' has 'x日日日日日'\""
done

# Files that name no class have numbers alone: these are compared.
expect 1 adapt --source digits:clean:100 --target digits:noisy:100 --method adda 'target.classes=[0, 1, 2]' --out none
says err.txt "only 'source' has '3', '4', '5', '6' and 3 more;"
says err.txt "or say adda.partial=true"
finish
