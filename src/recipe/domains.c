/* domains.c: the target domains of a recipe, each in sets that have no sample in common. A target's samples of a modality are
 *
 *   target_1.images has {domain}     that file or folder, with the target's name in place of the word
 *   target_1                         its groups of that name, or all of it where it has no such group
 *   no target_1, part_1 has groups   the groups of that name, which part_1 leaves out
 *   neither                          a share of part_1, domain.of_source
 *
 * By label each modality is divided by itself and paired within each set; else whole samples are. Where a target has fewer groups than
 * sets, its sets have groups in common: one speaker is one domain. */
#include "recipe/hdnet.h"

#include "data/data.h"

#include <math.h>
#include <string.h>

#define WORD "{domain}"
#define ONE "target" /* what a target without a name is called */

static int count_domains(const fyi_settings *s)
{
    return FYI_MAX(s->run.held_out.n, 1);
}

static const char *domain_name(const fyi_settings *s, int t)
{
    return s->run.held_out.n > 0 ? s->run.held_out.v[t] : ONE;
}

/* ---- what `held_out` stands for ---------------------------------------------------------------- */

static bool has_groups(const fyi_side *s)
{
    return (s->names != NULL && strstr(s->names, "{group}") != NULL) ||
           (s->group_column != NULL && *s->group_column != '\0') ||
           (s->group_file != NULL && *s->group_file != '\0');
}

static bool names_group(const fyi_texts *list, const char *name)
{
    for (int i = 0; i < list->n; i++)
        if (strcmp(list->v[i], name) == 0)
            return true;
    return false;
}

/* `to` and those of `more` that it does not have. */
static fy_status add_groups(fyi_texts *to, const fyi_texts *more, fyi_arena *arena)
{
    const char **v = fyi_arena_alloc(arena, (size_t)(to->n + more->n + 1) * sizeof *v);
    int n = 0;

    if (v == NULL)
        return fyi_enomem(sizeof *v, "groups' names");
    for (int i = 0; i < to->n; i++)
        v[n++] = to->v[i];
    for (int i = 0; i < more->n; i++)
        if (!names_group(to, more->v[i]))
            v[n++] = more->v[i];
    *to = (fyi_texts){ v, n };
    return FY_OK;
}

fy_status fyi_domains_settle(fyi_settings *s, fyi_arena *arena)
{
    for (int m = 0; m < fyi_fuse_count(s); m++) {
        fyi_side *part = &s->side[FYI_PART + m], *target = &s->side[FYI_PART_TARGET + m];

        if (fyi_has_side(s, FYI_PART_TARGET + m) || s->run.held_out.n == 0 || !has_groups(part))
            continue;
        fyi_side_follow(target, part);
        target->images = part->images;
        target->labels = part->labels;
        target->group_file = part->group_file;
        target->groups = s->run.held_out;
        s->sections[1 + FYI_PART_TARGET + m].is_open = true;
        FYI_FORWARD(add_groups(&part->not_groups, &s->run.held_out, arena));
    }
    return FY_OK;
}

/* ---- checking ---------------------------------------------------------------------------------- */

static double sum_of_sets(const fyi_domain_settings *d)
{
    double sum = 0;

    for (int k = 0; k < FYI_DOMAIN_SETS; k++)
        sum += d->sets[k];
    return sum;
}

static fy_status check_shares(const fyi_settings *s, const fyi_entries *t)
{
    const fyi_domain_settings *d = &fyi_hdnet_options_of(s)->domain;

    if (sum_of_sets(d) > 1 + 1e-9)
        return fyi_fail(FY_EINVAL,
                        "recipe %s: 'domain.train', 'finetune', 'val' and 'test' are %g of a "
                        "target's samples together; expected at most 1",
                        t->path, sum_of_sets(d));
    if (s->run.held_out.n > FY_HDNET_TARGETS)
        return fyi_fail(FY_EINVAL, "recipe %s: 'held_out' names %d targets; expected at most %d",
                        t->path, s->run.held_out.n, FY_HDNET_TARGETS);
    return FY_OK;
}

static fy_status check_modality(const fyi_settings *s, const fyi_entries *t, int m)
{
    const double share = fyi_hdnet_options_of(s)->domain.of_source;
    const char *part = fyi_side_names[FYI_PART + m], *target = fyi_side_names[FYI_PART_TARGET + m];

    if (fyi_domains_opens(s, FYI_PART_TARGET + m) && s->run.held_out.n == 0)
        return fyi_fail(FY_EINVAL,
                        "recipe %s: '%s.images' has " WORD
                        " in it, and 'held_out' names no target; "
                        "expected a list such as held_out=[cartoon, sketch]",
                        t->path, target);
    if (fyi_has_side(s, FYI_PART_TARGET + m) || share > 0)
        return FY_OK;
    return fyi_fail(
        FY_EINVAL,
        "recipe %s: nothing says where a target's samples of '%s' are: give a data side "
        "'%s', or samples with groups and held_out=[NAME], or a share of the source's, "
        "domain.of_source=0.5",
        t->path, part, target);
}

/* A share that no modality is waiting for. */
static fy_status check_share(const fyi_settings *s, const fyi_entries *t)
{
    int n = 0, given = 0;

    for (int m = 0; m < fyi_fuse_count(s); m++) {
        n++;
        given += fyi_has_side(s, FYI_PART_TARGET + m);
    }
    if (fyi_hdnet_options_of(s)->domain.of_source == 0 || given == 0)
        return FY_OK;
    if (given == n)
        return fyi_fail(FY_EINVAL,
                        "recipe %s: 'domain.of_source' would not be used, since every modality has "
                        "target samples of its own; leave it out",
                        t->path);
    return fyi_fuse_is_by(s, "label")
               ? FY_OK
               : fyi_fail(FY_EINVAL,
                          "recipe %s: some modalities have target samples of their own and the "
                          "others a share of the source's, which belong together only with "
                          "pair.by=label",
                          t->path);
}

fy_status fyi_domains_check(const fyi_settings *s, const fyi_entries *t)
{
    FYI_FORWARD(check_shares(s, t));
    for (int m = 0; m < fyi_fuse_count(s); m++)
        FYI_FORWARD(check_modality(s, t, m));
    for (int m = fyi_fuse_count(s); m < FY_MAX_MODALITIES; m++)
        if (fyi_has_side(s, FYI_PART_TARGET + m))
            return fyi_fail(FY_EINVAL,
                            "recipe %s: there is a data side '%s' and no '%s', which the source "
                            "learns from",
                            t->path, fyi_side_names[FYI_PART_TARGET + m],
                            fyi_side_names[FYI_PART + m]);
    return check_share(s, t);
}

bool fyi_domains_opens(const fyi_settings *s, int side)
{
    const char *images = s->side[side].images;

    return side >= FYI_PART_TARGET && fyi_has_side(s, side) && images != NULL &&
           strstr(images, WORD) != NULL;
}

/* ---- a share of the source --------------------------------------------------------------------- */

fy_status fyi_domains_part(const fyi_settings *s, fyi_recipe_data *d)
{
    const double share = fyi_hdnet_options_of(s)->domain.of_source;

    for (int m = 0; m < fyi_fuse_count(s); m++) {
        fy_dataset **part = &d->side[FYI_PART + m], **target = &d->side[FYI_PART_TARGET + m];
        fy_dataset *sides[FY_MAX_PARTS] = { NULL };
        fy_split_opts o = fy_split_defaults();

        if (fyi_has_side(s, FYI_PART_TARGET + m))
            continue;
        FYI_FORWARD(fyi_fuse_need_labels(d, FYI_PART + m));
        o.frac[0] = 1 - share;
        o.frac[1] = share;
        o.seed = fyi_hash64(ONE, strlen(ONE), s->run.seed.value);
        o.across_groups = s->side[FYI_PART + m].across_groups;
        FYI_FORWARD(fy_dataset_split(*part, &o, sides));
        fy_dataset_free(*part);
        *part = sides[0];
        *target = sides[1];
    }
    return fyi_fuse_part(s, d);
}

/* ---- a target's samples ------------------------------------------------------------------------ */

/* One target of a recipe, being opened. */
typedef struct opening {
    const fyi_settings *s;
    fyi_recipe_data *d;
    int t;
    const char *name;
    fy_dataset *side[FY_MAX_MODALITIES];
    fy_dataset *set[FYI_DOMAIN_SETS][FY_MAX_MODALITIES]; /* by label */
} opening;

static void release(opening *o)
{
    for (int m = 0; m < FY_MAX_MODALITIES; m++) {
        fy_dataset_free(o->side[m]);
        for (int k = 0; k < FYI_DOMAIN_SETS; k++)
            fy_dataset_free(o->set[k][m]);
    }
}

/* The text with the domain's name for the word, in `b`. */
static const char *with_name(const char *text, const char *name, fyi_buf *b)
{
    const char *at = strstr(text, WORD);

    fyi_buf_printf(b, "%.*s%s%s", (int)(at - text), text, name, at + strlen(WORD));
    return b->failed ? NULL : b->p;
}

/* Copies the settings, in which one side has other files. */
static fy_status open_named(const opening *o, int m, fy_dataset **out)
{
    const int side = FYI_PART_TARGET + m;
    fyi_settings *s = fyi_calloc(1, sizeof *s);
    fyi_buf images = { 0 };
    fy_status st;

    *out = NULL;
    if (s == NULL)
        return fyi_enomem(sizeof *s, "a target's settings");
    *s = *o->s;
    s->side[side].images = with_name(s->side[side].images, o->name, &images);
    st = s->side[side].images != NULL ? fyi_recipe_side_open(s, side, out)
                                      : fyi_enomem(images.len, "a target's files");
    fyi_buf_release(&images);
    fyi_free(s);
    return st;
}

static bool has_group(const fy_dataset *d, const char *name)
{
    for (int g = 0; g < fy_dataset_groups(d); g++)
        if (strcmp(fy_dataset_group_name(d, g), name) == 0)
            return true;
    return false;
}

static fy_status open_own(const opening *o, int m, fy_dataset **out)
{
    const fy_dataset *all = o->d->side[FYI_PART_TARGET + m];
    fy_select_opts which = fy_select_defaults();

    if (fyi_domains_opens(o->s, FYI_PART_TARGET + m))
        return open_named(o, m, out);
    if (has_group(all, o->name)) {
        which.groups = &o->name;
        which.n_groups = 1;
    }
    return fy_dataset_select(all, &which, out);
}

static bool shifts(const fy_shift_opts *o)
{
    return o->rotate_deg > 0 || o->scale > 0 || o->offset > 0 || o->noise > 0;
}

/* Each view of each target in its own way. */
static fy_status shift(opening *o, int m)
{
    const fyi_shift_settings *given = &fyi_hdnet_options_of(o->s)->shift[m];
    fy_shift_opts how = given->o;
    char name[160];
    fy_dataset *made;

    if (!shifts(&how))
        return FY_OK;
    (void)snprintf(name, sizeof name, "shift.%.64s.%d", o->name, m + 1);
    how.seed = fyi_seed_value(o->s, &given->seed, name);
    if (!given->seed.follows)
        how.seed = fyi_hash64(name, strlen(name), how.seed);
    FYI_FORWARD(fy_dataset_shift(o->side[m], &how, &made));
    fy_dataset_free(o->side[m]);
    o->side[m] = made;
    return FY_OK;
}

static fy_status check_side(const opening *o, int m)
{
    const fy_dataset *source = o->d->side[FYI_PART + m], *own = o->side[m];
    const char *group;

    if (!fy_dataset_has_labels(own))
        return fyi_fail(
            FY_EINVAL,
            "the target '%s' has no labels of '%s', and models are fine-tuned and judged "
            "by them",
            o->name, fyi_side_names[FYI_PART_TARGET + m]);
    if (o->s->side[FYI_PART + m].across_groups)
        return FY_OK;
    FYI_FORWARD(fy_dataset_share_group(source, own, &group));
    if (group == NULL)
        return FY_OK;
    return fyi_fail(
        FY_EINVAL,
        "the source and the target '%s' both have samples of the group '%.80s', so that "
        "the target is no other domain; leave it out of part_%d (held_out=[%.80s]), or "
        "agree to it with part_%d.across_groups=true",
        o->name, group, m + 1, group, m + 1);
}

static fy_status check_samples(const opening *o, const fy_dataset *of_source, int m)
{
    const char *found;

    FYI_FORWARD(fyi_overlap_find(of_source, o->side[m], &found));
    return found == NULL
               ? FY_OK
               : fyi_fail(
                     FY_EINVAL,
                     "the source and the target '%s' both have the sample '%.120s', so that the "
                     "target is no other domain; take it out of one of them",
                     o->name, found);
}

static fy_status open_sides(opening *o)
{
    for (int m = 0; m < fyi_fuse_count(o->s); m++) {
        FYI_FORWARD(open_own(o, m, &o->side[m]));
        FYI_FORWARD(check_side(o, m));
        FYI_FORWARD(check_samples(o, o->d->side[FYI_PART + m], m));
        FYI_FORWARD(check_samples(o, o->d->side[FYI_PART_VAL + m], m));
        FYI_FORWARD(shift(o, m));
    }
    return FY_OK;
}

/* ---- its sets ---------------------------------------------------------------------------------- */

/* Groups that have samples. */
static int count_groups(const fy_dataset *d)
{
    const int all = fy_dataset_groups(d);
    bool *has = fyi_calloc((size_t)all + 1, sizeof *has);
    int n = 0;

    for (int64_t i = 0; has != NULL && i < fy_dataset_count(d); i++)
        if (fy_dataset_group(d, i) >= 0)
            has[fy_dataset_group(d, i)] = true;
    for (int g = 0; has != NULL && g < all; g++)
        n += has[g];
    fyi_free(has);
    return n;
}

/* kept[p]: the set that the p-th part is. */
static fy_split_opts split_of(const opening *o, const fy_dataset *d, int kept[FYI_DOMAIN_SETS])
{
    const fyi_domain_settings *g = &fyi_hdnet_options_of(o->s)->domain;
    fy_split_opts how = fy_split_defaults();

    how.n_parts = 0;
    how.seed = fyi_hash64(o->name, strlen(o->name), o->s->run.seed.value);
    for (int k = 0; k < FYI_DOMAIN_SETS; k++)
        if (g->sets[k] > 0) {
            kept[how.n_parts] = k;
            how.frac[how.n_parts++] = g->sets[k];
        }
    how.across_groups = count_groups(d) < how.n_parts;
    return how;
}

static fy_status part_by_label(opening *o)
{
    int kept[FYI_DOMAIN_SETS];

    for (int m = 0; m < fyi_fuse_count(o->s); m++) {
        const fy_split_opts how = split_of(o, o->side[m], kept);
        fy_dataset *parts[FY_MAX_PARTS] = { NULL };

        FYI_FORWARD(fy_dataset_split(o->side[m], &how, parts));
        for (int p = 0; p < how.n_parts; p++)
            o->set[kept[p]][m] = parts[p];
    }
    return FY_OK;
}

static fy_status pair_by_label(opening *o, fyi_domain *domain)
{
    static const char *const names[FYI_DOMAIN_SETS] = { "train", "finetune", "val", "test" };

    FYI_FORWARD(part_by_label(o));
    for (int k = 0; k < FYI_DOMAIN_SETS; k++) {
        char name[160];

        if (o->set[k][0] == NULL)
            continue;
        (void)snprintf(name, sizeof name, "%.64s.%s", o->name, names[k]);
        FYI_FORWARD(fyi_fuse_pair_sides(o->s, (const fy_dataset *const *)o->set[k], name,
                                        &domain->sets[k]));
    }
    return FY_OK;
}

/* The samples of one share of `whole`. index [count] is scratch. */
static fy_status take_share(const fy_parts *whole, const int *share, int wanted, int64_t *index,
                            fy_parts **out)
{
    int64_t n = 0;

    for (int64_t i = 0; i < fy_parts_count(whole); i++)
        if (share[i] == wanted)
            index[n++] = i;
    return fy_parts_subset(whole, index, n, out);
}

static fy_status part_whole(const opening *o, const fy_parts *whole, fyi_domain *domain)
{
    const size_t n = (size_t)fy_parts_count(whole);
    int kept[FYI_DOMAIN_SETS], *share = fyi_calloc(n + 1, sizeof *share);
    int64_t *index = fyi_calloc(n + 1, sizeof *index);
    const fy_split_opts how = split_of(o, fy_parts_dataset(whole, 0), kept);
    fy_status st;

    if (share == NULL || index == NULL) {
        st = fyi_enomem(n * sizeof *index, "a target's sets");
        goto done;
    }
    FY_TRY(fyi_dataset_shares(fy_parts_dataset(whole, 0), &how, share));
    for (int p = 0; p < how.n_parts; p++)
        FY_TRY(take_share(whole, share, p, index, &domain->sets[kept[p]]));
done:
    fyi_free(index);
    fyi_free(share);
    return st;
}

static fy_status pair_whole(const opening *o, fyi_domain *domain)
{
    fy_parts *whole;
    fy_status st;

    FYI_FORWARD(fyi_fuse_pair_sides(o->s, (const fy_dataset *const *)o->side, o->name, &whole));
    st = part_whole(o, whole, domain);
    fy_parts_free(whole);
    return st;
}

/* ---- all of it --------------------------------------------------------------------------------- */

/* Replaces *parts by the same without what goes missing. */
static fy_status drop(const opening *o, double share, const char *what, fy_parts **parts)
{
    const fyi_seed *seed = &fyi_fuse_options_of(o->s)->pair.seed;
    char name[160];
    fy_parts *left;

    if (share == 0 || *parts == NULL)
        return FY_OK;
    (void)snprintf(name, sizeof name, "%.64s.%s", o->name, what);
    FYI_FORWARD(fy_parts_drop(*parts, share, fyi_seed_value(o->s, seed, name), &left));
    fy_parts_free(*parts);
    *parts = left;
    return FY_OK;
}

static fy_status hide_labels(fy_parts **parts)
{
    fy_parts *hidden;

    if (*parts == NULL)
        return FY_OK;
    FYI_FORWARD(fy_parts_unlabel(*parts, &hidden));
    fy_parts_free(*parts);
    *parts = hidden;
    return FY_OK;
}

static fy_status open_domain(opening *o, fyi_domain *domain)
{
    const fyi_pair_settings *pair = &fyi_fuse_options_of(o->s)->pair;

    FYI_FORWARD(open_sides(o));
    FYI_FORWARD(fyi_fuse_is_by(o->s, "label") ? pair_by_label(o, domain) : pair_whole(o, domain));
    FYI_FORWARD(hide_labels(&domain->sets[FYI_DOMAIN_TRAIN]));
    FYI_FORWARD(drop(o, pair->drop, "train", &domain->sets[FYI_DOMAIN_TRAIN]));
    FYI_FORWARD(drop(o, pair->drop, "finetune", &domain->sets[FYI_DOMAIN_FINETUNE]));
    return drop(o, pair->drop_test, "test", &domain->sets[FYI_DOMAIN_TEST]);
}

fy_status fyi_domains_open(const fyi_settings *s, fyi_recipe_data *d)
{
    for (int t = 0; t < count_domains(s); t++) {
        opening o = { .s = s, .d = d, .t = t, .name = domain_name(s, t) };
        fy_status st;

        d->domains[t].name = o.name;
        d->n_domains = t + 1;
        st = open_domain(&o, &d->domains[t]);
        release(&o);
        if (st != FY_OK)
            return fyi_wrap(st, "while opening the target '%s'", o.name);
    }
    return FY_OK;
}
