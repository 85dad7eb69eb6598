/* read.c: YAML's events into entries.
 *
 * Only mappings, scalars and lists of scalars are read. Anchors and aliases are refused, so a
 * small file cannot unfold into a large one. Depth, size and the number of values are bounded
 * before anything is kept. */
#include "recipe/recipe.h"

#include <string.h>
#include <yaml.h>

typedef struct reader {
    yaml_parser_t parser;
    yaml_event_t event;
    bool has_event;
    fyi_entries *to;
    int n_values;
    char key[FYI_RECIPE_MAX_KEY + 1]; /* the open mapping's, dots between */
    size_t key_len;
    yaml_mark_t key_mark;
} reader;

static fy_status fail_at(const reader *r, yaml_mark_t at, const char *fmt, ...) FY_PRINTF(3, 4);
static fy_status fail_at(const reader *r, yaml_mark_t at, const char *fmt, ...)
{
    char what[512];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    return fyi_fail(FY_EFORMAT, "recipe %s:%zu:%zu: %s", r->to->path, at.line + 1, at.column + 1,
                    what);
}

static fy_status fail_parser(const reader *r)
{
    const yaml_parser_t *p = &r->parser;
    const char *problem = p->problem != NULL ? p->problem : "not YAML";

    if (p->error == YAML_MEMORY_ERROR)
        return fyi_fail(FY_ENOMEM, "out of memory while reading recipe %s", r->to->path);
    if (p->error == YAML_READER_ERROR)
        return fyi_fail(FY_EFORMAT, "recipe %s: byte %zu: %s; save the file as UTF-8 text",
                        r->to->path, p->problem_offset, problem);
    return fail_at(r, p->problem_mark, "%s%s%s", problem, p->context != NULL ? " " : "",
                   p->context != NULL ? p->context : "");
}

static fy_status next(reader *r)
{
    if (r->has_event)
        yaml_event_delete(&r->event);
    r->has_event = yaml_parser_parse(&r->parser, &r->event) != 0;
    return r->has_event ? FY_OK : fail_parser(r);
}

/* ---- what is refused ------------------------------------------------------------------------- */

static bool has_anchor_or_tag(const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_SCALAR_EVENT: return e->data.scalar.anchor != NULL || e->data.scalar.tag != NULL;
    case YAML_SEQUENCE_START_EVENT:
        return e->data.sequence_start.anchor != NULL || e->data.sequence_start.tag != NULL;
    case YAML_MAPPING_START_EVENT:
        return e->data.mapping_start.anchor != NULL || e->data.mapping_start.tag != NULL;
    default: return false;
    }
}

static fy_status check_event(const reader *r)
{
    const yaml_event_t *e = &r->event;

    if (e->type == YAML_ALIAS_EVENT)
        return fail_at(r, e->start_mark,
                       "'*%.40s' refers to another place, which recipes do not do; "
                       "write the value out",
                       (const char *)e->data.alias.anchor);
    if (has_anchor_or_tag(e))
        return fail_at(r, e->start_mark,
                       "found an anchor or a tag, which recipes do not have; "
                       "quote the value if it begins with '&' or '!'");
    return FY_OK;
}

static fy_status check_scalar(const reader *r, const char *of)
{
    const yaml_event_t *e = &r->event;
    const char *text = (const char *)e->data.scalar.value;
    const size_t len = e->data.scalar.length;

    if (len > FYI_RECIPE_MAX_TEXT)
        return fail_at(r, e->start_mark, "'%s' is %zu bytes long, at most %d are read", of, len,
                       FYI_RECIPE_MAX_TEXT);
    if (!fyi_text_is_plain(text, len))
        return fail_at(r, e->start_mark, "'%s' holds a line break or another control character", of);
    if (len == 0 && e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
        return fail_at(r, e->start_mark, "'%s' has no value; write one, or \"\" for an empty text",
                       of);
    return FY_OK;
}

/* ---- keys ------------------------------------------------------------------------------------ */

static bool is_key_text(const char *text, size_t len)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

    return len > 0 && strspn(text, allowed) == len;
}

/* Appends the scalar to the open mapping's key. */
static fy_status push_key(reader *r)
{
    const char *text = (const char *)r->event.data.scalar.value;
    const size_t len = r->event.data.scalar.length, dot = r->key_len > 0;

    if (!is_key_text(text, len) || strlen(text) != len)
        return fail_at(r, r->event.start_mark,
                       "a key must be made of letters, digits, '_', '-' and '.'");
    if (r->key_len + dot + len > FYI_RECIPE_MAX_KEY)
        return fail_at(r, r->event.start_mark, "the key '%s.%.40s...' is longer than %d bytes",
                       r->key, text, FYI_RECIPE_MAX_KEY);
    if (dot)
        r->key[r->key_len++] = '.';
    memcpy(r->key + r->key_len, text, len + 1);
    r->key_len += len;
    r->key_mark = r->event.start_mark;
    return FY_OK;
}

static void pop_key(reader *r, size_t len)
{
    r->key_len = len;
    r->key[len] = '\0';
}

/* ---- values ---------------------------------------------------------------------------------- */

static fy_status keep(reader *r, const char **items, int n_items, bool is_list)
{
    const fyi_entry *old = fyi_entries_find(r->to, r->key);
    const fyi_entry e = {
        r->key, items, n_items, is_list, (int)r->key_mark.line + 1, (int)r->key_mark.column + 1
    };

    if (old != NULL)
        return fail_at(r, r->key_mark, "'%s' is there twice, first on line %d", r->key, old->line);
    return fyi_entries_put(r->to, &e);
}

static fy_status count_value(reader *r)
{
    if (++r->n_values > FYI_RECIPE_MAX_VALUES)
        return fail_at(r, r->event.start_mark, "more than %d values", FYI_RECIPE_MAX_VALUES);
    return FY_OK;
}

static fy_status read_scalar(reader *r)
{
    const char *item = (const char *)r->event.data.scalar.value;

    FYI_FORWARD(count_value(r));
    FYI_FORWARD(check_scalar(r, r->key));
    return keep(r, &item, 1, false);
}

static fy_status read_items(reader *r, fyi_arena *arena, const char ***items, size_t *n)
{
    size_t cap = 0;

    for (;;) {
        FYI_FORWARD(next(r));
        FYI_FORWARD(check_event(r));
        if (r->event.type == YAML_SEQUENCE_END_EVENT)
            return FY_OK;
        if (r->event.type != YAML_SCALAR_EVENT)
            return fail_at(r, r->event.start_mark,
                           "'%s' is a list, whose items must be single values", r->key);
        FYI_FORWARD(count_value(r));
        FYI_FORWARD(check_scalar(r, r->key));
        FYI_FORWARD(fyi_grow(items, &cap, *n + 1, sizeof **items));
        (*items)[*n] =
            fyi_arena_dup(arena, r->event.data.scalar.value, r->event.data.scalar.length + 1);
        if ((*items)[(*n)++] == NULL)
            return fyi_enomem(r->event.data.scalar.length, "a recipe's list");
    }
}

static fy_status read_list(reader *r)
{
    fyi_arena arena = { 0 };
    const char **items = NULL;
    size_t n = 0;
    fy_status st;

    FY_TRY(read_items(r, &arena, &items, &n));
    FY_TRY(keep(r, items, (int)n, true));
done:
    fyi_free(items);
    fyi_arena_release(&arena);
    return st;
}

static fy_status check_depth(const reader *r, int depth)
{
    if (depth >= FYI_RECIPE_MAX_DEPTH)
        return fail_at(r, r->event.start_mark, "keys are nested more than %d deep",
                       FYI_RECIPE_MAX_DEPTH);
    return FY_OK;
}

/* The mapping that has just begun. The lengths of the keys around it stand in for recursion. */
static fy_status read_mapping(reader *r)
{
    size_t around[FYI_RECIPE_MAX_DEPTH] = { 0 };
    int depth = 1;
    bool is_empty = false;

    while (depth > 0) {
        FYI_FORWARD(next(r));
        FYI_FORWARD(check_event(r));
        if (r->event.type == YAML_MAPPING_END_EVENT) {
            if (is_empty && depth > 1)
                return fail_at(r, r->key_mark, "'%s' has no keys below it", r->key);
            is_empty = false;
            depth--;
            pop_key(r, depth > 0 ? around[depth - 1] : 0);
            continue;
        }
        if (r->event.type != YAML_SCALAR_EVENT)
            return fail_at(r, r->event.start_mark, "a key must be a word");
        FYI_FORWARD(push_key(r));
        FYI_FORWARD(next(r));
        FYI_FORWARD(check_event(r));
        if (r->event.type == YAML_MAPPING_START_EVENT) {
            FYI_FORWARD(check_depth(r, depth));
            around[depth] = r->key_len;
            depth++;
            is_empty = true;
            continue;
        }
        is_empty = false;
        FYI_FORWARD(r->event.type == YAML_SEQUENCE_START_EVENT ? read_list(r) : read_scalar(r));
        pop_key(r, around[depth - 1]);
    }
    return FY_OK;
}

static fy_status read_stream(reader *r)
{
    do
        FYI_FORWARD(next(r));
    while (r->event.type == YAML_STREAM_START_EVENT || r->event.type == YAML_DOCUMENT_START_EVENT);
    if (r->event.type == YAML_STREAM_END_EVENT)
        return FY_OK; /* nothing but comments */
    FYI_FORWARD(check_event(r));
    if (r->event.type != YAML_MAPPING_START_EVENT)
        return fail_at(r, r->event.start_mark, "a recipe is made of 'key: value' lines");
    FYI_FORWARD(read_mapping(r));
    FYI_FORWARD(next(r)); /* the document's end */
    FYI_FORWARD(next(r));
    if (r->event.type != YAML_STREAM_END_EVENT)
        return fail_at(r, r->event.start_mark, "a second document begins; a recipe is one");
    return FY_OK;
}

fy_status fyi_entries_parse(fyi_entries *t, const char *text, size_t bytes)
{
    reader r = { .to = t };
    fy_status st;

    if (bytes > FYI_RECIPE_MAX_BYTES)
        return fyi_fail(FY_EFORMAT, "recipe %s: %zu bytes, at most %zu are read", t->path, bytes,
                        FYI_RECIPE_MAX_BYTES);
    if (!yaml_parser_initialize(&r.parser))
        return fyi_fail(FY_ENOMEM, "out of memory while reading recipe %s", t->path);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, bytes);
    st = read_stream(&r);
    if (r.has_event)
        yaml_event_delete(&r.event);
    yaml_parser_delete(&r.parser);
    return st;
}
