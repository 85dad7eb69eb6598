/* read_eval.c: eval.json, an evaluation as fy_evaluation_write leaves it (src/train/evaluate_json.c has its form).
 *
 * Everything that is drawn is counted against "classes", the number of "per_class"; what does not go with that is
 * left out with a note. */
#include "report/report.h"

#include <math.h>
#include <string.h>

#define FILE_NAME "eval.json"
#define MAX_BYTES ((size_t)256 << 20)
#define MAX_CLASSES 8192
#define MAX_DRAWN 2048 /* classes of a confusion matrix */
#define MAX_BINS 100
#define MAX_MISTAKES 64
#define MAX_SIDE 512
#define MAX_ABOUT 64

static const struct {
    const char *key;
    size_t at;
    bool is_share; /* within 0..1 */
} figures[] = {
    { "accuracy", offsetof(fyi_eval, accuracy), true },
    { "top5", offsetof(fyi_eval, top5), true },
    { "balanced_accuracy", offsetof(fyi_eval, balanced), true },
    { "macro_precision", offsetof(fyi_eval, macro_precision), true },
    { "macro_recall", offsetof(fyi_eval, macro_recall), true },
    { "macro_f1", offsetof(fyi_eval, macro_f1), true },
    { "matched", offsetof(fyi_eval, matched), true },
    { "ece", offsetof(fyi_eval, ece), true },
    { "confidence", offsetof(fyi_eval, confidence), true },
    { "nll", offsetof(fyi_eval, nll), false },
    { "brier", offsetof(fyi_eval, brier), false },
};

static void read_figures(fyi_report *r, const json_t *root)
{
    for (size_t i = 0; i < FYI_LEN(figures); i++) {
        double *to = (double *)(void *)((char *)&r->eval + figures[i].at);

        *to = figures[i].is_share ? fyi_json_share(r, FILE_NAME, root, figures[i].key)
                                  : fyi_json_number(root, figures[i].key);
    }
    r->eval.count = fyi_json_whole(root, "count");
    r->eval.broken = fyi_json_whole(root, "broken");
}

static void read_classes(fyi_report *r, const json_t *list)
{
    fyi_eval *e = &r->eval;
    const size_t n = json_array_size(list);

    if (n > MAX_CLASSES) {
        fyi_report_note(r, FILE_NAME ": %zu classes are more than the %d that can be shown.", n,
                        MAX_CLASSES);
        return;
    }
    e->classes = fyi_report_alloc(r, n, sizeof *e->classes);
    for (size_t i = 0; e->classes != NULL && i < n; i++) {
        const json_t *from = json_array_get(list, i);
        const char *name = json_string_value(json_object_get(from, "class"));

        e->classes[e->n_classes++] =
            (fyi_eval_class){ fyi_report_dup(r, name != NULL ? name : fyi_plain((int64_t)i).s),
                              fyi_json_whole(from, "support"),
                              fyi_json_whole(from, "predicted"),
                              fyi_json_share(r, FILE_NAME, from, "precision"),
                              fyi_json_share(r, FILE_NAME, from, "recall"),
                              fyi_json_share(r, FILE_NAME, from, "f1") };
    }
}

static bool read_row(const json_t *list, int64_t *row, int n)
{
    if (json_array_size(list) != (size_t)n)
        return false;
    for (int i = 0; i < n; i++) {
        const json_t *v = json_array_get(list, (size_t)i);

        if (!json_is_integer(v) || json_integer_value(v) < 0)
            return false;
        row[i] = json_integer_value(v);
    }
    return true;
}

static void read_confusion(fyi_report *r, const json_t *rows)
{
    fyi_eval *e = &r->eval;
    const int n = e->n_classes;
    int64_t *table;
    int i = 0;

    if (n > MAX_DRAWN || rows == NULL)
        return;
    table = fyi_report_alloc(r, (size_t)n * (size_t)n, sizeof *table);
    while (table != NULL && i < n && read_row(json_array_get(rows, (size_t)i), table + i * n, n))
        i++;
    if (i == n && json_array_size(rows) == (size_t)n)
        e->confusion = table;
    else
        fyi_report_note(
            r,
            FILE_NAME
            ": the confusion matrix is left out: it is not a table of %d times %d counts.",
            n, n);
}

static void read_bins(fyi_report *r, const json_t *list)
{
    fyi_eval *e = &r->eval;
    const size_t n = FYI_MIN(json_array_size(list), MAX_BINS);

    e->bins = fyi_report_alloc(r, n, sizeof *e->bins);
    for (size_t i = 0; e->bins != NULL && i < n; i++) {
        const json_t *from = json_array_get(list, i);

        e->bins[e->n_bins++] =
            (fyi_eval_bin){ fyi_json_share(r, FILE_NAME, from, "from"),
                            fyi_json_share(r, FILE_NAME, from, "to"), fyi_json_whole(from, "n"),
                            fyi_json_share(r, FILE_NAME, from, "confidence"),
                            fyi_json_share(r, FILE_NAME, from, "accuracy") };
    }
}

/* ---- mistakes -------------------------------------------------------------------------------- */

/* Three sizes that a picture can have; c 0: there are no pictures. */
static void read_shape(fyi_eval *e, const json_t *list)
{
    int64_t *const to[3] = { &e->c, &e->h, &e->w };

    for (size_t i = 0; i < 3; i++) {
        const json_t *v = json_array_get(list, i);

        *to[i] = json_is_integer(v) ? (int64_t)json_integer_value(v) : 0;
        if (*to[i] < 1 || *to[i] > MAX_SIDE) {
            e->c = 0;
            return;
        }
    }
}

static const uint8_t *read_pixels(fyi_report *r, const json_t *text)
{
    const size_t bytes = (size_t)(r->eval.c * r->eval.h * r->eval.w);
    uint8_t *pixels;

    if (!json_is_string(text) || r->eval.c == 0)
        return NULL;
    pixels = fyi_report_alloc(r, bytes, 1);
    if (pixels == NULL ||
        fyi_base64_decode(json_string_value(text), pixels, bytes) != (int64_t)bytes)
        return NULL;
    return pixels;
}

static bool read_mistake(fyi_report *r, const json_t *from, fyi_eval_mistake *m)
{
    const int64_t label = fyi_json_whole(from, "label"),
                  predicted = fyi_json_whole(from, "predicted");

    if (label < 0 || label >= r->eval.n_classes || predicted < 0 || predicted >= r->eval.n_classes)
        return false;
    *m = (fyi_eval_mistake){ .name = fyi_json_text(r, from, "name"),
                             .origin = fyi_json_whole(from, "origin"),
                             .label = (int)label,
                             .predicted = (int)predicted,
                             .p = fyi_json_share(r, FILE_NAME, from, "p"),
                             .p_label = fyi_json_share(r, FILE_NAME, from, "p_label"),
                             .pixels = read_pixels(r, json_object_get(from, "pixels")) };
    return true;
}

static void read_mistakes(fyi_report *r, const json_t *from)
{
    fyi_eval *e = &r->eval;
    const json_t *list = json_object_get(from, "samples");
    const size_t n = FYI_MIN(json_array_size(list), MAX_MISTAKES);

    read_shape(e, json_object_get(from, "shape"));
    e->mistakes = fyi_report_alloc(r, n, sizeof *e->mistakes);
    for (size_t i = 0; e->mistakes != NULL && i < n; i++)
        e->n_mistakes +=
            read_mistake(r, json_array_get(list, i), &e->mistakes[e->n_mistakes]) ? 1 : 0;
    if (e->n_mistakes < n)
        fyi_report_note(r, FILE_NAME ": %zu mistakes are left out: they are of no known class.",
                        n - e->n_mistakes);
}

static void read_about(fyi_report *r, json_t *from)
{
    fyi_eval *e = &r->eval;
    const char *name;
    json_t *value;

    e->about = fyi_report_alloc(r, MAX_ABOUT, sizeof *e->about);
    json_object_foreach(from, name, value)
    {
        if (e->about == NULL || e->n_about == MAX_ABOUT || !json_is_string(value))
            continue;
        e->about[e->n_about].name = fyi_report_dup(r, name);
        e->about[e->n_about++].value = fyi_report_dup(r, json_string_value(value));
    }
}

void fyi_read_eval(fyi_report *r)
{
    json_t *root = fyi_report_json(r, FILE_NAME, MAX_BYTES);

    if (root == NULL)
        return;
    r->eval.is_there = true;
    read_figures(r, root);
    read_classes(r, json_object_get(root, "per_class"));
    read_confusion(r, json_object_get(root, "confusion"));
    read_bins(r, json_object_get(root, "reliability"));
    read_mistakes(r, json_object_get(root, "mistakes"));
    read_about(r, json_object_get(root, "about"));
    json_decref(root);
}

/* ---- looking things up ----------------------------------------------------------------------- */

const char *fyi_eval_about(const fyi_eval *e, const char *name)
{
    for (size_t i = 0; i < e->n_about; i++)
        if (strcmp(e->about[i].name, name) == 0)
            return e->about[i].value;
    return "";
}

int fyi_eval_confused(const fyi_eval *e, int c, int64_t *times)
{
    int most = -1;

    *times = 0;
    for (int i = 0; e->confusion != NULL && i < e->n_classes; i++) {
        const int64_t n = e->confusion[(int64_t)c * e->n_classes + i];

        if (i == c || n <= *times)
            continue;
        most = i;
        *times = n;
    }
    return most;
}
