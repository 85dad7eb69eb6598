/* evaluate.c: a predictor over labelled data, batch by batch: figures, and the mistakes that it was surest of. */
#include "train/metrics.h"
#include "train/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_PX = 128 };

/* The evaluation while it is made, and all that it points to. */
typedef struct work {
    fy_evaluation e; /* first: what the caller holds */
    const fy_dataset *data;
    fy_evaluate_opts o;
    fyi_arena arena; /* names */
    fy_scores *scores;
    char *json; /* free() */
    double *p;  /* [k] scratch */
    float *x;   /* scratch: a sample; NULL where no picture is wanted */
    fy_mistake mistakes[FY_MAX_MISTAKES];
    uint8_t *pixels[FY_MAX_MISTAKES]; /* in the order in which they were taken */
    int64_t shrink;                   /* so many pixels of a sample become one, along each side */
    int k;
    double began_s;
} work;

fy_evaluate_opts fy_evaluate_defaults(void)
{
    return (fy_evaluate_opts){ .n_mistakes = 24 };
}

void fy_evaluation_free(fy_evaluation *e)
{
    work *w = (work *)e;

    if (w == NULL)
        return;
    for (int i = 0; i < FY_MAX_MISTAKES; i++)
        fyi_free(w->pixels[i]);
    fyi_free(w->x);
    fyi_free(w->p);
    free(w->json);
    fy_scores_free(w->scores);
    fyi_arena_release(&w->arena);
    fyi_free(w);
}

/* ---- pictures -------------------------------------------------------------------------------- */

/* Anything of one or three planes, or of four, that fits when every few pixels become one. */
static void plan_pictures(work *w)
{
    const fy_shape *s = fy_dataset_shape(w->data);
    int64_t most;

    if (s->rank != 3 || s->d[0] > 4)
        return;
    most = FYI_MAX(s->d[1], s->d[2]);
    w->shrink = (most + LARGEST_PX - 1) / LARGEST_PX;
    w->e.picture =
        FY_SHAPE(s->d[0], FYI_MAX(s->d[1] / w->shrink, 1), FYI_MAX(s->d[2] / w->shrink, 1));
}

/* Takes x to 0..1: x * scale + offset. */
typedef struct stretch {
    float scale, offset;
} stretch;

static stretch stretch_of(const work *w, const float *x, int64_t c)
{
    const fy_pixels *p = w->o.pixels;
    const int64_t n = fy_shape_numel(fy_dataset_shape(w->data));
    float lo = x[0], hi = x[0];

    if (p != NULL && p->deviation[0] > 0)
        return (stretch){ p->deviation[c], p->mean[c] };
    if (p != NULL)
        return (stretch){ 1, 0 };
    for (int64_t i = 0; i < n; i++) {
        lo = fminf(lo, x[i]);
        hi = fmaxf(hi, x[i]);
    }
    return hi > lo ? (stretch){ 1 / (hi - lo), -lo / (hi - lo) } : (stretch){ 0, 0 };
}

/* The mean of a square of shrink by shrink values; x is its corner, rows are `width` apart. */
static float mean_of(const float *x, int64_t shrink, int64_t rows, int64_t columns, int64_t width)
{
    const int64_t h = FYI_MIN(shrink, rows), v = FYI_MIN(shrink, columns);
    float sum = 0;

    for (int64_t i = 0; i < h; i++)
        for (int64_t k = 0; k < v; k++)
            sum += x[i * width + k];
    return sum / (float)(h * v);
}

static uint8_t grey_of(float v)
{
    return (uint8_t)lrintf(fminf(fmaxf(isnan(v) ? 0 : v, 0), 1) * 255);
}

static void draw(const work *w, const float *x, uint8_t *out)
{
    const fy_shape *from = fy_dataset_shape(w->data), *to = &w->e.picture;
    const int64_t width = from->d[2], area = from->d[1] * width, s = w->shrink;

    for (int64_t c = 0; c < to->d[0]; c++) {
        const stretch t = stretch_of(w, x, c);

        for (int64_t i = 0; i < to->d[1]; i++)
            for (int64_t k = 0; k < to->d[2]; k++)
                *out++ =
                    grey_of(t.offset + t.scale * mean_of(x + c * area + i * s * width + k * s, s,
                                                         from->d[1] - i * s, width - k * s, width));
    }
}

/* ---- mistakes -------------------------------------------------------------------------------- */

/* Where one of confidence p goes; equals stay in the order of the samples. */
static int place_of(const work *w, double p)
{
    int at = w->e.n_mistakes;

    while (at > 0 && w->mistakes[at - 1].p < p)
        at--;
    return at;
}

/* Memory for another picture: of the one that falls out, or new. NULL with *st set when out of memory. */
static uint8_t *room_for_picture(work *w, fy_status *st)
{
    const size_t bytes = (size_t)fy_shape_numel(&w->e.picture);
    uint8_t *p;

    if (w->e.n_mistakes == w->o.n_mistakes)
        return (uint8_t *)(uintptr_t)w->mistakes[w->e.n_mistakes - 1].pixels;
    p = w->pixels[w->e.n_mistakes] = fyi_alloc(bytes);
    if (p == NULL)
        *st = fyi_enomem(bytes, "the picture of a mistake");
    return p;
}

/* x: the sample, or NULL where it has to be read. */
static fy_status draw_mistake(work *w, int64_t i, const float *x, uint8_t **pixels)
{
    fy_status st = FY_OK;

    *pixels = room_for_picture(w, &st);
    FYI_FORWARD(st);
    if (x == NULL)
        FYI_FORWARD(
            fy_dataset_get(w->data, i, w->x, fy_shape_numel(fy_dataset_shape(w->data)), NULL));
    draw(w, x != NULL ? x : w->x, *pixels);
    return FY_OK;
}

static fy_status keep_mistake(work *w, const fy_mistake *m, int64_t i, const float *x)
{
    const int at = place_of(w, m->p);
    uint8_t *pixels = NULL;

    if (at >= w->o.n_mistakes)
        return FY_OK;
    if (w->e.picture.rank == 3)
        FYI_FORWARD(draw_mistake(w, i, x, &pixels));
    w->e.n_mistakes = FYI_MIN(w->e.n_mistakes + 1, w->o.n_mistakes);
    memmove(&w->mistakes[at + 1], &w->mistakes[at],
            (size_t)(w->e.n_mistakes - 1 - at) * sizeof *w->mistakes);
    w->mistakes[at] = *m;
    w->mistakes[at].pixels = pixels;
    return FY_OK;
}

/* ---- samples --------------------------------------------------------------------------------- */

static fy_status class_of(const work *w, int64_t i, int32_t *out)
{
    FYI_FORWARD(fy_dataset_label(w->data, i, out));
    if (w->o.class_of != NULL)
        *out = w->o.class_of[*out];
    if (*out < 0 || *out >= w->k)
        return fyi_fail(FY_EINVAL, "sample %lld of '%s' is of class %d, the model knows 0 .. %d",
                        (long long)i, fy_dataset_name(w->data), *out, w->k - 1);
    return FY_OK;
}

static fy_status see(work *w, int64_t i, const float *x, const float *logits)
{
    fy_mistake m = { .origin = fy_dataset_origin(w->data, i),
                     .name = fy_dataset_sample_name(w->data, i) };

    if (fy_dataset_is_broken(w->data, i)) {
        w->e.n_broken++;
        return FY_OK;
    }
    FYI_FORWARD(class_of(w, i, &m.label));
    FYI_FORWARD(fy_scores_add(w->scores, logits, &m.label, 1));
    if (isnan(fyi_softmax(logits, w->k, w->p))) {
        w->e.first_not_finite = w->e.first_not_finite < 0 ? i : w->e.first_not_finite;
        return FY_OK;
    }
    m.predicted = fyi_argmax(logits, w->k);
    m.p = w->p[m.predicted];
    m.p_label = w->p[m.label];
    return m.predicted != m.label ? keep_mistake(w, &m, i, x) : FY_OK;
}

static void tell(const work *w, int64_t n_done)
{
    const fy_progress p = { .stage = "evaluate",
                            .step = n_done,
                            .steps = fy_dataset_count(w->data),
                            .seconds = fyi_now_s() - w->began_s };

    if (w->o.progress != NULL)
        w->o.progress(w->o.progress_arg, &p);
}

static fy_status see_rows(void *arg, const fy_rows *rows)
{
    work *w = arg;
    const int64_t x = fy_shape_numel(fy_dataset_shape(w->data));

    for (int64_t i = 0; i < rows->n; i++)
        FYI_FORWARD(see(w, rows->first + i, rows->x != NULL ? rows->x + i * x : NULL,
                        rows->values + i * w->k));
    tell(w, rows->first + rows->n);
    return FY_OK;
}

/* ---- names ----------------------------------------------------------------------------------- */

static const char *class_name(const work *w, int c)
{
    if (w->o.class_names != NULL)
        return w->o.class_names[c];
    return w->o.class_of == NULL ? fy_dataset_class_name(w->data, c) : NULL;
}

/* Copies, since names are the caller's or the dataset's, of classes and of samples. */
static fy_status own_names(work *w)
{
    const char **names = fyi_arena_alloc(&w->arena, (size_t)w->k * sizeof *names);

    if (names == NULL)
        return fyi_enomem((size_t)w->k * sizeof *names, "class names");
    for (int c = 0; c < w->k; c++) {
        const char *own = class_name(w, c);

        names[c] = own != NULL ? fyi_arena_printf(&w->arena, "%s", own)
                               : fyi_arena_printf(&w->arena, "%d", c);
        if (names[c] == NULL)
            return fyi_enomem(1, "class names");
    }
    for (int i = 0; i < w->e.n_mistakes; i++) {
        fy_mistake *m = &w->mistakes[i];

        if (m->name != NULL && (m->name = fyi_arena_printf(&w->arena, "%s", m->name)) == NULL)
            return fyi_enomem(1, "sample names");
    }
    w->e.class_names = names;
    return FY_OK;
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* s: what is known of one sample. */
static fy_status check(const fy_shape *s, const fy_dataset *data)
{
    char text[FYI_SPEC_CHARS];

    if (!fy_dataset_has_labels(data))
        return fyi_fail(FY_EINVAL, "'%s' has no labels to evaluate by", fy_dataset_name(data));
    if (s->rank != 1 || s->d[0] < 2 || s->d[0] > FY_MAX_SCORED)
        return fyi_fail(
            FY_ESHAPE,
            "evaluating: the last model gives %s per sample, where 2 to %d scores of classes are "
            "expected",
            fy_shape_text(s, text, sizeof text), FY_MAX_SCORED);
    return FY_OK;
}

static fy_status take_sample(work *w)
{
    const size_t n = (size_t)fy_shape_numel(fy_dataset_shape(w->data));

    w->x = fyi_calloc(n, sizeof *w->x);
    return w->x != NULL ? FY_OK : fyi_enomem(n * sizeof *w->x, "an evaluation");
}

static fy_status begin(work *w, int64_t k)
{
    w->k = (int)k;
    w->o.n_mistakes = FYI_MIN(FYI_MAX(w->o.n_mistakes, 0), FY_MAX_MISTAKES);
    w->began_s = fyi_now_s();
    w->e.first_not_finite = -1;
    w->e.mistakes = w->mistakes;
    plan_pictures(w);
    if (w->e.picture.rank == 3 && w->o.n_mistakes > 0)
        FYI_FORWARD(take_sample(w));
    w->p = fyi_calloc((size_t)w->k, sizeof *w->p);
    if (w->p == NULL)
        return fyi_enomem((size_t)w->k * sizeof *w->p, "an evaluation");
    return fy_scores_new(w->k, &w->scores);
}

static fy_status finish(work *w)
{
    FYI_FORWARD(own_names(w));
    FYI_FORWARD(fy_scores_figures(w->scores, &w->e.figures));
    w->json = fyi_evaluation_json(&w->e);
    w->e.json = w->json;
    return w->json != NULL ? FY_OK : fyi_enomem(1024, "an evaluation");
}

/* see_all shows every sample with its logits to the work. */
static fy_status evaluate(const fy_shape *result, const fy_dataset *labelled,
                          const fy_evaluate_opts *o, fy_status (*see_all)(work *w, void *of),
                          void *of, fy_evaluation **out)
{
    work *w;
    fy_status st;

    *out = NULL;
    FYI_FORWARD(check(result, labelled));
    w = fyi_calloc(1, sizeof *w);
    if (w == NULL)
        return fyi_enomem(sizeof *w, "an evaluation");
    w->data = labelled;
    w->o = o != NULL ? *o : fy_evaluate_defaults();
    FY_TRY(begin(w, result->d[0]));
    FY_TRY(see_all(w, of));
    FY_TRY(finish(w));
    *out = &w->e;
    return FY_OK;
done:
    fy_evaluation_free(&w->e);
    return st;
}

static fy_status see_predictions(work *w, void *of)
{
    return fy_predict_each(of, w->data, see_rows, w);
}

fy_status fy_evaluate(fy_predictor *p, const fy_dataset *labelled, const fy_evaluate_opts *o,
                      fy_evaluation **out)
{
    return evaluate(fyi_predictor_result(p), labelled, o, see_predictions, p, out);
}

/* ---- logits that are there ------------------------------------------------------------------- */

static fy_status see_there(work *w, void *of)
{
    const float *const *logits = of; /* [count, k] */
    const int64_t n = fy_dataset_count(w->data);

    for (int64_t i = 0; i < n; i++)
        FYI_FORWARD(see(w, i, NULL, *logits + i * w->k));
    tell(w, n);
    return FY_OK;
}

fy_status fy_evaluate_logits(const fy_tensor *logits, const fy_dataset *labelled,
                             const fy_evaluate_opts *o, fy_evaluation **out)
{
    const fy_shape *s = fy_tensor_shape(logits);
    const fy_shape row = FY_SHAPE(s->rank == 2 ? s->d[1] : 0);
    const float *values = fy_tensor_const_data(logits);

    *out = NULL;
    if (s->rank != 2 || s->d[0] != fy_dataset_count(labelled))
        return fyi_fail(FY_ESHAPE, "%lld rows of logits are to be judged by the %lld labels of '%s'",
                        (long long)s->d[0], (long long)fy_dataset_count(labelled),
                        fy_dataset_name(labelled));
    return evaluate(&row, labelled, o, see_there, &values, out);
}
