/* profile.c: where the time of a stage went, for the report:
 *
 *   {"stage": "all", "steps": 120, "seconds": 12.5, "waiting": 0.3,
 *    "operators": [{"op": "conv2d", "kernels": 20, "seconds": 5.1}, ..],
 *    "slowest": [{"node": "conv2d.12", "op": "conv2d", "kernel": "onednn", "param": "model.conv1.weight",
 *                 "src": [16, 3, 32, 32], "dst": [16, 16, 32, 32], "seconds": 0.4}, ..]}
 *
 * Both lists fall in time. */
#include "train/train.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define SLOWEST 20

/* All kernels of one operator. */
typedef struct total {
    const char *op;
    int64_t kernels;
    double seconds;
} total;

static int by_time(const void *a, const void *b)
{
    const fy_launch_time *x = a, *y = b;
    return x->seconds != y->seconds ? (x->seconds < y->seconds) - (x->seconds > y->seconds)
                                    : strcmp(x->node, y->node);
}

static int by_total(const void *a, const void *b)
{
    const total *x = a, *y = b;
    return x->seconds != y->seconds ? (x->seconds < y->seconds) - (x->seconds > y->seconds)
                                    : strcmp(x->op, y->op);
}

/* Into t, which has room for n; how many there are. */
static size_t add_up(const fy_launch_time *k, size_t n, total *t)
{
    size_t n_ops = 0;
    for (size_t i = 0; i < n; i++) {
        size_t at = 0;
        while (at < n_ops && strcmp(t[at].op, k[i].op) != 0)
            at++;
        if (at == n_ops)
            t[n_ops++] = (total){ .op = k[i].op };
        t[at].kernels++;
        t[at].seconds += k[i].seconds;
    }
    return n_ops;
}

static json_t *shape(const fy_shape *s)
{
    json_t *v = json_array();
    for (int i = 0; i < s->rank; i++)
        (void)json_array_append_new(v, json_integer(s->d[i]));
    return v;
}

static json_t *operators(const total *t, size_t n)
{
    json_t *v = json_array();
    for (size_t i = 0; i < n; i++)
        (void)json_array_append_new(v, json_pack("{s:s, s:I, s:f}", "op", t[i].op, "kernels",
                                                 (json_int_t)t[i].kernels, "seconds", t[i].seconds));
    return v;
}

/* A parameter's name that is no UTF-8 is left out. */
static json_t *slowest(const fy_launch_time *k, size_t n)
{
    json_t *v = json_array();
    for (size_t i = 0; i < FYI_MIN(n, (size_t)SLOWEST); i++) {
        json_t *one = json_pack("{s:s, s:s, s:s, s:o, s:o, s:f}", "node", k[i].node, "op", k[i].op,
                                "kernel", k[i].kernel, "src", shape(&k[i].src), "dst",
                                shape(&k[i].dst), "seconds", k[i].seconds);
        if (k[i].param)
            (void)json_object_set_new(one, "param", json_string(k[i].param));
        (void)json_array_append_new(v, one);
    }
    return v;
}

static fy_status write_json(fy_run *r, const fyi_profile *p, json_t *root)
{
    fyi_buf name = { 0 };
    char *text = root ? json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) : NULL;
    fy_status st = FY_OK;
    fyi_buf_printf(&name, "kernels-%s.json", p->stage);
    if (!text || name.failed)
        st = fyi_enomem(0, "the times of a stage's kernels");
    else
        st = fy_run_write(r, name.p, text, strlen(text));
    free(text);
    fyi_buf_release(&name);
    return st;
}

/* k and t have room for all kernels. */
static fy_status write_times(fy_run *r, const fyi_profile *p, fy_launch_time *k, total *t)
{
    const size_t n = (size_t)fy_plan_launch_count(p->plan);
    for (size_t i = 0; i < n; i++)
        k[i] = fy_plan_launch(p->plan, (int)i);
    qsort(k, n, sizeof *k, by_time);
    const size_t n_ops = add_up(k, n, t);
    qsort(t, n_ops, sizeof *t, by_total);
    json_t *root = json_pack("{s:s, s:I, s:f, s:f, s:o, s:o}", "stage", p->stage, "steps",
                             (json_int_t)p->steps, "seconds", p->seconds, "waiting", p->waiting,
                             "operators", operators(t, n_ops), "slowest", slowest(k, n));
    const fy_status st = write_json(r, p, root);
    json_decref(root);
    return st;
}

fy_status fyi_profile_write(fy_run *r, const fyi_profile *p)
{
    const size_t n = (size_t)fy_plan_launch_count(p->plan) + 1;
    fy_launch_time *k = fyi_calloc(n, sizeof *k);
    total *t = fyi_calloc(n, sizeof *t);
    const fy_status st = k && t ? write_times(r, p, k, t)
                                : fyi_enomem(n * sizeof *k, "the times of a stage's kernels");
    fyi_free(t);
    fyi_free(k);
    return st;
}
