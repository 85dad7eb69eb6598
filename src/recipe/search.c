/* search.c: the section "search" of a recipe: keys that are turned, how, for how many trials, and by which figure.
 *
 *   search:
 *     trials: 50
 *     space:
 *       finetune.lr: log 1e-4 1e-1
 *       finetune.batch: [16, 32, 64]
 * A trial is the recipe with one value for each of these keys, run blind. */
#include "recipe/recipe.h"

#include <stddef.h>
#include <string.h>

#define SOBOL_KNOBS 21

static const char *const *goal_words(void)
{
    static const char *const words[] = { "auto", "max", "min", NULL };

    return words;
}

static const char *const *sampler_words(void)
{
    static const char *const words[] = { "tpe", "random", "sobol", "grid", NULL };

    return words;
}

static const char *const *pruner_words(void)
{
    static const char *const words[] = { "none", "median", "halving", "hyperband", NULL };

    return words;
}

/* clang-format off */
#define KEY(name, type, min, max, words, needs, flags, help) \
    { #name, type, offsetof(fyi_search_settings, name), min, max, words, needs, flags, help }
const fyi_key fyi_search_keys[] = {
    KEY(trials, FYI_KEY_INT, 0, FYI_MAX_TRIALS, NULL, NULL, FYI_KEY_MACHINE,
        "how many in all, whoever runs them; 0: every point of a grid, else 50"),
    KEY(sampler, FYI_KEY_WORD, 0, 0, sampler_words, NULL, 0,
        "what is tried next: by what was good so far, at random, evenly spread, or every point of a grid"),
    KEY(startup, FYI_KEY_INT, 1, 1e6, NULL, "sampler=tpe", 0, "trials at random before it learns from them"),
    KEY(metric, FYI_KEY_TEXT, 0, 0, NULL, NULL, 0,
        "figure of result.json without a test: val_accuracy; \"\": the method's usual one"),
    KEY(goal, FYI_KEY_WORD, 0, 0, goal_words, NULL, 0, "which way it is good; auto: as the figure is meant"),
    KEY(seeds, FYI_KEY_SEEDS, 1, FYI_MAX_SEEDS, NULL, NULL, 0,
        "runs of every trial, whose mean counts: how many, with `seed` and the numbers after it, or a list of seeds"),
    KEY(pruner, FYI_KEY_WORD, 0, 0, pruner_words, NULL, 0, "which trials are stopped early, by their first run's evaluations"),
    KEY(prune_from, FYI_KEY_INT, 1, 1e6, NULL, "pruner!=none", 0, "evaluations that every trial has"),
    KEY(prune_after, FYI_KEY_INT, 1, 1e6, NULL, "pruner=median", 0, "trials that are done before one is stopped"),
    KEY(prune_factor, FYI_KEY_REAL, 1.5, 100, NULL, "pruner=halving|hyperband", 0,
        "evaluations grow by it from one rung to the next, and one in so many trials goes on"),
    KEY(brackets, FYI_KEY_INT, 1, 10, NULL, "pruner=hyperband", 0, "of trials that are first stopped later and later"),
    KEY(study, FYI_KEY_TEXT, 0, 0, NULL, NULL, FYI_KEY_MACHINE,
        "what was tried: a file, or postgresql://... that several machines share; \"\": study.db in the directory"),
    { .key = NULL },
};

const fyi_key fyi_knob_keys[] = {
    { "space.<key>", FYI_KEY_TEXT, 0, 0, 0, NULL, NULL, 0,
      "what a key may be: [a, b, c], lin LOW HIGH, log LOW HIGH, int LOW HIGH, logint LOW HIGH; and how many values" },
    { .key = NULL },
};
/* clang-format on */

void fyi_search_defaults(fyi_search_settings *s)
{
    *s = (fyi_search_settings){ .metric = "",
                                .sampler = "tpe",
                                .pruner = "none",
                                .study = "",
                                .startup = 10,
                                .prune_after = 5,
                                .prune_from = 1,
                                .prune_factor = 3,
                                .brackets = 3,
                                .seeds = { NULL, 1 } };
}

bool fyi_searches(const fyi_settings *s)
{
    for (int i = 0; i < s->n_sections; i++)
        if (s->sections[i].base == &s->search)
            return s->sections[i].is_open;
    return false;
}

uint64_t fyi_seeds_at(const fyi_seeds *seeds, uint64_t first, int i)
{
    return seeds->v != NULL ? seeds->v[i] : first + (uint64_t)i;
}

/* ---- knobs ----------------------------------------------------------------------------------- */

static const char space_front[] = "search.space.";

bool fyi_is_knob(const char *key)
{
    return strncmp(key, space_front, sizeof space_front - 1) == 0;
}

fy_status fyi_knob_bind(fyi_settings *s, const fyi_entry *e, const char *where)
{
    fyi_knob *k = &s->knobs[s->n_knobs];

    if (s->n_knobs == FYI_MAX_KNOBS)
        return fyi_fail(FY_EINVAL, "%s: a search turns at most %d keys", where, FYI_MAX_KNOBS);
    FYI_FORWARD(fyi_knob_read(e, where, k));
    k->key = e->key + sizeof space_front - 1;
    s->n_knobs++;
    return FY_OK;
}

/* ---- keys that may be turned ----------------------------------------------------------------- */

typedef struct looking {
    fyi_settings *s;
    fyi_knob *knob;
    char where[320];
    const fyi_section *section;
    const fyi_key *key;
    fyi_arena *arena;
} looking;

/* Keys of a side that say which samples it has. */
static bool chooses_samples(const char *key)
{
    static const char *const keys[] = { "format", "images",    "labels",  "style",  "n",
                                        "limit",  "draw_seed", "classes", "groups", "not_groups",
                                        "pick",   "pick_seed", "relabel", "world",  "snr" };

    for (size_t i = 0; i < FYI_LEN(keys); i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

/* Every trial must be judged by the same samples: those of a validation or test side, and of a side that some are held out
 * of, or that has no such side at all. Which samples a model learns from may be searched where others judge. */
static bool judges(const fyi_settings *s, const fyi_section *section, const char *key)
{
    const fyi_kind *kind = s->method->kind;
    const ptrdiff_t side = section - s->sections - 1;
    bool only_teaches = false;

    if (side < 0 || side >= FYI_SIDES)
        return strncmp(section->name, "shift_", 6) == 0;
    for (int i = 0; i < kind->n_held_out; i++) {
        if (kind->held_out[i].part == side)
            return true;
        only_teaches = only_teaches || (kind->held_out[i].of == side &&
                                        s->sections[1 + kind->held_out[i].part].is_open);
    }
    return (kind->tests >> side & 1) || (!only_teaches && chooses_samples(key));
}

static const char *reason_against(const looking *l)
{
    static const char same[] = "all trials are judged by the same samples";
    static const struct {
        const char *key, *why;
    } kept[] = {
        { "seed", "all trials have the same seeds; set search.seeds" },
        { "name", "it names the search" },
        { "blind", "all trials are" },
        { "holdout", same },
        { "held_out", same },
        { "domain.val", same },
        { "domain.test", same },
        { "pair.test", same },
        { "pair.drop_test", same },
    };

    if (l->section->keys == fyi_search_keys || l->section->keys == fyi_compare_keys)
        return "a search cannot search itself";
    if (judges(l->s, l->section, l->key->key))
        return "all trials are judged by the same samples, and by none of a test";
    if (l->key->flags & FYI_KEY_MACHINE)
        return "it changes no result";
    for (size_t i = 0; i < FYI_LEN(kept); i++)
        if (strcmp(l->knob->key, kept[i].key) == 0)
            return kept[i].why;
    return l->section->is_open ? NULL : "the recipe has no such section";
}

static fy_status check_may_be_turned(const looking *l)
{
    const char *why = reason_against(l);

    if (why == NULL)
        return FY_OK;
    return fyi_fail(FY_EINVAL, "%s: '%s' cannot be searched: %s", l->where, l->knob->key, why);
}

static fy_status check_form(const looking *l)
{
    const bool is_whole = l->knob->form == FYI_KNOB_INT || l->knob->form == FYI_KNOB_LOGINT;
    char expected[256];

    if (l->knob->form == FYI_KNOB_CHOICE || l->key->type == FYI_KEY_REAL ||
        (l->key->type == FYI_KEY_INT && is_whole))
        return FY_OK;
    if (l->key->type == FYI_KEY_INT)
        return fyi_fail(FY_EINVAL, "%s: '%s' is a whole number; give its range by 'int' or 'logint'",
                        l->where, l->knob->key);
    fyi_key_expected(l->key, expected, sizeof expected);
    return fyi_fail(FY_EINVAL, "%s: '%s' is no number and has no range, but is %s; list the values",
                    l->where, l->knob->key, expected);
}

/* Would the recipe take the value at this place? */
static fy_status check_value(const looking *l, double place)
{
    union {
        max_align_t align;
        char bytes[64]; /* as any key's value */
    } scratch = { .bytes = { 0 } };
    char room[FYI_KNOB_TEXT];
    fyi_key alone = *l->key;
    const char *value = fyi_knob_value(l->knob, place, room);
    const fyi_entry e = { .key = l->knob->key, .items = &value, .n_items = 1 };

    alone.at = 0;
    return fyi_key_bind(&alone, &e, l->where, scratch.bytes, l->arena);
}

static fy_status check_values(const looking *l)
{
    const int64_t n = l->knob->form == FYI_KNOB_CHOICE ? l->knob->levels : 2;

    FYI_FORWARD(check_form(l));
    for (int64_t i = 0; i < n; i++)
        FYI_FORWARD(
            check_value(l, n == l->knob->levels ? ((double)i + 0.5) / (double)n : (double)i));
    return FY_OK;
}

static bool is_knob(const void *settings, const fyi_condition *c)
{
    const fyi_settings *s = settings;
    char full[2 * FYI_RECIPE_MAX_KEY];

    (void)snprintf(full, sizeof full, "%s%s%.*s", c->section->name, *c->section->name ? "." : "",
                   c->name_len, c->name);
    for (int i = 0; i < s->n_knobs; i++)
        if (strcmp(s->knobs[i].key, full) == 0)
            return true;
    return false;
}

/* Whether it is used may depend on another knob; on what is the same in all trials it must not. */
static fy_status check_is_used(const looking *l)
{
    char needs[320];

    l->knob->hangs = fyi_any_condition(l->s, l->section, l->key, is_knob, l->s);
    if (l->knob->hangs || !fyi_unmet_text(l->s, l->section, l->key, needs, sizeof needs))
        return FY_OK;
    return fyi_fail(FY_EINVAL, "%s: '%s' would not be used in any trial, since it needs %s",
                    l->where, l->knob->key, needs);
}

static fy_status check_knob(fyi_settings *s, const fyi_entries *t, fyi_knob *knob, fyi_arena *arena)
{
    looking l = { .s = s, .knob = knob, .arena = arena };
    const fyi_entry e = { .key = knob->key };

    fyi_entry_where(t, knob->from, l.where, sizeof l.where);
    FYI_FORWARD(fyi_settings_find(s, &e, l.where, arena, &l.section, &l.key));
    FYI_FORWARD(check_may_be_turned(&l));
    FYI_FORWARD(check_is_used(&l));
    return check_values(&l);
}

/* ---- the figure ------------------------------------------------------------------------------ */

static bool applies(const fyi_settings *s, const fyi_search_figure *f)
{
    return f->side == FYI_SIDES || s->sections[1 + f->side].is_open;
}

static void list_figures(const fyi_settings *s, fyi_buf *out)
{
    for (const fyi_search_figure *f = s->method->kind->searched; f->path != NULL; f++)
        if (applies(s, f))
            fyi_buf_printf(out, "%s%s", out->len > 0 ? ", " : "", f->path);
}

static fy_status fail_metric(const fyi_settings *s)
{
    fyi_buf names = { 0 };
    fy_status st;

    list_figures(s, &names);
    st = fyi_fail(FY_EINVAL,
                  "recipe %s: 'search.metric' is '%.80s', but a search goes by figures that are "
                  "made of no test and of no target labels; those of the method '%s' are %s",
                  s->run.name, s->search.metric, s->method->name, names.p != NULL ? names.p : "");
    fyi_buf_release(&names);
    return st;
}

fy_status fyi_search_metric(const fyi_settings *s, const char **metric,
                            const fyi_search_figure **which)
{
    const char *wanted = s->search.metric;

    if (s->method->kind->searched == NULL)
        return fyi_fail(FY_EINVAL, "the method '%s' has no figure that a search may go by",
                        s->method->name);
    for (const fyi_search_figure *f = s->method->kind->searched; f->path != NULL; f++)
        if (applies(s, f) &&
            (*wanted == '\0' ? strchr(f->path, '*') == NULL : fy_glob(f->path, wanted))) {
            *which = f;
            *metric = *wanted != '\0' ? wanted : f->path;
            return FY_OK;
        }
    return fail_metric(s);
}

/* ---- what keys alone cannot say -------------------------------------------------------------- */

static fy_status check_grid(const fyi_settings *s, const fyi_entries *t)
{
    double points = 1;

    for (int i = 0; i < s->n_knobs; i++) {
        if (s->knobs[i].levels == 0)
            return fyi_fail(FY_EINVAL,
                            "recipe %s: '%s' is '%.80s', of which a grid needs to know how many "
                            "values; write it after the range, or list them",
                            t->path, s->knobs[i].from->key, s->knobs[i].from->items[0]);
        points *= (double)s->knobs[i].levels;
    }
    if (points > FYI_MAX_TRIALS)
        return fyi_fail(FY_EINVAL, "recipe %s: the grid has %.6g points, at most %d are tried",
                        t->path, points, FYI_MAX_TRIALS);
    if ((double)s->search.trials > points)
        return fyi_fail(FY_EINVAL,
                        "recipe %s: 'search.trials' is %lld, but the grid has %.0f points; leave "
                        "it out to try each once",
                        t->path, (long long)s->search.trials, points);
    return FY_OK;
}

static fy_status check_sampler(const fyi_settings *s, const fyi_entries *t)
{
    if (strcmp(s->search.sampler, "grid") == 0)
        return check_grid(s, t);
    if (strcmp(s->search.sampler, "sobol") == 0 && s->n_knobs > SOBOL_KNOBS)
        return fyi_fail(FY_EINVAL,
                        "recipe %s: 'search.sampler' is sobol, which spreads at most %d keys "
                        "evenly, and 'search.space' has %d; take random or tpe",
                        t->path, SOBOL_KNOBS, s->n_knobs);
    return FY_OK;
}

static fy_status check_seeds(const fyi_settings *s, const fyi_entries *t)
{
    const fyi_seeds *seeds = &s->search.seeds;

    if (seeds->v != NULL || s->run.seed.value <= UINT64_MAX - (uint64_t)(seeds->n - 1))
        return FY_OK;
    return fyi_fail(FY_EINVAL,
                    "recipe %s: 'search.seeds' is %d, but after the seed %llu there are not so "
                    "many; list them",
                    t->path, seeds->n, (unsigned long long)s->run.seed.value);
}

fy_status fyi_search_check(fyi_settings *s, const fyi_entries *t, fyi_arena *arena)
{
    const char *metric;
    const fyi_search_figure *which;

    if (!fyi_searches(s))
        return FY_OK;
    if (fyi_compares(s))
        return fyi_fail(FY_EINVAL,
                        "recipe %s: there are a section 'compare' and a section 'search'; a recipe "
                        "is compared or searched: leave one of them out",
                        t->path);
    if (s->n_knobs == 0)
        return fyi_fail(FY_EINVAL,
                        "recipe %s: 'search.space' is missing: the keys that are searched, each "
                        "with what it may be",
                        t->path);
    for (int i = 0; i < s->n_knobs; i++)
        FYI_FORWARD(check_knob(s, t, &s->knobs[i], arena));
    FYI_FORWARD(fyi_search_metric(s, &metric, &which));
    FYI_FORWARD(check_sampler(s, t));
    return check_seeds(s, t);
}

/* ---- a trial --------------------------------------------------------------------------------- */

/* What hangs on another knob goes when that one turns it off, as a file's keys do. */
static fy_status put_knob(const fyi_knob *k, const char *value, fy_recipe *to)
{
    const fyi_entry e = { .key = k->key,
                          .items = &value,
                          .n_items = 1,
                          .line = k->hangs ? FYI_MAX(k->from->line, 1) : 0,
                          .column = k->from->column };

    return fyi_entries_put(&to->entries, &e);
}

static fy_status make(const fy_recipe *r, const char *const *values, uint64_t seed, fy_recipe **out)
{
    char text[24];

    FYI_FORWARD(fyi_recipe_without(r, "search", out));
    for (int i = 0; i < r->settings.n_knobs; i++)
        FYI_FORWARD(put_knob(&r->settings.knobs[i], values[i], *out));
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
    FYI_FORWARD(fy_recipe_put(*out, "seed", text));
    FYI_FORWARD(fy_recipe_put(*out, "blind", "true"));
    return fy_recipe_check(*out);
}

fy_status fyi_recipe_trial(const fy_recipe *r, const char *const *values, uint64_t seed,
                           fy_recipe **out)
{
    fy_status st;

    *out = NULL;
    st = make(r, values, seed, out);
    if (st == FY_OK)
        return FY_OK;
    fy_recipe_free(*out);
    *out = NULL;
    return st;
}
