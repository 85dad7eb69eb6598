/* recipe.c: the recipe as an object: read, changed, checked, looked at, written. */
#include "recipe/recipe.h"

#include <stddef.h>
#include <string.h>

/* ---- making ---------------------------------------------------------------------------------- */

/* "recipes/ADDA digits.yaml" -> "ADDA-digits": fit for the name of a run's directory. */
static char *stem_of(fyi_arena *arena, const char *path)
{
    const char *name = fyi_base_name(path), *dot = strrchr(name, '.');
    char *stem = fyi_arena_printf(
        arena, "%.*s", dot != NULL && dot > name ? (int)FYI_MIN(dot - name, 100) : 100, name);

    for (char *c = stem; c != NULL && *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
              (c > stem && (*c == '.' || *c == '-')) || *c == '_'))
            *c = '_';
    return stem != NULL && *stem == '\0' ? fyi_arena_printf(arena, "recipe") : stem;
}

static fy_status new_recipe(const char *path, fy_recipe **out)
{
    fy_recipe *r = fyi_calloc(1, sizeof *r);

    *out = r;
    if (r == NULL)
        return fyi_enomem(sizeof *r, "a recipe");
    r->entries.path = fyi_arena_dup(&r->entries.arena, path, strlen(path) + 1);
    r->stem = stem_of(&r->entries.arena, path);
    return r->entries.path != NULL && r->stem != NULL ? FY_OK : fyi_enomem(strlen(path), "a recipe");
}

void fy_recipe_free(fy_recipe *r)
{
    if (r == NULL)
        return;
    fyi_entries_release(&r->entries);
    fyi_arena_release(&r->bound);
    fyi_free(r);
}

static fy_status give_or_free(fy_status st, fy_recipe *r, fy_recipe **out)
{
    if (st == FY_OK)
        *out = r;
    else
        fy_recipe_free(r);
    return st;
}

fy_status fy_recipe_parse(const char *name, const char *text, size_t bytes, fy_recipe **out)
{
    fy_recipe *r = NULL;
    fy_status st;

    *out = NULL;
    FY_TRY(new_recipe(name, &r));
    FY_TRY(fyi_entries_parse(&r->entries, text, bytes));
    FY_TRY(fyi_overrides_replay(&r->entries));
done:
    return give_or_free(st, r, out);
}

fy_status fy_recipe_read(const char *path, fy_recipe **out)
{
    char *text = NULL;
    size_t bytes;
    fy_status st;

    *out = NULL;
    st = fyi_file_read(path, FYI_RECIPE_MAX_BYTES, &text, &bytes);
    if (st == FY_OK)
        st = fy_recipe_parse(path, text, bytes, out);
    fyi_free(text);
    return st;
}

fy_status fy_recipe_copy(const fy_recipe *from, fy_recipe **out)
{
    fy_recipe *r = NULL;
    fy_status st;

    *out = NULL;
    FY_TRY(new_recipe(from->entries.path, &r));
    for (size_t i = 0; i < from->entries.n; i++)
        FY_TRY(fyi_entries_put(&r->entries, &from->entries.v[i]));
    for (const fyi_gone *g = from->entries.gone; g != NULL; g = g->next)
        FY_TRY(fyi_entries_note_gone(&r->entries, g->key));
done:
    return give_or_free(st, r, out);
}

/* ---- changing -------------------------------------------------------------------------------- */

static fy_status put(fy_recipe *r, const fyi_entry *e)
{
    r->is_checked = false;
    return fyi_entries_put(&r->entries, e);
}

fy_status fy_recipe_put(fy_recipe *r, const char *key, const char *value)
{
    const fyi_entry e = { .key = key, .items = &value, .n_items = 1 };

    if (!fyi_text_is_plain(value, strlen(value)) || strlen(value) > FYI_RECIPE_MAX_TEXT)
        return fyi_fail(
            FY_EINVAL, "setting '%.80s': the value '%.80s' is too long, holds a control character or is not UTF-8",
            key, value);
    return put(r, &e);
}

static char *trim(char *text)
{
    char *end = text + strlen(text);

    while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
        *--end = '\0';
    return text + strspn(text, " \t");
}

/* "a, b" in place; the number of items, at most max, or -1 for more. */
static int split_items(char *text, const char **items, int max)
{
    int n = 0;

    for (char *rest = trim(text); *rest != '\0';) {
        char *comma = strchr(rest, ',');

        if (n == max)
            return -1;
        if (comma != NULL)
            *comma = '\0';
        items[n++] = trim(rest);
        rest = comma != NULL ? comma + 1 : rest + strlen(rest);
    }
    return n;
}

#define MAX_ITEMS 256

static fy_status put_list(fy_recipe *r, const char *key, char *inner)
{
    const char *items[MAX_ITEMS];
    const fyi_entry e = { key, items, split_items(inner, items, MAX_ITEMS), true, 0, 0 };

    if (e.n_items < 0)
        return fyi_fail(
            FY_EINVAL, "setting '%.80s': the list has more than %d items; write it into the recipe",
            key, MAX_ITEMS);
    return put(r, &e);
}

static fy_status put_assignment(fy_recipe *r, char *text)
{
    char *equals = strchr(text, '='), *value;
    size_t len;

    *equals = '\0';
    value = trim(equals + 1);
    len = strlen(value);
    if (len == 0)
        return put(r, &(fyi_entry){ .key = trim(text) });
    if (len >= 2 && value[0] == '"' && value[len - 1] == '"') {
        value[len - 1] = '\0';
        return fy_recipe_put(r, trim(text), value + 1);
    }
    if (len < 2 || value[0] != '[' || value[len - 1] != ']')
        return fy_recipe_put(r, trim(text), value);
    value[len - 1] = '\0';
    return put_list(r, trim(text), value + 1);
}

fy_status fy_recipe_set(fy_recipe *r, const char *assignment)
{
    const char *equals = strchr(assignment, '=');
    char *text;
    fy_status st;

    if (equals == NULL || equals == assignment || equals - assignment > FYI_RECIPE_MAX_KEY)
        return fyi_fail(FY_EINVAL, "setting '%.80s' is not of the form key=value", assignment);
    if (!fyi_text_is_plain(assignment, strlen(assignment)))
        return fyi_fail(FY_EINVAL,
                        "setting '%.*s': the value holds a control character or is not UTF-8",
                        (int)(equals - assignment), assignment);
    text = fyi_strdup(assignment);
    if (text == NULL)
        return fyi_enomem(strlen(assignment), "a recipe's setting");
    st = put_assignment(r, text);
    fyi_free(text);
    return st;
}

/* ---- checking -------------------------------------------------------------------------------- */

fy_status fy_recipe_check(fy_recipe *r)
{
    if (r->is_checked)
        return FY_OK;
    fyi_arena_release(&r->bound);
    r->bound = (fyi_arena){ 0 };
    FYI_FORWARD(fyi_settings_bind(&r->settings, &r->entries, r->stem, &r->bound));
    FYI_FORWARD(fyi_files_fix(&r->settings, &r->bound));
    FYI_FORWARD(fyi_arms_fix(&r->settings, r->entries.path, &r->bound));
    FYI_FORWARD(fyi_overrides_list(&r->entries, &r->settings.compare.overrides, &r->bound));
    r->is_checked = true;
    return FY_OK;
}

const char *fy_recipe_name(fy_recipe *r)
{
    return fy_recipe_check(r) == FY_OK ? r->settings.run.name : NULL;
}

const char *fy_recipe_get(fy_recipe *r, const char *key)
{
    const fyi_section *section;
    const char *lent;
    const fyi_key *k;
    fyi_buf text = { 0 };

    if (fy_recipe_check(r) != FY_OK)
        return NULL;
    k = fyi_settings_key(&r->settings, key, &section);
    if (k == NULL || !section->is_open || !fyi_key_applies(&r->settings, section, k))
        return NULL;
    fyi_key_text(k, section->base, &text);
    lent = text.failed ? NULL : fyi_arena_dup(&r->bound, text.p != NULL ? text.p : "", text.len + 1);
    fyi_buf_release(&text);
    return lent;
}

fy_status fy_recipe_write(fy_recipe *r, const char *path)
{
    fyi_buf text = { 0 };
    fy_status st;

    FYI_FORWARD(fyi_recipe_text(r, &text));
    st = text.failed ? fyi_enomem(text.len, "a recipe's text")
                     : fyi_file_write(path, text.p, text.len);
    fyi_buf_release(&text);
    return st;
}
