/* evaluate_json.c: an evaluation as JSON.
 *
 *   {"accuracy": 0.915, "top5": .., .., "count": 1000, "not_finite": 0, "broken": 0, "classes": 10,
 *    "per_class": [{"class": "dog", "support": .., "predicted": .., "precision": .., "recall": .., "f1": ..}, ..],
 *    "reliability": [{"from": 0, "to": 0.0667, "n": .., "confidence": .., "accuracy": ..}, ..],
 *    "confusion": [[..], ..],
 *    "mistakes": {"shape": [c, h, w], "samples": [{"origin", "name", "label", "predicted", "p", "p_label",
 *                 "pixels": base64 of u8 [c, h, w]}, ..]},
 *    "about": {"precision": "f32", ..}}
 *
 * What nobody knows is null. */
#include "train/json.h"
#include "train/train.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *key;
    size_t at;
} figures[] = {
    { "accuracy", offsetof(fy_figures, accuracy) },
    { "top5", offsetof(fy_figures, top5) },
    { "balanced_accuracy", offsetof(fy_figures, balanced_accuracy) },
    { "macro_precision", offsetof(fy_figures, macro_precision) },
    { "macro_recall", offsetof(fy_figures, macro_recall) },
    { "macro_f1", offsetof(fy_figures, macro_f1) },
    { "weighted_f1", offsetof(fy_figures, weighted_f1) },
    { "matched", offsetof(fy_figures, matched) },
    { "nll", offsetof(fy_figures, nll) },
    { "brier", offsetof(fy_figures, brier) },
    { "ece", offsetof(fy_figures, ece) },
    { "confidence", offsetof(fy_figures, confidence) },
};

static void put_figures(json_t *root, const fy_evaluation *e)
{
    const fy_figures *f = e->figures;

    for (size_t i = 0; i < FYI_LEN(figures); i++)
        (void)json_object_set_new(
            root, figures[i].key,
            fyi_json_of(*(const double *)(const void *)((const char *)f + figures[i].at)));
    (void)json_object_set_new(root, "count", json_integer(f->n));
    (void)json_object_set_new(root, "not_finite", json_integer(f->n_not_finite));
    (void)json_object_set_new(root, "broken", json_integer(e->n_broken));
    (void)json_object_set_new(root, "classes", json_integer(f->n_classes));
}

/* A name that is no UTF-8 cannot be written. */
static json_t *text(const char *s)
{
    json_t *v = s != NULL ? json_string(s) : NULL;

    return v != NULL ? v : json_null();
}

static json_t *classes_list(const fy_evaluation *e)
{
    json_t *list = json_array();

    for (int c = 0; c < e->figures->n_classes; c++) {
        const fy_class_figures *f = &e->figures->classes[c];

        (void)json_array_append_new(
            list, json_pack("{s:o, s:I, s:I, s:I, s:o, s:o, s:o}", "class", text(e->class_names[c]),
                            "support", (json_int_t)f->support, "predicted", (json_int_t)f->predicted,
                            "right", (json_int_t)f->right, "precision", fyi_json_of(f->precision),
                            "recall", fyi_json_of(f->recall), "f1", fyi_json_of(f->f1)));
    }
    return list;
}

static json_t *reliability_list(const fy_figures *f)
{
    json_t *list = json_array();

    for (int b = 0; b < FY_CALIBRATION_BINS; b++)
        (void)json_array_append_new(list, json_pack("{s:f, s:f, s:I, s:o, s:o}", "from",
                                                    (double)b / FY_CALIBRATION_BINS, "to",
                                                    (double)(b + 1) / FY_CALIBRATION_BINS, "n",
                                                    (json_int_t)f->bins[b].n, "confidence",
                                                    fyi_json_of(f->bins[b].confidence), "accuracy",
                                                    fyi_json_of(f->bins[b].accuracy)));
    return list;
}

static json_t *summary_object(const fy_evaluation *e)
{
    json_t *root = json_object();

    put_figures(root, e);
    (void)json_object_set_new(root, "per_class", classes_list(e));
    (void)json_object_set_new(root, "reliability", reliability_list(e->figures));
    return root;
}

/* Takes root; free(). */
static char *dump(json_t *root)
{
    char *out = root != NULL ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;

    json_decref(root);
    return out;
}

char *fyi_evaluation_json(const fy_evaluation *e)
{
    return dump(summary_object(e));
}

/* ---- the file -------------------------------------------------------------------------------- */

static json_t *confusion_rows(const fy_figures *f)
{
    json_t *rows = json_array();

    for (int r = 0; r < f->n_classes; r++) {
        json_t *row = json_array();

        for (int c = 0; c < f->n_classes; c++)
            (void)json_array_append_new(row,
                                        json_integer(f->confusion[(int64_t)r * f->n_classes + c]));
        (void)json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *pixels_text(const fy_evaluation *e, const fy_mistake *m)
{
    fyi_buf b = { 0 };
    json_t *out;

    if (m->pixels == NULL)
        return json_null();
    fyi_base64_put(&b, m->pixels, (size_t)fy_shape_numel(&e->picture));
    out = b.failed ? NULL : json_string(b.p);
    fyi_buf_release(&b);
    return out;
}

static json_t *mistakes_object(const fy_evaluation *e)
{
    json_t *list = json_array();
    const int64_t *d = e->picture.d;

    for (int i = 0; i < e->n_mistakes; i++) {
        const fy_mistake *m = &e->mistakes[i];

        (void)json_array_append_new(
            list, json_pack("{s:I, s:o, s:i, s:i, s:o, s:o, s:o}", "origin", (json_int_t)m->origin,
                            "name", text(m->name), "label", m->label, "predicted", m->predicted,
                            "p", fyi_json_of(m->p), "p_label", fyi_json_of(m->p_label), "pixels",
                            pixels_text(e, m)));
    }
    return json_pack("{s:[I, I, I], s:o}", "shape", (json_int_t)d[0], (json_int_t)d[1],
                     (json_int_t)d[2], "samples", list);
}

static json_t *about_object(const fy_about *about, int n)
{
    json_t *root = json_object();

    for (int i = 0; i < n; i++)
        (void)json_object_set_new(root, about[i].name, text(about[i].value));
    return root;
}

/* free(); NULL when out of memory. */
static char *whole_text(const fy_evaluation *e, const fy_about *about, int n_about)
{
    json_t *root = summary_object(e);

    (void)json_object_set_new(root, "confusion", confusion_rows(e->figures));
    (void)json_object_set_new(root, "mistakes", mistakes_object(e));
    (void)json_object_set_new(root, "about", about_object(about, n_about));
    return dump(root);
}

fy_status fy_evaluation_write(const fy_evaluation *e, const fy_about *about, int n_about,
                              const char *path)
{
    char *out = whole_text(e, about, n_about);
    fy_status st;

    if (out == NULL)
        return fyi_enomem(1024, path);
    st = fyi_file_write(path, out, strlen(out));
    free(out);
    return st;
}

fy_status fy_run_write_evaluation(fy_run *r, const char *name, const fy_evaluation *e,
                                  const fy_about *about, int n_about)
{
    char *out = whole_text(e, about, n_about);
    fy_status st;

    if (out == NULL)
        return fyi_enomem(1024, name);
    st = fy_run_write(r, name, out, strlen(out));
    free(out);
    return st;
}
