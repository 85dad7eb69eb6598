/* compare.c: the section "compare" of a recipe: several settings of it, its arms, to be run on the same seeds and held
 * against one of them; with shifts, on each of several data, and then against nothing if there is no baseline.
 *
 *   compare:
 *     baseline: plain
 *     arms:
 *       plain: []
 *       slow: [adda.critic_lr=1e-5]
 *       other: [recipe=other.yaml]
 *     shifts:
 *       to-noisy: [target.style=noisy]
 *       to-thin: [target.style=thin-rotated]
 * An arm is a list of changes, made in their order, and so is a shift, whose changes are made before an arm's. */
#include "recipe/recipe.h"

#include <stddef.h>
#include <string.h>

static const char *const *better_words(void)
{
    static const char *const words[] = { "auto", "higher", "lower", NULL };

    return words;
}

/* clang-format off */
#define KEY(name, type, min, max, words, flags, help) \
    { #name, type, offsetof(fyi_compare_settings, name), min, max, words, NULL, flags, help }
const fyi_key fyi_compare_keys[] = {
    KEY(baseline, FYI_KEY_TEXT, 0, 0, NULL, 0,
        "the arm that the others are held against; \"\": nothing is, which takes shifts"),
    KEY(seeds, FYI_KEY_SEEDS, 1, FYI_MAX_SEEDS, NULL, 0,
        "runs of every arm: how many, with `seed` and the numbers after it, or a list of seeds"),
    KEY(metric, FYI_KEY_TEXT, 0, 0, NULL, 0,
        "figure of result.json, student.target; \"\": what the method is for, on the target or the test"),
    KEY(better, FYI_KEY_WORD, 0, 0, better_words, 0,
        "which way it is good; auto: lower for a loss, an error, nll, ece, brier, entropy, risk and seconds, else higher"),
    KEY(first, FYI_KEY_CHANGES, 0, 0, NULL, 0,
        "changes that make the run with which every seed begins, as an arm's; settings of the arms find it as " FYI_FIRST_DIR),
    KEY(overrides, FYI_KEY_NAMES, 0, 0, NULL, 0,
        "keys above that the command line set, and with a '=' those that it took out: they hold for every arm, also for one with a "
        "recipe of its own; written into a comparison's directory"),
    KEY(level, FYI_KEY_REAL, 0.5, 0.9999, NULL, 0, "of the intervals; a difference counts where p is at most 1 - level"),
    { .key = NULL },
};
/* clang-format on */

const fyi_key fyi_arm_keys[] = {
    { "arms.<arm>", FYI_KEY_CHANGES, offsetof(fyi_arm, changes), 0, 0, NULL, NULL, 0,
      "what it sets otherwise; recipe=FILE first: that recipe instead of this one" },
    { "shifts.<shift>", FYI_KEY_CHANGES, offsetof(fyi_arm, changes), 0, 0, NULL, NULL, 0,
      "data on which every arm is run: what they set otherwise, before the arm; without shifts, "
      "the recipe's own" },
    { .key = NULL },
};

void fyi_compare_defaults(fyi_compare_settings *s)
{
    *s = (fyi_compare_settings){ .baseline = "", .metric = "", .seeds = { NULL, 5 }, .level = 0.95 };
}

bool fyi_compares(const fyi_settings *s)
{
    return s->sections[s->n_sections - 1].base == &s->compare &&
           s->sections[s->n_sections - 1].is_open;
}

/* ---- arms ------------------------------------------------------------------------------------ */

/* Lists of changes that have names of their own. */
static const struct named {
    const char *front, *what, *article;
    size_t v, n; /* of fyi_settings */
    int most;
} lists[] = {
    { "compare.arms.", "arm", "an", offsetof(fyi_settings, arms), offsetof(fyi_settings, n_arms),
      FYI_MAX_ARMS },
    { "compare.shifts.", "shift", "a", offsetof(fyi_settings, shifts),
      offsetof(fyi_settings, n_shifts), FYI_MAX_SHIFTS },
};

static const struct named *list_of(const char *key)
{
    for (size_t i = 0; i < FYI_LEN(lists); i++)
        if (strncmp(key, lists[i].front, strlen(lists[i].front)) == 0)
            return &lists[i];
    return NULL;
}

bool fyi_is_arm(const char *key)
{
    return list_of(key) != NULL;
}

/* Part of a folder's name, and of a path in JSON; "slow.adda.lr" is an arm written as keys and values. */
static fy_status check_name(const struct named *of, const char *name, const char *where)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    const size_t len = strspn(name, allowed);

    if (name[len] == '.')
        return fyi_fail(FY_EINVAL,
                        "%s: %s %s is a list of settings and its name has no '.'; write %.*s: "
                        "[%s=...]",
                        where, of->article, of->what, (int)len, name, name + len + 1);
    if (name[len] != '\0' || len == 0 || len > FYI_MAX_ARM_NAME || name[0] == '-')
        return fyi_fail(FY_EINVAL,
                        "%s: the %s '%.80s' needs a name of at most %d letters, digits, '_' and "
                        "'-' that does not begin with '-'",
                        where, of->what, name, FYI_MAX_ARM_NAME);
    return FY_OK;
}

fy_status fyi_arm_bind(fyi_settings *s, const fyi_entry *e, const char *where, fyi_arena *arena)
{
    const struct named *of = list_of(e->key);
    int *n = (int *)(void *)((char *)s + of->n);
    fyi_arm *to = (fyi_arm *)(void *)((char *)s + of->v) + *n;

    if (*n == of->most)
        return fyi_fail(FY_EINVAL, "%s: more than %d %ss", where, of->most, of->what);
    to->name = e->key + strlen(of->front);
    FYI_FORWARD(check_name(of, to->name, where));
    FYI_FORWARD(fyi_key_bind(fyi_arm_keys, e, where, to, arena));
    ++*n;
    return FY_OK;
}

/* ---- what keys alone cannot say -------------------------------------------------------------- */

static fy_status check_baseline(const fyi_settings *s, const fyi_entries *t)
{
    const char *names[FYI_MAX_ARMS + 1] = { NULL }, *near;

    if (s->compare.baseline[0] == '\0' && s->n_shifts > 0)
        return FY_OK;
    if (s->compare.baseline[0] == '\0')
        return fyi_fail(FY_EINVAL, "recipe %s: 'compare.baseline' is missing: %s", t->path,
                        fyi_compare_keys[0].help);
    for (int i = 0; i < s->n_arms; i++)
        if (strcmp(s->arms[i].name, s->compare.baseline) == 0)
            return FY_OK;
        else
            names[i] = s->arms[i].name;
    near = fyi_nearest(s->compare.baseline, names);
    return fyi_fail(FY_EINVAL,
                    "recipe %s: 'compare.baseline' is '%.80s', expected one of the arms%s%s%s",
                    t->path, s->compare.baseline, near ? "; did you mean '" : "", near ? near : "",
                    near ? "'?" : "");
}

static fy_status check_seeds(const fyi_settings *s, const fyi_entries *t)
{
    const fyi_seeds *seeds = &s->compare.seeds;

    if (seeds->v != NULL || s->run.seed.value <= UINT64_MAX - (uint64_t)(seeds->n - 1))
        return FY_OK;
    return fyi_fail(FY_EINVAL,
                    "recipe %s: 'compare.seeds' is %d, but after the seed %llu there are not so "
                    "many; list them",
                    t->path, seeds->n, (unsigned long long)s->run.seed.value);
}

/* Its runs are named like an arm's. */
static fy_status check_first(const fyi_settings *s, const fyi_entries *t)
{
    for (int i = 0; i < s->n_arms && s->compare.first.n > 0; i++)
        if (strcmp(s->arms[i].name, FYI_FIRST) == 0)
            return fyi_fail(
                FY_EINVAL,
                "recipe %s: there are 'compare.first' and an arm of the name '" FYI_FIRST
                "'; call the arm otherwise",
                t->path);
    return FY_OK;
}

fy_status fyi_compare_check(const fyi_settings *s, const fyi_entries *t)
{
    if (!fyi_compares(s))
        return FY_OK;
    if (s->n_arms < (s->n_shifts > 0 ? 1 : 2))
        return fyi_fail(FY_EINVAL, "recipe %s: 'compare.arms' has %d arm%s, at least %s", t->path,
                        s->n_arms, s->n_arms == 1 ? "" : "s",
                        s->n_shifts > 0 ? "one is run on the shifts" : "two are compared");
    FYI_FORWARD(check_baseline(s, t));
    FYI_FORWARD(check_first(s, t));
    return check_seeds(s, t);
}
