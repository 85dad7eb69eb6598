/* given.c: a comparison's recipe as a file: what it was given, and not what that comes to. Its arms are of other methods, with keys and
 * values of their own where nothing is said, and a key that the recipe alone would not read may be one of theirs. */
#include "recipe/recipe.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ---- what the command line said -------------------------------------------------------------- */

#define OVERRIDES "compare.overrides"

/* A comparison's own keys are of no arm. */
static bool is_of_arms(const char *key)
{
    return !fyi_key_is_of(key, "compare") && !fyi_key_is_of(key, "search");
}

static size_t count_gone(const fyi_entries *t)
{
    size_t n = 0;

    for (const fyi_gone *g = t->gone; g != NULL; g = g->next)
        n++;
    return n;
}

static fy_status list_gone(const fyi_entries *t, fyi_arena *arena, const char **items, int *n)
{
    for (const fyi_gone *g = t->gone; g != NULL; g = g->next) {
        if (!is_of_arms(g->key) || fyi_entries_find(t, g->key) != NULL)
            continue;
        items[*n] = fyi_arena_printf(arena, "%s=", g->key);
        if (items[(*n)++] == NULL)
            return fyi_enomem(strlen(g->key), "a recipe's key");
    }
    return FY_OK;
}

/* In an order of their own: a file has each section's keys together. */
fy_status fyi_overrides_list(const fyi_entries *t, fyi_texts *out, fyi_arena *arena)
{
    const size_t most = count_gone(t) + t->n;
    const char **items = fyi_arena_alloc(arena, most * sizeof *items);
    const fyi_entry *own = fyi_entries_find(t, OVERRIDES);
    int n = 0;

    if (items == NULL)
        return fyi_enomem(most * sizeof *items, "a recipe's keys");
    if (own != NULL && own->line == 0)
        return fyi_fail(FY_EINVAL, "setting '" OVERRIDES
                                   "': what is set on the command line is an override without "
                                   "another word; leave it out");
    FYI_FORWARD(list_gone(t, arena, items, &n));
    for (size_t i = 0; i < t->n; i++)
        if (t->v[i].line == 0 && is_of_arms(t->v[i].key))
            items[n++] = t->v[i].key;
    qsort(items, (size_t)n, sizeof *items, fyi_compare_texts);
    *out = (fyi_texts){ items, n };
    return FY_OK;
}

/* "adda.lr" was set there, "adda.lr=" taken out. */
static fy_status replay(fyi_entries *t, const char *item, const char *where)
{
    const size_t len = strlen(item);
    const bool is_gone = len > 0 && item[len - 1] == '=';
    const char *key = is_gone ? fyi_arena_printf(&t->arena, "%.*s", (int)len - 1, item) : item;
    fyi_entry *e = key != NULL ? fyi_entries_find(t, key) : NULL;

    if (key == NULL)
        return fyi_enomem(len, "a recipe's key");
    if (!is_of_arms(key) || (e == NULL) != is_gone)
        return fyi_fail(FY_EINVAL, "%s: '" OVERRIDES "' is '%.80s', expected %s", where, item,
                        is_gone ? "'key=' only of a key that this file does not set"
                                : "a key of an arm that this file sets");
    if (is_gone)
        return fyi_entries_note_gone(t, key);
    e->line = e->column = 0;
    return FY_OK;
}

fy_status fyi_overrides_replay(fyi_entries *t)
{
    const fyi_entry *all = fyi_entries_find(t, OVERRIDES);
    char where[320];

    for (int i = 0; all != NULL && i < all->n_items; i++) {
        fyi_entry_where(t, all, where, sizeof where);
        FYI_FORWARD(replay(t, all->items[i], where));
    }
    return FY_OK;
}

/* ---- writing --------------------------------------------------------------------------------- */

static bool is_value(const char *text)
{
    return strcmp(text, "true") == 0 || strcmp(text, "false") == 0 ||
           (strspn(text, "0123456789.+-eE") == strlen(text) && strpbrk(text, "0123456789") != NULL);
}

static void put_text(const char *text, fyi_buf *out)
{
    if (is_value(text))
        fyi_buf_puts(out, text);
    else
        fyi_text_yaml(text, out);
}

/* A file of the recipe's own method that was found from here has a name that holds from any folder; within data_root its own does. */
static const char *file_of(const fyi_settings *s, const fyi_entry *e)
{
    const fyi_section *section;
    const fyi_key *k = fyi_settings_key(s, e->key, &section);
    char here[PATH_MAX];
    const char *found;

    if (k == NULL || k->type != FYI_KEY_FILE || !fyi_key_applies(s, section, k))
        return NULL;
    found = *(const char *const *)(const void *)((const char *)section->base + k->at);
    return found != NULL && realpath(e->items[0], here) != NULL && strcmp(here, found) == 0 ? found
                                                                                            : NULL;
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
    if (strchr(t->v[i].key, '.') == NULL || !is_of_arms(t->v[i].key))
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
    for (int i = 0; i < s->n_sections; i++)
        if (s->sections[i].is_open &&
            (s->sections[i].base == &s->search || s->sections[i].base == &s->compare))
            fyi_section_yaml(s, &s->sections[i], out);
}

fy_status fyi_recipe_text(fy_recipe *r, fyi_buf *out)
{
    FYI_FORWARD(fy_recipe_check(r));
    if (!fyi_compares(&r->settings)) {
        fyi_recipe_yaml(&r->settings, out);
        return FY_OK;
    }
    put_given(r, out);
    return FY_OK;
}
