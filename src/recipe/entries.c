/* entries.c: a recipe's keys and values in their order, before anything is known about them. */
#include "recipe/recipe.h"

#include <string.h>

void fyi_entries_release(fyi_entries *t)
{
    fyi_arena_release(&t->arena);
    fyi_free(t->v);
    *t = (fyi_entries){ 0 };
}

/* Linear: a recipe has some dozens of keys. */
fyi_entry *fyi_entries_find(const fyi_entries *t, const char *key)
{
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->v[i].key, key) == 0)
            return &t->v[i];
    return NULL;
}

static bool copy_entry(fyi_arena *arena, const fyi_entry *e, fyi_entry *out)
{
    *out = *e;
    out->key = fyi_arena_dup(arena, e->key, strlen(e->key) + 1);
    out->items = fyi_arena_alloc(arena, (size_t)FYI_MAX(e->n_items, 1) * sizeof *out->items);
    if (out->key == NULL || out->items == NULL)
        return false;
    for (int i = 0; i < e->n_items; i++) {
        out->items[i] = fyi_arena_dup(arena, e->items[i], strlen(e->items[i]) + 1);
        if (out->items[i] == NULL)
            return false;
    }
    return true;
}

bool fyi_entries_took_out(const fyi_entries *t, const char *key)
{
    for (const fyi_gone *g = t->gone; g != NULL; g = g->next)
        if (strcmp(g->key, key) == 0)
            return true;
    return false;
}

fy_status fyi_entries_note_gone(fyi_entries *t, const char *key)
{
    fyi_gone *g;

    if (fyi_entries_took_out(t, key))
        return FY_OK;
    g = fyi_arena_alloc(&t->arena, sizeof *g);
    if (g == NULL || (g->key = fyi_arena_dup(&t->arena, key, strlen(key) + 1)) == NULL)
        return fyi_enomem(strlen(key), "a recipe's key");
    g->next = t->gone;
    t->gone = g;
    return FY_OK;
}

static fy_status remove_entry(fyi_entries *t, fyi_entry *e)
{
    const size_t after = (size_t)(t->v + t->n - (e + 1));

    FYI_FORWARD(fyi_entries_note_gone(t, e->key));
    memmove(e, e + 1, after * sizeof *e);
    t->n--;
    return FY_OK;
}

fy_status fyi_entries_put(fyi_entries *t, const fyi_entry *e)
{
    fyi_entry *old = fyi_entries_find(t, e->key), copy;

    if (e->n_items == 0 && !e->is_list)
        return old != NULL ? remove_entry(t, old) : FY_OK;
    if (!copy_entry(&t->arena, e, &copy))
        return fyi_enomem(0, "a recipe's key");
    if (old == NULL) {
        FYI_FORWARD(fyi_grow(&t->v, &t->cap, t->n + 1, sizeof *t->v));
        old = &t->v[t->n++];
    }
    *old = copy;
    return FY_OK;
}

void fyi_entry_where(const fyi_entries *t, const fyi_entry *e, char *text, size_t size)
{
    if (e->line > 0)
        (void)snprintf(text, size, "recipe %s:%d:%d", t->path, e->line, e->column);
    else
        (void)snprintf(text, size, "setting '%.80s=%s%.80s%s'", e->key, e->is_list ? "[" : "",
                       e->n_items > 0 ? e->items[0] : "",
                       !e->is_list      ? ""
                       : e->n_items > 1 ? ", ...]"
                                        : "]");
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* Three-byte characters that YAML takes for line breaks or does not allow: U+2028, U+2029, U+FEFF,
 * U+FFFE, U+FFFF. */
static bool is_bad_triple(const unsigned char *p)
{
    return (p[0] == 0xE2 && p[1] == 0x80 && (p[2] == 0xA8 || p[2] == 0xA9)) ||
           (p[0] == 0xEF && p[1] == 0xBB && p[2] == 0xBF) ||
           (p[0] == 0xEF && p[1] == 0xBF && p[2] >= 0xBE);
}

/* Bytes of the character at p, 0 if it is none: overlong forms and surrogates included. */
static size_t utf8_length(const unsigned char *p, size_t left)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t least;
    } forms[] = {
        { 0x80, 0x00, 0 }, { 0xE0, 0xC0, 0x80 }, { 0xF0, 0xE0, 0x800 }, { 0xF8, 0xF0, 0x10000 }
    };

    for (size_t n = 0; n < FYI_LEN(forms); n++) {
        uint32_t c;

        if ((p[0] & forms[n].mask) != forms[n].lead || n >= left)
            continue;
        c = p[0] & (unsigned char)~forms[n].mask;
        for (size_t i = 1; i <= n; i++) {
            if ((p[i] & 0xC0) != 0x80)
                return 0;
            c = c << 6 | (p[i] & 0x3F);
        }
        return c >= forms[n].least && c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF) ? n + 1 : 0;
    }
    return 0;
}

bool fyi_text_is_plain(const char *text, size_t bytes)
{
    const unsigned char *p = (const unsigned char *)text;

    for (size_t i = 0; i < bytes;) {
        const size_t n = utf8_length(p + i, bytes - i);

        if (n == 0 || (n == 1 && (p[i] < 0x20 || p[i] == 0x7F)) ||
            (n == 2 && p[i] == 0xC2 && p[i + 1] < 0xA0) || (n == 3 && is_bad_triple(p + i)))
            return false;
        i += n;
    }
    return true;
}
