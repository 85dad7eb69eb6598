/* search_head.c: a search beside what it saves: a hundred trials of a new head on a frozen ResNet-18, whose features are computed
 * once and kept, and three epochs of training all of it on the same pictures. Both are whole processes, from drawing the
 * pictures to the last file. */
#include "bench.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECIPE                                                                 \
    "name: head\nmethod: finetune\n"                                           \
    "train: {format: digits, style: clean, n: 1000, size: 224, channels: 3}\n" \
    "val: {format: digits, style: clean, n: 200, size: 224, channels: 3}\n"    \
    "model: {family: resnet18}\n"                                              \
    "finetune: {batch: 32, "
#define HEADS                                                                         \
    RECIPE "train: head, epochs: 3}\n"                                                \
           "search: {sampler: random, trials: 100, space: {finetune.lr: log 1e-4 1, " \
           "finetune.weight_decay: log 1e-6 1e-1}}\n"
#define WHOLE RECIPE "train: all, epochs: 3}\n"

static int drop(const char *path, const struct stat *about, int type, struct FTW *at)
{
    (void)about;
    (void)type;
    (void)at;
    return remove(path);
}

static fy_status open_recipe(const bench *b, const char *text, fy_recipe **out)
{
    fy_status st;
    FY_TRY(fy_recipe_parse("bench", text, strlen(text), out));
    FY_TRY(fy_recipe_put(*out, "kernel_times", b->kernel_times ? b->kernel_times : ""));
    FY_TRY(fy_recipe_put(*out, "precision", b->bf16 ? "bf16" : "f32"));
done:
    return st;
}

static fy_status try_heads(fy_recipe *r, const char *dir)
{
    fy_search_opts o = fy_search_defaults();
    fy_search *s = NULL;
    fy_status st;
    o.dir = dir;
    FY_TRY(fy_search_open(r, &o, &s));
    FY_TRY(fy_search_run(s));
done:
    fy_search_close(s);
    return st;
}

static fy_status train_all(fy_recipe *r, const char *dir)
{
    fy_recipe_run_opts o = fy_recipe_run_defaults();
    fy_recipe_result result;
    o.run_dir = dir;
    return fy_recipe_run(r, &o, &result);
}

static fy_status work(bench *b, const char *text, fy_status (*fn)(fy_recipe *r, const char *dir))
{
    char dir[] = "/tmp/ferry-bench-XXXXXX";
    fy_recipe *r = NULL;
    fy_status st;
    if (!mkdtemp(dir))
        return fy_error(FY_EIO, "cannot make a directory like '%s'", dir);
    FY_TRY(open_recipe(b, text, &r));
    FY_TRY(fn(r, dir));
done:
    fy_recipe_free(r);
    nftw(dir, drop, 8, FTW_DEPTH | FTW_PHYS);
    return st;
}

fy_status begin_search_head(bench *b)
{
    return work(b, HEADS, try_heads);
}

fy_status begin_backbone(bench *b)
{
    return work(b, WHOLE, train_all);
}
