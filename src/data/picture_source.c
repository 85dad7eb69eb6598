/* picture_source.c: an album of pictures as the source of a dataset. A picture is read and decoded when it is asked
 * for. */
#include "data/picture.h"

#include <string.h>
#include <sys/stat.h>

static const char *const endings[] = { ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", NULL };

static const char *const others[] = { ".bmp", ".gif",  ".tif",  ".tiff", ".ppm",
                                      ".pgm", ".heic", ".avif", NULL };

const fyi_media fyi_pictures = { .one = "picture",
                                 .many = "pictures",
                                 .kinds = "JPEG, PNG or WebP",
                                 .endings = endings,
                                 .others = others };

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

/* What is looked at, and what of it is needed later. */
typedef struct looking {
    const fyi_shot *shots; /* [n] */
    fy_file_check check;
    fyi_picture_info *info; /* [n] */
    const fyi_survey *survey;
} looking;

/* ---- looking at the files -------------------------------------------------------------------- */

static fy_status look_inside(const fyi_encoded *e, fy_file_check check, fyi_picture_info *info)
{
    fyi_picture p = { 0 };

    FYI_FORWARD(fyi_picture_check(e, info));
    if (check == FY_CHECK_PIXELS)
        FYI_FORWARD(fyi_picture_decode(e, &(fyi_decode_opts){ 0 }, &p));
    fyi_picture_release(&p);
    return FY_OK;
}

/* Without opening the file. */
static fy_status weigh(const fyi_shot *s, fyi_finding *f)
{
    struct stat info = { .st_size = s->bytes };

    if (s->bytes < 0 && stat(s->path, &info) != 0)
        return fyi_fail(FY_EIO, "'%s' cannot be found any more", s->name);
    (void)snprintf(f->sum, sizeof f->sum, "%lld", (long long)info.st_size);
    return FY_OK;
}

/* As a survey's. */
static fy_status look_at(void *ctx, size_t i, fyi_finding *f)
{
    const looking *l = ctx;
    fyi_encoded e;
    fy_status st;

    if (l->check == FY_CHECK_NAMES)
        return weigh(&l->shots[i], f);
    FYI_FORWARD(fyi_shot_read(&l->shots[i], &e));
    fyi_finding_sum(f, &e);
    st = look_inside(&e, l->check, &l->info[i]);
    fyi_free((void *)(uintptr_t)e.p);
    return st;
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
static int choose_channels(const looking *l, const fy_picture_opts *o)
{
    if (o->channels != 0)
        return (int)o->channels;
    for (size_t i = 0; i < l->survey->n; i++)
        if (l->survey->v[i].st == FY_OK && l->info[i].c != 1)
            return 3;
    return 1;
}

static bool is_size_fixed(const fy_picture_opts *o)
{
    return o->crop_h > 0 ? o->crop_w > 0 : o->height > 0;
}

/* Names alone: the first picture speaks for all. */
static fy_status look_at_first(const fyi_album *a, looking *l)
{
    fyi_encoded e;
    fy_status st;

    FYI_FORWARD(fyi_shot_read(&a->v[0], &e));
    st = fyi_picture_probe(&e, 0, &l->info[0]);
    fyi_free((void *)(uintptr_t)e.p);
    l->info[0].c = 3;
    return st;
}

static fy_status fail_sizes(const fyi_album *a, const char *path, const looking *l, size_t i,
                            size_t k)
{
    return fyi_fail(FY_ESHAPE,
                    "'%s' holds pictures of different sizes: '%s' is %lldx%lld, '%s' %lldx%lld; "
                    "give them one size (size), or the shorter side and a cut (shorter, crop)",
                    path, a->v[i].name, (long long)l->info[i].w, (long long)l->info[i].h,
                    a->v[k].name, (long long)l->info[k].w, (long long)l->info[k].h);
}

/* One shape for all good pictures. */
static fy_status find_shape(const fyi_album *a, const char *path, const fy_picture_opts *o,
                            looking *l, fy_shape *out)
{
    const int c = l->check == FY_CHECK_NAMES && o->channels == 0 ? 3 : choose_channels(l, o);
    const fyi_finding *found = l->survey->v;
    size_t first = 0;

    if (l->check == FY_CHECK_NAMES && !is_size_fixed(o))
        FYI_FORWARD(look_at_first(a, l));
    while (first + 1 < a->n && found[first].st != FY_OK)
        first++;
    *out = fyi_picture_shape(o, FYI_MAX(l->info[first].h, 1), FYI_MAX(l->info[first].w, 1), c);
    for (size_t i = first + 1; l->check != FY_CHECK_NAMES && i < a->n; i++) {
        const fyi_picture_info *info = &l->info[i];
        const fy_shape shape = fyi_picture_shape(o, FYI_MAX(info->h, 1), FYI_MAX(info->w, 1), c);

        if (found[i].st == FY_OK && !fy_shape_equal(&shape, out))
            return fail_sizes(a, path, l, first, i);
    }
    return FY_OK;
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
static fy_status new_source(fyi_album *album, const fy_picture_opts *o, const fyi_survey *s,
                            const fy_shape *shape, album_source **out)
{
    const size_t n = album->n;
    album_source *a = fyi_calloc(1, sizeof *a);

    if (a == NULL)
        return fyi_enomem(sizeof *a, "a dataset of pictures");
    fyi_source_init(&a->base, &ops, (int64_t)n, *shape);
    fyi_survey_hash(s, a->base.hash);
    a->album = *album;
    *album = (fyi_album){ 0 };
    a->o = *o;
    a->o.name = a->o.classes_path = a->o.label_field = NULL;
    a->limit = fyi_broken_limit(o->max_broken, n);
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

/* With what the survey found. */
static fy_status make_dataset(fyi_album *album, const char *path, const fy_picture_opts *o,
                              looking *l, fy_dataset **out)
{
    fyi_dataset_spec spec = { .name = o->name != NULL ? o->name : fyi_base_name(path) };
    album_source *a = NULL;
    int64_t *index = NULL;
    int32_t *label = NULL;
    fyi_buf how = { 0 };
    fy_shape shape;
    fy_status st;

    FYI_FORWARD(find_shape(album, path, o, l, &shape));
    if (!o->is_unlabelled)
        FYI_FORWARD(fyi_album_number_by(album, path, o->classes_path, &label));
    index = fyi_calloc(album->n, sizeof *index);
    if (index == NULL)
        return fyi_enomem(album->n * sizeof *index, path);
    FY_TRY(new_source(album, o, l->survey, &shape, &a));
    FY_TRY(fyi_survey_sort_out(l->survey, path, a->limit, &a->album.arena, &a->base, index));
    fyi_buf_puts(&how, "");
    describe(a, &how);
    FY_TRY(how.failed ? fyi_enomem(256, path) : FY_OK);
    spec.source = &a->base;
    spec.label = label;
    spec.n_classes = a->album.n_classes;
    spec.class_names = a->album.class_names;
    spec.how = how.p;
    FY_TRY(fyi_album_dataset(&spec, index, out));
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
    looking l = { .shots = album->v, .check = o->check };
    fyi_survey s = {
        .media = &fyi_pictures, .shots = album->v, .n = album->n, .look = look_at, .ctx = &l
    };
    fy_status st;

    *out = NULL;
    l.survey = &s;
    FYI_FORWARD(check_opts(album, path, o));
    l.info = fyi_calloc(album->n, sizeof *l.info);
    FY_TRY(l.info != NULL ? FY_OK : fyi_enomem(album->n * sizeof *l.info, path));
    FY_TRY(fyi_survey_run(&s));
    FY_TRY(make_dataset(album, path, o, &l, out));
done:
    fyi_survey_release(&s);
    fyi_free(l.info);
    return st;
}
