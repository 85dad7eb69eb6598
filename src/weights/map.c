/* map.c: rules that say how a file calls what a model has: "features.* -> encoder.*". */
#include "weights/map.h"

#include <string.h>

enum { MOST_BYTES = 65536, MOST_RULES = 1024 };

/* ---- reading --------------------------------------------------------------------------------- */

static const char *trimmed(fyi_arena *arena, const char *text, size_t n)
{
    while (n > 0 && strchr(" \t\r", *text) != NULL) {
        text++;
        n--;
    }
    while (n > 0 && strchr(" \t\r", text[n - 1]) != NULL)
        n--;
    return fyi_arena_printf(arena, "%.*s", (int)n, text);
}

static bool has_star(const char *name)
{
    return strchr(name, '*') != NULL;
}

static bool is_name(const char *name)
{
    const char *star = strchr(name, '*');

    return *name != '\0' && strpbrk(name, " \t=") == NULL &&
           (star == NULL || strchr(star + 1, '*') == NULL);
}

static fy_status fail_rule(const char *rule)
{
    return fyi_fail(FY_EINVAL,
                    "map: '%.*s' is no rule; write 'theirs -> ours', two names or two with a '*' "
                    "each that stands for the same text, or 'auto'",
                    FYI_NAME_CHARS, rule);
}

static fy_status add_rule(const char *rule, const char *arrow, size_t width, fyi_arena *arena,
                          fyi_map *out)
{
    const char *theirs = trimmed(arena, rule, (size_t)(arrow - rule)),
               *ours = trimmed(arena, arrow + width, strlen(arrow + width));

    if (theirs == NULL || ours == NULL)
        return fyi_enomem(strlen(rule), "a map");
    if (!is_name(theirs) || !is_name(ours) || has_star(theirs) != has_star(ours))
        return fail_rule(rule);
    if (out->n == MOST_RULES)
        return fyi_fail(FY_EINVAL, "map: more than %d rules", MOST_RULES);
    out->v[out->n++] = (fyi_map_rule){ .theirs = theirs, .ours = ours };
    return FY_OK;
}

static fy_status read_rule(const char *rule, fyi_arena *arena, fyi_map *out)
{
    const char *arrow = strstr(rule, "->"), *equals = strchr(rule, '=');

    if (*rule == '\0')
        return FY_OK;
    if (strcmp(rule, "auto") == 0) {
        out->is_auto = true;
        return FY_OK;
    }
    if (arrow == NULL && equals == NULL)
        return fail_rule(rule);
    return arrow != NULL ? add_rule(rule, arrow, 2, arena, out)
                         : add_rule(rule, equals, 1, arena, out);
}

fy_status fyi_map_read(const char *text, fyi_arena *arena, fyi_map *out)
{
    *out = (fyi_map){ 0 };
    if (text == NULL || *text == '\0')
        return FY_OK;
    if (strlen(text) > MOST_BYTES)
        return fyi_fail(FY_EINVAL, "map: its rules have %zu bytes, %d at most", strlen(text),
                        MOST_BYTES);
    out->v = fyi_arena_alloc(arena, MOST_RULES * sizeof *out->v);
    for (const char *at = text; out->v != NULL;) {
        const size_t n = strcspn(at, ";\n");
        const char *rule = trimmed(arena, at, n);

        if (rule == NULL)
            break;
        FYI_FORWARD(read_rule(rule, arena, out));
        if (at[n] == '\0')
            return FY_OK;
        at += n + 1;
    }
    return fyi_enomem(strlen(text), "a map");
}

/* ---- names ----------------------------------------------------------------------------------- */

/* What the star of `glob` stands for in `name`: [*from, *from + *n). Without a star, nothing. */
static bool matches(const char *glob, const char *name, const char **from, size_t *n)
{
    const char *star = strchr(glob, '*');
    const size_t front = star != NULL ? (size_t)(star - glob) : 0, chars = strlen(name);
    const size_t back = star != NULL ? strlen(star + 1) : 0;

    *from = name + front;
    *n = 0;
    if (star == NULL)
        return strcmp(glob, name) == 0;
    if (chars < front + back || strncmp(glob, name, front) != 0 ||
        strcmp(star + 1, name + chars - back) != 0)
        return false;
    *n = chars - front - back;
    return true;
}

fyi_map_rule *fyi_map_rule_of(const fyi_map *map, const char *ours)
{
    const char *from;
    size_t n;

    for (int i = 0; i < map->n; i++)
        if (matches(map->v[i].ours, ours, &from, &n))
            return &map->v[i];
    return NULL;
}

const char *fyi_map_name(const fyi_map *map, const char *ours, fyi_arena *arena)
{
    const fyi_map_rule *rule = fyi_map_rule_of(map, ours);
    const char *star = rule != NULL ? strchr(rule->theirs, '*') : NULL, *from;
    size_t n;

    if (rule == NULL || star == NULL)
        return fyi_arena_printf(arena, "%s", rule != NULL ? rule->theirs : ours);
    (void)matches(rule->ours, ours, &from, &n);
    return fyi_arena_printf(arena, "%.*s%.*s%s", (int)(star - rule->theirs), rule->theirs, (int)n,
                            from, star + 1);
}

/* ---- what came of them ------------------------------------------------------------------------ */

fy_status fyi_map_check(const fyi_map *map, const fy_model *m, const fy_weights *w)
{
    for (int i = 0; i < map->n; i++) {
        const fyi_map_rule *r = &map->v[i];

        if (r->n_meant == 0)
            return fyi_fail(FY_EINVAL,
                            "map: '%s -> %s' decides about no parameter of model '%s'; the first "
                            "is '%s', and of several rules for one the first decides",
                            r->theirs, r->ours, fy_model_name(m),
                            fy_model_count(m) > 0 ? fy_model_param_name(m, 0) : "none at all");
        if (r->n_found == 0)
            return fyi_fail(FY_EINVAL,
                            "map: '%s -> %s': '%s' has none of these tensors; the first in it is "
                            "'%.*s'",
                            r->theirs, r->ours, w->name, FYI_NAME_CHARS,
                            fy_weights_count(w) > 0 ? fy_weights_name(w, 0) : "none at all");
    }
    return FY_OK;
}
