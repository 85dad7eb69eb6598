/* settings.c: entries bound to the structs that they configure.
 *
 * The run's own keys come first, since they name the method and so the rest of the schema. A key
 * that nothing would read is a mistake here, never a surprise later. */
#include "recipe/recipe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the run's keys -------------------------------------------------------------------------- */

static const char *const *precision_words(void)
{
    static const char *const words[] = { "f32", "bf16", NULL };

    return words;
}

static const char *const *device_words(void)
{
    static const char *const words[] = { "cpu", "ref", NULL };

    return words;
}

/* clang-format off */
#define KEY(name, type, member, min, max, words, needs, flags, help) \
    { name, type, offsetof(fyi_run_settings, member), min, max, words, needs, flags, help }
const fyi_key fyi_run_keys[] = {
    KEY("name", FYI_KEY_NAME, name, 0, 0, NULL, NULL, 0,
        "names the run's directory; by default the file's name"),
    KEY("method", FYI_KEY_WORD, method, 0, 0, fyi_method_names, NULL, FYI_KEY_REQUIRED, "how to train"),
    KEY("seed", FYI_KEY_SEED, seed, 0, 0, NULL, NULL, 0,
        "drives all randomness: initial weights, choice of samples, order, dropout"),
    KEY("device", FYI_KEY_WORD, device, 0, 0, device_words, NULL, 0,
        "cpu takes the fastest kernels, ref the plain double-precision ones"),
    KEY("precision", FYI_KEY_WORD, precision, 0, 0, precision_words, NULL, 0,
        "of products: f32, or bf16 where the processor has it; parameters and losses stay f32"),
    KEY("threads", FYI_KEY_INT, threads, 0, 1024, NULL, NULL, FYI_KEY_MACHINE,
        "compute threads; 0: as many as there are processors"),
    KEY("workers", FYI_KEY_INT, workers, 0, 64, NULL, NULL, FYI_KEY_MACHINE,
        "threads that make the batches of each stream; 0: the computing thread does"),
    KEY("memory", FYI_KEY_BYTES, memory, 0, 0, NULL, NULL, FYI_KEY_MACHINE,
        "that training may take: 1.5GiB, 800MB, bytes; what does not fit is computed twice; 0: any"),
    KEY("feature_dir", FYI_KEY_TEXT, feature_dir, 0, 0, NULL, NULL, FYI_KEY_MACHINE,
        "folder where what frozen layers give is kept for later runs; \"\": in memory, for this one"),
    KEY("feature_limit", FYI_KEY_BYTES, feature_limit, 0, 0, NULL, NULL, 0,
        "bytes that these may take there, or in memory; what is more is computed again; 0: half of what there is"),
    KEY("kernel_times", FYI_KEY_TEXT, kernel_times, 0, 0, NULL, NULL, FYI_KEY_MACHINE,
        "file that keeps which kernels are fastest here, by default in ~/.cache/ferry; \"\": choose by rule"),
    KEY("checkpoint_s", FYI_KEY_REAL, checkpoint_s, 0, INFINITY, NULL, NULL, FYI_KEY_MACHINE,
        "seconds between checkpoints within a stage; 0: only at its end"),
    KEY("profile", FYI_KEY_BOOL, profile, 0, 0, NULL, NULL, FYI_KEY_MACHINE,
        "every kernel is measured, and the report shows where the time went"),
    KEY("blind", FYI_KEY_BOOL, blind, 0, 0, NULL, NULL, 0,
        "no test samples are opened and no labels of a target that has none to give: how a search runs its trials"),
    KEY("data_root", FYI_KEY_TEXT, data_root, 0, 0, NULL, NULL, FYI_KEY_MACHINE,
        "folder that file names begin in; by default $FERRY_DATA, else data"),
    KEY("holdout", FYI_KEY_REAL, holdout, 0.01, 0.9, NULL, NULL, 0,
        "share of source kept from training, without a source_test; of train, without a val"),
    KEY("strategy", FYI_KEY_WORD, strategy, 0, 0, fy_hdnet_strategies, "method=hdnet", 0,
        "how stage 2 learns a target: soft, hard or hybrid; auto: all of them, and validation chooses; all: and all are tested"),
    KEY("held_out", FYI_KEY_NAMES, held_out, 0, 0, NULL, "method=hdnet", 0,
        "the targets' names: what {domain} stands for in target_1.images, or groups (speakers) that the source leaves out; []: one "
        "target, all that is in target_1"),
    { .key = NULL },
};
#undef KEY
/* clang-format on */

/* Where the user's programs keep what they can make again; "" if nobody says. */
static const char *default_kernel_times(fyi_arena *arena)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    const char *path = NULL;

    if (arena == NULL)
        return "";
    if (cache != NULL && *cache == '/')
        path = fyi_arena_printf(arena, "%s/ferry/kernels.txt", cache);
    else if (home != NULL && *home == '/')
        path = fyi_arena_printf(arena, "%s/.cache/ferry/kernels.txt", home);
    return path != NULL ? path : "";
}

void fyi_run_settings_defaults(fyi_run_settings *r, const char *name, fyi_arena *arena)
{
    const char *root = getenv("FERRY_DATA");

    *r = (fyi_run_settings){
        .name = name,
        .device = "cpu",
        .precision = "f32",
        .kernel_times = default_kernel_times(arena),
        .data_root = root != NULL && *root != '\0' ? root : "data",
        .workers = 1,
        .checkpoint_s = fy_run_defaults().checkpoint_s,
        .holdout = 0.1,
        .strategy = fy_hdnet_defaults().strategy,
    };
}

/* ---- sections -------------------------------------------------------------------------------- */

bool fyi_key_is_of(const char *key, const char *section)
{
    const size_t len = strlen(section);

    return len == 0 ? strchr(key, '.') == NULL : strncmp(key, section, len) == 0 && key[len] == '.';
}

const char *fyi_key_leaf(const char *key)
{
    const char *dot = strrchr(key, '.');

    return dot != NULL ? dot + 1 : key;
}

static fyi_section *add_section(fyi_settings *s, const char *name, const fyi_key *keys, void *base,
                                bool is_open)
{
    s->sections[s->n_sections] = (fyi_section){ name, keys, base, is_open, NULL };
    return &s->sections[s->n_sections++];
}

static bool has_section(const fyi_entries *t, const char *name)
{
    for (size_t i = 0; i < t->n; i++)
        if (fyi_key_is_of(t->v[i].key, name))
            return true;
    return false;
}

/* One for each modality that the recipe has data of. */
static fy_status open_row(fyi_settings *s, const fyi_method_section *row, const fyi_entries *t,
                          fyi_arena *arena)
{
    char *base = (char *)s->options + row->at;

    if (row->step == 0) {
        add_section(s, row->name, row->keys, base, !row->is_optional || has_section(t, row->name))
            ->needs = row->needs;
        return FY_OK;
    }
    for (int m = 0; m < FY_MAX_MODALITIES; m++) {
        const char *name =
            fyi_arena_printf(arena, "%.*s%d", (int)strcspn(row->name, "<"), row->name, m + 1);

        if (name == NULL)
            return fyi_enomem(16, "a section's name");
        add_section(s, name, row->keys, base + (size_t)m * row->step,
                    s->sections[1 + FYI_PART + m].is_open || has_section(t, name));
    }
    return FY_OK;
}

static fy_status open_method(fyi_settings *s, const fyi_entries *t, fyi_arena *arena)
{
    s->method = fyi_method_find(s->run.method);
    s->options = fyi_arena_alloc(arena, s->method->bytes);
    if (s->options == NULL)
        return fyi_enomem(s->method->bytes, "a method's options");
    s->method->defaults(s->options);
    for (int i = 0; i < FYI_METHOD_SECTIONS && s->method->sections[i].name != NULL; i++)
        FYI_FORWARD(open_row(s, &s->method->sections[i], t, arena));
    fyi_search_defaults(&s->search);
    add_section(s, "search", fyi_search_keys, &s->search, has_section(t, "search"));
    fyi_compare_defaults(&s->compare);
    add_section(s, "compare", fyi_compare_keys, &s->compare, has_section(t, "compare"));
    return FY_OK;
}

const fyi_section *fyi_settings_section(const fyi_settings *s, const char *name, size_t len)
{
    for (int i = 0; i < s->n_sections; i++)
        if (strlen(s->sections[i].name) == len && memcmp(s->sections[i].name, name, len) == 0)
            return &s->sections[i];
    return NULL;
}

const void *fyi_settings_option(const fyi_settings *s, const char *key, const fyi_section **section)
{
    for (int i = 1 + FYI_SIDES; i < s->n_sections; i++) {
        const fyi_section *in = &s->sections[i];
        const fyi_key *k = in->is_open ? fyi_key_find(in->keys, key, strlen(key)) : NULL;

        if (section != NULL)
            *section = in;
        if (k != NULL)
            return (const char *)in->base + k->at;
    }
    return NULL;
}

const fyi_key *fyi_settings_key(const fyi_settings *s, const char *key, const fyi_section **section)
{
    const char *leaf = fyi_key_leaf(key);

    *section = fyi_settings_section(s, key, leaf > key ? (size_t)(leaf - key) - 1 : 0);
    return *section != NULL ? fyi_key_find((*section)->keys, leaf, strlen(leaf)) : NULL;
}

/* ---- unknown keys ---------------------------------------------------------------------------- */

#define MAX_NAMES 4096

/* A side that the method has no use for is not what was meant. */
static bool is_of_use(const fyi_settings *s, int section)
{
    const int side = section - 1;

    return s->method == NULL || s->n_sections == 1 || side < 0 || side >= FYI_SIDES ||
           (s->method->kind->takes >> side & 1);
}

/* All keys of the recipe, "a.b" each, for "did you mean". */
static size_t list_names(const fyi_settings *s, fyi_arena *arena, const char *names[MAX_NAMES])
{
    size_t n = 0;

    for (int i = 0; i < s->n_sections; i++)
        for (const fyi_key *k = s->sections[i].keys;
             k->key != NULL && is_of_use(s, i) && n + 1 < MAX_NAMES; k++) {
            const char *section = s->sections[i].name;

            names[n] = fyi_arena_printf(arena, "%s%s%s", section, *section ? "." : "", k->key);
            if (names[n] != NULL)
                n++;
        }
    names[n] = NULL;
    return n;
}

/* "adapt.steps" and "adapt.step" are of one section. */
static bool is_same_section(const char *a, const char *b)
{
    const size_t n = (size_t)(fyi_key_leaf(a) - a);

    return n > 0 && n == (size_t)(fyi_key_leaf(b) - b) && strncmp(a, b, n) == 0;
}

/* A similar word of the same section beats the same word in another, and that a similar word anywhere. */
static const char *nearest_key(const fyi_settings *s, fyi_arena *arena, const char *key)
{
    const char *names[MAX_NAMES], *same[MAX_NAMES], *beside[MAX_NAMES];
    const size_t n = list_names(s, arena, names);
    size_t n_same = 0, n_beside = 0;

    for (size_t i = 0; i < n; i++)
        if (strcmp(fyi_key_leaf(names[i]), fyi_key_leaf(key)) == 0)
            same[n_same++] = names[i];
        else if (is_same_section(names[i], key))
            beside[n_beside++] = fyi_key_leaf(names[i]);
    same[n_same] = beside[n_beside] = NULL;
    const char *near = fyi_nearest(fyi_key_leaf(key), beside);
    if (near != NULL)
        return near - (fyi_key_leaf(key) - key); /* with its section before it */
    near = fyi_nearest(key, same);
    return near != NULL ? near : n_same > 0 ? same[0] : fyi_nearest(key, names);
}

/* "encoder_3.width" is in encoder_<m>. */
static bool is_in_row(const char *key, const fyi_method_section *row)
{
    const size_t len = strcspn(row->name, "<");

    if (row->step == 0)
        return fyi_key_is_of(key, row->name);
    return strncmp(key, row->name, len) == 0 && key[len] >= '1' &&
           key[len] < '1' + FY_MAX_MODALITIES && key[len + 1] == '.';
}

static bool has_key(const fyi_method *m, const char *key)
{
    for (int i = 0; i < FYI_METHOD_SECTIONS && m->sections[i].name != NULL; i++)
        if (is_in_row(key, &m->sections[i]) &&
            fyi_key_find(m->sections[i].keys, fyi_key_leaf(key), strlen(fyi_key_leaf(key))))
            return true;
    return false;
}

/* One of that kind before all others; NULL: none has it. */
static const fyi_method *method_having(const char *key, const fyi_kind *kind)
{
    const fyi_method *any = NULL;

    for (size_t m = 0; fyi_methods[m] != NULL; m++) {
        if (!has_key(fyi_methods[m], key))
            continue;
        if (fyi_methods[m]->kind == kind)
            return fyi_methods[m];
        any = any != NULL ? any : fyi_methods[m];
    }
    return any;
}

static fy_status fail_unknown(const fyi_settings *s, const fyi_entry *e, const char *where,
                              fyi_arena *arena)
{
    const fyi_method *other = method_having(e->key, NULL);
    const char *near;

    if (fyi_settings_section(s, e->key, strlen(e->key)) != NULL)
        return fyi_fail(FY_EINVAL, "%s: '%s' holds keys of its own and cannot be a value", where,
                        e->key);
    near = nearest_key(s, arena, e->key);
    if (other != NULL && s->method != NULL) {
        const bool has_own = near != NULL && strcmp(fyi_key_leaf(near), fyi_key_leaf(e->key)) == 0;

        return fyi_fail(
            FY_EINVAL, "%s: '%s' is a key of the method '%s', but the recipe's method is '%s'%s%s%s",
            where, e->key, other->name, s->method->name, has_own ? "; it has '" : "",
            has_own ? near : "", has_own ? "'" : "");
    }
    if (near != NULL)
        return fyi_fail(FY_EINVAL, "%s: unknown key '%s'; did you mean '%s'?", where, e->key, near);
    return fyi_fail(FY_EINVAL, "%s: unknown key '%s'; 'ferry help recipe' lists them", where,
                    e->key);
}

/* ---- binding --------------------------------------------------------------------------------- */

fy_status fyi_settings_find(const fyi_settings *s, const fyi_entry *e, const char *where,
                            fyi_arena *arena, const fyi_section **section, const fyi_key **key)
{
    *key = fyi_settings_key(s, e->key, section);
    return *key != NULL ? FY_OK : fail_unknown(s, e, where, arena);
}

static fy_status bind_entry(const fyi_settings *s, const fyi_entries *t, const fyi_entry *e,
                            fyi_arena *arena)
{
    const fyi_section *section;
    const fyi_key *k;
    char where[320];

    fyi_entry_where(t, e, where, sizeof where);
    FYI_FORWARD(fyi_settings_find(s, e, where, arena, &section, &k));
    return fyi_key_bind(k, e, where, section->base, arena);
}

/* Set there, or taken out. */
static bool is_overridden_by(const void *entries, const fyi_condition *c)
{
    char full[2 * FYI_RECIPE_MAX_KEY];
    const fyi_entry *named;

    (void)snprintf(full, sizeof full, "%s%s%.*s", c->section->name, *c->section->name ? "." : "",
                   c->name_len, c->name);
    named = fyi_entries_find(entries, full);
    return named != NULL ? named->line == 0 : fyi_entries_took_out(entries, full);
}

/* An override that turns a part off takes the file's settings of that part along, and those of what
 * hangs on it: only what the user said in one breath has to agree. */
static bool was_turned_off(const fyi_settings *s, const fyi_entries *t, const fyi_entry *e,
                           const fyi_section *section, const fyi_key *k)
{
    return e->line > 0 && fyi_any_condition(s, section, k, is_overridden_by, t);
}

/* An override of the method takes along what the file sets of the other one. What it sets of another of the same kind, so
 * that methods can be held against each other, waits for that one in any case. */
static void note_other_methods(const fyi_settings *s, const fyi_entries *t, bool *is_off)
{
    const bool is_overridden = fyi_entries_find(t, "method")->line == 0;

    for (size_t i = 0; i < t->n; i++) {
        const fyi_method *other = method_having(t->v[i].key, s->method->kind);
        const fyi_section *section;

        if (t->v[i].line > 0 && other != NULL && (is_overridden || other->kind == s->method->kind) &&
            fyi_settings_key(s, t->v[i].key, &section) == NULL)
            is_off[i] = true;
    }
}

/* e's key is k, of that section. */
static fy_status fail_unused(const fyi_settings *s, const fyi_entries *t, const fyi_entry *e,
                             const fyi_section *section, const fyi_key *k)
{
    char where[320], needs[320];

    fyi_entry_where(t, e, where, sizeof where);
    (void)fyi_unmet_text(s, section, k, needs, sizeof needs);
    return fyi_fail(FY_EINVAL, "%s: '%s' would not be used, since it needs %s; leave it out", where,
                    e->key, needs);
}

static bool may_wait(const fyi_section *section, const fyi_key *k)
{
    return (k->flags & FYI_KEY_WAITS) != 0 || section->needs != NULL;
}

static bool waits(const fyi_settings *s, const char *key)
{
    const fyi_method *other = method_having(key, s->method->kind);
    const fyi_section *section;
    const fyi_key *k = fyi_settings_key(s, key, &section);

    if (k != NULL)
        return may_wait(section, k) && !fyi_key_applies(s, section, k);
    return other != NULL && other->kind == s->method->kind && !has_key(s->method, key);
}

/* Those that wait, for a note when the recipe is run; none where the method was asked for by an override. */
static fy_status list_waiting(fyi_settings *s, const fyi_entries *t, fyi_arena *arena)
{
    const bool is_overridden = fyi_entries_find(t, "method")->line == 0;

    for (size_t i = 0; i < t->n && !is_overridden; i++) {
        if (!waits(s, t->v[i].key))
            continue;
        s->waiting = fyi_arena_printf(arena, "%s%s%s", s->waiting != NULL ? s->waiting : "",
                                      s->waiting != NULL ? ", " : "", t->v[i].key);
        if (s->waiting == NULL)
            return fyi_enomem(strlen(t->v[i].key), "a recipe's keys");
    }
    return FY_OK;
}

/* Entries whose condition does not hold: mistakes, but for those that an override turned off. */
static fy_status check_needs(const fyi_settings *s, const fyi_entries *t, bool *is_off)
{
    for (size_t i = 0; i < t->n; i++) {
        const fyi_section *section;
        const fyi_key *k = fyi_settings_key(s, t->v[i].key, &section);

        if (k == NULL || is_off[i] || fyi_is_arm(t->v[i].key) || fyi_key_applies(s, section, k))
            continue;
        is_off[i] = may_wait(section, k) || was_turned_off(s, t, &t->v[i], section, k);
        if (!is_off[i])
            return fail_unused(s, t, &t->v[i], section, k);
    }
    return FY_OK;
}

static fy_status check_required(const fyi_settings *s, const fyi_section *section,
                                const fyi_entries *t)
{
    char full[FYI_RECIPE_MAX_KEY + 1];

    for (const fyi_key *k = section->keys; k->key != NULL; k++) {
        (void)snprintf(full, sizeof full, "%s%s%s", section->name, *section->name ? "." : "",
                       k->key);
        if (!(k->flags & FYI_KEY_REQUIRED) || !fyi_key_applies(s, section, k) ||
            fyi_entries_find(t, full) != NULL)
            continue;
        return fyi_fail(FY_EINVAL, "recipe %s: '%s' is missing: %s", t->path, full, k->help);
    }
    return FY_OK;
}

/* ---- what one table cannot say --------------------------------------------------------------- */

static fy_status check_side(const fyi_settings *s, const fyi_entries *t, int i)
{
    const fyi_side *side = &s->side[i];

    if (side->relabel.n > 0 && side->relabel.n != side->classes.n)
        return fyi_fail(FY_EINVAL,
                        "recipe %s: '%s.relabel' has %d numbers for the %d of '%s.classes'; give "
                        "one new label per class",
                        t->path, fyi_side_names[i], side->relabel.n, side->classes.n,
                        fyi_side_names[i]);
    if (side->standard != NULL && !side->standardise && strcmp(side->missing, "mean") != 0)
        return fyi_fail(FY_EINVAL,
                        "recipe %s: '%s.standard' would not be used; set %s.standardise=true, or "
                        "%s.missing=mean to fill in means alone",
                        t->path, fyi_side_names[i], fyi_side_names[i], fyi_side_names[i]);
    if (side->size > 0 && side->shorter > 0)
        return fyi_fail(FY_EINVAL,
                        "recipe %s: '%s.size' and '%s.shorter' are two ways to resize; leave one "
                        "of them out",
                        t->path, fyi_side_names[i], fyi_side_names[i]);
    return FY_OK;
}

/* The sides that the method needs are there, and no others. */
static fy_status check_sides(const fyi_settings *s, const fyi_entries *t)
{
    const fyi_kind *kind = s->method->kind;

    for (int i = 0; i < FYI_SIDES; i++) {
        const bool is_open = s->sections[1 + i].is_open;

        if (!is_open && ((kind->needs & ~s->method->spares) >> i & 1))
            return fyi_fail(FY_EINVAL, "recipe %s: the data side '%s' is missing", t->path,
                            fyi_side_names[i]);
        if (is_open && !(kind->takes >> i & 1))
            return fyi_fail(
                FY_EINVAL,
                "recipe %s: the method '%s' has no use for the data side '%s'; leave it "
                "out",
                t->path, s->method->name, fyi_side_names[i]);
        FYI_FORWARD(check_side(s, t, i));
    }
    return FY_OK;
}

static fy_status check_across(const fyi_settings *s, const fyi_entries *t)
{
    const int part = s->method->kind->held_out[0].part;

    FYI_FORWARD(check_sides(s, t));
    if (s->method->kind->check != NULL)
        FYI_FORWARD(s->method->kind->check(s, t));
    if (!fyi_holds_out(s) && fyi_entries_find(t, "holdout") != NULL)
        return fyi_fail(FY_EINVAL,
                        "recipe %s: 'holdout' would not be used, since there is a %s; leave one of "
                        "them out",
                        t->path, fyi_side_names[part]);
    if (s->run.seed.follows)
        return fyi_fail(FY_EINVAL, "recipe %s: 'seed' must be a whole number, 0 or more", t->path);
    return FY_OK;
}

/* val and test are like train, but for what they say themselves. */
static fy_status follow_sides(fyi_settings *out, const fyi_entries *t, const bool *is_off,
                              fyi_arena *arena)
{
    const fyi_kind *kind = out->method->kind;

    for (int k = 0; k < kind->n_follows; k++) {
        const int from = kind->follows[k].from;

        for (size_t i = 0; i < t->n; i++)
            if (!is_off[i] && fyi_key_is_of(t->v[i].key, fyi_side_names[from]))
                FYI_FORWARD(bind_entry(out, t, &t->v[i], arena));
        fyi_side_follow(&out->side[kind->follows[k].side], &out->side[from]);
    }
    return FY_OK;
}

/* An arm and a knob have names of their own: their keys are in no table. */
static fy_status bind_any(fyi_settings *s, const fyi_entries *t, const fyi_entry *e,
                          fyi_arena *arena)
{
    char where[320];

    fyi_entry_where(t, e, where, sizeof where);
    if (fyi_is_arm(e->key))
        return fyi_arm_bind(s, e, where, arena);
    return fyi_is_knob(e->key) ? fyi_knob_bind(s, e, where) : bind_entry(s, t, e, arena);
}

static fy_status bind_all(fyi_settings *out, const fyi_entries *t, const char *name, bool *is_off,
                          fyi_arena *arena)
{
    *out = (fyi_settings){ 0 };
    fyi_run_settings_defaults(&out->run, name, arena);
    add_section(out, "", fyi_run_keys, &out->run, true);
    for (int i = 0; i < FYI_SIDES; i++) {
        fyi_side_defaults(&out->side[i]);
        add_section(out, fyi_side_names[i], fyi_side_keys, &out->side[i],
                    has_section(t, fyi_side_names[i]));
    }
    if (fyi_entries_find(t, "method") == NULL)
        return fyi_fail(FY_EINVAL, "recipe %s: 'method' is missing; 'ferry help recipe' lists them",
                        t->path);
    FYI_FORWARD(bind_entry(out, t, fyi_entries_find(t, "method"), arena));
    FYI_FORWARD(open_method(out, t, arena));
    note_other_methods(out, t, is_off);
    FYI_FORWARD(follow_sides(out, t, is_off, arena));
    for (size_t i = 0; i < t->n; i++)
        if (!is_off[i])
            FYI_FORWARD(bind_any(out, t, &t->v[i], arena));
    return FY_OK;
}

fy_status fyi_section_bind(const fyi_section *section, const fyi_entries *t, fyi_arena *arena)
{
    fyi_settings s = { .n_sections = 1 };
    s.sections[0] = *section;
    bool *is_off = fyi_arena_alloc(arena, t->n * sizeof *is_off);

    if (is_off == NULL)
        return fyi_enomem(t->n, "a recipe's keys");
    for (size_t i = 0; i < t->n; i++)
        FYI_FORWARD(bind_entry(&s, t, &t->v[i], arena));
    FYI_FORWARD(check_needs(&s, t, is_off));
    return check_required(&s, section, t);
}

/* Bound twice: only when all is bound it shows what was turned off, and that is then left out. */
fy_status fyi_settings_bind(fyi_settings *out, const fyi_entries *t, const char *name,
                            fyi_arena *arena)
{
    bool *is_off = fyi_arena_alloc(arena, t->n * sizeof *is_off);

    if (is_off == NULL)
        return fyi_enomem(t->n, "a recipe's keys");
    FYI_FORWARD(bind_all(out, t, name, is_off, arena));
    FYI_FORWARD(check_needs(out, t, is_off));
    FYI_FORWARD(bind_all(out, t, name, is_off, arena));
    for (int i = 0; i < out->n_sections; i++)
        if (out->sections[i].is_open)
            FYI_FORWARD(check_required(out, &out->sections[i], t));
    if (out->method->kind->settle != NULL)
        FYI_FORWARD(out->method->kind->settle(out, arena));
    FYI_FORWARD(check_across(out, t));
    FYI_FORWARD(fyi_compare_check(out, t));
    FYI_FORWARD(fyi_search_check(out, t, arena));
    return list_waiting(out, t, arena);
}
