/* first.c: the run that every seed of a comparison begins with, on each shift, and where its arms find it: in their settings "{first}" is
 * its directory. What all arms need, a teacher or a source model, is then made once for each seed. */
#include "search/search.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ---- settings that name it ------------------------------------------------------------------- */

static const char *place_in(const fyi_entry *e)
{
    return e->is_list || e->n_items != 1 ? NULL : strstr(e->items[0], FYI_FIRST_DIR);
}

static fy_status keep_use(fy_comparison *c, int row, const fyi_entry *e)
{
    fyi_first_use *use = fyi_arena_alloc(&c->arena, sizeof *use);

    if (use == NULL)
        return fyi_enomem(sizeof *use, "a comparison");
    *use = (fyi_first_use){ .next = c->uses, .row = row };
    FYI_FORWARD(fyi_compare_keep(c, e->key, &use->key));
    FYI_FORWARD(fyi_compare_keep(c, e->items[0], &use->value));
    c->uses = use;
    return FY_OK;
}

static fy_status find_uses(fy_comparison *c)
{
    for (int row = 0; row < c->report.n_rows; row++) {
        const fyi_entries *t = &c->arms[row]->entries;

        for (size_t i = 0; i < t->n; i++)
            if (place_in(&t->v[i]) != NULL)
                FYI_FORWARD(keep_use(c, row, &t->v[i]));
    }
    return FY_OK;
}

static fy_status open_firsts(fy_comparison *c, const fy_recipe *r)
{
    const int n = fyi_shift_count(c);

    c->firsts = fyi_arena_alloc(&c->arena, (size_t)n * sizeof *c->firsts);
    if (c->firsts == NULL)
        return fyi_enomem((size_t)n * sizeof *c->firsts, "a comparison");
    for (int i = 0; i < n; i++)
        FYI_FORWARD(fyi_recipe_first(r, i, &c->firsts[i]));
    return FY_OK;
}

fy_status fyi_first_open(fy_comparison *c, const fy_recipe *r)
{
    FYI_FORWARD(find_uses(c));
    FYI_FORWARD(open_firsts(c, r));
    if (c->firsts[0] != NULL && c->uses == NULL)
        return fyi_fail(
            FY_EINVAL,
            "recipe %s: no arm makes use of 'compare.first'; name its directory, " FYI_FIRST_DIR
            ", in a setting, or leave it out",
            r->entries.path);
    if (c->firsts[0] == NULL && c->uses != NULL)
        return fyi_fail(FY_EINVAL,
                        "recipe %s: '%s' is '%s', but there is no 'compare.first' that it could be "
                        "the directory of",
                        r->entries.path, c->uses->key, c->uses->value);
    return FY_OK;
}

/* ---- one seed -------------------------------------------------------------------------------- */

/* Absolute: settings that name files are read from other places. */
static fy_status find_dir(const fy_comparison *c, int shift, int i, char *dir, size_t size)
{
    const bool has_shifts = c->report.n_shifts > 0;
    char name[FYI_MAX_ARM_NAME + 64], whole[PATH_MAX];

    (void)snprintf(name, sizeof name, "runs/%s%s" FYI_FIRST "-%llu",
                   has_shifts ? c->report.shifts[shift] : "", has_shifts ? "." : "",
                   (unsigned long long)c->report.seeds[i]);
    if (realpath(c->dir, whole) == NULL)
        return fyi_fail(FY_EIO, "cannot find the comparison's directory '%s'", c->dir);
    return fyi_place_path(whole, name, dir, size);
}

static fy_status set_use(const fy_comparison *c, const fyi_first_use *use, const char *dir)
{
    const char *at = strstr(use->value, FYI_FIRST_DIR);
    fyi_buf text = { 0 };
    fy_status st;

    fyi_buf_printf(&text, "%.*s%s%s", (int)(at - use->value), use->value, dir,
                   at + sizeof FYI_FIRST_DIR - 1);
    st = text.failed ? fyi_enomem(strlen(dir), "a setting")
                     : fy_recipe_put(c->arms[use->row], use->key, text.p);
    fyi_buf_release(&text);
    return st;
}

fy_status fyi_first_place(const fy_comparison *c, int row, int i)
{
    char dir[FY_RUN_DIR_MAX];

    if (c->uses == NULL)
        return FY_OK;
    FYI_FORWARD(find_dir(c, row / c->report.n_arms, i, dir, sizeof dir));
    for (const fyi_first_use *use = c->uses; use != NULL; use = use->next)
        if (use->row == row)
            FYI_FORWARD(set_use(c, use, dir));
    return FY_OK;
}

/* The i-th seed's run before the arms. */
static fy_status prepare(fy_comparison *c, int shift, int i, char *dir, size_t size)
{
    FYI_FORWARD(find_dir(c, shift, i, dir, size));
    return fyi_compare_set(c->firsts[shift], c->report.seeds[i]);
}

fy_status fyi_first_check(fy_comparison *c, int shift, int i)
{
    char dir[FY_RUN_DIR_MAX];

    if (c->firsts[shift] == NULL)
        return FY_OK;
    FYI_FORWARD(prepare(c, shift, i, dir, sizeof dir));
    return fyi_compare_check_run(c->firsts[shift], dir);
}

/* Its arms' cells are as of runs that failed: of its data. */
static fy_status keep_failure(fy_comparison *c, const char *dir, const char *error, fyi_first *out)
{
    out->error = fyi_arena_printf(&c->arena, "the run that the arms begin with failed: %s", error);
    if (out->error == NULL)
        return fyi_enomem(strlen(error), "a comparison");
    fyi_warn("%s", out->error);
    return fyi_compare_keep(c, dir, &out->dir);
}

fy_status fyi_first_run(fy_comparison *c, int shift, int i, fyi_first *out)
{
    char dir[FY_RUN_DIR_MAX];
    fyi_trial trial;

    *out = (fyi_first){ 0 };
    if (c->firsts[shift] == NULL)
        return FY_OK;
    FYI_FORWARD(prepare(c, shift, i, dir, sizeof dir));
    fyi_note("what all arms begin with%s%s, seed %llu", c->report.n_shifts > 0 ? " on " : "",
             c->report.n_shifts > 0 ? c->report.shifts[shift] : "",
             (unsigned long long)c->report.seeds[i]);
    FYI_FORWARD(fyi_compare_trial(c, c->firsts[shift], dir, &trial));
    return trial.has_failed ? keep_failure(c, dir, trial.error, out) : FY_OK;
}
