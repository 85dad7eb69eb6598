/* first.c: the run that every seed of a comparison begins with, on each shift, and where its arms find it: in their settings "{first}" is
 * its directory. What all arms need, a teacher or a source model, is then made once for each seed. */
#include "search/search.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ---- settings that name it ------------------------------------------------------------------- */

static bool names_it(const fyi_entry *e)
{
    for (int i = 0; i < e->n_items; i++)
        if (strstr(e->items[i], FYI_FIRST_DIR) != NULL)
            return true;
    return false;
}

/* As it was given, also where it comes from: a setting that was in the recipe is none of the command line's. */
static fy_status keep_use(fy_comparison *c, int row, const fyi_entry *e)
{
    fyi_first_use *use = fyi_arena_alloc(&c->arena, sizeof *use);

    if (use == NULL)
        return fyi_enomem(sizeof *use, "a comparison");
    *use = (fyi_first_use){ .next = c->uses, .row = row, .given = *e };
    FYI_FORWARD(fyi_compare_keep(c, e->key, &use->given.key));
    FYI_FORWARD(fyi_compare_take(c, e->n_items, sizeof *e->items, &use->given.items));
    for (int i = 0; i < e->n_items; i++)
        FYI_FORWARD(fyi_compare_keep(c, e->items[i], &use->given.items[i]));
    c->uses = use;
    return FY_OK;
}

static fy_status find_uses(fy_comparison *c)
{
    for (int row = 0; row < c->report.n_rows; row++) {
        const fyi_entries *t = &c->arms[row]->entries;

        for (size_t i = 0; i < t->n; i++)
            if (names_it(&t->v[i]))
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
                        "recipe %s: '%s' has '" FYI_FIRST_DIR
                        "', but there is no 'compare.first' that it could be "
                        "the directory of",
                        r->entries.path, c->uses->given.key);
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

/* Every {first} of the text. */
static fy_status put_dir(const char *text, const char *dir, fyi_arena *arena, const char **out)
{
    const char *at;
    fyi_buf whole = { 0 };

    while ((at = strstr(text, FYI_FIRST_DIR)) != NULL) {
        fyi_buf_printf(&whole, "%.*s%s", (int)(at - text), text, dir);
        text = at + sizeof FYI_FIRST_DIR - 1;
    }
    fyi_buf_puts(&whole, text);
    *out = whole.failed ? NULL : fyi_arena_dup(arena, whole.p != NULL ? whole.p : "", whole.len + 1);
    fyi_buf_release(&whole);
    return *out != NULL ? FY_OK : fyi_enomem(strlen(dir), "a setting");
}

static fy_status set_use(fy_comparison *c, const fyi_first_use *use, const char *dir)
{
    fy_recipe *arm = c->arms[use->row];
    fyi_entry e = use->given;

    FYI_FORWARD(fyi_compare_take(c, e.n_items, sizeof *e.items, &e.items));
    for (int i = 0; i < e.n_items; i++)
        FYI_FORWARD(put_dir(use->given.items[i], dir, &c->arena, &e.items[i]));
    arm->is_checked = false;
    return fyi_entries_put(&arm->entries, &e);
}

fy_status fyi_first_place(fy_comparison *c, int row, int i)
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
