#!/bin/bash
# timeout: 300
# The commands of docs/distillation.md that need no data do what it says: from nothing to a distilled model, and a teacher of
# another modality.
. "$(dirname "$0")/lib/check.bash"
. "$(dirname "$0")/lib/doc.bash"

n=0
ln -s "$FERRY_SOURCE/recipes" recipes
for title in "From nothing to a distilled model" "Teachers that see something else"; do
    while read -r line; do
        eval "set -- $line"
        shift
        expect 0 "$@"
        n=$((n + 1))
    done < <(commands distillation.md "$title")
done
[ "$n" -eq 6 ] || fail "$n commands were found, not 6"

[ -s small/chosen.safetensors ] && [ -s moved/chosen.safetensors ] || fail "a model is missing"
cmp teacher/best.safetensors moved/teacher.safetensors || fail "the teacher moved"
says moved/report.html "Plain fine-tuning has"
says hearing/result.json '"teacher": null'
finish
