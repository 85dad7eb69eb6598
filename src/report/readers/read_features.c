/* read_features.c: features.json, features of both domains brought down to a plane.
 *
 *   {"views": [{"when": "before", "domain": "source", "x": [..], "y": [..], "class": [..]}, ...]}
 *
 * before: the first step. last: after the last one. */
#include "report/report.h"

#include <math.h>
#include <string.h>

#define MAX_BYTES ((size_t)64 << 20)
#define MAX_VIEWS 16

/* 0 or 1, the place of `text` in the two words; -1 if it is neither. */
static int which(const json_t *object, const char *key, const char *first, const char *second)
{
    const char *text = json_string_value(json_object_get(object, key));

    if (text == NULL)
        return -1;
    return strcmp(text, first) == 0 ? 0 : strcmp(text, second) == 0 ? 1 : -1;
}

/* Points that are no numbers are left out; how many. */
static size_t read_points(fyi_view *v, const json_t *x, const json_t *y, const json_t *class,
                          size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const json_t *c = json_array_get(class, i);
        const fyi_point at = { fyi_json_real(json_array_get(x, i)),
                               fyi_json_real(json_array_get(y, i)) };

        if (!(fabs(at.x) < 1e12 && fabs(at.y) < 1e12))
            continue;
        v->class[v->n] =
            json_is_integer(c) && json_integer_value(c) >= 0 && json_integer_value(c) < 1000000
                ? (int)json_integer_value(c)
                : -1;
        v->p[v->n++] = at;
    }
    return n - v->n;
}

static void read_view(fyi_report *r, const json_t *from, size_t number)
{
    fyi_view *v = &r->views[r->n_views];
    const json_t *x = json_object_get(from, "x"), *y = json_object_get(from, "y");
    const int when = which(from, "when", "before", "last"),
              domain = which(from, "domain", "source", "target");
    const size_t n = json_array_size(x);
    size_t bad;

    if (when < 0 || domain < 0 || !json_is_array(x) || json_array_size(y) != n) {
        fyi_report_note(r,
                        "features.json: view %zu is left out: it needs \"when\" (before, last), "
                        "\"domain\" (source, "
                        "target), and as many \"x\" as \"y\".",
                        number);
        return;
    }
    *v = (fyi_view){ .is_last = when == 1, .is_target = domain == 1 };
    v->p = fyi_report_alloc(r, n, sizeof *v->p);
    v->class = fyi_report_alloc(r, n, sizeof *v->class);
    if (v->p == NULL || v->class == NULL)
        return;
    bad = read_points(v, x, y, json_object_get(from, "class"), n);
    if (bad > 0)
        fyi_report_note(r,
                        "features.json: %zu points of view %zu are left out: they are not numbers.",
                        bad, number);
    r->n_views++;
}

void fyi_read_features(fyi_report *r)
{
    json_t *root = fyi_report_json(r, "features.json", MAX_BYTES);
    const json_t *list = json_object_get(root, "views");
    const size_t n = FYI_MIN(json_array_size(list), MAX_VIEWS);

    if (root != NULL && !json_is_array(list))
        fyi_report_note(r, "features.json is left out: it has no list \"views\".");
    r->views = n > 0 ? fyi_report_alloc(r, n, sizeof *r->views) : NULL;
    for (size_t i = 0; r->views != NULL && i < n; i++)
        read_view(r, json_array_get(list, i), i);
    json_decref(root);
}
