/* shift.c: vectors as another instrument would have measured them: a domain shift whose size is known.
 *
 *   x' = D R x + v + noise     R turns columns in pairs by +-rotate_deg, D = diag(exp(scale u)), v = offset w, u and w normal */
#include "data/data.h"

#include <math.h>
#include <string.h>

typedef struct shift_source {
    fyi_source base;
    fy_shift_opts o;
    int64_t *column;        /* [columns], in pairs: 0 and 1, 2 and 3 ... */
    float *sine;            /* [columns / 2] of each pair's angle */
    float *factor, *offset; /* [columns] */
    fyi_arena arena;
} shift_source;

fy_shift_opts fy_shift_defaults(void)
{
    return (fy_shift_opts){ 0 };
}

/* ---- a sample -------------------------------------------------------------------------------- */

static void turn(const shift_source *s, float *x)
{
    const float cosine = (float)cos(s->o.rotate_deg * 3.14159265358979323846 / 180);

    for (int64_t k = 0; k + 1 < s->base.shape.d[0]; k += 2) {
        float *a = &x[s->column[k]], *b = &x[s->column[k + 1]];
        const float sine = s->sine[k / 2], was = *a;

        *a = cosine * was - sine * *b;
        *b = sine * was + cosine * *b;
    }
}

static fy_status get(const fyi_source *source, int64_t i, float *x, float *scratch)
{
    const shift_source *s = (const shift_source *)source;
    const fy_rng all = fy_rng_named(s->o.seed, "shift.noise");
    fy_rng r = fy_rng_child(&all, (uint64_t)i);

    FYI_FORWARD(source->inner->ops->get(source->inner, i, x, scratch));
    turn(s, x);
    for (int64_t c = 0; c < source->shape.d[0]; c++) {
        x[c] = s->factor[c] * x[c] + s->offset[c];
        if (s->o.noise > 0)
            x[c] += (float)s->o.noise * fy_rng_normal(&r);
    }
    return FY_OK;
}

static void close_source(fyi_source *source)
{
    shift_source *s = (shift_source *)source;

    fyi_arena_release(&s->arena);
    fyi_free(s);
}

static const fyi_source_ops ops = { .get = get, .close = close_source };

/* ---- drawing --------------------------------------------------------------------------------- */

static void draw(shift_source *s)
{
    const int64_t n = s->base.shape.d[0];
    const float sine = (float)sin(s->o.rotate_deg * 3.14159265358979323846 / 180);
    fy_rng pairs = fy_rng_named(s->o.seed, "shift.pairs");
    fy_rng factors = fy_rng_named(s->o.seed, "shift.factors");
    fy_rng offsets = fy_rng_named(s->o.seed, "shift.offsets");

    for (int64_t c = 0; c < n; c++) {
        const int64_t at = (int64_t)fy_rng_below(&pairs, (uint64_t)c + 1);

        s->column[c] = s->column[at];
        s->column[at] = c;
        s->factor[c] = expf((float)s->o.scale * fy_rng_normal(&factors));
        s->offset[c] = (float)s->o.offset * fy_rng_normal(&offsets);
    }
    for (int64_t k = 0; k + 1 < n; k += 2)
        s->sine[k / 2] = fy_rng_below(&pairs, 2) == 0 ? sine : -sine;
}

static fy_status check(const fy_dataset *d, const fy_shift_opts *o)
{
    char text[FYI_SPEC_CHARS];
    const fy_shape *shape = fy_dataset_shape(d);
    const double amounts[] = { o->rotate_deg, o->scale, o->offset, o->noise };

    if (shape->rank != 1)
        return fyi_fail(FY_ESHAPE, "dataset '%s': samples are %s; only vectors are shifted",
                        d->name, fy_shape_text(shape, text, sizeof text));
    for (size_t i = 0; i < FYI_LEN(amounts); i++)
        if (!(amounts[i] >= 0) || !isfinite(amounts[i]))
            return fyi_fail(FY_EINVAL, "dataset '%s': a shift by %g; expected 0 or more", d->name,
                            amounts[i]);
    return FY_OK;
}

static void set_key(shift_source *s)
{
    fyi_sha256 sum;
    char line[192];

    (void)snprintf(line, sizeof line, "shift 1 %a %a %a %a %llu\n", s->o.rotate_deg, s->o.scale,
                   s->o.offset, s->o.noise, (unsigned long long)s->o.seed);
    fyi_sha256_init(&sum);
    fyi_sha256_update(&sum, s->base.inner->key, 64);
    fyi_sha256_update(&sum, line, strlen(line));
    fyi_sha256_hex(&sum, s->base.key);
}

static fy_status new_source(fyi_source *inner, const fy_shift_opts *o, shift_source **out)
{
    const size_t n = (size_t)inner->shape.d[0];
    shift_source *s = fyi_calloc(1, sizeof *s);

    if (s == NULL)
        return fyi_enomem(sizeof *s, "a dataset");
    fyi_source_init_over(&s->base, &ops, inner, inner->shape);
    s->base.n_scratch = inner->n_scratch;
    s->base.was_scaled = true;
    s->o = *o;
    s->column = fyi_arena_alloc(&s->arena, n * sizeof *s->column);
    s->sine = fyi_arena_alloc(&s->arena, (n / 2 + 1) * sizeof *s->sine);
    s->factor = fyi_arena_alloc(&s->arena, n * sizeof *s->factor);
    s->offset = fyi_arena_alloc(&s->arena, n * sizeof *s->offset);
    if (s->column == NULL || s->sine == NULL || s->factor == NULL || s->offset == NULL) {
        fyi_source_drop(&s->base);
        return fyi_enomem(n * sizeof *s->column, "a shift");
    }
    draw(s);
    set_key(s);
    *out = s;
    return FY_OK;
}

fy_status fy_dataset_shift(const fy_dataset *d, const fy_shift_opts *o, fy_dataset **out)
{
    fyi_dataset_spec spec = fyi_dataset_spec_of(d);
    shift_source *s;
    fyi_buf how = { 0 };
    fy_status st;

    *out = NULL;
    FYI_FORWARD(check(d, o));
    FYI_FORWARD(new_source(d->source, o, &s));
    fyi_buf_printf(
        &how, "%s; shifted: turned by %g degrees, factors %g, offsets %g, noise %g, seed %llu",
        d->how, o->rotate_deg, o->scale, o->offset, o->noise, (unsigned long long)o->seed);
    spec.source = &s->base;
    spec.how = how.p;
    st = how.failed ? fyi_enomem(64, "a dataset's text") : fyi_dataset_new(&spec, out);
    fyi_buf_release(&how);
    fyi_source_drop(&s->base);
    return st;
}
