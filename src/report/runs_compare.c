/* runs_compare.c: what the columns of a page of runs are: the numbers that most of them have, and the settings in which they
 * differ. */
#include "report/runs.h"

#include "recipe/recipe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NAMES 512
#define MAX_DEPTH 3

/* A name and in how many runs it is. */
typedef struct counted {
    const char *name;
    size_t n, first; /* of the runs; where it was seen first */
} counted;

typedef struct counts {
    counted v[MAX_NAMES];
    size_t n;
} counts;

static void count(fyi_runs *runs, counts *c, const char *name)
{
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->v[i].name, name) == 0) {
            c->v[i].n++;
            return;
        }
    if (c->n < MAX_NAMES) {
        c->v[c->n] = (counted){ fyi_report_dup(&runs->page, name), 1, c->n };
        c->n++;
    }
}

static int by_count(const void *a, const void *b)
{
    const counted *x = a, *y = b;

    if (x->n != y->n)
        return x->n < y->n ? 1 : -1;
    return (x->first > y->first) - (x->first < y->first);
}

/* ---- figures --------------------------------------------------------------------------------- */

/* Reals are figures; whole numbers are counts of samples and steps, which say less. */
static void count_figures(fyi_runs *runs, counts *c, const json_t *object, const char *front,
                          int depth)
{
    const char *key;
    json_t *value;
    char path[256];

    json_object_foreach((json_t *)object, key, value)
    {
        (void)snprintf(path, sizeof path, "%.150s%s%.60s", front, *front != '\0' ? "." : "", key);
        if (json_is_real(value) && strcmp(path, "seconds") != 0)
            count(runs, c, path);
        else if (json_is_object(value) && depth + 1 < MAX_DEPTH)
            count_figures(runs, c, value, path, depth + 1);
    }
}

double fyi_run_figure(const fyi_one_run *run, const char *path)
{
    const json_t *at = run->result;

    while (at != NULL && *path != '\0') {
        const size_t len = strcspn(path, ".");
        char key[64];

        (void)snprintf(key, sizeof key, "%.*s", (int)FYI_MIN(len, sizeof key - 1), path);
        at = json_object_get(at, key);
        path += len + (path[len] == '.');
    }
    return fyi_json_real(at);
}

static void choose_figures(fyi_runs *runs, counts *c)
{
    for (size_t i = 0; i < runs->n; i++)
        if (runs->v[i].result != NULL)
            count_figures(runs, c, runs->v[i].result, "", 0);
    qsort(c->v, c->n, sizeof *c->v, by_count);
    for (size_t i = 0; i < c->n && runs->n_figures < FYI_MAX_RUN_FIGURES; i++)
        runs->figures[runs->n_figures++] = c->v[i].name;
}

/* ---- settings -------------------------------------------------------------------------------- */

static const fyi_entry *entry_of(const fyi_one_run *run, const char *key)
{
    return run->recipe != NULL ? fyi_entries_find(&run->recipe->entries, key) : NULL;
}

const char *fyi_run_setting(const fyi_one_run *run, const char *key)
{
    const fyi_entry *e = entry_of(run, key);

    if (e == NULL || e->n_items == 0)
        return "";
    return e->n_items == 1 ? e->items[0] : "[...]";
}

static bool is_same(const fyi_entry *a, const fyi_entry *b)
{
    if (a == NULL || b == NULL || a->n_items != b->n_items)
        return a == b;
    for (int i = 0; i < a->n_items; i++)
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    return true;
}

static bool differs(const fyi_runs *runs, const char *key)
{
    for (size_t i = 1; i < runs->n; i++)
        if (!is_same(entry_of(&runs->v[0], key), entry_of(&runs->v[i], key)))
            return true;
    return false;
}

/* What has columns of its own, and what is of a machine. */
static bool is_left_out(const char *key)
{
    static const char *const keys[] = { "name", "method", "seed" };

    for (size_t i = 0; i < FYI_LEN(keys); i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    for (const fyi_key *k = fyi_run_keys; k->key != NULL; k++)
        if (strcmp(k->key, key) == 0)
            return k->flags & FYI_KEY_MACHINE;
    return false;
}

static void choose_settings(fyi_runs *runs, counts *c)
{
    for (size_t i = 0; i < runs->n; i++)
        for (size_t k = 0; runs->v[i].recipe != NULL && k < runs->v[i].recipe->entries.n; k++)
            count(runs, c, runs->v[i].recipe->entries.v[k].key);
    qsort(c->v, c->n, sizeof *c->v, by_count);
    for (size_t i = 0; i < c->n && runs->n_settings < FYI_MAX_RUN_SETTINGS; i++)
        if (!is_left_out(c->v[i].name) && differs(runs, c->v[i].name))
            runs->settings[runs->n_settings++] = c->v[i].name;
}

fy_status fyi_runs_compare(fyi_runs *runs)
{
    counts *c = fyi_calloc(2, sizeof *c);

    if (c == NULL)
        return fyi_enomem(2 * sizeof *c, "a page of runs");
    choose_figures(runs, &c[0]);
    choose_settings(runs, &c[1]);
    fyi_free(c);
    return runs->page.no_memory ? fyi_enomem(0, "a page of runs") : FY_OK;
}
