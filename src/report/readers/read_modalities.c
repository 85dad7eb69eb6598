/* read_modalities.c: fuse.json of a run that learned from several modalities.
 *
 *   {"method": "dgl", "modalities": ["image", "sound"], "weak": "sound", "samples": 500, "is_test": true, "fused": 0.98,
 *    "fused_val": 0.97, "without": 0.1, "epochs": 20, "best_epoch": 12, "moved": 123456,
 *    "branches": [{"name": "image", "accuracy": 0.95, "val": .., "probe": .., "shapley": .., "unique": .., "beta": null}, ..],
 *    "subsets": [{"parts": ["image"], "accuracy": 0.95}, ..]} */
#include "report/report.h"

#include <math.h>
#include <string.h>

#define FILE_NAME "fuse.json"
#define MAX_BYTES ((size_t)1 << 20)

/* Classifiers may be sure and wrong, but nothing is known to so many nats. */
#define MOST_NATS 1000.0
#define MOST_BETA 1e6

/* clang-format off */
#define AT(member) offsetof(fyi_modality, member)
static const struct figure { const char *key; size_t at; double lo, hi; } figures[] = {
    { "accuracy", AT(accuracy), 0, 1 },
    { "val", AT(val), 0, 1 },
    { "probe", AT(probe), 0, 1 },
    { "shapley", AT(shapley), -1, 1 },
    { "unique", AT(unique), -MOST_NATS, MOST_NATS },
    { "beta", AT(beta), 0, MOST_BETA },
};
#undef AT
/* clang-format on */

static double *figure_of(fyi_modality *v, const struct figure *f)
{
    return (double *)(void *)((char *)v + f->at);
}

/* -1 for what is no name of one. */
static int find(const fyi_modalities *m, const json_t *name)
{
    const char *s = json_string_value(name);

    for (int i = 0; s != NULL && i < m->n; i++)
        if (strcmp(m->v[i].name, s) == 0)
            return i;
    return -1;
}

static void add(fyi_report *r, const char *name)
{
    fyi_modality *v = &r->modalities.v[r->modalities.n++];

    *v = (fyi_modality){ .name = fyi_report_dup(r, name) };
    for (size_t i = 0; i < FYI_LEN(figures); i++)
        *figure_of(v, &figures[i]) = NAN;
}

/* False unless they are 1 to 8 different ones. */
static bool read_names(fyi_report *r, const json_t *list)
{
    const size_t n = json_array_size(list);

    for (size_t i = 0; n <= FY_MAX_MODALITIES && i < n; i++) {
        const json_t *name = json_array_get(list, i);

        if (json_string_length(name) == 0 || find(&r->modalities, name) >= 0)
            return false;
        add(r, json_string_value(name));
    }
    return r->modalities.n > 0;
}

/* ---- branches ------------------------------------------------------------------------------------------- */

static double read_figure(fyi_report *r, const json_t *from, const struct figure *f, const char *of)
{
    const json_t *v = json_object_get(from, f->key);
    const double x = fyi_json_real(v);

    if (v == NULL || json_is_null(v) || (x >= f->lo && x <= f->hi))
        return x;
    fyi_report_note(
        r, FILE_NAME ": \"%s\" of %.40s is not a number from %g to %g; it is shown as unknown.",
        f->key, of, f->lo, f->hi);
    return NAN;
}

static void read_branches(fyi_report *r, const json_t *list)
{
    const size_t n = json_array_size(list);
    size_t bad = 0;

    for (size_t i = 0; i < n; i++) {
        const json_t *from = json_array_get(list, i);
        const int at = find(&r->modalities, json_object_get(from, "name"));
        fyi_modality *v = at >= 0 ? &r->modalities.v[at] : NULL;

        for (size_t k = 0; v != NULL && k < FYI_LEN(figures); k++)
            *figure_of(v, &figures[k]) = read_figure(r, from, &figures[k], v->name);
        bad += v == NULL;
    }
    if (bad > 0)
        fyi_report_note(
            r, FILE_NAME ": %zu branches are left out: they are of none of the modalities.", bad);
}

/* ---- subsets -------------------------------------------------------------------------------------------- */

/* Bits of different modalities; 0 for anything else. */
static unsigned read_parts(const fyi_modalities *m, const json_t *list)
{
    const size_t n = json_array_size(list);
    unsigned s = 0;

    for (size_t i = 0; i < n; i++) {
        const int at = find(m, json_array_get(list, i));

        if (at < 0 || (s >> at & 1) != 0)
            return 0;
        s |= 1u << at;
    }
    return s;
}

static bool read_subset(fyi_modalities *m, const json_t *from)
{
    const unsigned s = read_parts(m, json_object_get(from, "parts"));
    const json_t *accuracy = json_object_get(from, "accuracy");
    const double v = fyi_json_real(accuracy);

    if (s == 0 || isfinite(m->subset[s]) || !(json_is_null(accuracy) || (v >= 0 && v <= 1)))
        return false;
    m->subset[s] = v;
    return true;
}

static void read_subsets(fyi_report *r, const json_t *list, double without)
{
    const size_t n = json_array_size(list);
    size_t bad = 0;

    for (size_t s = 0; s < FYI_SUBSETS; s++)
        r->modalities.subset[s] = NAN;
    r->modalities.subset[0] = without;
    for (size_t i = 0; i < n; i++)
        bad += !read_subset(&r->modalities, json_array_get(list, i));
    if (bad > 0)
        fyi_report_note(r,
                        FILE_NAME ": %zu subsets are left out: each needs \"parts\", modalities "
                                  "that no other has, and an \"accuracy\" from 0 to 1 or null.",
                        bad);
}

/* ---- the whole ------------------------------------------------------------------------------------------ */

/* On validation, which chooses; where that is unknown, as it ended. */
static double merit_of(const fyi_modality *v)
{
    return isfinite(v->val) ? v->val : v->accuracy;
}

static int worst_of(const fyi_modalities *m)
{
    int worst = -1;

    for (int i = 0; i < m->n; i++)
        if (isfinite(merit_of(&m->v[i])) &&
            (worst < 0 || merit_of(&m->v[i]) < merit_of(&m->v[worst])))
            worst = i;
    return worst;
}

static void read_weak(fyi_report *r, const json_t *name)
{
    fyi_modalities *m = &r->modalities;

    m->weak = find(m, name);
    if (m->weak < 0 && name != NULL && !json_is_null(name))
        fyi_report_note(r, FILE_NAME ": \"weak\" is none of the modalities; the worst on "
                                     "validation is taken for it.");
    if (m->weak < 0)
        m->weak = worst_of(m);
}

static void read_run(fyi_report *r, const json_t *root)
{
    fyi_modalities *m = &r->modalities;

    m->is_there = true;
    m->is_test = json_is_true(json_object_get(root, "is_test"));
    m->method = fyi_json_text(r, root, "method");
    m->fused = fyi_json_share(r, FILE_NAME, root, "fused");
    m->fused_val = fyi_json_share(r, FILE_NAME, root, "fused_val");
    m->samples = fyi_json_whole(root, "samples");
    m->best_epoch = fyi_json_whole(root, "best_epoch");
    m->epochs = fyi_json_whole(root, "epochs");
    m->moved = fyi_json_whole(root, "moved");
    read_branches(r, json_object_get(root, "branches"));
    read_subsets(r, json_object_get(root, "subsets"), fyi_json_share(r, FILE_NAME, root, "without"));
    read_weak(r, json_object_get(root, "weak"));
}

void fyi_read_modalities(fyi_report *r)
{
    json_t *root = fyi_report_json(r, FILE_NAME, MAX_BYTES);

    if (root != NULL && read_names(r, json_object_get(root, "modalities")))
        read_run(r, root);
    else if (root != NULL)
        fyi_report_note(r,
                        FILE_NAME
                        " is left out: it needs \"modalities\", a list of 1 to %d different names.",
                        FY_MAX_MODALITIES);
    json_decref(root);
}
