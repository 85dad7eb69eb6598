/* dataset.c: sample numbers, labels and names over a counted source, and the ways to read them.
 *
 * A dataset is immutable, so reads need no lock; the only thing that changes is the source's
 * count. */
#include "data/data.h"

#include <string.h>

/* ---- sources --------------------------------------------------------------------------------- */

void fyi_source_init(fyi_source *s, const fyi_source_ops *ops, int64_t n, fy_shape shape)
{
    s->ops = ops;
    atomic_init(&s->refs, 1);
    s->n = n;
    s->shape = shape;
}

void fyi_source_init_over(fyi_source *s, const fyi_source_ops *ops, fyi_source *inner,
                          fy_shape shape)
{
    fyi_source_init(s, ops, inner->n, shape);
    s->inner = fyi_source_ref(inner);
    s->is_slow = inner->is_slow;
    s->marks = inner->marks;
    s->broken = inner->broken;
    s->n_broken = inner->n_broken;
    memcpy(s->hash, inner->hash, sizeof s->hash);
    memcpy(s->groups_of, fyi_source_groups_of(inner), sizeof s->groups_of);
}

/* Who knows the samples' names. */
static const fyi_source *root_of(const fyi_source *s)
{
    while (s->inner != NULL)
        s = s->inner;
    return s;
}

const char *fyi_source_sample_name(const fyi_source *s, int64_t i)
{
    const fyi_source *root = root_of(s);

    return root->ops->name != NULL ? root->ops->name(root, i) : NULL;
}

const char *fyi_source_key(const fyi_source *s, int64_t i)
{
    const fyi_source *root = root_of(s);

    return root->ops->key != NULL ? root->ops->key(root, i) : NULL;
}

bool fyi_source_is_broken(const fyi_source *s, int64_t i)
{
    const fyi_source *root = root_of(s);

    return root->ops->is_broken != NULL && root->ops->is_broken(root, i);
}

const char *fyi_source_groups_of(const fyi_source *s)
{
    return *s->groups_of != '\0' ? s->groups_of : s->hash;
}

fyi_source *fyi_source_ref(fyi_source *s)
{
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

void fyi_source_drop(fyi_source *s)
{
    fyi_source *inner;

    if (s == NULL || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
        return;
    inner = s->inner;
    s->ops->close(s);
    fyi_source_drop(inner);
}

/* ---- making ---------------------------------------------------------------------------------- */

static void put_le(fyi_sha256 *sum, uint64_t v)
{
    uint8_t b[8];

    for (int i = 0; i < 8; i++)
        b[i] = (uint8_t)(v >> (8 * i));
    fyi_sha256_update(sum, b, sizeof b);
}

void fyi_dataset_hash_samples(const fy_dataset *d, fyi_sha256 *h)
{
    fyi_sha256_update(h, d->source->key, 64);
    put_le(h, (uint64_t)d->n);
    for (int64_t i = 0; i < d->n; i++)
        put_le(h, (uint64_t)fyi_dataset_source_number(d, i));
}

/* Numbers are hashed byte by byte in one order, so that the key is the same on every machine. */
static void hash_view(fy_dataset *d)
{
    fyi_sha256 sum;

    fyi_sha256_init(&sum);
    fyi_sha256_update(&sum, d->source->key, 64);
    put_le(&sum, (uint64_t)d->n);
    put_le(&sum, (uint64_t)d->n_classes);
    for (int64_t i = 0; i < d->n; i++) {
        put_le(&sum, (uint64_t)fyi_dataset_source_number(d, i));
        if (d->label != NULL)
            put_le(&sum, (uint64_t)d->label[i]);
    }
    fyi_sha256_hex(&sum, d->view_hash);
}

/* Those of n classes or groups, and NULL after the last; NULL when out of memory. */
static const char *const *copy_names(fyi_arena *arena, const char *const *from, int n)
{
    const char **names = fyi_arena_alloc(arena, ((size_t)n + 1) * sizeof *names);

    for (int k = 0; names != NULL && k < n; k++) {
        names[k] = from != NULL ? fyi_arena_printf(arena, "%s", from[k])
                                : fyi_arena_printf(arena, "%d", k);
        if (names[k] == NULL)
            return NULL;
    }
    return names;
}

static bool copy_all_names(fy_dataset *d, const fyi_dataset_spec *spec)
{
    if (d->label != NULL) {
        d->n_classes = spec->n_classes;
        d->class_names = copy_names(&d->arena, spec->class_names, spec->n_classes);
    }
    if (d->group != NULL) {
        d->n_groups = spec->n_groups;
        d->group_names = copy_names(&d->arena, spec->group_names, spec->n_groups);
    }
    return (d->label == NULL || d->class_names != NULL) &&
           (d->group == NULL || d->group_names != NULL);
}

static bool copy_arrays(fy_dataset *d, const fyi_dataset_spec *spec)
{
    const size_t n = (size_t)spec->n;

    if (spec->index != NULL) {
        d->index = fyi_arena_dup(&d->arena, spec->index, n * sizeof *spec->index);
        if (d->index == NULL)
            return false;
    }
    if (spec->label != NULL) {
        d->label = fyi_arena_dup(&d->arena, spec->label, n * sizeof *spec->label);
        if (d->label == NULL)
            return false;
    }
    if (spec->group != NULL) {
        d->group = fyi_arena_dup(&d->arena, spec->group, n * sizeof *spec->group);
        if (d->group == NULL)
            return false;
    }
    return true;
}

static bool write_text(fy_dataset *d, const fyi_dataset_spec *spec)
{
    char shape[96], classes[48] = "no labels", groups[48] = "";

    if (d->label != NULL)
        (void)snprintf(classes, sizeof classes, "%d classes", d->n_classes);
    if (d->group != NULL)
        (void)snprintf(groups, sizeof groups, ", %d groups", d->n_groups);
    fy_shape_text(&d->source->shape, shape, sizeof shape);
    d->name = fyi_arena_printf(&d->arena, "%s", spec->name);
    d->how = fyi_arena_printf(&d->arena, "%s", spec->how);
    d->text = fyi_arena_printf(&d->arena, "%s: %lld samples %s, %s%s%s", spec->name,
                               (long long)d->n, shape, classes, groups, spec->how);
    return d->name != NULL && d->how != NULL && d->text != NULL;
}

static fy_status check_spec(const fyi_dataset_spec *spec)
{
    if (spec->n < 1)
        return fyi_fail(FY_EINVAL, "dataset '%s': no samples are left", spec->name);
    if (spec->source->shape.rank >= FY_MAX_RANK)
        return fyi_fail(FY_ESHAPE, "dataset '%s': samples have rank %d, at most %d can be batched",
                        spec->name, spec->source->shape.rank, FY_MAX_RANK - 1);
    return fy_shape_check(&spec->source->shape, FY_F32);
}

fy_status fyi_dataset_new(const fyi_dataset_spec *spec, fy_dataset **out)
{
    fy_dataset *d;

    *out = NULL;
    FYI_FORWARD(check_spec(spec));
    d = fyi_calloc(1, sizeof *d);
    if (d == NULL)
        return fyi_enomem(sizeof *d, "a dataset");
    d->source = fyi_source_ref(spec->source);
    d->n = spec->n;
    if (!copy_arrays(d, spec) || !copy_all_names(d, spec) || !write_text(d, spec)) {
        fy_dataset_free(d);
        return fyi_enomem((size_t)spec->n * sizeof *spec->index, "a dataset's sample numbers");
    }
    hash_view(d);
    *out = d;
    return FY_OK;
}

fyi_dataset_spec fyi_dataset_spec_of(const fy_dataset *d)
{
    return (fyi_dataset_spec){ .source = d->source,
                               .n = d->n,
                               .index = d->index,
                               .label = d->label,
                               .n_classes = d->n_classes,
                               .class_names = d->class_names,
                               .group = d->group,
                               .n_groups = d->n_groups,
                               .group_names = d->group_names,
                               .name = d->name,
                               .how = d->how };
}

fy_status fyi_dataset_pick(const fy_dataset *d, const int64_t *pos, int64_t n, const char *how,
                           fy_dataset **out)
{
    fyi_dataset_spec spec = fyi_dataset_spec_of(d);
    fyi_arena tmp = { 0 };
    fy_status st = FY_OK;
    int64_t *index;
    int32_t *label, *group;
    char *text;

    *out = NULL;
    if (n < 1)
        return fyi_fail(FY_EINVAL, "dataset '%s': no samples are left%s", d->name, how);
    index = fyi_arena_alloc(&tmp, (size_t)n * sizeof *index);
    label = fyi_arena_alloc(&tmp, (size_t)n * sizeof *label);
    group = fyi_arena_alloc(&tmp, (size_t)n * sizeof *group);
    text = fyi_arena_printf(&tmp, "%s%s", d->how, how);
    if (index == NULL || label == NULL || group == NULL || text == NULL) {
        st = fyi_enomem((size_t)n * sizeof *index, "a dataset's sample numbers");
        goto done;
    }
    for (int64_t i = 0; i < n; i++) {
        index[i] = fyi_dataset_source_number(d, pos[i]);
        label[i] = d->label != NULL ? d->label[pos[i]] : 0;
        group[i] = d->group != NULL ? d->group[pos[i]] : 0;
    }
    spec.n = n;
    spec.index = index;
    spec.label = d->label != NULL ? label : NULL;
    spec.group = d->group != NULL ? group : NULL;
    spec.how = text;
    st = fyi_dataset_new(&spec, out);
done:
    fyi_arena_release(&tmp);
    return st;
}

void fy_dataset_free(fy_dataset *d)
{
    if (d == NULL)
        return;
    fyi_source_drop(d->source);
    fyi_arena_release(&d->arena);
    fyi_free(d);
}

/* ---- looking --------------------------------------------------------------------------------- */

int64_t fy_dataset_count(const fy_dataset *d)
{
    return d->n;
}

const fy_shape *fy_dataset_shape(const fy_dataset *d)
{
    return &d->source->shape;
}

bool fy_dataset_has_labels(const fy_dataset *d)
{
    return d->label != NULL;
}

int fy_dataset_classes(const fy_dataset *d)
{
    return d->n_classes;
}

const char *fy_dataset_class_name(const fy_dataset *d, int c)
{
    return c >= 0 && c < d->n_classes ? d->class_names[c] : NULL;
}

const char *fy_dataset_name(const fy_dataset *d)
{
    return d->name;
}

const char *fy_dataset_hash(const fy_dataset *d)
{
    return d->source->hash;
}

const char *fy_dataset_view_hash(const fy_dataset *d)
{
    return d->view_hash;
}

bool fy_dataset_scaling(const fy_dataset *d, float mean[4], float deviation[4])
{
    const fyi_source *s = d->source;

    for (int c = 0; c < 4; c++) {
        mean[c] = s->was_scaled ? 0 : fyi_scaling_mean(&s->scaling, c);
        deviation[c] = s->was_scaled ? 1 : fyi_scaling_deviation(&s->scaling, c);
    }
    return !s->was_scaled;
}

const char *fy_dataset_text(const fy_dataset *d)
{
    return d->text;
}

int64_t fy_dataset_origin(const fy_dataset *d, int64_t i)
{
    return i >= 0 && i < d->n ? fyi_dataset_source_number(d, i) : -1;
}

const char *fy_dataset_sample_name(const fy_dataset *d, int64_t i)
{
    return i >= 0 && i < d->n ? fyi_source_sample_name(d->source, fyi_dataset_source_number(d, i))
                              : NULL;
}

const char *fy_dataset_key(const fy_dataset *d, int64_t i)
{
    return i >= 0 && i < d->n ? fyi_source_key(d->source, fyi_dataset_source_number(d, i)) : NULL;
}

int64_t fy_dataset_rate(const fy_dataset *d)
{
    return d->source->rate_hz;
}

int64_t fy_dataset_n_broken(const fy_dataset *d)
{
    return d->source->n_broken;
}

const char *fy_dataset_broken(const fy_dataset *d, int64_t k)
{
    return k >= 0 && k < d->source->n_broken ? d->source->broken[k] : NULL;
}

bool fy_dataset_is_broken(const fy_dataset *d, int64_t i)
{
    return i >= 0 && i < d->n && fyi_source_is_broken(d->source, fyi_dataset_source_number(d, i));
}

/* ---- reading --------------------------------------------------------------------------------- */

static fy_status check_number(const fy_dataset *d, int64_t i)
{
    if (i < 0 || i >= d->n)
        return fyi_fail(FY_EINVAL, "dataset '%s': sample %lld was asked for, there are 0 .. %lld",
                        d->name, (long long)i, (long long)(d->n - 1));
    return FY_OK;
}

fy_status fyi_dataset_need_labels(const fy_dataset *d, const char *what)
{
    if (d->label == NULL)
        return fyi_fail(FY_EINVAL, "dataset '%s' has no labels, but %s needs them", d->name, what);
    return FY_OK;
}

static fy_status get_label(const fy_dataset *d, int64_t i, int32_t *label)
{
    FYI_FORWARD(check_number(d, i));
    if (label == NULL)
        return FY_OK;
    FYI_FORWARD(fyi_dataset_need_labels(d, "reading a label"));
    *label = d->label[i];
    return FY_OK;
}

fy_status fyi_dataset_get(const fy_dataset *d, int64_t i, float *x, int32_t *label, float *scratch)
{
    FYI_FORWARD(get_label(d, i, label));
    return d->source->ops->get(d->source, fyi_dataset_source_number(d, i), x, scratch);
}

fy_status fyi_dataset_get_pixels(const fy_dataset *d, int64_t i, float *x, int32_t *label,
                                 float *scratch)
{
    const fyi_source_ops *ops = d->source->ops;

    FYI_FORWARD(get_label(d, i, label));
    return (ops->get_pixels != NULL ? ops->get_pixels : ops->get)(
        d->source, fyi_dataset_source_number(d, i), x, scratch);
}

/* NULL when none is needed. */
static fy_status new_scratch(const fy_dataset *d, float **scratch)
{
    *scratch = NULL;
    if (d->source->n_scratch == 0)
        return FY_OK;
    *scratch = fyi_calloc(d->source->n_scratch, sizeof **scratch);
    return *scratch != NULL
               ? FY_OK
               : fyi_enomem(d->source->n_scratch * sizeof **scratch, "reading a sample");
}

fy_status fy_dataset_get(const fy_dataset *d, int64_t i, float *x, int64_t n, int32_t *label)
{
    const int64_t numel = fy_shape_numel(&d->source->shape);
    float *scratch;
    fy_status st;

    if (n != numel)
        return fyi_fail(FY_ESHAPE, "dataset '%s': room for %lld values, a sample has %lld", d->name,
                        (long long)n, (long long)numel);
    FYI_FORWARD(new_scratch(d, &scratch));
    st = fyi_dataset_get(d, i, x, label, scratch);
    fyi_free(scratch);
    return st;
}

fy_status fy_dataset_label(const fy_dataset *d, int64_t i, int32_t *label)
{
    FYI_FORWARD(check_number(d, i));
    FYI_FORWARD(fyi_dataset_need_labels(d, "reading a label"));
    *label = d->label[i];
    return FY_OK;
}

fy_status fy_dataset_class_counts(const fy_dataset *d, int64_t *counts, int n)
{
    FYI_FORWARD(fyi_dataset_need_labels(d, "counting classes"));
    if (n != d->n_classes)
        return fyi_fail(FY_ESHAPE, "dataset '%s': room for %d classes, there are %d", d->name, n,
                        d->n_classes);
    memset(counts, 0, (size_t)n * sizeof *counts);
    for (int64_t i = 0; i < d->n; i++)
        counts[d->label[i]]++;
    return FY_OK;
}

/* What fy_dataset_read is to do. */
typedef struct reading {
    const fy_dataset *d;
    const int64_t *index; /* NULL: all */
    float *values;        /* [n, sample] */
    int32_t *labels;      /* [n], or NULL */
    atomic_bool failed;
} reading;

static fy_status read_range(const reading *r, int64_t begin, int64_t end)
{
    const int64_t numel = fy_shape_numel(&r->d->source->shape);
    float *scratch;
    fy_status st = FY_OK;

    FYI_FORWARD(new_scratch(r->d, &scratch));
    for (int64_t i = begin; i < end && st == FY_OK; i++)
        st = fyi_dataset_get(r->d, r->index != NULL ? r->index[i] : i, r->values + i * numel,
                             r->labels != NULL ? r->labels + i : NULL, scratch);
    fyi_free(scratch);
    return st;
}

/* A fyi_range_fn. */
static void read_part(void *ctx, int64_t begin, int64_t end)
{
    reading *r = ctx;

    if (read_range(r, begin, end) != FY_OK)
        atomic_store(&r->failed, true);
}

/* Samples that have to be decoded are worth threads. A failure's sentence is its thread's: it is
 * looked for again in this one. */
static fy_status read_all(reading *r, int64_t n)
{
    if (!r->d->source->is_slow)
        return read_range(r, 0, n);
    fyi_parallel(n, 1, read_part, r);
    return atomic_load(&r->failed) ? read_range(r, 0, n) : FY_OK;
}

fy_status fy_dataset_read(const fy_dataset *d, const int64_t *index, int64_t n, fy_tensor **x,
                          fy_tensor **y)
{
    const int64_t count = index != NULL ? n : d->n;
    reading r = { .d = d, .index = index };
    fy_status st;

    *x = NULL;
    if (y != NULL) {
        *y = NULL;
        FYI_FORWARD(fyi_dataset_need_labels(d, "reading labels"));
    }
    if (count < 0)
        return fyi_fail(FY_EINVAL, "dataset '%s': %lld samples were asked for", d->name,
                        (long long)count);
    FY_TRY(fy_tensor_new(FY_F32, fy_shape_batch(count, &d->source->shape), x));
    if (y != NULL)
        FY_TRY(fy_tensor_new(FY_I32, FY_SHAPE(count), y));
    r.values = fy_tensor_data(*x);
    r.labels = y != NULL ? fy_tensor_data(*y) : NULL;
    st = read_all(&r, count);
done:
    if (st != FY_OK) {
        fy_tensor_free(*x);
        *x = NULL;
        if (y != NULL) {
            fy_tensor_free(*y);
            *y = NULL;
        }
    }
    return st;
}
