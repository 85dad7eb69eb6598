/* windows.c: long series cut into windows of one length, which may overlap.
 *
 *   recording i [c, t] -> windows i * per .. i * per + per - 1, [c, length] from 0, step, 2 step, ...
 * Windows of one recording resemble each other more than those of two, so they are of one group: the recording's own, or
 * else the recording itself. */
#include "data/data.h"

#include <string.h>

typedef struct windows {
    fyi_source base;
    fyi_source *inner; /* of its own: sample numbers are others there */
    int64_t per, step;
} windows;

static fy_status get(const fyi_source *s, int64_t i, float *x, float *scratch)
{
    const windows *w = (const windows *)s;
    const int64_t t = w->inner->shape.d[1], length = s->shape.d[1];
    const float *from = scratch + i % w->per * w->step;

    FYI_FORWARD(w->inner->ops->get(w->inner, i / w->per, scratch,
                                   scratch + fy_shape_numel(&w->inner->shape)));
    for (int64_t c = 0; c < s->shape.d[0]; c++)
        memcpy(x + c * length, from + c * t, (size_t)length * sizeof *x);
    return FY_OK;
}

static const char *name_of(const fyi_source *s, int64_t i)
{
    const windows *w = (const windows *)s;

    return fyi_source_sample_name(w->inner, i / w->per);
}

static const char *key_of(const fyi_source *s, int64_t i)
{
    const windows *w = (const windows *)s;

    return fyi_source_key(w->inner, i / w->per);
}

static bool is_broken(const fyi_source *s, int64_t i)
{
    const windows *w = (const windows *)s;

    return fyi_source_is_broken(w->inner, i / w->per);
}

static void close_source(fyi_source *s)
{
    fyi_source_drop(((windows *)s)->inner);
    fyi_free(s);
}

static const fyi_source_ops ops = {
    .get = get, .close = close_source, .name = name_of, .key = key_of, .is_broken = is_broken
};

static fy_status check(const fy_dataset *d, int64_t length, int64_t step)
{
    const fy_shape *s = fy_dataset_shape(d);
    char text[96];

    if (s->rank != 2)
        return fyi_fail(FY_ESHAPE,
                        "dataset '%s': samples are %s; windows are cut of series [channels, t]",
                        d->name, fy_shape_text(s, text, sizeof text));
    if (length < 1 || length > s->d[1] || step < 1)
        return fyi_fail(FY_EINVAL,
                        "dataset '%s': windows of %lld every %lld cannot be cut of series of %lld; "
                        "length is 1 .. %lld, step 1 or more",
                        d->name, (long long)length, (long long)step, (long long)s->d[1],
                        (long long)s->d[1]);
    return FY_OK;
}

/* Sample numbers mean windows here: another source, but the groups are those of the recordings' source. */
static void set_hashes(windows *w)
{
    fyi_sha256 sum;
    char line[96];

    (void)snprintf(line, sizeof line, "windows 1 %lld %lld", (long long)w->base.shape.d[1],
                   (long long)w->step);
    fyi_sha256_init(&sum);
    fyi_sha256_update(&sum, w->inner->hash, 64);
    fyi_sha256_update(&sum, line, strlen(line));
    fyi_sha256_hex(&sum, w->base.hash);
    fyi_sha256_init(&sum);
    fyi_sha256_update(&sum, w->inner->key, 64);
    fyi_sha256_update(&sum, line, strlen(line));
    fyi_sha256_hex(&sum, w->base.key);
}

static fy_status new_source(fyi_source *inner, int64_t length, int64_t step, windows **out)
{
    const int64_t per = (inner->shape.d[1] - length) / step + 1;
    windows *w = fyi_calloc(1, sizeof *w);

    if (w == NULL)
        return fyi_enomem(sizeof *w, "a dataset");
    fyi_source_init(&w->base, &ops, inner->n * per, FY_SHAPE(inner->shape.d[0], length));
    w->inner = fyi_source_ref(inner);
    w->base.n_scratch = inner->n_scratch + (size_t)fy_shape_numel(&inner->shape);
    w->base.is_slow = inner->is_slow;
    w->base.rate_hz = inner->rate_hz;
    w->base.broken = inner->broken;
    w->base.n_broken = inner->n_broken;
    memcpy(w->base.groups_of, fyi_source_groups_of(inner), sizeof w->base.groups_of);
    w->base.was_scaled = true;
    w->per = per;
    w->step = step;
    set_hashes(w);
    *out = w;
    return FY_OK;
}

/* ---- the dataset ----------------------------------------------------------------------------- */

/* Recordings as groups: by what they are called, or their numbers in the source. */
static const char *const *name_recordings(const fy_dataset *d, fyi_arena *arena)
{
    const char **names = fyi_arena_alloc(arena, (size_t)d->n * sizeof *names);

    for (int64_t i = 0; names != NULL && i < d->n; i++) {
        const char *name = fy_dataset_sample_name(d, i);

        names[i] = name != NULL
                       ? name
                       : fyi_arena_printf(arena, "%lld", (long long)fyi_dataset_source_number(d, i));
        if (names[i] == NULL)
            return NULL;
    }
    return names;
}

static fy_status fill_spec(const fy_dataset *d, int64_t per, fyi_arena *arena,
                           fyi_dataset_spec *spec)
{
    const size_t n = (size_t)(d->n * per);
    int64_t *index = fyi_arena_alloc(arena, n * sizeof *index);
    int32_t *label = fyi_arena_alloc(arena, n * sizeof *label);
    int32_t *group = fyi_arena_alloc(arena, n * sizeof *group);

    if (d->group == NULL) {
        spec->n_groups = (int)d->n;
        spec->group_names = name_recordings(d, arena);
    }
    if (index == NULL || label == NULL || group == NULL || spec->group_names == NULL)
        return fyi_enomem(n * sizeof *index, "windows");
    for (int64_t i = 0; i < d->n * per; i++) {
        index[i] = fyi_dataset_source_number(d, i / per) * per + i % per;
        label[i] = d->label != NULL ? d->label[i / per] : 0;
        group[i] = d->group != NULL ? d->group[i / per] : (int32_t)(i / per);
    }
    spec->n = d->n * per;
    spec->index = index;
    spec->label = d->label != NULL ? label : NULL;
    spec->group = group;
    return FY_OK;
}

fy_status fy_dataset_windows(const fy_dataset *d, int64_t length, int64_t step, fy_dataset **out)
{
    fyi_dataset_spec spec = fyi_dataset_spec_of(d);
    fyi_arena arena = { 0 };
    windows *w = NULL;
    fy_status st;

    *out = NULL;
    FYI_FORWARD(check(d, length, step));
    if (d->n > INT32_MAX)
        return fyi_fail(FY_EINVAL, "dataset '%s': too many recordings for windows", d->name);
    FYI_FORWARD(new_source(d->source, length, step, &w));
    FY_TRY(fill_spec(d, w->per, &arena, &spec));
    spec.source = &w->base;
    spec.how = fyi_arena_printf(&arena, "%s; windows of %lld every %lld", d->how, (long long)length,
                                (long long)step);
    st = spec.how != NULL ? fyi_dataset_new(&spec, out) : fyi_enomem(64, "a dataset's text");
done:
    fyi_source_drop(&w->base);
    fyi_arena_release(&arena);
    return st;
}
