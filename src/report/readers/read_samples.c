/* read_samples.c: samples.json, target samples and what was said of them before the first step and after the last.
 *
 *   {"shape": [c, h, w], "classes": ["0", ..], "samples": [{"index": 5, "pixels": base64 of u8 [c, h, w],
 *    "before": {"class": 3, "p": 0.98}, "last": {..}}, ..]} */
#include "report/report.h"

#include <math.h>

#define MAX_BYTES ((size_t)64 << 20)
#define MAX_SIDE 512
#define MAX_PIXELS (3 * 256 * 256)
#define MAX_SAMPLES 64
#define MAX_CLASSES 10000

/* A list of three sizes; false if it is not one that can be drawn. */
static bool read_shape(fyi_samples *s, const json_t *list)
{
    int64_t *const to[3] = { &s->c, &s->h, &s->w };

    for (size_t i = 0; i < 3; i++) {
        const json_t *v = json_array_get(list, i);

        *to[i] = json_is_integer(v) ? (int64_t)json_integer_value(v) : 0;
        if (*to[i] < 1 || *to[i] > MAX_SIDE)
            return false;
    }
    return json_array_size(list) == 3 && s->c * s->h * s->w <= MAX_PIXELS;
}

static void read_classes(fyi_report *r, const json_t *list)
{
    fyi_samples *s = &r->samples;
    const size_t n = FYI_MIN(json_array_size(list), MAX_CLASSES);

    s->classes = fyi_report_alloc(r, n, sizeof *s->classes);
    for (size_t i = 0; s->classes != NULL && i < n; i++) {
        const char *name = json_string_value(json_array_get(list, i));

        s->classes[s->n_classes++] =
            fyi_report_dup(r, name != NULL ? name : fyi_plain((int64_t)i).s);
    }
}

static fyi_guess read_guess(const json_t *from)
{
    const int64_t class = fyi_json_whole(from, "class");
    const double p = fyi_json_number(from, "p");

    return (fyi_guess){ class < MAX_CLASSES ? (int)class : -1, p >= 0 && p <= 1 ? p : (double)NAN };
}

static bool read_sample(fyi_report *r, const json_t *from, fyi_sample *v)
{
    const size_t bytes = (size_t)(r->samples.c * r->samples.h * r->samples.w);
    const char *text = json_string_value(json_object_get(from, "pixels"));

    v->index = fyi_json_whole(from, "index");
    v->before = read_guess(json_object_get(from, "before"));
    v->last = read_guess(json_object_get(from, "last"));
    v->pixels = fyi_report_alloc(r, bytes, 1);
    return text != NULL && v->pixels != NULL &&
           fyi_base64_decode(text, v->pixels, bytes) == (int64_t)bytes;
}

static void read_all(fyi_report *r, const json_t *root)
{
    const json_t *list = json_object_get(root, "samples");
    const size_t n = FYI_MIN(json_array_size(list), MAX_SAMPLES);
    size_t bad = 0;

    read_classes(r, json_object_get(root, "classes"));
    if (!json_is_array(list) || !read_shape(&r->samples, json_object_get(root, "shape"))) {
        fyi_report_note(r,
                        "samples.json: pictures are left out: it needs a list \"samples\" and a "
                        "\"shape\" [c, h, w] of at "
                        "most %d values.",
                        MAX_PIXELS);
        return;
    }
    r->samples.v = fyi_report_alloc(r, n, sizeof *r->samples.v);
    for (size_t i = 0; r->samples.v != NULL && i < n; i++) {
        if (read_sample(r, json_array_get(list, i), &r->samples.v[r->samples.n]))
            r->samples.n++;
        else
            bad++;
    }
    if (bad > 0)
        fyi_report_note(
            r, "samples.json: %zu samples are left out: their pixels are not base64 of the shape's size.",
            bad);
}

void fyi_read_samples(fyi_report *r)
{
    json_t *root = fyi_report_json(r, "samples.json", MAX_BYTES);

    if (root != NULL)
        read_all(r, root);
    json_decref(root);
}
