/* features.c: the rows of feature caches, in memory or in files of a folder, and how much of either they may take. */
#include "train/features.h"

#include <string.h>

#define KEEPS 16 /* rows in memory that nobody uses at the moment */

struct fy_features {
    char *dir;    /* NULL: in memory */
    size_t limit; /* 0: what the machine has decides */
    size_t taken; /* bytes of memory */
    fyi_rows *newest;
};

fy_features_opts fy_features_defaults(void)
{
    return (fy_features_opts){ .dir = NULL };
}

fy_status fy_features_open(const fy_features_opts *o, fy_features **out)
{
    const fy_features_opts defaults = fy_features_defaults();
    *out = NULL;
    o = o ? o : &defaults;
    fy_features *f = fyi_calloc(1, sizeof *f);
    if (!f)
        return fyi_enomem(sizeof *f, "the feature cache");
    f->limit = o->limit;
    if (o->dir && !(f->dir = fyi_strdup(o->dir))) {
        fyi_free(f);
        return fyi_enomem(strlen(o->dir), "a folder's name");
    }
    *out = f;
    return FY_OK;
}

static void drop(fy_features *f, fyi_rows *rows)
{
    fyi_rows **at = &f->newest;
    while (*at != rows)
        at = &(*at)->next;
    *at = rows->next;
    if (rows->memory)
        f->taken -= rows->bytes;
    fyi_feature_file_release(&rows->file);
    fyi_free(rows->memory);
    fyi_free(rows);
}

void fy_features_close(fy_features *f)
{
    if (!f)
        return;
    while (f->newest) {
        FYI_ASSERT(f->newest->n_users == 0);
        drop(f, f->newest);
    }
    fyi_free(f->dir);
    fyi_free(f);
}

/* ---- room ------------------------------------------------------------------------------------------------- */

static size_t memory_limit(const fy_features *f)
{
    const size_t half = fyi_memory_bytes() / 2;
    if (f->limit == 0)
        return half;
    return f->dir ? FYI_MIN(f->limit, half) : f->limit;
}

static size_t less(size_t a, size_t b)
{
    return a > b ? a - b : 0;
}

/* The oldest that nobody uses; NULL if there is none. *n: how many there are. */
static fyi_rows *oldest_unused(const fy_features *f, int *n)
{
    fyi_rows *found = NULL;
    *n = 0;
    for (fyi_rows *r = f->newest; r; r = r->next)
        if (r->n_users == 0) {
            found = r;
            ++*n;
        }
    return found;
}

/* Of the rows that nobody uses as many go as it takes. */
static bool make_room(fy_features *f, size_t bytes)
{
    const size_t limit = memory_limit(f);
    int n;
    for (fyi_rows *r; bytes > less(limit, f->taken) && (r = oldest_unused(f, &n));)
        drop(f, r);
    return bytes <= less(limit, f->taken);
}

static fy_status room_on_disk(const fy_features *f, size_t *bytes)
{
    FYI_FORWARD(fyi_mkdirs(f->dir));
    FYI_FORWARD(fyi_disk_free(f->dir, bytes));
    *bytes = f->limit == 0 ? *bytes / 2
                           : FYI_MIN(*bytes, less(f->limit, fyi_feature_files_bytes(f->dir)));
    return FY_OK;
}

fy_status fyi_features_room(fy_features *f, bool has_key, size_t *bytes)
{
    if (f->dir && has_key)
        return room_on_disk(f, bytes);
    fyi_features_drop_unused(f);
    *bytes = less(memory_limit(f), f->taken);
    return FY_OK;
}

/* ---- taking ----------------------------------------------------------------------------------------------- */

static fyi_rows *known(const fy_features *f, const char *key, size_t bytes)
{
    for (fyi_rows *r = f->newest; key[0] && r; r = r->next)
        if (r->is_filled && r->bytes == bytes && strcmp(r->key, key) == 0)
            return r;
    return NULL;
}

static fy_status take_memory(fy_features *f, fyi_rows *r, bool *fits)
{
    *fits = make_room(f, r->bytes);
    if (!*fits)
        return FY_OK;
    r->p = r->memory = fyi_calloc(1, r->bytes);
    if (!r->memory)
        return fyi_enomem(r->bytes, "the feature cache");
    f->taken += r->bytes;
    return FY_OK;
}

static fy_status take_file(const fy_features *f, fyi_rows *r, bool *fits)
{
    size_t room = 0;
    FYI_FORWARD(fyi_feature_file_find(&r->file, f->dir, r->key, r->bytes));
    if (!r->file.is_found)
        FYI_FORWARD(fyi_feature_file_lock(&r->file));
    if (!r->file.is_found)
        FYI_FORWARD(room_on_disk(f, &room));
    *fits = r->file.is_found || r->bytes <= room;
    if (*fits && !r->file.is_found)
        FYI_FORWARD(fyi_feature_file_begin(&r->file));
    r->is_filled = r->file.is_found;
    r->p = r->file.rows;
    if (*fits)
        fyi_info("feature cache: %.1f MiB %s '%s'", (double)r->bytes / 1048576,
                 r->is_filled ? "found in" : "go to", r->file.path);
    return FY_OK;
}

static fy_status take_new(fy_features *f, fyi_rows *r, const char *key, fyi_rows **out)
{
    bool fits = false;
    (void)snprintf(r->key, sizeof r->key, "%s", key);
    r->n_users = 1;
    r->next = f->newest;
    f->newest = r;
    const fy_status st = f->dir && key[0] ? take_file(f, r, &fits) : take_memory(f, r, &fits);
    if (st == FY_OK && fits)
        *out = r;
    else
        drop(f, r);
    return st;
}

/* In front, so that those at the end have not been used for the longest time. */
static void move_to_front(fy_features *f, fyi_rows *r)
{
    fyi_rows **at = &f->newest;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    r->next = f->newest;
    f->newest = r;
}

fy_status fyi_features_take(fy_features *f, const char *key, size_t bytes, fyi_rows **out)
{
    fyi_rows *r = known(f, key, bytes);
    *out = r;
    if (r) {
        r->n_users++;
        move_to_front(f, r);
        return FY_OK;
    }
    r = fyi_calloc(1, sizeof *r);
    if (!r)
        return fyi_enomem(sizeof *r, "the feature cache");
    r->bytes = bytes;
    r->file.lock = -1;
    return take_new(f, r, key, out);
}

fy_status fyi_features_filled(fyi_rows *rows)
{
    if (rows->file.rows)
        FYI_FORWARD(fyi_feature_file_commit(&rows->file));
    rows->is_filled = true;
    return FY_OK;
}

void fyi_features_give_back(fy_features *f, fyi_rows *rows)
{
    int n;
    if (!rows || --rows->n_users > 0)
        return;
    if (!rows->is_filled || !rows->key[0]) {
        drop(f, rows);
        return;
    }
    for (fyi_rows *r; (r = oldest_unused(f, &n)) && n > KEEPS;)
        drop(f, r);
}

void fyi_features_drop_unused(fy_features *f)
{
    int n;
    for (fyi_rows *r; (r = oldest_unused(f, &n));)
        drop(f, r);
}
