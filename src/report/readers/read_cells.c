/* read_cells.c: the cells in compare.json, and what they come to for all of them, every method and every shift (src/search/cell_json.c has their
 * form). */
#include "report/report.h"

#include <math.h>
#include <string.h>

#define FILE_NAME "compare.json"
#define MOST_CELLS 4096
#define MOST_GROUPS 64

/* clang-format off */
#define AT(member) offsetof(fyi_choosing, member)
static const struct { const char *key; size_t at; } figures[] = {
    { "n", AT(n) }, { "failed", AT(failed) }, { "harm_rate", AT(harm_rate) }, { "collapse_rate", AT(collapse_rate) }, { "kept_rate", AT(kept_rate) }, { "accuracy", AT(accuracy) },
    { "gain", AT(gain) }, { "oracle_gap", AT(oracle_gap) },
};
#undef AT
/* clang-format on */

static void read_choosers(const json_t *from, fyi_choosings *to)
{
    const char *const *by = fy_choosers();

    for (size_t c = 0; by[c] != NULL && c < FYI_MAX_CHOOSERS; c++)
        for (size_t i = 0; i < FYI_LEN(figures); i++)
            *(double *)(void *)((char *)&to->v[c] + figures[i].at) =
                fyi_json_number(json_object_get(from, by[c]), figures[i].key);
}

/* Of methods, or of shifts. */
static size_t read_groups(fyi_report *r, const json_t *from, fyi_choosings **out)
{
    const size_t n = FYI_MIN(json_object_size(from), MOST_GROUPS);
    const char *name;
    json_t *one;
    size_t i = 0;

    *out = fyi_report_alloc(r, n, sizeof **out);
    json_object_foreach((json_t *)from, name, one)
    {
        if (*out == NULL || i == n)
            break;
        (*out)[i].name = fyi_report_dup(r, name);
        read_choosers(one, &(*out)[i++]);
    }
    return i;
}

/* A link that stays in the directory, whatever the file says. */
const char *fyi_read_run_dir(fyi_report *r, const json_t *run)
{
    const char *dir = fyi_json_text(r, run, "run");

    return strncmp(dir, "runs/", 5) == 0 && !fyi_path_leads_out(dir) ? dir : "";
}

const char *fyi_read_seed(fyi_report *r, const json_t *seed)
{
    const char *text = json_string_value(seed);

    if (json_is_integer(seed))
        return fyi_report_dup(r, fyi_plain(json_integer_value(seed)).s);
    return fyi_report_dup(r, text != NULL ? text : "?");
}

static void read_cell(fyi_report *r, const json_t *from, fyi_cell_row *to)
{
    to->shift = fyi_json_text(r, from, "shift");
    to->arm = fyi_json_text(r, from, "arm");
    to->seed = fyi_read_seed(r, json_object_get(from, "seed"));
    to->dir = fyi_read_run_dir(r, from);
    to->error = fyi_json_text(r, from, "error");
    r->cells.n_failed += to->error[0] != '\0';
    for (size_t i = 0; i < FYI_LEN(to->v); i++)
        to->v[i] = fyi_json_share(r, FILE_NAME, from, fy_choosers()[i]);
}

void fyi_read_cells(fyi_report *r, const json_t *root)
{
    const json_t *list = json_object_get(root, "cells");
    const size_t n = FYI_MIN(json_array_size(list), MOST_CELLS);
    fyi_cells *c = &r->cells;

    if (n == 0 || (c->v = fyi_report_alloc(r, n, sizeof *c->v)) == NULL)
        return;
    c->n = n;
    for (size_t i = 0; i < n; i++)
        read_cell(r, json_array_get(list, i), &c->v[i]);
    c->oracle_gain = fyi_json_number(root, "oracle_gain");
    read_choosers(json_object_get(root, "overall"), &c->all);
    c->n_methods = read_groups(r, json_object_get(root, "per_method"), &c->methods);
    c->n_shifts = read_groups(r, json_object_get(root, "per_shift"), &c->shifts);
}
