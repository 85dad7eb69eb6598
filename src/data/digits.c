/* digits.c: a dataset that the program draws itself, so that a demonstration and a learning test
 * need no file. Sample i is drawn from child i of the stream "digits.<style>". Every ten samples have
 * the ten classes in an order of their own, so that a sample's number does not tell its class: who has
 * the numbers of an unlabelled stream's samples still has no labels. */
#include "data/digits.h"

#include <string.h>

#define N_CLASSES 10
#define MAX_SAMPLES ((int64_t)1 << 31)

typedef struct digit_source {
    fyi_source base;
    fy_digits_opts o;
    fy_rng drawings, classes;
} digit_source;

fy_digits_opts fy_digits_defaults(fy_digit_style style)
{
    return (fy_digits_opts){ .style = style, .n = 1000, .size_px = 28 };
}

fy_status fy_digit_style_find(const char *name, fy_digit_style *out)
{
    const char *names[FY_DIGIT_STYLES + 1] = { NULL };
    const char *nearest;

    for (int s = 0; s < FY_DIGIT_STYLES; s++) {
        names[s] = fy_digit_style_name((fy_digit_style)s);
        if (strcmp(names[s], name) == 0) {
            *out = (fy_digit_style)s;
            return FY_OK;
        }
    }
    nearest = fyi_nearest(name, names);
    if (nearest != NULL)
        return fyi_fail(FY_EINVAL, "no style of drawn digits is called '%s'; did you mean '%s'?",
                        name, nearest);
    return fyi_fail(FY_EINVAL,
                    "no style of drawn digits is called '%s'; there are %s, %s, %s, %s and "
                    "%s",
                    name, names[0], names[1], names[2], names[3], names[4]);
}

static int class_of(const digit_source *d, int64_t i)
{
    fy_rng r = fy_rng_child(&d->classes, (uint64_t)(i / N_CLASSES));
    int64_t order[N_CLASSES];

    for (int k = 0; k < N_CLASSES; k++)
        order[k] = k;
    fy_rng_shuffle(&r, order, N_CLASSES);
    return (int)order[i % N_CLASSES];
}

static fy_status get(const fyi_source *s, int64_t i, float *x, float *scratch)
{
    const digit_source *d = (const digit_source *)s;
    fy_rng r = fy_rng_child(&d->drawings, (uint64_t)i);

    fyi_digit_paint(d->o.style, class_of(d, i), d->o.size_px, s->shape.d[0], &r, x, scratch);
    return FY_OK;
}

static void close_source(fyi_source *s)
{
    fyi_free(s);
}

static const fyi_source_ops ops = { .get = get, .close = close_source };

static fy_status check_opts(const fy_digits_opts *o)
{
    if ((unsigned)o->style >= FY_DIGIT_STYLES)
        return fyi_fail(FY_EINVAL, "drawn digits: %d is no style, there are 0 .. %d", (int)o->style,
                        FY_DIGIT_STYLES - 1);
    if (o->n < 1 || o->n > MAX_SAMPLES)
        return fyi_fail(FY_EINVAL, "drawn digits: %lld samples cannot be drawn, 1 .. %lld can",
                        (long long)o->n, (long long)MAX_SAMPLES);
    if (o->size_px < 8 || o->size_px > 512)
        return fyi_fail(FY_EINVAL, "drawn digits: a size of %lld pixels is out of 8 .. 512",
                        (long long)o->size_px);
    if (o->channels != 0 && o->channels != 1 && o->channels != 3)
        return fyi_fail(FY_EINVAL,
                        "drawn digits: %lld channels; 1 or 3 are possible, 0 for the "
                        "style's own",
                        (long long)o->channels);
    return FY_OK;
}

/* The number of samples is left out: a longer dataset begins with a shorter one. */
static void set_hash(digit_source *d, const char *name)
{
    fyi_sha256 sum;
    char line[160];

    (void)snprintf(line, sizeof line, "ferry digits 2 %s seed %llu size %lld channels %lld", name,
                   (unsigned long long)d->o.seed, (long long)d->o.size_px,
                   (long long)d->base.shape.d[0]);
    fyi_sha256_init(&sum);
    fyi_sha256_update(&sum, line, strlen(line));
    fyi_sha256_hex(&sum, d->base.hash);
    memcpy(d->base.key, d->base.hash, sizeof d->base.key);
}

static fy_status new_source(const fy_digits_opts *o, const char *name, fyi_source **out)
{
    const int64_t channels = o->channels != 0 ? o->channels : fyi_digit_channels(o->style);
    digit_source *d = fyi_calloc(1, sizeof *d);
    char classes[80];

    if (d == NULL)
        return fyi_enomem(sizeof *d, "drawn digits");
    fyi_source_init(&d->base, &ops, o->n, FY_SHAPE(channels, o->size_px, o->size_px));
    d->base.n_scratch = fyi_digit_scratch(o->size_px);
    d->o = *o;
    d->drawings = fy_rng_named(o->seed, name);
    (void)snprintf(classes, sizeof classes, "%s.classes", name);
    d->classes = fy_rng_named(o->seed, classes);
    set_hash(d, name);
    *out = &d->base;
    return FY_OK;
}

fy_status fy_digits_open(const fy_digits_opts *o, fy_dataset **out)
{
    fyi_dataset_spec spec = { .n_classes = N_CLASSES };
    char name[64], how[64];
    int32_t *label = NULL;
    fy_status st;

    *out = NULL;
    FYI_FORWARD(check_opts(o));
    (void)snprintf(name, sizeof name, "digits.%s", fy_digit_style_name(o->style));
    (void)snprintf(how, sizeof how, "; drawn from seed %llu", (unsigned long long)o->seed);
    label = fyi_calloc((size_t)o->n, sizeof *label);
    if (label == NULL)
        return fyi_enomem((size_t)o->n * sizeof *label, "drawn digits");
    FY_TRY(new_source(o, name, &spec.source));
    for (int64_t i = 0; i < o->n; i++)
        label[i] = class_of((const digit_source *)spec.source, i);
    spec.n = o->n;
    spec.label = label;
    spec.name = name;
    spec.how = how;
    st = fyi_dataset_new(&spec, out);
done:
    fyi_source_drop(spec.source);
    fyi_free(label);
    return st;
}
