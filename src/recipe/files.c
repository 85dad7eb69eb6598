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

            if (k->type == FYI_KEY_FILE && *path != NULL && fyi_key_applies(section, k))
                FYI_FORWARD(fn(arg, section, k, path));
        }
    }
    return FY_OK;
}

static fy_status fix_path(const char **path, fyi_arena *arena)
{
    char full[PATH_MAX];

    if (*path == NULL || realpath(*path, full) == NULL || !fyi_text_is_plain(full, strlen(full)))
        return FY_OK;
    *path = fyi_arena_dup(arena, full, strlen(full) + 1);
    return *path != NULL ? FY_OK : fyi_enomem(strlen(full), "a file's name");
}

static fy_status fix_file(void *arg, const fyi_section *section, const fyi_key *k, const char **path)
{
    (void)section;
    (void)k;
    return fix_path(path, arg);
}

fy_status fyi_files_fix(fyi_settings *s, fyi_arena *arena)
{
    FYI_FORWARD(fix_path(&s->run.data_root, arena));
    return each_file(s, fix_file, arena);
}

typedef struct reading {
    fyi_files *to;
    bool is_resumed;
} reading;

static fy_status read_hash(void *arg, const fyi_section *section, const fyi_key *k,
                           const char **path)
{
    const reading *r = arg;
    const int i = r->to->n;

    if (r->is_resumed && !fyi_path_exists(*path))
        return FY_OK;
    FYI_ASSERT(i < FYI_MAX_FILES);
    (void)snprintf(r->to->v[i].key, sizeof r->to->v[i].key, "%s%s%s", section->name,
                   *section->name ? "." : "", k->key);
    r->to->v[i].path = *path;
    r->to->n++;
    return fyi_file_sha256(*path, r->to->v[i].sha256);
}

fy_status fyi_files_read(const fyi_settings *s, bool is_resumed, fyi_files *out)
{
    reading r = { out, is_resumed };

    *out = (fyi_files){ 0 };
    return each_file(s, read_hash, &r);
}
