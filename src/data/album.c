/* album.c: a list of encoded samples on its way to a dataset.
 *
 * Opening looks at every file as far as it is asked to, leaves broken ones out, and hashes names and
 * bytes. A sample's number is its place in the list, broken ones included, so that mending a file
 * renumbers nothing. */
#include "data/album.h"

#include <string.h>
#include <strings.h>

#define MAX_BYTES ((size_t)1 << 30) /* of one encoded sample */
#define CHECK_GRAIN 8               /* files that are worth a thread */
#define CHECK_SLICE ((size_t)256)   /* files between two looks at the user's wish to stop */
#define MAX_LOGGED 10

/* ---- the album ------------------------------------------------------------------------------- */

bool fyi_media_has_ending(const fyi_media *m, const char *name)
{
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot != NULL && m->endings[i] != NULL; i++)
        if (strcasecmp(dot, m->endings[i]) == 0)
            return true;
    return false;
}

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

void fyi_finding_sum(fyi_finding *f, const fyi_encoded *e)
{
    fyi_sha256 sum;

    fyi_sha256_init(&sum);
    fyi_sha256_update(&sum, e->p, e->n);
    fyi_sha256_hex(&sum, f->sum);
}

/* A part of a survey's shots. */
typedef struct slice {
    const fyi_survey *of;
    size_t from;
} slice;

/* A fyi_range_fn. A failure's sentence is this thread's: it is kept. */
static void look_at_range(void *ctx, int64_t begin, int64_t end)
{
    const slice *part = ctx;

    for (size_t i = part->from + (size_t)begin; i < part->from + (size_t)end; i++) {
        fyi_finding *f = &part->of->v[i];

        f->st = part->of->look(part->of->ctx, i, f);
        if (f->st != FY_OK)
            f->sentence = fyi_strdup(fy_last_error());
    }
}

static bool is_broken(const fyi_finding *f)
{
    return f->st == FY_EFORMAT || f->st == FY_EIO;
}

/* What is no fault of a file ends the opening. */
static fy_status check_findings(const fyi_survey *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->v[i].st != FY_OK && !is_broken(&s->v[i]))
            return fyi_fail_as(s->v[i].st,
                               s->v[i].sentence != NULL ? s->v[i].sentence : "out of memory");
    return FY_OK;
}

fy_status fyi_survey_run(fyi_survey *s)
{
    char what[64];

    (void)snprintf(what, sizeof what, "looking at %s before the run", s->media->many);
    s->v = fyi_calloc(s->n, sizeof *s->v);
    if (s->v == NULL)
        return fyi_enomem(s->n * sizeof *s->v, what);
    for (size_t at = 0; at < s->n; at += CHECK_SLICE) {
        slice part = { s, at };

        FYI_FORWARD(fyi_stop_if_asked(what));
        fyi_parallel((int64_t)FYI_MIN(s->n - at, CHECK_SLICE), CHECK_GRAIN, look_at_range, &part);
    }
    return check_findings(s);
}

void fyi_survey_release(fyi_survey *s)
{
    for (size_t i = 0; s->v != NULL && i < s->n; i++)
        fyi_free(s->v[i].sentence);
    fyi_free(s->v);
}

void fyi_survey_hash(const fyi_survey *s, char hex[65])
{
    fyi_sha256 sum;

    fyi_sha256_init(&sum);
    for (size_t i = 0; i < s->n; i++) {
        const char *label = s->shots[i].label != NULL ? s->shots[i].label : "";

        fyi_sha256_update(&sum, s->shots[i].name, strlen(s->shots[i].name) + 1);
        fyi_sha256_update(&sum, label, strlen(label) + 1);
        fyi_sha256_update(&sum, s->v[i].sum, strlen(s->v[i].sum) + 1);
    }
    fyi_sha256_hex(&sum, hex);
}

/* ---- broken files ---------------------------------------------------------------------------- */

int64_t fyi_broken_limit(int64_t max_broken, size_t n)
{
    return max_broken >= 0 ? max_broken : (int64_t)FYI_MAX(n / 100, 10);
}

static fy_status check_limit(const fyi_survey *s, const char *path, int64_t limit, int64_t n,
                             const fyi_finding *first)
{
    if (n == (int64_t)s->n)
        return fyi_fail(FY_EFORMAT, "'%s': none of its %lld %s can be read; the first: %s", path,
                        (long long)n, s->media->many, first->sentence);
    if (n > limit)
        return fyi_fail(FY_EFORMAT,
                        "'%s': %lld of %zu %s cannot be read, at most %lld may be left out "
                        "(max_broken); the first: %s",
                        path, (long long)n, s->n, s->media->many, (long long)limit, first->sentence);
    return FY_OK;
}

static void log_broken(const fyi_source *source, const char *path)
{
    for (int64_t k = 0; k < FYI_MIN(source->n_broken, MAX_LOGGED); k++)
        fyi_warn("left out: %s", source->broken[k]);
    if (source->n_broken > MAX_LOGGED)
        fyi_warn("'%s': %lld more files were left out", path,
                 (long long)source->n_broken - MAX_LOGGED);
}

static bool has_sum(const fyi_finding *f)
{
    return strlen(f->sum) + 1 == sizeof f->sum;
}

/* Where files were only weighed nobody knows what is in them. */
static fy_status mark_files(const fyi_survey *s, fyi_arena *arena, fyi_source *source)
{
    uint64_t *marks = fyi_arena_alloc(arena, s->n * sizeof *marks);
    bool are_known = true;

    if (marks == NULL)
        return fyi_enomem(s->n * sizeof *marks, "marks of files");
    for (size_t i = 0; i < s->n; i++) {
        are_known = are_known && (is_broken(&s->v[i]) || has_sum(&s->v[i]));
        marks[i] = fyi_hash64(s->v[i].sum, sizeof s->v[i].sum, 0);
    }
    source->marks = are_known ? marks : NULL;
    return FY_OK;
}

fy_status fyi_survey_sort_out(const fyi_survey *s, const char *path, int64_t limit,
                              fyi_arena *arena, fyi_source *source, int64_t *index)
{
    const fyi_finding *first = NULL;
    const char **broken;
    int64_t n = 0, kept = 0;

    for (size_t i = 0; i < s->n; i++)
        n += is_broken(&s->v[i]);
    broken = fyi_arena_alloc(arena, (size_t)n * sizeof *broken);
    if (broken == NULL)
        return fyi_enomem((size_t)n * sizeof *broken, path);
    for (size_t i = 0; i < s->n; i++) {
        const fyi_finding *f = &s->v[i];

        if (!is_broken(f)) {
            index[kept++] = (int64_t)i;
            continue;
        }
        first = first != NULL ? first : f;
        broken[source->n_broken] =
            fyi_arena_printf(arena, "%s", f->sentence != NULL ? f->sentence : s->shots[i].path);
        if (broken[source->n_broken++] == NULL)
            return fyi_enomem(256, path);
    }
    source->broken = broken;
    FYI_FORWARD(mark_files(s, arena, source));
    log_broken(source, path);
    return first != NULL ? check_limit(s, path, limit, n, first) : FY_OK;
}

/* ---- the dataset ----------------------------------------------------------------------------- */

/* values [..] by shot, NULL: none; those of the good ones into kept [n]. */
static const int32_t *keep(const int32_t *values, const int64_t *index, int64_t n, int32_t *kept)
{
    for (int64_t i = 0; values != NULL && i < n; i++)
        kept[i] = values[index[i]];
    return values != NULL ? kept : NULL;
}

fy_status fyi_album_dataset(const fyi_dataset_spec *spec, const int64_t *index, fy_dataset **out)
{
    fyi_dataset_spec good = *spec;
    int32_t *kept;
    fy_status st;

    *out = NULL;
    good.n = spec->source->n - spec->source->n_broken;
    kept = fyi_calloc(2 * (size_t)good.n, sizeof *kept);
    if (kept == NULL)
        return fyi_enomem(2 * (size_t)good.n * sizeof *kept, spec->name);
    good.label = keep(spec->label, index, good.n, kept);
    good.group = keep(spec->group, index, good.n, kept + good.n);
    good.index = spec->source->n_broken > 0 ? index : NULL;
    st = fyi_dataset_new(&good, out);
    fyi_free(kept);
    return st;
}
