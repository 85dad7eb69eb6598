#!/bin/sh
# Guards tools/check-layers: it must pass on this tree and catch each kind of wrong arrow.
set -eu
check="$FERRY_SOURCE/tools/check-layers"
"$check" "$FERRY_SOURCE"

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# expect <passes|fails> <file> <line of code>: a tree with this one file.
expect() {
    rm -rf "$root/src" "$root/include"
    mkdir -p "$root/include/ferry" "$root/src" "$root/$(dirname "$2")"
    printf '#include <stdio.h>\n%s\n' "$3" > "$root/$2"
    if said=$("$check" "$root" 2>&1); then result=passes; else result=fails; fi
    if [ "$result" != "$1" ]; then
        echo "expected that $2 with '$3' $1, but it $result"
        exit 1
    fi
    case "$result:$said" in
    "fails:$2:2: "*) ;;
    fails:*)
        echo "the offence does not say where: $said"
        exit 1
        ;;
    esac
}

expect passes src/graph/plan.c          '#include "tensor/tensor.h"'
expect passes src/graph/ops/relu.c      '#include "graph/graph.h"'
expect fails  src/tensor/tensor.c       '#include "graph/graph.h"'
expect fails  src/graph/plan.c          '#  include "backend/registry.h"'
expect fails  src/graph/plan.c          '#include <ferry/train.h>'
expect fails  src/tensor/tensor.c       '#include <ferry/device.h>'
expect fails  src/graph/plan.c          '#include "../backend/registry.h"'
expect fails  src/nn/linear.c           '#include "data/loader.h"'
expect fails  src/data/loader.c         '#include "nn/layer.h"'
expect fails  src/data/loader.c         '#include "graph/graph.h"'
expect passes src/train/loop.c          '#include "data/loader.h"'
expect passes src/cli/main.c            '#include "report/html.h"'
expect fails  src/report/html.c         '#include "cli/args.h"'
expect fails  src/recipe/read.c         '#include "search/study.h"'
expect passes src/methods/adda.c        '#include <ferry/train.h>'
expect passes src/methods/distill.c     '#include <ferry/distill.h>'
expect fails  src/nn/model.c            '#include <ferry/distill.h>'
expect fails  include/ferry/distill.h   '#include "methods.h"'
expect passes src/methods/adda.c        '#include <math.h>'
expect passes src/methods/adda.h        '#include <ferry/methods.h>'
expect fails  src/methods/adda.c        '#include <ferry/recipe.h>'
expect fails  src/methods/adda.c        '#include <ferry/report.h>'
expect fails  src/methods/adda.c        '#include <ferry/ferry.h>'
expect fails  include/ferry/methods.h   '#include "recipe.h"'
expect passes include/ferry/methods.h   '#include "train.h"'
expect passes include/ferry/ferry.h     '#include "report.h"'
expect passes src/cli/main.c            '#include <ferry/ferry.h>'
expect fails  src/cli/main.c            '#include <ferry/bindings.h>'
expect fails  src/report/html.c         '#include <ferry/ferry.h>'
expect fails  src/methods/adda.c        '#include "train/loop.h"'
expect fails  src/methods/adda.c        '#include <pthread.h>'
expect passes src/methods/adda.c        'fy_status st = fy_eye_see(eye, run, "adapt", step, logits);'
expect fails  src/methods/adda.c        'fy_mark m = fy_judge_mark(judge, 0);'
expect passes src/methods/score.c       'fy_mark m = fy_judge_mark(judge, 0);'
expect passes src/backend/onednn/conv.c 'dnnl_status_t st;'
expect fails  src/backend/ref/conv.c    'dnnl_status_t st;'
expect passes src/backend/ref/conv.c    '#include "backend/ref/ref.h"'
expect passes src/backend/native/conv.c '#include "backend/cpu.h"'
expect fails  src/backend/native/conv.c '#include "backend/onednn/onednn.h"'
expect fails  include/ferry/device.h    'dnnl_engine_t engine;'
expect passes include/ferry/train.h     '#include "data.h"'
expect fails  include/ferry/data.h      '#include "nn.h"'
echo "check-layers tells right from wrong"
