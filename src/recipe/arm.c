/* arm.c: one arm of a comparison as a recipe of its own: the recipe without its section "compare", or another file with
 * the changes of the command line, and then the changes of a shift, where there are shifts, and the arm's. */
#include "recipe/recipe.h"

#include <string.h>

static const char file_key[] = "recipe=";

/* The name in "recipe=FILE"; NULL for other changes. */
static const char *file_of(const fyi_texts *changes)
{
    const size_t len = sizeof file_key - 1;

    return changes->n > 0 && strncmp(changes->v[0], file_key, len) == 0 ? changes->v[0] + len : NULL;
}

/* ---- names of files -------------------------------------------------------------------------- */

static fy_status find_beside(const char *path, const char *name, fyi_arena *arena,
                             const char **found)
{
    const int folder = (int)(fyi_base_name(path) - path);
    const char *beside = fyi_arena_printf(arena, "%.*s%s", folder, path, name);

    if (beside == NULL)
        return fyi_enomem(strlen(name), "a recipe's name");
    return fyi_file_find(beside, arena, found);
}

static fy_status fix_changes(fyi_texts *changes, const char *path, fyi_arena *arena)
{
    const char *name = file_of(changes), *found = NULL, **v;

    if (name == NULL)
        return FY_OK;
    FYI_FORWARD(fyi_file_find(name, arena, &found));
    if (found == NULL)
        FYI_FORWARD(find_beside(path, name, arena, &found));
    if (found == NULL)
        return FY_OK;
    v = fyi_arena_dup(arena, changes->v, (size_t)changes->n * sizeof *v);
    if (v == NULL || (v[0] = fyi_arena_printf(arena, "%s%s", file_key, found)) == NULL)
        return fyi_enomem(strlen(found), "a recipe's name");
    changes->v = v;
    return FY_OK;
}

fy_status fyi_arms_fix(fyi_settings *s, const char *path, fyi_arena *arena)
{
    for (int i = 0; i < s->n_arms; i++)
        FYI_FORWARD(fix_changes(&s->arms[i].changes, path, arena));
    return fix_changes(&s->compare.first, path, arena);
}

/* ---- the recipe ------------------------------------------------------------------------------ */

fy_status fyi_recipe_without(const fy_recipe *r, const char *section, fy_recipe **out)
{
    FYI_FORWARD(fy_recipe_copy(r, out));
    for (size_t i = (*out)->entries.n; i-- > 0;) {
        const fyi_entry gone = { .key = (*out)->entries.v[i].key };

        if (fyi_key_is_of(gone.key, section))
            FYI_FORWARD(fyi_entries_put(&(*out)->entries, &gone));
    }
    return FY_OK;
}

/* What the command line said holds for every arm; of the run before them, where there is another recipe, what any recipe
 * may set. */
static bool holds_for(const char *key, bool is_first)
{
    return is_first ? fyi_key_is_of(key, "") : !fyi_key_is_of(key, "compare");
}

static fy_status override(const fyi_entries *t, bool is_first, fyi_entries *to)
{
    for (const fyi_gone *g = t->gone; g != NULL; g = g->next)
        if (holds_for(g->key, is_first)) {
            FYI_FORWARD(fyi_entries_put(to, &(fyi_entry){ .key = g->key }));
            FYI_FORWARD(fyi_entries_note_gone(to, g->key));
        }
    for (size_t i = 0; i < t->n; i++)
        if (t->v[i].line == 0 && holds_for(t->v[i].key, is_first))
            FYI_FORWARD(fyi_entries_put(to, &t->v[i]));
    return FY_OK;
}

static fy_status read_other(const fy_recipe *r, const char *file, bool is_first, fy_recipe **out)
{
    FYI_FORWARD(fy_recipe_read(file, out));
    for (size_t i = 0; i < (*out)->entries.n; i++)
        if (fyi_key_is_of((*out)->entries.v[i].key, "compare"))
            return fyi_fail(FY_EINVAL,
                            "recipe %s compares arms of its own and cannot be one; give a recipe "
                            "without a section 'compare'",
                            file);
    return override(&r->entries, is_first, &(*out)->entries);
}

static bool sets(const char *change, const char *key)
{
    const size_t len = strlen(key);

    return strncmp(change, key, len) == 0 && change[len] == '=';
}

static fy_status change(fy_recipe *to, const char *text)
{
    if (sets(text, "recipe"))
        return fyi_fail(FY_EINVAL,
                        "setting '%.80s': the recipe that an arm begins with comes first", text);
    if (sets(text, "seed"))
        return fyi_fail(FY_EINVAL,
                        "setting '%.80s': all arms are run with the same seeds; set compare.seeds",
                        text);
    if (fyi_key_is_of(text, "compare"))
        return fyi_fail(FY_EINVAL, "setting '%.80s': a comparison cannot compare comparisons", text);
    return fy_recipe_set(to, text);
}

static fy_status change_all(fy_recipe *to, const fyi_texts *changes, int from)
{
    for (int i = from; i < changes->n; i++)
        FYI_FORWARD(change(to, changes->v[i]));
    return FY_OK;
}

static fy_status make(const fy_recipe *r, int shift, const fyi_texts *changes, fy_recipe **out)
{
    const bool is_first = changes == &r->settings.compare.first;
    const char *file = file_of(changes);

    FYI_FORWARD(file != NULL ? read_other(r, file, is_first, out)
                             : fyi_recipe_without(r, "compare", out));
    if (r->settings.n_shifts > 0)
        FYI_FORWARD(change_all(*out, &r->settings.shifts[shift].changes, 0));
    FYI_FORWARD(change_all(*out, changes, file != NULL));
    return fy_recipe_check(*out);
}

static fy_status make_whole(const fy_recipe *r, int shift, const fyi_texts *changes, fy_recipe **out)
{
    fy_status st;

    *out = NULL;
    st = make(r, shift, changes, out);
    if (st == FY_OK)
        return FY_OK;
    fy_recipe_free(*out);
    *out = NULL;
    return st;
}

static fy_status wrap(fy_status st, const fy_recipe *r, int shift, const char *what,
                      const char *name)
{
    if (r->settings.n_shifts == 0)
        return fyi_wrap(st, "while reading %s'%s'", what, name);
    return fyi_wrap(st, "while reading %s'%s' on the shift '%s'", what, name,
                    r->settings.shifts[shift].name);
}

fy_status fyi_recipe_arm(const fy_recipe *r, int shift, int i, fy_recipe **out)
{
    const fyi_arm *arm = &r->settings.arms[i];
    const fy_status st = make_whole(r, shift, &arm->changes, out);

    return st == FY_OK ? FY_OK : wrap(st, r, shift, "the arm ", arm->name);
}

fy_status fyi_recipe_first(const fy_recipe *r, int shift, fy_recipe **out)
{
    const fyi_texts *changes = &r->settings.compare.first;
    fy_status st;

    *out = NULL;
    if (changes->n == 0)
        return FY_OK;
    st = make_whole(r, shift, changes, out);
    return st == FY_OK ? FY_OK : wrap(st, r, shift, "", "compare.first");
}
