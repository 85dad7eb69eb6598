/* given.c: a comparison's recipe as a file: what it was given, and not what that comes to. Its arms are of other methods, with keys and
 * values of their own where nothing is said, and a key that the recipe alone would not read may be one of theirs. */
#include "recipe/recipe.h"

#include <stdlib.h>
#include <string.h>

static bool is_of(const fyi_entry *e, const char *section)
{
    const size_t len = strlen(section);

    return strncmp(e->key, section, len) == 0 && e->key[len] == '.';
}

/* ---- what the command line said -------------------------------------------------------------- */

#define OVERRIDES "compare.overrides"

/* "key=value", "key=[a, b]". */
static fy_status put_change(const fyi_entry *e, fyi_arena *arena, const char **out)
{
    fyi_buf text = { 0 };

    fyi_buf_printf(&text, "%s=%s", e->key, e->is_list ? "[" : "");
    for (int i = 0; i < e->n_items; i++)
        fyi_buf_printf(&text, "%s%s", i > 0 ? ", " : "", e->items[i]);
    fyi_buf_puts(&text, e->is_list ? "]" : "");
    *out = text.failed ? NULL : fyi_arena_dup(arena, text.p, text.len + 1);
    fyi_buf_release(&text);
    return *out != NULL ? FY_OK : fyi_enomem(strlen(e->key), "a recipe's setting");
}

static int count_gone(const fyi_entries *t)
{
    int n = 0;

    for (const fyi_gone *g = t->gone; g != NULL; g = g->next)
        n++;
    return n;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static fy_status list_gone(fyi_entries *t, fyi_texts *to, const char **items)
{
    for (const fyi_gone *g = t->gone; g != NULL; g = g->next)
        if (fyi_entries_find(t, g->key) == NULL)
            FYI_FORWARD(put_change(&(fyi_entry){ .key = g->key }, &t->arena, &items[to->n++]));
    return FY_OK;
}

static fy_status list_set(fyi_entries *t, fyi_texts *to, const char **items)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->v[i].line == 0 && !is_of(&t->v[i], "compare"))
            FYI_FORWARD(put_change(&t->v[i], &t->arena, &items[to->n++]));
    return FY_OK;
}

/* All that was set or taken out since the file was read, in an order of its own: a file has each section's together. */
static fy_status list_overrides(fyi_entries *t, fyi_texts *out)
{
    const size_t most = (size_t)count_gone(t) + t->n;
    const char **items = fyi_arena_alloc(&t->arena, most * sizeof *items);

    if (items == NULL)
        return fyi_enomem(most * sizeof *items, "a recipe's settings");
    *out = (fyi_texts){ items, 0 };
    FYI_FORWARD(list_gone(t, out, items));
    FYI_FORWARD(list_set(t, out, items));
    qsort(items, (size_t)out->n, sizeof *items, by_text);
    return FY_OK;
}

static fy_status replay(fy_recipe *r, const char *change)
{
    const size_t len = strlen(change);
    const char *gone;

    if (strncmp(change, "compare.", 8) == 0)
        return fyi_fail(FY_EINVAL, "'%.80s' is a setting of the comparison itself", change);
    FYI_FORWARD(fy_recipe_set(r, change));
    if (change[len - 1] != '=' || len > FYI_RECIPE_MAX_KEY)
        return FY_OK;
    gone = fyi_arena_printf(&r->entries.arena, "%.*s", (int)len - 1, change);
    return gone != NULL ? fyi_entries_note_gone(&r->entries, gone)
                        : fyi_enomem(len, "a recipe's key");
}

fy_status fyi_overrides_replay(fy_recipe *r)
{
    const fyi_entry *found = fyi_entries_find(&r->entries, OVERRIDES);
    const fyi_entry all = found != NULL ? *found : (fyi_entry){ 0 };
    fy_status st = FY_OK;
    char where[320];

    for (int i = 0; i < all.n_items && st == FY_OK; i++)
        if ((st = replay(r, all.items[i])) != FY_OK) {
            fyi_entry_where(&r->entries, &all, where, sizeof where);
            return fyi_wrap(st, "%s: '" OVERRIDES "'", where);
        }
    return st;
}

/* ---- writing --------------------------------------------------------------------------------- */

static bool is_value(const char *text)
{
    return strcmp(text, "true") == 0 || strcmp(text, "false") == 0 ||
           (*text != '\0' && strspn(text, "0123456789.+-eE") == strlen(text));
}

static void put_text(const char *text, fyi_buf *out)
{
    if (is_value(text))
        fyi_buf_puts(out, text);
    else
        fyi_text_yaml(text, out);
}

/* A file that the recipe's own method reads has the name by which it was found, from any folder. */
static const char *file_of(const fyi_settings *s, const fyi_entry *e)
{
    const fyi_section *section;
    const fyi_key *k = fyi_settings_key(s, e->key, &section);

    if (k == NULL || k->type != FYI_KEY_FILE || !fyi_key_applies(s, section, k))
        return NULL;
    return *(const char *const *)(const void *)((const char *)section->base + k->at);
}

static void put_items(const fyi_entry *e, fyi_buf *out)
{
    fyi_buf_puts(out, e->is_list ? "[" : "");
    for (int i = 0; i < e->n_items; i++) {
        fyi_buf_puts(out, i > 0 ? ", " : "");
        put_text(e->items[i], out);
    }
    fyi_buf_puts(out, e->is_list ? "]" : "");
}

static void put_entry(const fyi_settings *s, const fyi_entry *e, fyi_buf *out)
{
    const char *file = file_of(s, e), *leaf = fyi_key_leaf(e->key);

    fyi_buf_printf(out, "%s%s: ", leaf > e->key ? "  " : "", leaf);
    if (file != NULL)
        put_text(file, out);
    else
        put_items(e, out);
    fyi_buf_puts(out, "\n");
}

static bool are_of_one_section(const fyi_entry *a, const fyi_entry *b)
{
    const ptrdiff_t len = fyi_key_leaf(a->key) - a->key;

    return fyi_key_leaf(b->key) - b->key == len && strncmp(a->key, b->key, (size_t)len) == 0;
}

/* The run's own keys, and the sections that are written from their settings, have a place of their own. */
static bool begins_section(const fyi_entries *t, size_t i)
{
    if (strchr(t->v[i].key, '.') == NULL || is_of(&t->v[i], "compare") || is_of(&t->v[i], "search"))
        return false;
    for (size_t k = 0; k < i; k++)
        if (are_of_one_section(&t->v[k], &t->v[i]))
            return false;
    return true;
}

/* Its entries may have been given at several places. */
static void put_section(const fy_recipe *r, size_t first, fyi_buf *out)
{
    const fyi_entry *v = r->entries.v;

    fyi_buf_printf(out, "\n%.*s:\n", (int)(fyi_key_leaf(v[first].key) - v[first].key) - 1,
                   v[first].key);
    for (size_t i = first; i < r->entries.n; i++)
        if (are_of_one_section(&v[first], &v[i]))
            put_entry(&r->settings, &v[i], out);
}

/* The name hangs on the file's and the folder on the environment: both are there in any case. */
static void put_run(const fy_recipe *r, fyi_buf *out)
{
    fyi_buf_puts(out, "name: ");
    put_text(r->settings.run.name, out);
    fyi_buf_puts(out, "\ndata_root: ");
    put_text(r->settings.run.data_root, out);
    fyi_buf_puts(out, "\n");
    for (size_t i = 0; i < r->entries.n; i++) {
        const fyi_entry *e = &r->entries.v[i];

        if (strchr(e->key, '.') == NULL && strcmp(e->key, "name") != 0 &&
            strcmp(e->key, "data_root") != 0)
            put_entry(&r->settings, e, out);
    }
}

static void put_given(const fy_recipe *r, fyi_buf *out)
{
    const fyi_settings *s = &r->settings;

    fyi_buf_printf(out,
                   "# As ferry %s was given it; what is not here each arm's method decides, and "
                   "the recipe.yaml of "
                   "every run tells.\n# 'ferry compare' on this file repeats the comparison.\n",
                   fy_version());
    put_run(r, out);
    for (size_t i = 0; i < r->entries.n; i++)
        if (begins_section(&r->entries, i))
            put_section(r, i, out);
    for (int i = s->n_sections - 2; i < s->n_sections; i++)
        if (s->sections[i].is_open)
            fyi_section_yaml(s, &s->sections[i], out);
}

fy_status fyi_recipe_text(fy_recipe *r, fyi_buf *out)
{
    FYI_FORWARD(fy_recipe_check(r));
    if (!fyi_compares(&r->settings)) {
        fyi_recipe_yaml(&r->settings, out);
        return FY_OK;
    }
    FYI_FORWARD(list_overrides(&r->entries, &r->settings.compare.overrides));
    put_given(r, out);
    return FY_OK;
}
