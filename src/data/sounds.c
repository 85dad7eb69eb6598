/* sounds.c: an album of sounds as the source of a dataset. All are decoded once, when they are opened, and kept at the
 * rate and length that samples have; shorter ones are filled up with silence when they are asked for. */
#include "data/sound.h"

#include <math.h>
#include <samplerate.h>
#include <sndfile.h>
#include <string.h>

#define MOST_SECONDS 3600.0  /* that can be asked for */
#define UNASKED_SECONDS 60.0 /* that nobody has to ask for */
#define FILTER_SECONDS 0.1   /* what follows the end, and the filter of another rate still sees */

typedef struct sound_source {
    fyi_source base;
    fyi_album album;
    fyi_sound *sound;       /* [n]; of broken ones nothing */
    const char *const *key; /* [n], in the album's arena; NULL: none */
} sound_source;

/* What is looked at, and what of it is kept. */
typedef struct looking {
    const fyi_shot *shots; /* [n] */
    const fy_sound_opts *o;
    int64_t rate_hz;
    fyi_sound *sound; /* [n] */
    size_t most_bytes;
    atomic_size_t bytes;
} looking;

fy_sound_opts fy_sound_defaults(void)
{
    return (fy_sound_opts){ .max_broken = -1 };
}

const char *fy_sound_libraries(void)
{
    static _Thread_local char text[200];

    (void)snprintf(text, sizeof text, "%s, %.*s", sf_version_string(),
                   (int)strcspn(src_get_version(), " "), src_get_version());
    return text;
}

/* ---- looking at the files -------------------------------------------------------------------- */

static fy_status check_length(const looking *l, const char *name, const fyi_sound *s)
{
    const double seconds = (double)s->n / (double)s->rate_hz;

    if (l->o->seconds > 0 || seconds <= UNASKED_SECONDS)
        return FY_OK;
    return fyi_fail(FY_EINVAL,
                    "'%s' lasts %.1f s; samples of more than %g s have to be asked for: set "
                    "seconds, to which all are cut or filled up",
                    name, seconds, UNASKED_SECONDS);
}

static fy_status check_memory(looking *l, const fyi_sound *s)
{
    const size_t bytes = (size_t)s->n * sizeof *s->v;
    char text[FYI_SIZE_CHARS];

    if (atomic_fetch_add(&l->bytes, bytes) + bytes <= l->most_bytes)
        return FY_OK;
    return fyi_fail(FY_ENOMEM,
                    "these sounds need more than %s, half of the memory; set seconds or a lower "
                    "rate, or take fewer",
                    fyi_size_text(l->most_bytes, text));
}

/* To the root mean square that is asked for; silence stays silent. */
static void level(double rms, fyi_sound *s)
{
    double sum = 0;

    for (int64_t i = 0; i < s->n; i++)
        sum += (double)s->v[i] * (double)s->v[i];
    const float factor = sum > 0 ? (float)(rms / sqrt(sum / (double)s->n)) : 0;
    for (int64_t i = 0; i < s->n; i++)
        s->v[i] *= factor;
}

static fy_status cut_and_check(looking *l, const char *name, fyi_sound *s)
{
    const double seconds = l->o->seconds;

    FYI_FORWARD(check_length(l, name, s));
    FYI_FORWARD(fyi_sound_resample(name, l->rate_hz, s));
    if (seconds > 0)
        s->n = FYI_MIN(s->n, (int64_t)llround(seconds * (double)l->rate_hz));
    if (l->o->rms > 0)
        level(l->o->rms, s);
    return check_memory(l, s);
}

/* As a survey's. */
static fy_status look_at(void *ctx, size_t i, fyi_finding *f)
{
    looking *l = ctx;
    const double seconds = l->o->seconds;
    fyi_encoded e;
    fy_status st;

    FYI_FORWARD(fyi_shot_read(&l->shots[i], &e));
    fyi_finding_sum(f, &e);
    st = fyi_sound_decode(&e, seconds > 0 ? seconds + FILTER_SECONDS : 0, 0, &l->sound[i]);
    if (st == FY_OK)
        st = cut_and_check(l, e.name, &l->sound[i]);
    if (st != FY_OK)
        fyi_sound_release(&l->sound[i]);
    fyi_free((void *)(uintptr_t)e.p);
    return st;
}

/* The first file's that can be read; if none can, the survey says why. */
static fy_status find_rate(const fyi_album *a, const fy_sound_opts *o, int64_t *rate_hz)
{
    *rate_hz = o->rate_hz;
    for (size_t i = 0; i < a->n && *rate_hz == 0; i++) {
        fyi_encoded e;
        fy_status st = fyi_shot_read(&a->v[i], &e);

        if (st == FY_OK)
            st = fyi_sound_rate(&e, rate_hz);
        fyi_free((void *)(uintptr_t)e.p);
        if (st != FY_OK && st != FY_EFORMAT && st != FY_EIO)
            return st;
    }
    *rate_hz = FYI_MAX(*rate_hz, FYI_MIN_RATE_HZ);
    return FY_OK;
}

/* ---- names ----------------------------------------------------------------------------------- */

/* What the pattern of names found. */
typedef struct naming {
    fyi_album groups; /* whose labels are the groups' names; empty: there are none */
    int32_t *group;   /* [n], in its arena; NULL: none */
    const char **key; /* [n], in the album's arena; NULL: none */
} naming;

static void release_naming(naming *n)
{
    fyi_album_release(&n->groups);
}

static fy_status fail_name(const fyi_shot *s, const char *pattern)
{
    return fyi_fail(FY_EINVAL, "the name of '%s' is not as the pattern of names '%s' has it",
                    s->name, pattern);
}

/* A copy of a field; NULL where the pattern does not have it. */
static fy_status copy_field(const fyi_name_fields *f, fyi_name_field field, fyi_arena *arena,
                            const char **out)
{
    *out = NULL;
    if (f->v[field] == NULL)
        return FY_OK;
    *out = fyi_arena_printf(arena, "%.*s", (int)f->chars[field], f->v[field]);
    return *out != NULL ? FY_OK : fyi_enomem(f->chars[field], "a name");
}

static fy_status read_name(const fyi_name_pattern *p, fyi_album *a, size_t i, naming *out)
{
    fyi_shot *shot = &a->v[i];
    const char *label, *group;
    fyi_name_fields f;

    if (!fyi_name_pattern_match(p, shot->name, &f))
        return fail_name(shot, p->text);
    FYI_FORWARD(copy_field(&f, FYI_NAME_LABEL, &a->arena, &label));
    FYI_FORWARD(copy_field(&f, FYI_NAME_GROUP, &a->arena, &group));
    FYI_FORWARD(copy_field(&f, FYI_NAME_KEY, &a->arena, &out->key[i]));
    if (label != NULL && shot->label != NULL)
        return fyi_fail(FY_EINVAL,
                        "'%s' has the label '%.80s' already; leave {label} out of the pattern of "
                        "names '%s'",
                        shot->name, shot->label, p->text);
    shot->label = label != NULL ? label : shot->label;
    return group != NULL
               ? fyi_album_add(&out->groups, &(fyi_shot){ .name = shot->name, .label = group })
               : FY_OK;
}

static fy_status read_names(fyi_album *a, const char *path, const char *names, naming *out)
{
    fyi_name_pattern p;

    if (names == NULL || *names == '\0')
        return FY_OK;
    FYI_FORWARD(fyi_name_pattern_read(names, &p));
    out->key = fyi_arena_alloc(&a->arena, a->n * sizeof *out->key);
    if (out->key == NULL)
        return fyi_enomem(a->n * sizeof *out->key, path);
    for (size_t i = 0; i < a->n; i++)
        FYI_FORWARD(read_name(&p, a, i, out));
    if (!fyi_name_pattern_has(&p, FYI_NAME_KEY))
        out->key = NULL;
    out->groups.are_names = true;
    return out->groups.n > 0 ? fyi_album_number(&out->groups, path, &out->group) : FY_OK;
}

/* ---- reading --------------------------------------------------------------------------------- */

static fy_status get(const fyi_source *s, int64_t i, float *x, float *scratch)
{
    const fyi_sound *sound = &((const sound_source *)s)->sound[i];
    const int64_t n = s->shape.d[1];

    (void)scratch;
    if (sound->n > 0)
        memcpy(x, sound->v, (size_t)sound->n * sizeof *x);
    memset(x + sound->n, 0, (size_t)(n - sound->n) * sizeof *x);
    return FY_OK;
}

static const char *name_of(const fyi_source *s, int64_t i)
{
    return ((const sound_source *)s)->album.v[i].name;
}

static const char *key_of(const fyi_source *s, int64_t i)
{
    const sound_source *of = (const sound_source *)s;

    return of->key != NULL ? of->key[i] : NULL;
}

static void release_sounds(fyi_sound *v, size_t n)
{
    for (size_t i = 0; v != NULL && i < n; i++)
        fyi_sound_release(&v[i]);
    fyi_free(v);
}

static void close_source(fyi_source *s)
{
    sound_source *of = (sound_source *)s;

    release_sounds(of->sound, of->album.n);
    fyi_album_release(&of->album);
    fyi_free(of);
}

static const fyi_source_ops ops = {
    .get = get, .close = close_source, .name = name_of, .key = key_of
};

/* ---- making ---------------------------------------------------------------------------------- */

static fy_status check_opts(const fyi_album *a, const char *path, const fy_sound_opts *o)
{
    if (a->n == 0)
        return fyi_fail(FY_EINVAL, "'%s' holds no %s sounds", path, fyi_sounds.kinds);
    if (o->rate_hz != 0 && (o->rate_hz < FYI_MIN_RATE_HZ || o->rate_hz > FYI_MAX_RATE_HZ))
        return fyi_fail(FY_EINVAL,
                        "'%s': sounds are brought to %d .. %d samples a second, not to %lld", path,
                        FYI_MIN_RATE_HZ, FYI_MAX_RATE_HZ, (long long)o->rate_hz);
    if (!(o->seconds >= 0 && o->seconds <= MOST_SECONDS))
        return fyi_fail(FY_EINVAL, "'%s': samples last 0 to %g s, not %g", path, MOST_SECONDS,
                        o->seconds);
    if (!(o->rms >= 0 && o->rms <= 1))
        return fyi_fail(FY_EINVAL,
                        "'%s': sounds are brought to a root mean square of 0 to 1, not to %g", path,
                        o->rms);
    return FY_OK;
}

static int64_t longest(const fyi_sound *v, size_t n)
{
    int64_t most = 1;

    for (size_t i = 0; i < n; i++)
        most = FYI_MAX(most, v[i].n);
    return most;
}

static void set_key(fyi_source *s, double rms)
{
    char line[320];
    fyi_sha256 sum;

    (void)snprintf(line, sizeof line, "sounds 2 %s %lld %lld %a %s", s->hash, (long long)s->rate_hz,
                   (long long)s->shape.d[1], rms, fy_sound_libraries());
    fyi_sha256_init(&sum);
    fyi_sha256_update(&sum, line, strlen(line));
    fyi_sha256_hex(&sum, s->key);
}

/* Takes the album, and the sounds. */
static fy_status new_source(fyi_album *album, looking *l, const fyi_survey *s, sound_source **out)
{
    const double seconds = l->o->seconds;
    const int64_t asked = (int64_t)llround(seconds * (double)l->rate_hz);
    sound_source *of = fyi_calloc(1, sizeof *of);

    if (of == NULL)
        return fyi_enomem(sizeof *of, "a dataset of sounds");
    fyi_source_init(&of->base, &ops, (int64_t)album->n,
                    FY_SHAPE(1, seconds > 0 ? FYI_MAX(asked, 1) : longest(l->sound, album->n)));
    fyi_survey_hash(s, of->base.hash);
    of->base.rate_hz = l->rate_hz;
    of->album = *album;
    *album = (fyi_album){ 0 };
    of->sound = l->sound;
    l->sound = NULL;
    set_key(&of->base, l->o->rms);
    *out = of;
    return FY_OK;
}

/* "; 8000 Hz, 1.5 s; 3 broken files left out" */
static void describe(const fyi_source *s, fyi_buf *b)
{
    fyi_buf_printf(b, "; %lld Hz, %.4g s", (long long)s->rate_hz,
                   (double)s->shape.d[1] / (double)s->rate_hz);
    if (s->n_broken > 0)
        fyi_buf_printf(b, "; %lld broken files left out", (long long)s->n_broken);
}

/* With what the survey found. */
static fy_status make_dataset(fyi_album *album, const char *path, looking *l, const fyi_survey *s,
                              const naming *names, fy_dataset **out)
{
    const fy_sound_opts *o = l->o;
    fyi_dataset_spec spec = { .name = o->name != NULL ? o->name : fyi_base_name(path) };
    sound_source *of = NULL;
    int64_t *index = NULL;
    int32_t *label = NULL;
    fyi_buf how = { 0 };
    fy_status st;

    if (!o->is_unlabelled)
        FYI_FORWARD(fyi_album_number_by(album, path, o->classes_path, &label));
    index = fyi_calloc(album->n, sizeof *index);
    if (index == NULL)
        return fyi_enomem(album->n * sizeof *index, path);
    FY_TRY(new_source(album, l, s, &of));
    of->key = names->key;
    FY_TRY(fyi_survey_sort_out(s, path, fyi_broken_limit(o->max_broken, s->n), &of->album.arena,
                               &of->base, index));
    describe(&of->base, &how);
    FY_TRY(how.failed ? fyi_enomem(256, path) : FY_OK);
    spec.source = &of->base;
    spec.label = label;
    spec.n_classes = of->album.n_classes;
    spec.class_names = of->album.class_names;
    spec.group = names->group;
    spec.n_groups = names->groups.n_classes;
    spec.group_names = names->groups.class_names;
    spec.how = how.p;
    FY_TRY(fyi_album_dataset(&spec, index, out));
done:
    fyi_buf_release(&how);
    fyi_free(index);
    if (of != NULL)
        fyi_source_drop(&of->base);
    return st;
}

fy_status fyi_sounds_open(fyi_album *album, const char *path, const fy_sound_opts *o,
                          fy_dataset **out)
{
    looking l = { .shots = album->v, .o = o, .most_bytes = fyi_memory_bytes() / 2 };
    fyi_survey s = {
        .media = &fyi_sounds, .shots = album->v, .n = album->n, .look = look_at, .ctx = &l
    };
    naming names = { 0 };
    fy_status st;

    *out = NULL;
    FYI_FORWARD(check_opts(album, path, o));
    FY_TRY(read_names(album, path, o->names, &names));
    FY_TRY(find_rate(album, o, &l.rate_hz));
    l.sound = fyi_calloc(album->n, sizeof *l.sound);
    FY_TRY(l.sound != NULL ? FY_OK : fyi_enomem(album->n * sizeof *l.sound, path));
    FY_TRY(fyi_survey_run(&s));
    FY_TRY(make_dataset(album, path, &l, &s, &names, out));
done:
    fyi_survey_release(&s);
    release_sounds(l.sound, s.n);
    release_naming(&names);
    return st;
}
