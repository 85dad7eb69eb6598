/* album.c: a list of encoded pictures as the source of a dataset.
 *
 * Opening looks at every file as far as it is asked to, leaves broken ones out, and hashes names and
 * bytes. A sample's number is its place in the list, broken ones included, so that mending a file
 * renumbers nothing. A picture is read and decoded when it is asked for. */
#include "data/picture.h"

#include <string.h>
#include <sys/stat.h>

#define MAX_BYTES ((size_t)1 << 30) /* of one encoded picture */
#define CHECK_GRAIN 8               /* files that are worth a thread */
#define CHECK_SLICE ((size_t)256)   /* files between two looks at the user's wish to stop */
#define MAX_LOGGED 10

/* The pictures that turned out to be broken after the opening. */
typedef struct blackened {
    atomic_llong n;
    atomic_uchar is_black[]; /* [n of the album] */
} blackened;

typedef struct album_source {
    fyi_source base;
    fyi_album album;
    fy_picture_opts o;
    int64_t limit; /* of broken pictures */
    blackened *black;
} album_source;

/* What a look at one file has found. */
typedef struct finding {
    char sum[65]; /* of the bytes, or just how many there are */
    fyi_picture_info info;
    fy_status st;
    char *sentence; /* fyi_free */
} finding;

typedef struct survey {
    const fyi_shot *shots; /* [n] */
    size_t n;
    fy_file_check check;
    finding *v; /* [n] */
} survey;

/* ---- the album ------------------------------------------------------------------------------- */

void fyi_album_release(fyi_album *a)
{
    fyi_free(a->v);
    fyi_arena_release(&a->arena);
    *a = (fyi_album){ 0 };
}

fy_status fyi_album_add(fyi_album *a, const fyi_shot *shot)
{
    FYI_FORWARD(fyi_grow(&a->v, &a->cap, a->n + 1, sizeof *a->v));
    a->v[a->n++] = *shot;
    return FY_OK;
}

fy_status fyi_shot_read(const fyi_shot *s, fyi_encoded *e)
{
    char *p;

    *e = (fyi_encoded){ .name = s->name };
    if (s->bytes < 0) {
        FYI_FORWARD(fyi_file_read(s->path, MAX_BYTES, &p, &e->n));
    } else {
        FYI_FORWARD(fyi_file_read_part(s->path, s->at, (size_t)s->bytes, &p));
        e->n = (size_t)s->bytes;
    }
    e->p = (const uint8_t *)p;
    return FY_OK;
}

/* ---- looking at the files -------------------------------------------------------------------- */

static fy_status look_inside(const fyi_encoded *e, fy_file_check check, finding *f)
{
    fyi_picture p = { 0 };

    FYI_FORWARD(fyi_picture_check(e, &f->info));
    if (check == FY_CHECK_PIXELS)
        FYI_FORWARD(fyi_picture_decode(e, &(fyi_decode_opts){ 0 }, &p));
    fyi_picture_release(&p);
    return FY_OK;
}

/* Without opening the file. */
static fy_status weigh(const fyi_shot *s, finding *f)
{
    struct stat info = { .st_size = s->bytes };

    if (s->bytes < 0 && stat(s->path, &info) != 0)
        return fyi_fail(FY_EIO, "'%s' cannot be found any more", s->name);
    (void)snprintf(f->sum, sizeof f->sum, "%lld", (long long)info.st_size);
    return FY_OK;
}

static fy_status look_at(const fyi_shot *s, fy_file_check check, finding *f)
{
    fyi_sha256 sum;
    fyi_encoded e;
    fy_status st;

    FYI_FORWARD(fyi_shot_read(s, &e));
    fyi_sha256_init(&sum);
    fyi_sha256_update(&sum, e.p, e.n);
    fyi_sha256_hex(&sum, f->sum);
    st = look_inside(&e, check, f);
    fyi_free((void *)(uintptr_t)e.p);
    return st;
}

/* A fyi_range_fn. A failure's sentence is this thread's: it is kept. */
static void look_at_range(void *ctx, int64_t begin, int64_t end)
{
    const survey *s = ctx;

    for (int64_t i = begin; i < end; i++) {
        finding *f = &s->v[i];

        f->st = s->check == FY_CHECK_NAMES ? weigh(&s->shots[i], f)
                                           : look_at(&s->shots[i], s->check, f);
        if (f->st != FY_OK)
            f->sentence = fyi_strdup(fy_last_error());
    }
}

static bool is_broken(const finding *f)
{
    return f->st == FY_EFORMAT || f->st == FY_EIO;
}

/* What is no fault of a file ends the opening. */
static fy_status check_findings(const survey *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->v[i].st != FY_OK && !is_broken(&s->v[i]))
            return fyi_fail_as(s->v[i].st,
                               s->v[i].sentence != NULL ? s->v[i].sentence : "out of memory");
    return FY_OK;
}

static fy_status look_at_all(survey *s)
{
    s->v = fyi_calloc(s->n, sizeof *s->v);
    if (s->v == NULL)
        return fyi_enomem(s->n * sizeof *s->v, "checking pictures");
    for (size_t at = 0; at < s->n; at += CHECK_SLICE) {
        survey slice = { s->shots + at, FYI_MIN(s->n - at, CHECK_SLICE), s->check, s->v + at };

        FYI_FORWARD(fyi_stop_if_asked("looking at pictures before the run"));
        fyi_parallel((int64_t)slice.n, CHECK_GRAIN, look_at_range, &slice);
    }
    return check_findings(s);
}

static void release_survey(survey *s)
{
    for (size_t i = 0; s->v != NULL && i < s->n; i++)
        fyi_free(s->v[i].sentence);
    fyi_free(s->v);
}

/* ---- broken files ---------------------------------------------------------------------------- */

static int64_t limit_of(const fy_picture_opts *o, size_t n)
{
    return o->max_broken >= 0 ? o->max_broken : (int64_t)FYI_MAX(n / 100, 10);
}

static fy_status check_limit(const album_source *a, const char *path, const finding *first)
{
    const int64_t n = a->base.n_broken;

    if (n == (int64_t)a->album.n)
        return fyi_fail(FY_EFORMAT, "'%s': none of its %lld pictures can be read; the first: %s",
                        path, (long long)n, first->sentence);
    if (n > a->limit)
        return fyi_fail(FY_EFORMAT,
                        "'%s': %lld of %zu pictures cannot be read, at most %lld may be left out "
                        "(max_broken); the first: %s",
                        path, (long long)n, a->album.n, (long long)a->limit, first->sentence);
    return FY_OK;
}

static void log_broken(const album_source *a, const char *path)
{
    for (int64_t k = 0; k < FYI_MIN(a->base.n_broken, MAX_LOGGED); k++)
        fyi_warn("left out: %s", a->base.broken[k]);
    if (a->base.n_broken > MAX_LOGGED)
        fyi_warn("'%s': %lld more files were left out", path,
                 (long long)a->base.n_broken - MAX_LOGGED);
}

/* index [n], the good ones' numbers. */
static fy_status sort_out(album_source *a, const char *path, const survey *s, int64_t *index)
{
    const finding *first = NULL;
    const char **broken;
    int64_t n = 0, kept = 0;

    for (size_t i = 0; i < a->album.n; i++)
        n += is_broken(&s->v[i]);
    broken = fyi_arena_alloc(&a->album.arena, (size_t)n * sizeof *broken);
    if (broken == NULL)
        return fyi_enomem((size_t)n * sizeof *broken, path);
    for (size_t i = 0; i < a->album.n; i++) {
        const finding *f = &s->v[i];

        if (!is_broken(f)) {
            index[kept++] = (int64_t)i;
            continue;
        }
        first = first != NULL ? first : f;
        broken[a->base.n_broken] = fyi_arena_printf(
            &a->album.arena, "%s", f->sentence != NULL ? f->sentence : a->album.v[i].path);
        if (broken[a->base.n_broken++] == NULL)
            return fyi_enomem(256, path);
    }
    a->base.broken = broken;
    log_broken(a, path);
    return first != NULL ? check_limit(a, path, first) : FY_OK;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* A picture that turned out to be broken only now: black from here on, and counted once. Beyond the
 * limit all of them are failures. */
static fy_status blacken(const album_source *a, int64_t i)
{
    const bool is_new = atomic_exchange(&a->black->is_black[i], 1) == 0;
    const int64_t n = is_new ? atomic_fetch_add(&a->black->n, 1) + 1 : atomic_load(&a->black->n);

    if (n > a->limit)
        return fyi_fail(FY_EFORMAT,
                        "%lld pictures turned out to be broken, at most %lld may be (max_broken); "
                        "the last: %.500s. 'ferry data check' names them all",
                        (long long)n, (long long)a->limit, fy_last_error());
    if (is_new)
        fyi_warn("taken as black: %s", fy_last_error());
    return FY_OK;
}

static fy_status read_bytes(const album_source *a, int64_t i, uint8_t *dst)
{
    fyi_encoded e;
    fy_status st;

    FYI_FORWARD(fyi_shot_read(&a->album.v[i], &e));
    st = fyi_picture_read(&e, &a->o, &a->base.shape, dst);
    fyi_free((void *)(uintptr_t)e.p);
    return st;
}

/* u8 [h, w, c] -> f32 [c, h, w], 0 .. 1 */
static void to_values(const uint8_t *p, const fy_shape *s, float *x)
{
    const int64_t c = s->d[0], area = s->d[1] * s->d[2];

    for (int64_t k = 0; k < c; k++, x += area)
        for (int64_t i = 0; i < area; i++)
            x[i] = (float)p[i * c + k] / 255.0f;
}

static fy_status get(const fyi_source *s, int64_t i, float *x, float *scratch)
{
    const album_source *a = (const album_source *)s;
    uint8_t *p = (uint8_t *)scratch;
    const fy_status st = read_bytes(a, i, p);

    if (st == FY_EFORMAT || st == FY_EIO) {
        FYI_FORWARD(blacken(a, i));
        memset(p, 0, (size_t)fy_shape_numel(&s->shape));
    } else if (st != FY_OK) {
        return st;
    }
    to_values(p, &s->shape, x);
    return FY_OK;
}

static const char *name_of(const fyi_source *s, int64_t i)
{
    return ((const album_source *)s)->album.v[i].name;
}

static bool is_black(const fyi_source *s, int64_t i)
{
    return atomic_load(&((const album_source *)s)->black->is_black[i]) != 0;
}

static void close_source(fyi_source *s)
{
    album_source *a = (album_source *)s;

    fyi_free(a->black);
    fyi_album_release(&a->album);
    fyi_free(a);
}

static const fyi_source_ops ops = {
    .get = get, .close = close_source, .name = name_of, .is_broken = is_black
};

/* ---- making ---------------------------------------------------------------------------------- */

static fy_status check_opts(const fyi_album *a, const char *path, const fy_picture_opts *o)
{
    if (a->n == 0)
        return fyi_fail(FY_EINVAL, "'%s' holds no JPEG, PNG or WebP pictures", path);
    if (o->channels != 0 && o->channels != 1 && o->channels != 3)
        return fyi_fail(FY_EINVAL, "'%s': pictures have 1 or 3 channels, not %lld", path,
                        (long long)o->channels);
    if ((o->height > 0) != (o->width > 0) || (o->height > 0 && o->shorter > 0))
        return fyi_fail(FY_EINVAL, "'%s': resize to height and width, or to a shorter side", path);
    if (o->height < 0 || o->width < 0 || o->shorter < 0 || o->crop_h < 0 || o->crop_w < 0 ||
        FYI_MAX(FYI_MAX(o->height, o->width), o->shorter) > FYI_MAX_SIDE ||
        FYI_MAX(o->crop_h, o->crop_w) > FYI_MAX_SIDE)
        return fyi_fail(FY_EINVAL, "'%s': sizes are 0 to %d pixels", path, FYI_MAX_SIDE);
    return FY_OK;
}

/* Grey if every picture is. Names alone do not tell: RGB. */
static int choose_channels(const survey *s, const fy_picture_opts *o)
{
    if (o->channels != 0)
        return (int)o->channels;
    for (size_t i = 0; i < s->n; i++)
        if (s->v[i].st == FY_OK && s->v[i].info.c != 1)
            return 3;
    return 1;
}

static bool is_size_fixed(const fy_picture_opts *o)
{
    return o->crop_h > 0 ? o->crop_w > 0 : o->height > 0;
}

/* Names alone: the first picture speaks for all. */
static fy_status look_at_first(const fyi_album *a, survey *s)
{
    fyi_encoded e;
    fy_status st;

    FYI_FORWARD(fyi_shot_read(&a->v[0], &e));
    st = fyi_picture_probe(&e, 0, &s->v[0].info);
    fyi_free((void *)(uintptr_t)e.p);
    s->v[0].info.c = 3;
    return st;
}

static fy_status fail_sizes(const fyi_album *a, const char *path, const survey *s, size_t i,
                            size_t k)
{
    return fyi_fail(FY_ESHAPE,
                    "'%s' holds pictures of different sizes: '%s' is %lldx%lld, '%s' %lldx%lld; "
                    "give them one size (size), or the shorter side and a cut (shorter, crop)",
                    path, a->v[i].name, (long long)s->v[i].info.w, (long long)s->v[i].info.h,
                    a->v[k].name, (long long)s->v[k].info.w, (long long)s->v[k].info.h);
}

/* One shape for all good pictures. */
static fy_status find_shape(const fyi_album *a, const char *path, const fy_picture_opts *o,
                            survey *s, fy_shape *out)
{
    const int c = s->check == FY_CHECK_NAMES && o->channels == 0 ? 3 : choose_channels(s, o);
    size_t first = 0;

    if (s->check == FY_CHECK_NAMES && !is_size_fixed(o))
        FYI_FORWARD(look_at_first(a, s));
    while (first + 1 < a->n && s->v[first].st != FY_OK)
        first++;
    *out = fyi_picture_shape(o, FYI_MAX(s->v[first].info.h, 1), FYI_MAX(s->v[first].info.w, 1), c);
    for (size_t i = first + 1; s->check != FY_CHECK_NAMES && i < a->n; i++) {
        const fyi_picture_info *info = &s->v[i].info;
        const fy_shape shape = fyi_picture_shape(o, FYI_MAX(info->h, 1), FYI_MAX(info->w, 1), c);

        if (s->v[i].st == FY_OK && !fy_shape_equal(&shape, out))
            return fail_sizes(a, path, s, first, i);
    }
    return FY_OK;
}

/* Names, labels, and what is known of the files. Where a folder lies changes nothing. */
static void hash_album(const fyi_album *a, const survey *s, char hex[65])
{
    fyi_sha256 sum;

    fyi_sha256_init(&sum);
    for (size_t i = 0; i < a->n; i++) {
        const char *label = a->v[i].label != NULL ? a->v[i].label : "";

        fyi_sha256_update(&sum, a->v[i].name, strlen(a->v[i].name) + 1);
        fyi_sha256_update(&sum, label, strlen(label) + 1);
        fyi_sha256_update(&sum, s->v[i].sum, strlen(s->v[i].sum) + 1);
    }
    fyi_sha256_hex(&sum, hex);
}

static void set_key(album_source *a)
{
    const fy_picture_opts *o = &a->o;
    char line[160];
    fyi_sha256 sum;

    (void)snprintf(line, sizeof line, "pictures 1 %s %lld %lld %lld %lld %lld %lld %d",
                   a->base.hash, (long long)a->base.shape.d[0], (long long)o->height,
                   (long long)o->width, (long long)o->shorter, (long long)o->crop_h,
                   (long long)o->crop_w, o->full_decode);
    fyi_sha256_init(&sum);
    fyi_sha256_update(&sum, line, strlen(line));
    fyi_sha256_hex(&sum, a->base.key);
}

/* Takes the album. */
static fy_status new_source(fyi_album *album, const fy_picture_opts *o, const survey *s,
                            const fy_shape *shape, album_source **out)
{
    const size_t n = album->n;
    album_source *a = fyi_calloc(1, sizeof *a);

    if (a == NULL)
        return fyi_enomem(sizeof *a, "a dataset of pictures");
    fyi_source_init(&a->base, &ops, (int64_t)n, *shape);
    hash_album(album, s, a->base.hash);
    a->album = *album;
    *album = (fyi_album){ 0 };
    a->o = *o;
    a->o.name = a->o.classes_path = a->o.label_field = NULL;
    a->limit = limit_of(o, n);
    a->base.is_slow = true;
    a->base.n_scratch = ((size_t)fy_shape_numel(shape) + sizeof(float) - 1) / sizeof(float);
    set_key(a);
    a->black = fyi_calloc(1, sizeof *a->black + n * sizeof a->black->is_black[0]);
    if (a->black == NULL) {
        fyi_source_drop(&a->base);
        return fyi_enomem(n, "a dataset of pictures");
    }
    *out = a;
    return FY_OK;
}

/* "; shorter side 256; cut to 224x224; 3 broken files left out" */
static void describe(const album_source *a, fyi_buf *b)
{
    const fy_picture_opts *o = &a->o;

    if (o->shorter > 0)
        fyi_buf_printf(b, "; shorter side %lld", (long long)o->shorter);
    if (o->height > 0)
        fyi_buf_printf(b, "; resized to %lldx%lld", (long long)o->height, (long long)o->width);
    if (o->crop_h > 0 || o->crop_w > 0)
        fyi_buf_printf(b, "; cut to %lldx%lld", (long long)a->base.shape.d[1],
                       (long long)a->base.shape.d[2]);
    if (a->base.n_broken > 0)
        fyi_buf_printf(b, "; %lld broken files left out", (long long)a->base.n_broken);
}

static fy_status new_dataset(album_source *a, const char *name, const int32_t *label,
                             const int64_t *index, const char *how, fy_dataset **out)
{
    const int64_t n = a->base.n - a->base.n_broken;
    fyi_dataset_spec spec = { .source = &a->base,
                              .n = n,
                              .n_classes = a->album.n_classes,
                              .class_names = a->album.class_names,
                              .name = name,
                              .how = how };
    int32_t *kept = fyi_calloc((size_t)n, sizeof *kept);
    fy_status st;

    if (kept == NULL)
        return fyi_enomem((size_t)n * sizeof *kept, name);
    for (int64_t i = 0; label != NULL && i < n; i++)
        kept[i] = label[index[i]];
    spec.label = label != NULL ? kept : NULL;
    spec.index = a->base.n_broken > 0 ? index : NULL;
    st = fyi_dataset_new(&spec, out);
    fyi_free(kept);
    return st;
}

static fy_status number_labels(fyi_album *a, const char *path, const fy_picture_opts *o,
                               int32_t **label)
{
    *label = NULL;
    if (o->is_unlabelled)
        return FY_OK;
    if (a->class_names == NULL && o->classes_path != NULL)
        FYI_FORWARD(
            fyi_class_names_read(o->classes_path, &a->arena, &a->class_names, &a->n_classes));
    return fyi_album_number(a, path, label);
}

/* With what the survey found. */
static fy_status make_dataset(fyi_album *album, const char *path, const fy_picture_opts *o,
                              survey *s, fy_dataset **out)
{
    album_source *a = NULL;
    int64_t *index = NULL;
    int32_t *label = NULL;
    fyi_buf how = { 0 };
    fy_shape shape;
    fy_status st;

    FYI_FORWARD(find_shape(album, path, o, s, &shape));
    FYI_FORWARD(number_labels(album, path, o, &label));
    index = fyi_calloc(album->n, sizeof *index);
    if (index == NULL)
        return fyi_enomem(album->n * sizeof *index, path);
    FY_TRY(new_source(album, o, s, &shape, &a));
    FY_TRY(sort_out(a, path, s, index));
    fyi_buf_puts(&how, "");
    describe(a, &how);
    FY_TRY(how.failed ? fyi_enomem(256, path)
                      : new_dataset(a, o->name != NULL ? o->name : fyi_base_name(path), label,
                                    index, how.p, out));
done:
    fyi_buf_release(&how);
    fyi_free(index);
    if (a != NULL)
        fyi_source_drop(&a->base);
    return st;
}

fy_status fyi_album_open(fyi_album *album, const char *path, const fy_picture_opts *o,
                         fy_dataset **out)
{
    survey s = { .check = o->check };
    fy_status st;

    *out = NULL;
    FYI_FORWARD(check_opts(album, path, o));
    s.shots = album->v;
    s.n = album->n;
    FY_TRY(look_at_all(&s));
    FY_TRY(make_dataset(album, path, o, &s, out));
done:
    release_survey(&s);
    return st;
}
