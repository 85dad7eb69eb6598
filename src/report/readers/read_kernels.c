/* read_kernels.c: kernels-<stage>.json, the time of each kernel, for every stage that has one:
 *   {"stage": "all", "steps": 120, "seconds": 12.5, "waiting": 0.3, "operators": [{"op", "kernels", "seconds"}, ..],
 *    "slowest": [{"node", "op", "kernel", "param", "src", "dst", "seconds"}, ..]} */
#include "report/report.h"

#include <math.h>
#include <string.h>

#define MAX_BYTES ((size_t)1 << 20)
#define MAX_TIMES 32
#define MAX_ROWS 200

static bool is_time(double s)
{
    return s >= 0 && s < 1e12;
}

static bool read_operators(fyi_report *r, const json_t *list, fyi_times *p)
{
    const size_t n = json_array_size(list);

    p->ops = n <= MAX_ROWS ? fyi_report_alloc(r, n, sizeof *p->ops) : NULL;
    for (size_t i = 0; p->ops != NULL && i < n; i++) {
        const json_t *row = json_array_get(list, i);
        fyi_op_time *o = &p->ops[p->n_ops++];

        *o = (fyi_op_time){ .op = fyi_json_text(r, row, "op"),
                            .kernels = fyi_json_whole(row, "kernels"),
                            .seconds = fyi_json_number(row, "seconds") };
        if (!is_time(o->seconds))
            return false;
        p->kernel_seconds += o->seconds;
    }
    return p->ops != NULL && n > 0;
}

/* "16 x 3 x 32 x 32"; "" for what is no shape. */
static const char *shape_text(fyi_report *r, const json_t *shape)
{
    char text[128] = "";
    size_t len = 0;

    for (size_t i = 0; i < json_array_size(shape) && len + 40 < sizeof text; i++) {
        const json_t *v = json_array_get(shape, i);

        if (!json_is_integer(v))
            return "";
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%lld", i > 0 ? " \xC3\x97 " : "",
                                (long long)json_integer_value(v));
    }
    return fyi_report_dup(r, text);
}

static bool read_slowest(fyi_report *r, const json_t *list, fyi_times *p)
{
    const size_t n = json_array_size(list);

    p->slowest = n <= MAX_ROWS ? fyi_report_alloc(r, n, sizeof *p->slowest) : NULL;
    for (size_t i = 0; p->slowest != NULL && i < n; i++) {
        const json_t *row = json_array_get(list, i);
        fyi_kernel_row *k = &p->slowest[p->n_slowest++];

        *k = (fyi_kernel_row){ .op = fyi_json_text(r, row, "op"),
                               .kernel = fyi_json_text(r, row, "kernel"),
                               .param = fyi_json_text(r, row, "param"),
                               .node = fyi_json_text(r, row, "node"),
                               .src = shape_text(r, json_object_get(row, "src")),
                               .dst = shape_text(r, json_object_get(row, "dst")),
                               .seconds = fyi_json_number(row, "seconds") };
        if (!is_time(k->seconds))
            return false;
    }
    return p->slowest != NULL;
}

static bool read_times(fyi_report *r, const json_t *root, fyi_times *p)
{
    p->steps = fyi_json_whole(root, "steps");
    p->seconds = fyi_json_number(root, "seconds");
    p->waiting = fyi_json_number(root, "waiting");
    return p->steps > 0 && is_time(p->seconds) &&
           read_operators(r, json_object_get(root, "operators"), p) &&
           read_slowest(r, json_object_get(root, "slowest"), p);
}

static void read_file(fyi_report *r, const char *file, const char *stage)
{
    json_t *root = fyi_report_json(r, file, MAX_BYTES);
    fyi_times *p = &r->times[r->n_times];

    *p = (fyi_times){ .stage = stage };
    if (root != NULL && read_times(r, root, p))
        r->n_times++;
    else if (root != NULL)
        fyi_report_note(r,
                        "%s is left out: it needs \"steps\" and \"seconds\", and at most %d "
                        "\"operators\" and \"slowest\" kernels with their \"seconds\".",
                        file, MAX_ROWS);
    json_decref(root);
}

void fyi_read_kernels(fyi_report *r)
{
    char file[FYI_STAGE_FILE];

    r->times = fyi_report_alloc(r, MAX_TIMES, sizeof *r->times);
    for (size_t i = 0; i < r->n_series && !r->no_memory && r->n_times < MAX_TIMES; i++)
        if (fyi_report_stage_file(r, i, "kernels", file))
            read_file(r, file, r->series[i].stage);
}
