/* name_pattern.c: what a file's name says of its sample, read by a pattern.
 *
 *   {label}_{group}_{key}    3_george_17.wav is of class 3, by george, and goes with key 17
 *   {}                       something that nobody needs
 * A field is as short as what follows it in the pattern allows, the last one takes the rest; none is empty. */
#include "data/album.h"

#include <string.h>

static const char *const field_names[] = { "label", "group", "key", NULL };

bool fyi_name_pattern_has(const fyi_name_pattern *p, fyi_name_field field)
{
    for (int i = 0; i < p->n; i++)
        if (p->part[i].field == field)
            return true;
    return false;
}

static fy_status find_field(const char *text, const char *name, size_t chars, fyi_name_field *out)
{
    char word[32];
    const char *near;

    (void)snprintf(word, sizeof word, "%.*s", (int)FYI_MIN(chars, sizeof word - 1), name);
    *out = FYI_NAME_NOTHING;
    if (chars == 0)
        return FY_OK;
    for (int i = 0; field_names[i] != NULL; i++)
        if (strcmp(word, field_names[i]) == 0) {
            *out = (fyi_name_field)i;
            return FY_OK;
        }
    near = fyi_nearest(word, field_names);
    return fyi_fail(FY_EINVAL,
                    "the pattern of names '%s' has '{%s}'; there are {label}, {group}, {key}, and "
                    "{} for the rest%s%s%s",
                    text, word, near != NULL ? "; did you mean {" : "", near != NULL ? near : "",
                    near != NULL ? "}?" : "");
}

/* The field at the bracket `p`, after the literal from `literal` on. */
static fy_status add_part(fyi_name_pattern *out, const char *literal, const char *p, const char *end)
{
    fyi_name_field field;

    FYI_FORWARD(find_field(out->text, p + 1, (size_t)(end - p - 1), &field));
    if (out->n == FYI_NAME_PARTS)
        return fyi_fail(FY_EINVAL, "the pattern of names '%s' has more than %d fields", out->text,
                        FYI_NAME_PARTS);
    if (out->n > 0 && p == literal)
        return fyi_fail(FY_EINVAL,
                        "the pattern of names '%s' does not say where one field ends and the next "
                        "begins; put something between them",
                        out->text);
    if (field != FYI_NAME_NOTHING && fyi_name_pattern_has(out, field))
        return fyi_fail(FY_EINVAL, "the pattern of names '%s' has {%s} twice", out->text,
                        field_names[field]);
    out->part[out->n].before = literal;
    out->part[out->n].chars = (size_t)(p - literal);
    out->part[out->n++].field = field;
    return FY_OK;
}

fy_status fyi_name_pattern_read(const char *text, fyi_name_pattern *out)
{
    const char *literal = text, *p = text;

    *out = (fyi_name_pattern){ .text = text };
    while ((p = strchr(p, '{')) != NULL) {
        const char *end = strchr(p, '}');

        if (end == NULL)
            return fyi_fail(FY_EINVAL, "the pattern of names '%s' has a { without its }", text);
        FYI_FORWARD(add_part(out, literal, p, end));
        literal = p = end + 1;
    }
    out->after = literal;
    if (out->n == 0 || strchr(text, '/') != NULL)
        return fyi_fail(FY_EINVAL,
                        "the pattern of names '%s' %s; write one like {label}_{group}_{key}, of "
                        "names without folders and endings",
                        text, out->n == 0 ? "has no field" : "has a slash");
    return FY_OK;
}

/* Where a literal begins in name[at .. n), or n + 1. */
static size_t find_literal(const char *name, size_t at, size_t n, const char *literal, size_t chars)
{
    for (; at + chars <= n; at++)
        if (memcmp(name + at, literal, chars) == 0)
            return at;
    return n + 1;
}

/* Field i is name[at ..]: where it ends, or n + 1. */
static size_t end_of_field(const fyi_name_pattern *p, int i, const char *name, size_t at, size_t n)
{
    const size_t after = strlen(p->after);

    if (i + 1 < p->n)
        return find_literal(name, at + 1, n, p->part[i + 1].before, p->part[i + 1].chars);
    if (n < at + 1 + after || memcmp(name + n - after, p->after, after) != 0)
        return n + 1;
    return n - after;
}

bool fyi_name_pattern_match(const fyi_name_pattern *p, const char *path, fyi_name_fields *out)
{
    const char *name = fyi_base_name(path), *dot = strrchr(name, '.');
    const size_t n = dot != NULL ? (size_t)(dot - name) : strlen(name);
    size_t at = 0;

    *out = (fyi_name_fields){ 0 };
    for (int i = 0; i < p->n; i++) {
        const fyi_name_part *part = &p->part[i];
        size_t end;

        if (n - at < part->chars || memcmp(name + at, part->before, part->chars) != 0)
            return false;
        at += part->chars;
        end = end_of_field(p, i, name, at, n);
        if (end > n)
            return false;
        if (part->field != FYI_NAME_NOTHING) {
            out->v[part->field] = name + at;
            out->chars[part->field] = end - at;
        }
        at = end;
    }
    return true;
}
