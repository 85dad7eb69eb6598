/* schema.c: what one key may hold: text into a struct, and back.
 *
 * Numbers are read whole or not at all: "1e-4x", "nan", "0x10" and " 3" are mistakes. A number is
 * written with the fewest digits that read back as the same number. */
#include "recipe/recipe.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* What is being bound, for the helpers below. */
typedef struct site {
    const fyi_key *key;
    const fyi_entry *entry;
    const char *where;
    fyi_arena *arena;
} site;

/* ---- sentences ------------------------------------------------------------------------------- */

static void range_text(const fyi_key *k, const char *what, char *text, size_t size)
{
    if (k->min == 0 && k->max == 0)
        (void)snprintf(text, size, "%s", what);
    else if (isinf(k->max))
        (void)snprintf(text, size, "%s, %.15g or more", what, k->min);
    else
        (void)snprintf(text, size, "%s from %.15g to %.15g", what, k->min, k->max);
}

static void words_text(const fyi_key *k, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (const char *const *w = k->words(); *w != NULL && used < size; w++)
        used += (size_t)snprintf(text + used, size - used, "%s%s",
                                 used == 0 ? ""
                                 : w[1]    ? ", "
                                           : " or ",
                                 *w);
}

static int fewest_reals(const fyi_key *k)
{
    return k->flags & FYI_KEY_MAY_BE_EMPTY ? 0 : 1;
}

void fyi_key_expected(const fyi_key *k, char *text, size_t size)
{
    static const char *const plain[] = {
        [FYI_KEY_BOOL] = "true or false",
        [FYI_KEY_BYTES] = "a size such as 1.5GiB, 800MB or a number of bytes",
        [FYI_KEY_TEXT] = "a text",
        [FYI_KEY_FILE] = "a file's name, from here or within data_root",
        [FYI_KEY_NAME] =
            "a name of letters, digits, '.', '_' and '-' that does not begin with '.' or '-'",
        [FYI_KEY_SEED] = "a whole number, 0 or more, or the word seed",
        [FYI_KEY_CHANGES] = "a list of settings, [key=value, ...]",
        [FYI_KEY_NAMES] = "a list of names, each there once",
    };

    if (k->type == FYI_KEY_INT)
        range_text(k, "a whole number", text, size);
    else if (k->type == FYI_KEY_REAL)
        range_text(k, "a number", text, size);
    else if (k->type == FYI_KEY_INTS)
        range_text(k, "a list of whole numbers", text, size);
    else if (k->type == FYI_KEY_TEXTS)
        (void)snprintf(text, size, "a list of texts");
    else if (k->type == FYI_KEY_REALS)
        (void)snprintf(text, size, "a list of %d to %d numbers%s", fewest_reals(k), FYI_MAX_REALS,
                       k->min == 0 && k->max > 0 ? ", each 0 or more" : "");
    else if (k->type == FYI_KEY_SEEDS)
        (void)snprintf(text, size, "how many, 1 to %.0f, or a list of seeds, each there once",
                       k->max);
    else if (k->type == FYI_KEY_WORD)
        words_text(k, text, size);
    else
        (void)snprintf(text, size, "%s", plain[k->type]);
}

static fy_status fail_value(const site *at, const char *found)
{
    char expected[256], hint[96] = "";

    fyi_key_expected(at->key, expected, sizeof expected);
    if (at->key->type == FYI_KEY_WORD) {
        const char *near = fyi_nearest(found, at->key->words());

        if (near != NULL)
            (void)snprintf(hint, sizeof hint, "; did you mean '%s'?", near);
    }
    return fyi_fail(FY_EINVAL, "%s: '%s' is '%.80s', expected %s%s", at->where, at->entry->key,
                    found, expected, hint);
}

/* ---- one value ------------------------------------------------------------------------------- */

static bool is_in_range(const fyi_key *k, double v)
{
    return (k->min == 0 && k->max == 0) || (v >= k->min && v <= k->max);
}

static bool read_int(const char *text, int64_t *out)
{
    char *end;

    if (text[0] != '-' && (text[0] < '0' || text[0] > '9'))
        return false;
    errno = 0;
    *out = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0' && end > text;
}

static bool read_uint(const char *text, uint64_t *out)
{
    char *end;

    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

static bool read_real(const char *text, double *out)
{
    char *end;

    if (text[0] == '\0' || strspn(text, "+-.0123456789eE") != strlen(text))
        return false;
    *out = strtod(text, &end);
    return *end == '\0' && end > text && isfinite(*out);
}

static fy_status bind_int(const site *at, void *dst)
{
    int64_t v;

    if (!read_int(at->entry->items[0], &v) || !is_in_range(at->key, (double)v))
        return fail_value(at, at->entry->items[0]);
    *(int64_t *)dst = v;
    return FY_OK;
}

static fy_status bind_real(const site *at, void *dst)
{
    double v;

    if (!read_real(at->entry->items[0], &v) || !is_in_range(at->key, v))
        return fail_value(at, at->entry->items[0]);
    *(double *)dst = v;
    return FY_OK;
}

static fy_status bind_bytes(const site *at, void *dst)
{
    return fyi_size_read(at->entry->items[0], dst) ? FY_OK : fail_value(at, at->entry->items[0]);
}

static fy_status bind_bool(const site *at, void *dst)
{
    const char *text = at->entry->items[0];

    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return fail_value(at, text);
    *(bool *)dst = text[0] == 't';
    return FY_OK;
}

static fy_status bind_text(const site *at, void *dst)
{
    *(const char **)dst = at->entry->items[0];
    return FY_OK;
}

static fy_status bind_file(const site *at, void *dst)
{
    const char *text = at->entry->items[0];

    *(const char **)dst = *text != '\0' ? text : NULL;
    return FY_OK;
}

static fy_status bind_name(const site *at, void *dst)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    const char *text = at->entry->items[0];
    const size_t len = strlen(text);

    if (len == 0 || len > 100 || strspn(text, allowed) != len || text[0] == '.' || text[0] == '-')
        return fail_value(at, text);
    return bind_text(at, dst);
}

static fy_status bind_word(const site *at, void *dst)
{
    const bool may_be_none = !(at->key->flags & FYI_KEY_REQUIRED);

    for (const char *const *w = at->key->words(); *w != NULL; w++)
        if (strcmp(*w, at->entry->items[0]) == 0) {
            *(const char **)dst = may_be_none && strcmp(*w, "auto") == 0 ? NULL : *w;
            return FY_OK;
        }
    return fail_value(at, at->entry->items[0]);
}

static fy_status bind_seed(const site *at, void *dst)
{
    fyi_seed v = { 0, strcmp(at->entry->items[0], "seed") == 0 };

    if (!v.follows && !read_uint(at->entry->items[0], &v.value))
        return fail_value(at, at->entry->items[0]);
    *(fyi_seed *)dst = v;
    return FY_OK;
}

/* ---- lists ----------------------------------------------------------------------------------- */

static bool is_among(int32_t x, const int32_t *v, int n)
{
    for (int i = 0; i < n; i++)
        if (v[i] == x)
            return true;
    return false;
}

static fy_status bind_ints(const site *at, void *dst)
{
    const fyi_entry *e = at->entry;
    int32_t *v = fyi_arena_alloc(at->arena, (size_t)FYI_MAX(e->n_items, 1) * sizeof *v);

    if (v == NULL)
        return fyi_enomem((size_t)e->n_items * sizeof *v, e->key);
    for (int i = 0; i < e->n_items; i++) {
        int64_t x;

        if (!read_int(e->items[i], &x) || x < INT32_MIN || x > INT32_MAX ||
            !is_in_range(at->key, (double)x))
            return fail_value(at, e->items[i]);
        if (!(at->key->flags & FYI_KEY_REPEATS) && is_among((int32_t)x, v, i))
            return fyi_fail(FY_EINVAL, "%s: '%s' lists %d twice", at->where, e->key, (int)x);
        v[i] = (int32_t)x;
    }
    *(fyi_ints *)dst = (fyi_ints){ v, e->n_items };
    return FY_OK;
}

static fy_status bind_reals(const site *at, void *dst)
{
    fyi_reals r = { .n = at->entry->n_items };

    if (r.n < fewest_reals(at->key) || r.n > FYI_MAX_REALS)
        return fail_value(at, r.n < 1 ? "[]" : at->entry->items[FYI_MAX_REALS]);
    for (int i = 0; i < r.n; i++)
        if (!read_real(at->entry->items[i], &r.v[i]) || !is_in_range(at->key, r.v[i]))
            return fail_value(at, at->entry->items[i]);
    *(fyi_reals *)dst = r;
    return FY_OK;
}

static bool has_seed(const uint64_t *v, int n, uint64_t seed)
{
    for (int i = 0; i < n; i++)
        if (v[i] == seed)
            return true;
    return false;
}

static fy_status bind_seed_list(const site *at, fyi_seeds *dst)
{
    const fyi_entry *e = at->entry;
    uint64_t *v = fyi_arena_alloc(at->arena, (size_t)FYI_MAX(e->n_items, 1) * sizeof *v);

    if (v == NULL)
        return fyi_enomem((size_t)e->n_items * sizeof *v, e->key);
    for (int i = 0; i < e->n_items; i++)
        if (i >= (int)at->key->max || !read_uint(e->items[i], &v[i]) || has_seed(v, i, v[i]))
            return fail_value(at, e->items[i]);
    *dst = (fyi_seeds){ v, e->n_items };
    return e->n_items > 0 ? FY_OK : fail_value(at, "[]");
}

static fy_status bind_seeds(const site *at, void *dst)
{
    int64_t n;

    if (at->entry->is_list)
        return bind_seed_list(at, dst);
    if (!read_int(at->entry->items[0], &n) || n < 1 || n > (int64_t)at->key->max)
        return fail_value(at, at->entry->items[0]);
    *(fyi_seeds *)dst = (fyi_seeds){ NULL, (int)n };
    return FY_OK;
}

static fy_status bind_changes(const site *at, void *dst)
{
    for (int i = 0; i < at->entry->n_items; i++)
        if (strchr(at->entry->items[i], '=') == NULL || at->entry->items[i][0] == '=')
            return fail_value(at, at->entry->items[i]);
    *(fyi_texts *)dst = (fyi_texts){ at->entry->items, at->entry->n_items };
    return FY_OK;
}

static fy_status fail_twice(const site *at, const char *item)
{
    return fyi_fail(FY_EINVAL, "%s: '%s' names '%.80s' twice", at->where, at->entry->key, item);
}

static fy_status bind_names(const site *at, void *dst)
{
    const fyi_entry *e = at->entry;

    for (int i = 0; i < e->n_items; i++) {
        if (e->items[i][0] == '\0')
            return fail_value(at, e->items[i]);
        for (int k = 0; k < i; k++)
            if (strcmp(e->items[i], e->items[k]) == 0)
                return fail_twice(at, e->items[i]);
    }
    *(fyi_texts *)dst = (fyi_texts){ e->items, e->n_items };
    return FY_OK;
}

/* Of several with "; " between, so does one text. */
static fy_status bind_texts(const site *at, void *dst)
{
    const char *all = "";

    for (int i = 0; i < at->entry->n_items && all != NULL; i++)
        all = fyi_arena_printf(at->arena, "%s%s%s", all, *all != '\0' ? "; " : "",
                               at->entry->items[i]);
    if (all == NULL)
        return fyi_enomem(0, at->entry->key);
    *(const char **)dst = all;
    return FY_OK;
}

/* ---- text ------------------------------------------------------------------------------------ */

/* 60 and 0.03 rather than 6e+01 and 3e-02. */
static void put_real(double v, fyi_buf *out)
{
    const double size = v != 0 ? floor(log10(fabs(v))) : 0;
    char text[40];
    int digits = 1;

    do
        (void)snprintf(text, sizeof text, "%.*g", digits, v);
    while (strtod(text, NULL) != v && ++digits <= 17);
    if (size >= digits && size < 15)
        (void)snprintf(text, sizeof text, "%.*g", (int)size + 1, v);
    fyi_buf_puts(out, text);
}

static void text_int(const void *v, fyi_buf *out)
{
    fyi_buf_printf(out, "%lld", (long long)*(const int64_t *)v);
}

static void text_real(const void *v, fyi_buf *out)
{
    put_real(*(const double *)v, out);
}

static void text_bytes(const void *v, fyi_buf *out)
{
    fyi_size_put(out, *(const int64_t *)v);
}

static void text_bool(const void *v, fyi_buf *out)
{
    fyi_buf_puts(out, *(const bool *)v ? "true" : "false");
}

static void text_text(const void *v, fyi_buf *out)
{
    const char *text = *(const char *const *)v;

    fyi_buf_puts(out, text != NULL ? text : "");
}

static void text_word(const void *v, fyi_buf *out)
{
    const char *text = *(const char *const *)v;

    fyi_buf_puts(out, text != NULL ? text : "auto");
}

static void text_seed(const void *v, fyi_buf *out)
{
    const fyi_seed *s = v;

    if (s->follows)
        fyi_buf_puts(out, "seed");
    else
        fyi_buf_printf(out, "%llu", (unsigned long long)s->value);
}

static void text_ints(const void *v, fyi_buf *out)
{
    const fyi_ints *list = v;

    fyi_buf_puts(out, "[");
    for (int i = 0; i < list->n; i++)
        fyi_buf_printf(out, "%s%d", i > 0 ? ", " : "", (int)list->v[i]);
    fyi_buf_puts(out, "]");
}

static void text_reals(const void *v, fyi_buf *out)
{
    const fyi_reals *list = v;

    fyi_buf_puts(out, "[");
    for (int i = 0; i < list->n; i++) {
        fyi_buf_puts(out, i > 0 ? ", " : "");
        put_real(list->v[i], out);
    }
    fyi_buf_puts(out, "]");
}

static void text_seeds(const void *v, fyi_buf *out)
{
    const fyi_seeds *s = v;

    if (s->v == NULL) {
        fyi_buf_printf(out, "%d", s->n);
        return;
    }
    for (int i = 0; i < s->n; i++)
        fyi_buf_printf(out, "%s%llu", i > 0 ? ", " : "[", (unsigned long long)s->v[i]);
    fyi_buf_puts(out, "]");
}

/* A value may hold commas and brackets. */
static void text_list(const void *v, fyi_buf *out)
{
    const fyi_texts *list = v;

    fyi_buf_puts(out, "[");
    for (int i = 0; i < list->n; i++) {
        fyi_buf_puts(out, i > 0 ? ", " : "");
        fyi_text_quote(list->v[i], out);
    }
    fyi_buf_puts(out, "]");
}

static void text_texts(const void *v, fyi_buf *out)
{
    const char *text = *(const char *const *)v;
    char item[FYI_RECIPE_MAX_TEXT + 1];
    bool is_first = true;

    fyi_buf_puts(out, "[");
    while (text != NULL && *text != '\0') {
        const size_t n = strcspn(text, ";");

        fyi_buf_puts(out, is_first || n == 0 ? "" : ", ");
        (void)snprintf(item, sizeof item, "%.*s", (int)FYI_MIN(n, sizeof item - 1), text);
        if (n > 0)
            fyi_text_quote(item, out);
        is_first = is_first && n == 0;
        text += n;
        text += strspn(text, "; ");
    }
    fyi_buf_puts(out, "]");
}

/* ---- the types ------------------------------------------------------------------------------- */

static const struct {
    fy_status (*bind)(const site *at, void *dst);
    void (*text)(const void *v, fyi_buf *out);
    bool takes_list;
} types[] = {
    [FYI_KEY_INT] = { bind_int, text_int, false },
    [FYI_KEY_REAL] = { bind_real, text_real, false },
    [FYI_KEY_BYTES] = { bind_bytes, text_bytes, false },
    [FYI_KEY_BOOL] = { bind_bool, text_bool, false },
    [FYI_KEY_TEXT] = { bind_text, text_text, false },
    [FYI_KEY_NAME] = { bind_name, text_text, false },
    [FYI_KEY_FILE] = { bind_file, text_text, false },
    [FYI_KEY_WORD] = { bind_word, text_word, false },
    [FYI_KEY_SEED] = { bind_seed, text_seed, false },
    [FYI_KEY_INTS] = { bind_ints, text_ints, true },
    [FYI_KEY_REALS] = { bind_reals, text_reals, true },
    [FYI_KEY_SEEDS] = { bind_seeds, text_seeds, true },
    [FYI_KEY_CHANGES] = { bind_changes, text_list, true },
    [FYI_KEY_NAMES] = { bind_names, text_list, true },
    [FYI_KEY_TEXTS] = { bind_texts, text_texts, true },
};

fy_status fyi_key_bind(const fyi_key *k, const fyi_entry *e, const char *where, void *base,
                       fyi_arena *arena)
{
    const site at = { k, e, where, arena };
    char expected[256];

    if (e->is_list && !types[k->type].takes_list) {
        fyi_key_expected(k, expected, sizeof expected);
        return fyi_fail(FY_EINVAL, "%s: '%s' is a list, expected %s", where, e->key, expected);
    }
    return types[k->type].bind(&at, (char *)base + k->at);
}

void fyi_key_text(const fyi_key *k, const void *base, fyi_buf *out)
{
    types[k->type].text((const char *)base + k->at, out);
}

/* ---- tables ---------------------------------------------------------------------------------- */

const fyi_key *fyi_key_find(const fyi_key *keys, const char *name, size_t len)
{
    for (const fyi_key *k = keys; k->key != NULL; k++)
        if (strlen(k->key) == len && memcmp(k->key, name, len) == 0)
            return k;
    return NULL;
}

/* Is `value` one of "a|b|c"? */
static bool is_one_of(const char *value, fyi_span words)
{
    const size_t len = strlen(value);

    for (;;) {
        const char *end = memchr(words.p, '|', words.n);
        const size_t n = end != NULL ? (size_t)(end - words.p) : words.n;

        if (n == len && memcmp(words.p, value, n) == 0)
            return true;
        if (end == NULL)
            return false;
        words = (fyi_span){ end + 1, words.n - n - 1 };
    }
}

/* What a condition compares: allocates nothing, so it cannot fail. */
static const char *short_text(const fyi_key *k, const void *v, char room[32])
{
    const char *const *text = v;

    switch (k->type) {
    case FYI_KEY_INT:
    case FYI_KEY_BYTES:
        (void)snprintf(room, 32, "%lld", (long long)*(const int64_t *)v);
        return room;
    case FYI_KEY_REAL: (void)snprintf(room, 32, "%.15g", *(const double *)v); return room;
    case FYI_KEY_BOOL: return *(const bool *)v ? "true" : "false";
    case FYI_KEY_INTS: return ((const fyi_ints *)v)->n == 0 ? "[]" : "[...]";
    case FYI_KEY_WORD: return *text != NULL ? *text : "auto";
    default: return *text != NULL && **text != '\0' ? *text : "\"\"";
    }
}

/* Has `text`, words with blanks between them, one of "a|b|c"? */
static bool names_one_of(const char *text, fyi_span words)
{
    char word[64];

    for (text += strspn(text, " "); *text != '\0'; text += strspn(text, " ")) {
        const size_t n = strcspn(text, " ");

        (void)snprintf(word, sizeof word, "%.*s", (int)FYI_MIN(n, sizeof word - 1), text);
        if (n < sizeof word && is_one_of(word, words))
            return true;
        text += n;
    }
    return false;
}

/* ---- what a key needs ------------------------------------------------------------------------ */

/* Takes what stands before `between`, or all there is, off *left; false: nothing is left. */
static bool next_part(fyi_span *left, const char *between, fyi_span *part)
{
    const size_t gap = strlen(between);
    const char *end = left->n > 0 ? strstr(left->p, between) : NULL;

    *part = *left;
    if (end != NULL && end + gap <= left->p + left->n)
        part->n = (size_t)(end - left->p);
    *left = part->n < left->n ? (fyi_span){ part->p + part->n + gap, left->n - part->n - gap }
                              : (fyi_span){ NULL, 0 };
    return part->n > 0;
}

static fyi_span span_of(const char *needs)
{
    return (fyi_span){ needs, needs != NULL ? strlen(needs) : 0 };
}

static size_t name_length(fyi_span test)
{
    return FYI_MIN(strcspn(test.p, "!=~ "), test.n);
}

static fyi_condition condition_of(const fyi_settings *s, const fyi_section *own, fyi_span test)
{
    const size_t len = name_length(test);
    const char *dot = memchr(test.p, '.', len);
    const bool is_side = len == test.n;
    const fyi_span words = { test.p + len, test.n - len };
    fyi_condition c = { own, NULL, test.p, words, (int)len };

    if (is_side || dot != NULL)
        c.section = fyi_settings_section(s, test.p, is_side ? len : (size_t)(dot - test.p));
    if (dot != NULL) {
        c.name = dot + 1;
        c.name_len -= (int)(dot + 1 - test.p);
    }
    FYI_ASSERT(c.section != NULL);
    c.key = is_side ? NULL : fyi_key_find(c.section->keys, c.name, (size_t)c.name_len);
    FYI_ASSERT(is_side || c.key != NULL);
    return c;
}

static bool holds(const fyi_condition *c)
{
    const char *t = c->test.p;
    char room[32];

    if (c->key == NULL || !c->section->is_open)
        return c->section->is_open;
    const char *text = short_text(c->key, (const char *)c->section->base + c->key->at, room);
    const size_t sign = *t == '!' ? 2 : 1;
    const fyi_span words = { t + sign, c->test.n - sign };
    return *t == '~'   ? names_one_of(text, words)
           : *t == '!' ? !is_one_of(text, words)
                       : is_one_of(text, words);
}

static bool clause_holds(const fyi_settings *s, const fyi_section *own, fyi_span clause)
{
    fyi_span test;

    while (next_part(&clause, " or ", &test)) {
        const fyi_condition c = condition_of(s, own, test);

        if (holds(&c) && (c.key == NULL || fyi_key_applies(s, c.section, c.key)))
            return true;
    }
    return false;
}

static bool find_unmet_of(const fyi_settings *s, const fyi_section *own, const char *needs,
                          fyi_span *clause)
{
    fyi_span left = span_of(needs);

    while (next_part(&left, " and ", clause))
        if (!clause_holds(s, own, *clause))
            return true;
    return false;
}

/* The first clause that does not hold; false: all do. */
static bool find_unmet(const fyi_settings *s, const fyi_section *own, const fyi_key *k,
                       fyi_span *clause)
{
    return find_unmet_of(s, own, own->needs, clause) || find_unmet_of(s, own, k->needs, clause);
}

bool fyi_key_applies(const fyi_settings *s, const fyi_section *own, const fyi_key *k)
{
    fyi_span clause;

    return !find_unmet(s, own, k, &clause);
}

static bool any_condition_of(const fyi_settings *s, const fyi_section *own, const char *needs,
                             bool (*is)(const void *arg, const fyi_condition *c), const void *arg)
{
    fyi_span left = span_of(needs), clause, test;

    while (next_part(&left, " and ", &clause))
        while (next_part(&clause, " or ", &test)) {
            const fyi_condition c = condition_of(s, own, test);

            if (is(arg, &c) || (c.key != NULL && fyi_any_condition(s, c.section, c.key, is, arg)))
                return true;
        }
    return false;
}

bool fyi_any_condition(const fyi_settings *s, const fyi_section *own, const fyi_key *k,
                       bool (*is)(const void *arg, const fyi_condition *c), const void *arg)
{
    return any_condition_of(s, own, own->needs, is, arg) ||
           any_condition_of(s, own, k->needs, is, arg);
}

/* ---- the same in words ----------------------------------------------------------------------- */

typedef struct line {
    char *p;
    size_t size, used;
} line;

/* As much as there is room for. */
static void add(line *l, const char *form, ...) FY_PRINTF(2, 3);
static void add(line *l, const char *form, ...)
{
    va_list args;

    va_start(args, form);
    (void)vsnprintf(l->p + l->used, l->size - l->used, form, args);
    va_end(args);
    l->used += strlen(l->p + l->used);
}

static void put_test(const char *section, fyi_span test, line *out)
{
    const int len = (int)name_length(test), n = (int)test.n;
    const bool is_own = *section != '\0' && memchr(test.p, '.', (size_t)len) == NULL;
    const char *front = is_own ? section : "", *dot = is_own ? "." : "";

    if (*test.p == '.') /* of the recipe's top */
        add(out, "%.*s", n - 1, test.p + 1);
    else if (len == n)
        add(out, "a data side '%.*s'", n, test.p);
    else if (test.p[len] == '~')
        add(out, "%.*s among %s%s%.*s", n - len - 1, test.p + len + 1, front, dot, len, test.p);
    else
        add(out, "%s%s%.*s", front, dot, n, test.p);
}

void fyi_needs_text(const char *needs, char *text, size_t size)
{
    fyi_span left = { needs, strlen(needs) }, clause, test;
    line out = { text, size, 0 };

    for (const char *and = ""; next_part(&left, " and ", &clause); and = " and ")
        for (const char * or = and; next_part(&clause, " or ", &test); or = " or ") {
            add(&out, "%s", or);
            put_test("", test, &out);
        }
}

static void put_unmet(const fyi_settings *s, const fyi_section *own, const fyi_key *k, line *out)
{
    const char * or = "";
    fyi_span clause, test;

    if (!find_unmet(s, own, k, &clause))
        return;
    for (; next_part(&clause, " or ", &test); or = " or ") {
        const fyi_condition c = condition_of(s, own, test);

        add(out, "%s", or);
        if (holds(&c) && c.key != NULL) /* what that one needs is missing */
            put_unmet(s, c.section, c.key, out);
        else
            put_test(own->name, test, out);
    }
}

bool fyi_unmet_text(const fyi_settings *s, const fyi_section *own, const fyi_key *k, char *text,
                    size_t size)
{
    line out = { text, size, 0 };

    put_unmet(s, own, k, &out);
    return out.used > 0;
}
