/* side_facts.c: a data side of drawn facts. Of lists by modality the last number is for all that follow. */
#include "recipe/recipe.h"

static int64_t nth_int(const fyi_ints *v, int i, int64_t otherwise)
{
    return v->n > 0 ? v->v[FYI_MIN(i, v->n - 1)] : otherwise;
}

static double nth_real(const fyi_reals *v, int i, double otherwise)
{
    return v->n > 0 ? v->v[FYI_MIN(i, v->n - 1)] : otherwise;
}

static void set_modality(const fyi_side *s, int i, fy_facts_modality *m)
{
    m->dim = nth_int(&s->dims, i, m->dim);
    m->unique = (int)nth_int(&s->unique, i, 0);
    m->snr = nth_real(&s->snr, i, m->snr);
    m->unique_snr = nth_real(&s->unique_snr, i, m->unique_snr);
    m->unique_flip = nth_real(&s->unique_flip, i, 0);
}

static fy_status check_lengths(const fyi_side *s)
{
    const struct {
        const char *key;
        int n;
    } lists[] = { { "unique", s->unique.n },
                  { "dims", s->dims.n },
                  { "snr", s->snr.n },
                  { "unique_snr", s->unique_snr.n },
                  { "unique_flip", s->unique_flip.n } };

    for (size_t i = 0; i < FYI_LEN(lists); i++)
        if (lists[i].n > s->modalities)
            return fyi_fail(FY_EINVAL, "%s has %d numbers for %lld modalities", lists[i].key,
                            lists[i].n, (long long)s->modalities);
    return FY_OK;
}

static fy_status set_control(const char *key, int m, fy_facts_control control, fy_facts_opts *o)
{
    if (m >= o->n_modalities)
        return fyi_fail(FY_EINVAL, "%s names modality %d, but there are only 0 .. %d", key, m,
                        o->n_modalities - 1);
    o->modality[m].control = control;
    return FY_OK;
}

static fy_status set_controls(const fyi_side *s, fy_facts_opts *o)
{
    for (int i = 0; i < s->noise.n; i++)
        FYI_FORWARD(set_control("noise", s->noise.v[i], FY_FACTS_NOISE, o));
    if (s->copies.n % 2 != 0)
        return fyi_fail(
            FY_EINVAL,
            "copies has %d numbers; it takes pairs, a modality and the one that it is a "
            "copy of: [1, 0]",
            s->copies.n);
    for (int i = 0; i < s->copies.n; i += 2) {
        FYI_FORWARD(set_control("copies", s->copies.v[i], FY_FACTS_COPY, o));
        o->modality[s->copies.v[i]].copy_of = s->copies.v[i + 1];
    }
    return FY_OK;
}

fy_status fyi_side_facts_open(const fyi_side *s, uint64_t seed, fy_dataset **out)
{
    fy_facts_opts o = fy_facts_defaults();

    *out = NULL;
    FYI_FORWARD(check_lengths(s));
    o.n = s->n;
    o.seed = seed;
    o.world = (uint64_t)s->world;
    o.n_modalities = (int)s->modalities;
    o.redundant = (int)s->redundant;
    o.synergistic = (int)s->synergistic;
    o.curvature = s->curvature;
    for (int i = 0; i < o.n_modalities; i++)
        set_modality(s, i, &o.modality[i]);
    FYI_FORWARD(set_controls(s, &o));
    return fy_facts_open(&o, (int)s->modality, out);
}
