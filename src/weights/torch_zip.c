/* torch_zip.c: PyTorch's files from 1.6 on: an archive with one folder.
 *
 *   <folder>/data.pkl         the object, a pickle whose tensors refer to storages by key
 *   <folder>/data/<key>       the numbers of one storage
 *   <folder>/version          of the format, "3"
 *   <folder>/byteorder        "little" or "big"; files before 2.1 lack it and are little-endian
 *   <folder>/.format_version, .data/serialization_id, code/, ...   nothing that is needed here */
#include "weights/torch.h"

#include <stdlib.h>
#include <string.h>

#define PICKLE_NAME "data.pkl"
#define MAX_VERSION 10 /* PyTorch's own kMaxSupportedFileFormatVersion */

/* The entry "<folder>/data.pkl", -1 if there is none or more than one. */
static int find_pickle(const fyi_zip *z)
{
    const size_t end = sizeof "/" PICKLE_NAME - 1;
    int found = -1;

    for (int i = 0; i < fyi_zip_count(z); i++) {
        const char *name = fyi_zip_name(z, i), *slash = strchr(name, '/');

        if (!slash || strlen(slash) != end || strcmp(slash, "/" PICKLE_NAME) != 0)
            continue;
        if (found >= 0)
            return -1;
        found = i;
    }
    return found;
}

bool fyi_is_torch_zip(const fyi_zip *z)
{
    return find_pickle(z) >= 0;
}

/* ---- small entries ------------------------------------------------------------------------------------------ */

typedef struct archive {
    const fy_weights *w;
    const char *folder;
    int folder_chars; /* with its slash */
} archive;

static fy_status find_entry(const archive *a, const char *kind, const char *key, int *i)
{
    fyi_buf name = { 0 };

    fyi_buf_printf(&name, "%.*s%s%s", a->folder_chars, a->folder, kind, key);
    if (name.failed)
        return fyi_enomem(strlen(key), "an entry's name");
    *i = fyi_zip_find(a->w->zip, name.p);
    fyi_buf_release(&name);
    return FY_OK;
}

/* Its text, "" if there is no such entry. */
static fy_status read_small(const archive *a, const char *name, char text[32])
{
    uint64_t bytes;
    int i;

    text[0] = '\0';
    FYI_FORWARD(find_entry(a, "", name, &i));
    if (i < 0)
        return FY_OK;
    bytes = fyi_zip_bytes(a->w->zip, i);
    if (bytes > 31)
        return fyi_fail(FY_EFORMAT, "'%s': its entry '%s' should be one word and has %llu bytes",
                        a->w->name, name, (unsigned long long)bytes);
    FYI_FORWARD(fyi_zip_read(a->w->zip, i, text, (size_t)bytes));
    text[bytes] = '\0';
    text[strcspn(text, "\r\n")] = '\0';
    return FY_OK;
}

static fy_status read_order(const archive *a, bool *is_swapped)
{
    char text[32];

    FYI_FORWARD(read_small(a, "byteorder", text));
    *is_swapped = strcmp(text, "big") == 0;
    if (*is_swapped || text[0] == '\0' || strcmp(text, "little") == 0)
        return FY_OK;
    return fyi_fail(FY_EFORMAT, "'%s': its byte order is '%s', neither little nor big", a->w->name,
                    text);
}

static fy_status check_version(const archive *a)
{
    char text[32];
    long version;

    FYI_FORWARD(read_small(a, "version", text));
    version = text[0] == '\0' ? 1 : strtol(text, NULL, 10);
    if (version >= 1 && version <= MAX_VERSION)
        return FY_OK;
    return fyi_fail(FY_EFORMAT, "'%s' is of version '%s' of PyTorch's format, read are 1 to %d",
                    a->w->name, text, MAX_VERSION);
}

/* ---- the pickle ------------------------------------------------------------------------------------------------ */

static fy_status place(void *arg, const fyi_storage *s, fyi_block *b)
{
    const archive *a = arg;
    const uint64_t unit = s->stored ? s->stored->bytes : 1;

    FYI_FORWARD(find_entry(a, "data/", s->key, &b->entry));
    if (b->entry < 0)
        return fyi_fail(FY_EFORMAT, "'%s' lacks the entry 'data/%.40s'; the file is damaged",
                        a->w->name, s->key);
    b->at = 0;
    b->bytes = fyi_zip_bytes(a->w->zip, b->entry);
    if (b->bytes % unit == 0 && b->bytes / unit == (uint64_t)s->numel)
        return FY_OK;
    return fyi_fail(FY_EFORMAT,
                    "'%s': its storage '%.40s' should have %lld times %llu bytes and has %llu; the "
                    "file is damaged",
                    a->w->name, s->key, (long long)s->numel, (unsigned long long)unit,
                    (unsigned long long)b->bytes);
}

static fy_status read_root(fy_weights *w, const void *pickle, size_t bytes, fyi_arena *arena,
                           fyi_value **root)
{
    fyi_torch t = { .name = w->name, .arena = arena };
    const fyi_pickle_hooks hooks = fyi_torch_hooks(&t);
    fyi_infile *f;
    uint64_t at = 0;
    fy_status st;

    FYI_FORWARD(fyi_infile_lend(w->name, pickle, bytes, &f));
    st = fyi_pickle_read(f, &at, bytes, &hooks, arena, root);
    fyi_infile_close(f);
    return st;
}

static fy_status read_pickle(fy_weights *w, int i, fyi_arena *arena, fyi_value **root)
{
    void *pickle;
    size_t bytes;
    fy_status st;

    if (fyi_zip_bytes(w->zip, i) > FYI_PICKLE_LIMIT)
        return fyi_fail(FY_EFORMAT, "'%s': its data.pkl has %llu bytes, at most %llu were expected",
                        w->name, (unsigned long long)fyi_zip_bytes(w->zip, i),
                        (unsigned long long)FYI_PICKLE_LIMIT);
    FYI_FORWARD(fyi_zip_take(w->zip, i, &pickle, &bytes));
    st = read_root(w, pickle, bytes, arena, root);
    fyi_free(pickle);
    return st;
}

static fy_status read_archive(fy_weights *w, fyi_arena *arena)
{
    const int i = find_pickle(w->zip);
    const char *folder = fyi_zip_name(w->zip, i);
    archive a = { w, folder, (int)(strchr(folder, '/') - folder) + 1 };
    fyi_value *root;
    bool is_swapped;

    FYI_FORWARD(check_version(&a));
    FYI_FORWARD(read_order(&a, &is_swapped));
    FYI_FORWARD(read_pickle(w, i, arena, &root));
    return fyi_torch_put(w, root, is_swapped, place, &a);
}

fy_status fyi_read_torch_zip(fy_weights *w)
{
    fyi_arena arena = { 0 };
    const fy_status st = read_archive(w, &arena);

    fyi_arena_release(&arena);
    return st;
}
