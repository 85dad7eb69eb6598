/* knob.c: a key that a search turns: a list of values, or a range.
 *
 *   [16, 32, 64]       one of these
 *   lin 0 0.5          any number between, evenly
 *   log 1e-4 1e-1      the same in its logarithm
 *   int 1 8            a whole number; logint 1 1024: in its logarithm
 *   lin 0 0.5 6        only six values, evenly apart, both ends among them
 * A place u from 0 to 1 is turned into a value and back; of n levels, the i-th takes i / n <= u < (i + 1) / n. */
#include "recipe/recipe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_WHOLE 9007199254740992.0 /* 2^53: whole numbers up to it are exact */
#define MAX_LEVELS 1000000

static const struct form {
    const char *name;
    bool is_log, is_whole;
} forms[] = {
    [FYI_KNOB_CHOICE] = { "", false, false },     [FYI_KNOB_LIN] = { "lin", false, false },
    [FYI_KNOB_LOG] = { "log", true, false },      [FYI_KNOB_INT] = { "int", false, true },
    [FYI_KNOB_LOGINT] = { "logint", true, true },
};

/* ---- values ---------------------------------------------------------------------------------- */

/* Whole numbers own half a unit on both sides, so that the ends are as likely as the rest. */
static double end_of(const fyi_knob *k, double v, double way)
{
    const struct form *f = &forms[k->form];
    const double at = f->is_whole && k->levels == 0 ? v + way / 2 : v;

    return f->is_log ? log(at) : at;
}

static double number_at(const fyi_knob *k, double t)
{
    const struct form *f = &forms[k->form];
    const double low = end_of(k, k->low, -1), high = end_of(k, k->high, 1);
    const double v = f->is_log ? exp(low + (high - low) * t) : low + (high - low) * t;

    return FYI_MIN(FYI_MAX(f->is_whole ? round(v) : v, k->low), k->high);
}

static int64_t level_at(const fyi_knob *k, double place)
{
    return FYI_MIN((int64_t)(place * (double)k->levels), k->levels - 1);
}

/* Six digits are enough to turn a knob by, and short to read. */
static const char *print_number(const fyi_knob *k, double v, char room[FYI_KNOB_TEXT])
{
    if (forms[k->form].is_whole)
        (void)snprintf(room, FYI_KNOB_TEXT, "%.0f", v);
    else
        (void)snprintf(room, FYI_KNOB_TEXT, "%.6g", v);
    if (strtod(room, NULL) < k->low || strtod(room, NULL) > k->high)
        (void)snprintf(room, FYI_KNOB_TEXT, "%.17g", v);
    return room;
}

const char *fyi_knob_value(const fyi_knob *k, double place, char room[FYI_KNOB_TEXT])
{
    const double t = k->levels > 1 ? (double)level_at(k, place) / (double)(k->levels - 1) : place;

    if (k->form == FYI_KNOB_CHOICE)
        return k->from->items[level_at(k, place)];
    return print_number(k, number_at(k, t), room);
}

static bool read_number(const char *text, double *out)
{
    char *end;

    if (*text == '\0' || strspn(text, "+-.0123456789eE") != strlen(text))
        return false;
    *out = strtod(text, &end);
    return *end == '\0' && isfinite(*out);
}

static bool place_choice(const fyi_knob *k, const char *value, double *place)
{
    for (int i = 0; i < k->from->n_items; i++)
        if (strcmp(k->from->items[i], value) == 0) {
            *place = (i + 0.5) / k->from->n_items;
            return true;
        }
    return false;
}

bool fyi_knob_place(const fyi_knob *k, const char *value, double *place)
{
    const double low = end_of(k, k->low, -1), high = end_of(k, k->high, 1);
    double v, t;

    if (k->form == FYI_KNOB_CHOICE)
        return place_choice(k, value, place);
    if (!read_number(value, &v) || v < k->low || v > k->high)
        return false;
    t = ((forms[k->form].is_log ? log(v) : v) - low) / (high - low);
    *place = k->levels > 0 ? (round(t * (double)(k->levels - 1)) + 0.5) / (double)k->levels : t;
    return true;
}

void fyi_knob_text(const fyi_knob *k, fyi_buf *out)
{
    const fyi_entry *e = k->from;

    fyi_buf_puts(out, e->is_list ? "[" : "");
    for (int i = 0; i < e->n_items; i++) {
        fyi_buf_puts(out, i > 0 ? ", " : "");
        fyi_text_quote(e->items[i], out);
    }
    fyi_buf_puts(out, e->is_list ? "]" : "");
}

/* ---- reading --------------------------------------------------------------------------------- */

#define MAX_WORDS 4 /* form, low, high, levels */
typedef struct words {
    char text[160];
    const char *v[MAX_WORDS + 1];
    int n;
} words;

static void split(const char *text, words *w)
{
    char *rest = w->text;

    (void)snprintf(w->text, sizeof w->text, "%s", text);
    w->n = 0;
    for (char *word; (word = strtok_r(NULL, " ", &rest)) != NULL && w->n <= MAX_WORDS;)
        w->v[w->n++] = word;
}

static fy_status fail_form(const fyi_entry *e, const char *where)
{
    return fyi_fail(FY_EINVAL,
                    "%s: '%s' is '%.80s', expected a list of values, or a range: 'lin LOW HIGH', "
                    "'log LOW HIGH', 'int LOW HIGH' or 'logint LOW HIGH', and after it how many "
                    "values it has, if not all",
                    where, e->key, e->items[0]);
}

static fy_status fail_range(const fyi_entry *e, const char *where, const char *why)
{
    return fyi_fail(FY_EINVAL, "%s: '%s' is '%.80s', but %s", where, e->key, e->items[0], why);
}

static fy_status read_choices(const fyi_entry *e, const char *where, fyi_knob *k)
{
    k->form = FYI_KNOB_CHOICE;
    k->levels = e->n_items;
    if (e->n_items < 2)
        return fyi_fail(FY_EINVAL, "%s: '%s' has %d value%s; a search needs at least two", where,
                        e->key, e->n_items, e->n_items == 1 ? "" : "s");
    for (int i = 0; i < e->n_items; i++)
        for (int j = 0; j < i; j++)
            if (strcmp(e->items[i], e->items[j]) == 0)
                return fyi_fail(FY_EINVAL, "%s: '%s' has the value '%.80s' twice", where, e->key,
                                e->items[i]);
    return FY_OK;
}

static bool find_form(const char *name, fyi_knob_form *out)
{
    for (size_t i = FYI_KNOB_LIN; i < FYI_LEN(forms); i++)
        if (strcmp(forms[i].name, name) == 0) {
            *out = (fyi_knob_form)i;
            return true;
        }
    return false;
}

static bool is_whole(double v)
{
    return v == round(v) && fabs(v) <= MAX_WHOLE;
}

/* Neighbours that come to the same whole number would be tried twice. */
static bool levels_differ(const fyi_knob *k)
{
    for (int64_t i = 1; i < k->levels && forms[k->form].is_whole && forms[k->form].is_log; i++)
        if (number_at(k, (double)i / (double)(k->levels - 1)) ==
            number_at(k, (double)(i - 1) / (double)(k->levels - 1)))
            return false;
    return !forms[k->form].is_whole || (double)k->levels <= k->high - k->low + 1;
}

static fy_status check_range(const fyi_entry *e, const char *where, const fyi_knob *k)
{
    const struct form *f = &forms[k->form];

    if (!(k->low < k->high))
        return fail_range(e, where, "a range goes from a smaller number to a larger one");
    if (f->is_log && !(k->low > 0))
        return fail_range(e, where, "a logarithm needs numbers above 0");
    if (f->is_whole && !(is_whole(k->low) && is_whole(k->high)))
        return fail_range(e, where, "'int' and 'logint' go from a whole number to a whole number");
    if (!levels_differ(k))
        return fail_range(e, where, "there are not so many different whole numbers in it");
    return FY_OK;
}

static fy_status read_levels(const fyi_entry *e, const char *where, const words *w, fyi_knob *k)
{
    double n = 0;

    if (w->n < MAX_WORDS) {
        if (k->form == FYI_KNOB_INT && k->high - k->low < MAX_LEVELS)
            k->levels = (int64_t)(k->high - k->low) + 1;
        return FY_OK;
    }
    if (!read_number(w->v[3], &n) || !is_whole(n) || n < 2 || n > MAX_LEVELS)
        return fail_range(e, where, "of a range there are 2 to 1000000 values");
    k->levels = (int64_t)n;
    return FY_OK;
}

fy_status fyi_knob_read(const fyi_entry *e, const char *where, fyi_knob *out)
{
    words w;

    *out = (fyi_knob){ .from = e };
    if (e->is_list)
        return read_choices(e, where, out);
    split(e->items[0], &w);
    if (w.n < 3 || w.n > MAX_WORDS || !find_form(w.v[0], &out->form) ||
        !read_number(w.v[1], &out->low) || !read_number(w.v[2], &out->high))
        return fail_form(e, where);
    FYI_FORWARD(read_levels(e, where, &w, out));
    return check_range(e, where, out);
}
