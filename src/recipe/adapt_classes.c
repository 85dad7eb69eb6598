/* adapt_classes.c: do both domains of an adaptation have the same classes? Known only where the target has labels, of which the method
 * sees nothing: it gives the target's samples to the source's classes, whichever the target has. A label is a number, so that classes of
 * one name must have one number, too. */
#include "recipe/recipe.h"

#include <string.h>

#define MOST_NAMES 4 /* of a list, in a sentence */

/* Classes of one side, and how many samples each has. */
typedef struct classes {
    const fy_dataset *d;
    const char *side;
    int n;
    int64_t *counts; /* [n]; fyi_free */
} classes;

/* What is wrong, and whether it is only that the target lacks some. */
typedef struct difference {
    char text[256]; /* "": nothing */
    bool is_lack;
} difference;

static fy_status count(const fyi_recipe_data *d, int i, classes *of)
{
    *of = (classes){ .d = d->side[i], .side = fyi_side_names[i] };
    of->n = fy_dataset_classes(of->d);
    of->counts = fyi_calloc((size_t)of->n + 1, sizeof *of->counts);
    return of->counts != NULL ? fy_dataset_class_counts(of->d, of->counts, of->n)
                              : fyi_enomem((size_t)of->n * sizeof *of->counts, "class counts");
}

/* ---- one class of each ------------------------------------------------------------------------- */

static bool is_number(const char *name)
{
    return *name != '\0' && name[strspn(name, "0123456789")] == '\0';
}

/* Files without names call a class by its number. */
static bool is_nameless(int c, const char *name)
{
    char number[16];

    (void)snprintf(number, sizeof number, "%d", c);
    return strcmp(number, name) == 0;
}

static bool is_same(const classes *a, int c, const classes *b, int e)
{
    const char *x = fy_dataset_class_name(a->d, c), *y = fy_dataset_class_name(b->d, e);

    if (strcmp(x, y) == 0)
        return true;
    return c == e && ((is_nameless(c, x) && !is_number(y)) || (is_nameless(e, y) && !is_number(x)));
}

static bool has(const classes *b, const classes *a, int c)
{
    bool found = false;

    for (int e = 0; e < b->n && !found; e++)
        found = b->counts[e] > 0 && is_same(a, c, b, e);
    return found;
}

/* ---- all of them ------------------------------------------------------------------------------- */

/* "only 'source' has 'dog', 'house'": how many it has that b does not. */
static int list_own(const classes *a, const classes *b, char *text, size_t size)
{
    size_t at = (size_t)snprintf(text, size, "only '%s' has ", a->side);
    int n = 0;

    for (int c = 0; c < a->n; c++) {
        const char *name = fy_dataset_class_name(a->d, c);

        if (a->counts[c] == 0 || has(b, a, c))
            continue;
        if (n++ < MOST_NAMES)
            at += (size_t)snprintf(text + at, size - at, "%s'%.*s'", n > 1 ? ", " : "",
                                   fyi_whole_chars(name, 16), name);
    }
    if (n > MOST_NAMES)
        (void)snprintf(text + at, size - at, " and %d more", n - MOST_NAMES);
    return n;
}

/* Classes that both have, under two numbers. */
static void find_renumbered(const classes *source, const classes *target, difference *out)
{
    for (int c = 0; c < target->n && *out->text == '\0'; c++) {
        const char *name = fy_dataset_class_name(target->d, c);

        if (target->counts[c] > 0 && (c >= source->n || !is_same(source, c, target, c)))
            (void)snprintf(out->text, sizeof out->text,
                           "'%.*s' is class %d in '%s' and another one in '%s'",
                           fyi_whole_chars(name, 60), name, c, target->side, source->side);
    }
}

static void compare(const classes *source, const classes *target, bool may_lack, difference *out)
{
    char own[120], others[120];
    const int n_own = list_own(source, target, own, sizeof own);
    const int n_others = list_own(target, source, others, sizeof others);
    const bool lacks = n_own > 0 && !may_lack;

    *out = (difference){ .is_lack = lacks && n_others == 0 };
    if (lacks || n_others > 0)
        (void)snprintf(out->text, sizeof out->text, "%s%s%s", n_own > 0 ? own : "",
                       n_own > 0 && n_others > 0 ? ", " : "", n_others > 0 ? others : "");
    else
        find_renumbered(source, target, out);
}

/* ---- what becomes of it ------------------------------------------------------------------------ */

static fy_status refuse(const fyi_settings *s, const classes *target, const difference *is)
{
    const fyi_section *section;
    char lack[96] = "";

    (void)fyi_settings_option(s, "partial", &section);
    if (is->is_lack)
        (void)snprintf(lack, sizeof lack, ", or say %s.partial=true", section->name);
    return fyi_fail(FY_EINVAL,
                    "the classes of 'source' and '%s' are not the same: %s; a method that brings "
                    "the domains together would give the target's samples to classes that they "
                    "are not of. Choose the classes that both have, with source.classes=[...] and "
                    "%s.classes=[...], or give classes that are the same one name and one number, "
                    "with the same class_file for both%s",
                    target->side, is->text, target->side, lack);
}

/* Who chooses the classes of both sides knows that they differ. */
static bool are_chosen(const fyi_settings *s, int i)
{
    return s->side[FYI_SOURCE].classes.n > 0 && s->side[i].classes.n > 0;
}

static fy_status judge(const fyi_settings *s, fyi_recipe_data *d, const classes *source, int i)
{
    const bool is_partial = *(const bool *)fyi_settings_option(s, "partial", NULL);
    classes target;
    difference is = { .text = "" };
    char sides[40];
    fy_status st;

    FY_TRY(count(d, i, &target));
    compare(source, &target, is_partial || i != FYI_TARGET, &is);
    (void)snprintf(sides, sizeof sides, "source and %s", target.side);
    if (is.text[0] != '\0' && are_chosen(s, i))
        fyi_odd_note(&d->odd, sides, is.text);
    else if (is.text[0] != '\0')
        st = refuse(s, &target, &is);
done:
    fyi_free(target.counts);
    return st;
}

fy_status fyi_adapt_compare_classes(const fyi_settings *s, fyi_recipe_data *d)
{
    static const int targets[] = { FYI_TARGET, FYI_TARGET_EVAL };
    classes source;
    fy_status st;

    if (d->side[FYI_SOURCE] == NULL)
        return FY_OK;
    FY_TRY(count(d, FYI_SOURCE, &source));
    for (size_t i = 0; i < FYI_LEN(targets); i++)
        if (d->side[targets[i]] != NULL && fy_dataset_has_labels(d->side[targets[i]]))
            FY_TRY(judge(s, d, &source, targets[i]));
done:
    fyi_free(source.counts);
    return st;
}
