/* pid_facts.c: the parts that drawn modalities have by their making. A redundant bit that both see is redundant, one that only
 * one of the two sees is unique to it, and so are its unique bits, each of 1 - h(flip) bits; a parity is synergy if the two are
 * all there are. Parts of independent bits add up (Bertschinger et al. 2014, lemma 19). */
#include "data/data.h"

#include <ferry/pid.h>

#include <math.h>

/* Bits that are left of a fair coin that is seen wrong with probability p. */
static double left_of_coin(double p)
{
    return p > 0 ? 1 + p * log2(p) + (1 - p) * log2(1 - p) : 1;
}

static double unique_of(const fy_facts_opts *o, int m)
{
    return o->modality[m].unique * left_of_coin(o->modality[m].unique_flip);
}

static bool is_noise(const fy_facts_opts *o, int m)
{
    return o->modality[m].control == FY_FACTS_NOISE;
}

static void put_parts(const fy_facts_opts *o, const int m[2], fy_pid_bits *out)
{
    if (m[0] == m[1]) {
        out->redundant = is_noise(o, m[0]) ? 0 : o->redundant + unique_of(o, m[0]);
        return;
    }
    for (int i = 0; i < 2; i++) {
        if (is_noise(o, m[i]))
            continue;
        out->unique[i] = unique_of(o, m[i]) + (is_noise(o, m[1 - i]) ? o->redundant : 0);
    }
    if (is_noise(o, m[0]) || is_noise(o, m[1]))
        return;
    out->redundant = o->redundant;
    out->synergy = o->n_modalities == 2 ? o->synergistic : 0;
}

fy_status fy_facts_pid(const fy_facts_opts *o, int m1, int m2, fy_pid_bits *out)
{
    *out = (fy_pid_bits){ 0 };
    FYI_FORWARD(fyi_facts_check(o));
    if (m1 < 0 || m2 < 0 || m1 >= o->n_modalities || m2 >= o->n_modalities)
        return fyi_fail(FY_EINVAL,
                        "drawn facts: there are no modalities %d and %d, there are 0 .. %d", m1, m2,
                        o->n_modalities - 1);
    put_parts(o, (int[]){ fyi_facts_original(o, m1), fyi_facts_original(o, m2) }, out);
    for (int i = 0; i < 2; i++)
        out->information[i] = out->redundant + out->unique[i];
    out->both = out->redundant + out->unique[0] + out->unique[1] + out->synergy;
    return FY_OK;
}
