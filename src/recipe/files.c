/* files.c: the files that keys of a recipe name, weights for one: found, and known by their hash. */
#include "recipe/recipe.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Calls fn for every key of that type that applies and names a file. */
static fy_status each_file(const fyi_settings *s,
                           fy_status (*fn)(void *arg, const fyi_section *section, const fyi_key *k,
                                           const char **path),
                           void *arg)
{
    for (int i = 0; i < s->n_sections; i++) {
        const fyi_section *section = &s->sections[i];

        for (const fyi_key *k = section->keys; section->is_open && k->key != NULL; k++) {
            const char **path = (void *)((char *)section->base + k->at);

            if (k->type == FYI_KEY_FILE && *path != NULL && fyi_key_applies(s, section, k))
                FYI_FORWARD(fn(arg, section, k, path));
        }
    }
    return FY_OK;
}

fy_status fyi_file_find(const char *name, fyi_arena *arena, const char **found)
{
    char full[PATH_MAX];

    *found = NULL;
    if (realpath(name, full) == NULL || !fyi_text_is_plain(full, strlen(full)))
        return FY_OK;
    *found = fyi_arena_dup(arena, full, strlen(full) + 1);
    return *found != NULL ? FY_OK : fyi_enomem(strlen(full), "a file's name");
}

static fy_status fix_path(const char **path, fyi_arena *arena)
{
    const char *found = NULL;

    if (*path == NULL)
        return FY_OK;
    FYI_FORWARD(fyi_file_find(*path, arena, &found));
    *path = found != NULL ? found : *path;
    return FY_OK;
}

typedef struct fixing {
    const char *root; /* where a file is looked for that is not here */
    fyi_arena *arena;
} fixing;

static fy_status fix_file(void *arg, const fyi_section *section, const fyi_key *k, const char **path)
{
    const fixing *f = arg;
    const char *found = NULL;
    char *within;
    fy_status st;

    (void)section;
    (void)k;
    FYI_FORWARD(fyi_file_find(*path, f->arena, &found));
    if (found == NULL) {
        within = fyi_path_join(f->root, *path);
        if (within == NULL)
            return fyi_enomem(strlen(*path), "a file's name");
        st = fyi_file_find(within, f->arena, &found);
        fyi_free(within);
        FYI_FORWARD(st);
    }
    *path = found != NULL ? found : *path;
    return FY_OK;
}

fy_status fyi_files_fix(fyi_settings *s, fyi_arena *arena)
{
    fixing f = { NULL, arena };

    FYI_FORWARD(fix_path(&s->run.data_root, arena));
    f.root = s->run.data_root;
    return each_file(s, fix_file, &f);
}

typedef struct reading {
    const fyi_settings *of;
    fyi_files *to;
    const char *root;
    bool is_resumed;
} reading;

static fy_status read_hash(void *arg, const fyi_section *section, const fyi_key *k,
                           const char **path)
{
    const reading *r = arg;
    const int i = r->to->n, side = (int)(section - r->of->sections) - 1;

    if (side >= 0 && side < FYI_SIDES && fyi_side_is_hidden(r->of, side))
        return FY_OK;
    if (r->is_resumed && !fyi_path_exists(*path))
        return FY_OK;
    if (!fyi_path_exists(*path))
        return fyi_fail(
            FY_EIO,
            "cannot read '%s', the recipe's '%s%s%s': it is neither here nor in '%s'; set "
            "data_root=FOLDER or the environment's FERRY_DATA to where it is",
            *path, section->name, *section->name ? "." : "", k->key, r->root);
    FYI_ASSERT(i < FYI_MAX_FILES);
    (void)snprintf(r->to->v[i].key, sizeof r->to->v[i].key, "%s%s%s", section->name,
                   *section->name ? "." : "", k->key);
    r->to->v[i].path = *path;
    r->to->n++;
    return fyi_file_sha256(*path, r->to->v[i].sha256);
}

fy_status fyi_files_read(const fyi_settings *s, bool is_resumed, fyi_files *out)
{
    reading r = { s, out, s->run.data_root, is_resumed };

    *out = (fyi_files){ 0 };
    return each_file(s, read_hash, &r);
}
