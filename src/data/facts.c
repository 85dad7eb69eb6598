/* facts.c: several modalities drawn by the program, of which it is known what they know of the label.
 *
 *   facts   coins: redundant bits, unique bits of each modality, and a share of each synergistic bit
 *   label   redundant bits lowest, then the unique bits of modality 0, 1, ..., then the parities of the shares
 *   word    the bits that a modality sees; a code book gives each word its vector
 *   value   (code[word][j] + normal noise) / root of (1 + the sum of the bits' snr)
 *
 * Sample i takes its coins from child i of the stream "facts", its noise from child i of "facts.noise.<modality>"; the code
 * book of a modality comes from "facts.code.<modality>" of the world. Its key is "<i>", in every modality. */
#include "data/data.h"

#include <math.h>
#include <string.h>

#define MAX_SAMPLES ((int64_t)1 << 31)
#define MAX_CODE ((int64_t)1 << 22)
#define NAME_CHARS 32
#define KEY_CHARS 12

typedef struct facts_source {
    fyi_source base;
    fy_facts_opts o;
    int m; /* the modality, no copy */
    fy_rng coins, noise;
    float *code; /* [words, dim] */
    float scale;
    char (*keys)[KEY_CHARS]; /* [n] */
} facts_source;

fy_facts_opts fy_facts_defaults(void)
{
    fy_facts_opts o = { .n_modalities = 2, .redundant = 2, .n = 1000 };

    for (int m = 0; m < FY_MAX_MODALITIES; m++)
        o.modality[m] = (fy_facts_modality){ .dim = 24, .unique = 1, .snr = 0.5, .unique_snr = 0.5 };
    return o;
}

/* ---- what is seen -------------------------------------------------------------------------------- */

int fyi_facts_original(const fy_facts_opts *o, int m)
{
    return o->modality[m].control == FY_FACTS_COPY ? o->modality[m].copy_of : m;
}

int fyi_facts_seen(const fy_facts_opts *o, int m)
{
    const fy_facts_modality *of = &o->modality[fyi_facts_original(o, m)];

    return of->control == FY_FACTS_NOISE ? 0 : o->redundant + of->unique + o->synergistic;
}

int fyi_facts_label_bits(const fy_facts_opts *o)
{
    int n = o->redundant + o->synergistic;

    for (int m = 0; m < o->n_modalities; m++)
        n += o->modality[m].unique;
    return n;
}

unsigned fyi_facts_label(const fy_facts_opts *o, const fyi_facts *f)
{
    unsigned label = f->redundant, parity = 0;
    int n = o->redundant;

    for (int m = 0; m < o->n_modalities; m++) {
        label |= f->unique[m] << n;
        n += o->modality[m].unique;
        parity ^= f->share[m];
    }
    return label | parity << n;
}

unsigned fyi_facts_word(const fy_facts_opts *o, const fyi_facts *f, int m)
{
    const int i = fyi_facts_original(o, m);
    const fy_facts_modality *of = &o->modality[i];

    if (of->control == FY_FACTS_NOISE)
        return 0;
    return f->redundant | (f->unique[i] ^ f->flipped[i]) << o->redundant |
           f->share[i] << (o->redundant + of->unique);
}

static unsigned draw_bits(fy_rng *r, int n)
{
    return fy_rng_u32(r) & ((1u << n) - 1);
}

/* Coins of all modalities in a fixed order: no modality's change with what another sees. */
static void draw_facts(const facts_source *s, int64_t i, fyi_facts *f)
{
    fy_rng r = fy_rng_child(&s->coins, (uint64_t)i);

    f->redundant = draw_bits(&r, s->o.redundant);
    for (int m = 0; m < s->o.n_modalities; m++) {
        const fy_facts_modality *of = &s->o.modality[m];

        f->unique[m] = draw_bits(&r, of->unique);
        f->share[m] = draw_bits(&r, s->o.synergistic);
        f->flipped[m] = 0;
        for (int b = 0; b < of->unique; b++)
            f->flipped[m] |= (unsigned)((double)fy_rng_uniform(&r) < of->unique_flip) << b;
    }
}

static fy_status get(const fyi_source *base, int64_t i, float *x, float *scratch)
{
    const facts_source *s = (const facts_source *)base;
    const int64_t dim = base->shape.d[0];
    fy_rng r = fy_rng_child(&s->noise, (uint64_t)i);
    fyi_facts f;

    (void)scratch;
    draw_facts(s, i, &f);
    fyi_rng_normals(&r, x, dim);
    for (int64_t j = 0; j < dim; j++)
        x[j] = (x[j] + s->code[(int64_t)fyi_facts_word(&s->o, &f, s->m) * dim + j]) * s->scale;
    return FY_OK;
}

static const char *key_of(const fyi_source *base, int64_t i)
{
    return ((const facts_source *)base)->keys[i];
}

static void close_source(fyi_source *base)
{
    facts_source *s = (facts_source *)base;

    fyi_free(s->code);
    fyi_free(s->keys);
    fyi_free(s);
}

static const fyi_source_ops ops = { .get = get, .close = close_source, .key = key_of };

/* ---- what can be drawn ------------------------------------------------------------------------------ */

static bool is_share(double v, double most)
{
    return v >= 0 && v <= most;
}

static fy_status check_copy(const fy_facts_opts *o, int m)
{
    const int of = o->modality[m].copy_of;

    if (of < 0 || of >= o->n_modalities || of == m || o->modality[of].control == FY_FACTS_COPY)
        return fyi_fail(FY_EINVAL,
                        "drawn facts: modality %d cannot be a copy of modality %d; it takes "
                        "another one, 0 .. %d, that is no copy",
                        m, of, o->n_modalities - 1);
    if (o->modality[m].dim != o->modality[of].dim)
        return fyi_fail(FY_ESHAPE,
                        "drawn facts: modality %d has %lld values, modality %d, of which it is a "
                        "copy, %lld",
                        m, (long long)o->modality[m].dim, of, (long long)o->modality[of].dim);
    return FY_OK;
}

static fy_status check_modality(const fy_facts_opts *o, int m)
{
    const fy_facts_modality *of = &o->modality[m];

    if (of->dim < 1 || of->dim > FY_FACTS_MAX_DIM)
        return fyi_fail(FY_EINVAL, "drawn facts: modality %d of %lld values; 1 .. %d are possible",
                        m, (long long)of->dim, FY_FACTS_MAX_DIM);
    if (of->unique < 0 || of->unique > FY_FACTS_MAX_BITS)
        return fyi_fail(FY_EINVAL,
                        "drawn facts: modality %d of %d unique bits; 0 .. %d are possible", m,
                        of->unique, FY_FACTS_MAX_BITS);
    if (!is_share(of->snr, 1e6) || !is_share(of->unique_snr, 1e6) || !is_share(of->unique_flip, 0.5))
        return fyi_fail(
            FY_EINVAL,
            "drawn facts: modality %d has snr %g, unique snr %g, flip %g; they are 0 .. "
            "1e6, 0 .. 1e6 and 0 .. 0.5",
            m, of->snr, of->unique_snr, of->unique_flip);
    if ((unsigned)of->control > FY_FACTS_COPY)
        return fyi_fail(FY_EINVAL, "drawn facts: %d is no control of modality %d", (int)of->control,
                        m);
    return of->control == FY_FACTS_COPY ? check_copy(o, m) : FY_OK;
}

static fy_status check_bits(const fy_facts_opts *o)
{
    const int n = fyi_facts_label_bits(o);

    if (n < 1 || n > FY_FACTS_MAX_BITS)
        return fyi_fail(FY_EINVAL, "drawn facts: a label of %d bits; 1 .. %d are possible", n,
                        FY_FACTS_MAX_BITS);
    for (int m = 0; m < o->n_modalities; m++)
        if ((o->modality[m].dim << fyi_facts_seen(o, m)) > MAX_CODE)
            return fyi_fail(FY_EINVAL,
                            "drawn facts: modality %d has 2^%d code words of %lld values; so many "
                            "cannot be kept",
                            m, fyi_facts_seen(o, m), (long long)o->modality[m].dim);
    return FY_OK;
}

fy_status fyi_facts_check(const fy_facts_opts *o)
{
    if (o->n_modalities < 2 || o->n_modalities > FY_MAX_MODALITIES)
        return fyi_fail(FY_EINVAL, "drawn facts: %d modalities; 2 .. %d are possible",
                        o->n_modalities, FY_MAX_MODALITIES);
    if (o->n < 1 || o->n > MAX_SAMPLES)
        return fyi_fail(FY_EINVAL, "drawn facts: %lld samples cannot be drawn, 1 .. %lld can",
                        (long long)o->n, (long long)MAX_SAMPLES);
    if (o->redundant < 0 || o->redundant > FY_FACTS_MAX_BITS || o->synergistic < 0 ||
        o->synergistic > FY_FACTS_MAX_BITS)
        return fyi_fail(FY_EINVAL,
                        "drawn facts: %d redundant and %d synergistic bits; 0 .. %d are possible",
                        o->redundant, o->synergistic, FY_FACTS_MAX_BITS);
    if (!is_share(o->curvature, 1))
        return fyi_fail(FY_EINVAL, "drawn facts: a curvature of %g is out of 0 .. 1", o->curvature);
    for (int m = 0; m < o->n_modalities; m++)
        FYI_FORWARD(check_modality(o, m));
    return check_bits(o);
}

/* ---- the code book ------------------------------------------------------------------------------------- */

static double snr_of(const facts_source *s, int bit)
{
    const fy_facts_modality *of = &s->o.modality[s->m];

    return bit >= s->o.redundant && bit < s->o.redundant + of->unique ? of->unique_snr : of->snr;
}

/* All words gain the direction v [dim] of a bit, times `by`, or lose it. */
static void add_direction(const facts_source *s, unsigned word, int bit, double by, const float *v)
{
    const int64_t dim = s->base.shape.d[0];
    const float signed_by = (float)((word >> bit & 1) != 0 ? by : -by);

    for (int64_t j = 0; j < dim; j++)
        s->code[(int64_t)word * dim + j] += signed_by * v[j];
}

/* Child 0 of a bit's stream is its fixed direction, child 1 + others the one that goes with the other bits. */
static void add_bit(const facts_source *s, const fy_rng *stream, int bit, int n_bits, float *v)
{
    const double snr = snr_of(s, bit), curved = s->o.curvature;
    const fy_rng own = fy_rng_child(stream, (uint64_t)bit);

    for (unsigned word = 0; word < 1u << n_bits; word++) {
        fy_rng fixed = fy_rng_child(&own, 0);
        fy_rng other = fy_rng_child(&own, 1 + (word & ~(1u << bit)));

        fyi_rng_normals(&fixed, v, s->base.shape.d[0]);
        add_direction(s, word, bit, sqrt(snr * (1 - curved)), v);
        fyi_rng_normals(&other, v, s->base.shape.d[0]);
        add_direction(s, word, bit, sqrt(snr * curved), v);
    }
}

static fy_status write_code(facts_source *s)
{
    const int64_t dim = s->base.shape.d[0];
    const int n_bits = fyi_facts_seen(&s->o, s->m);
    const size_t n = (size_t)dim << n_bits;
    float *v = fyi_calloc((size_t)dim, sizeof *v);
    char name[NAME_CHARS];
    double power = 1;
    fy_rng stream;

    s->code = fyi_calloc(n, sizeof *s->code);
    if (v == NULL || s->code == NULL) {
        fyi_free(v);
        return fyi_enomem(n * sizeof *s->code, "drawn facts");
    }
    (void)snprintf(name, sizeof name, "facts.code.%d", s->m);
    stream = fy_rng_named(s->o.world, name);
    for (int b = 0; b < n_bits; b++) {
        add_bit(s, &stream, b, n_bits, v);
        power += snr_of(s, b);
    }
    s->scale = (float)(1 / sqrt(power));
    fyi_free(v);
    return FY_OK;
}

/* ---- the dataset ------------------------------------------------------------------------------------------ */

static fy_status write_keys(facts_source *s)
{
    s->keys = fyi_calloc((size_t)s->base.n, sizeof *s->keys);
    if (s->keys == NULL)
        return fyi_enomem((size_t)s->base.n * sizeof *s->keys, "keys of drawn facts");
    for (int64_t i = 0; i < s->base.n; i++)
        (void)snprintf(s->keys[i], KEY_CHARS, "%d", (int)i);
    return FY_OK;
}

/* The number of samples is left out: a longer dataset begins with a shorter one. */
static void set_hash(facts_source *s)
{
    fyi_sha256 sum;
    char line[320];

    fyi_sha256_init(&sum);
    (void)snprintf(line, sizeof line,
                   "ferry facts 1 modality %d of %d redundant %d synergistic %d curvature %a world "
                   "%llu seed %llu",
                   s->m, s->o.n_modalities, s->o.redundant, s->o.synergistic, s->o.curvature,
                   (unsigned long long)s->o.world, (unsigned long long)s->o.seed);
    fyi_sha256_update(&sum, line, strlen(line));
    for (int m = 0; m < s->o.n_modalities; m++) {
        const fy_facts_modality *of = &s->o.modality[m];

        (void)snprintf(line, sizeof line, " %lld %d %a %a %a %d %d", (long long)of->dim, of->unique,
                       of->snr, of->unique_snr, of->unique_flip, (int)of->control,
                       of->control == FY_FACTS_COPY ? of->copy_of : 0);
        fyi_sha256_update(&sum, line, strlen(line));
    }
    fyi_sha256_hex(&sum, s->base.hash);
    memcpy(s->base.key, s->base.hash, sizeof s->base.key);
}

static fy_status new_source(const fy_facts_opts *o, int m, fyi_source **out)
{
    facts_source *s = fyi_calloc(1, sizeof *s);
    char name[NAME_CHARS];

    if (s == NULL)
        return fyi_enomem(sizeof *s, "drawn facts");
    s->o = *o;
    s->m = fyi_facts_original(o, m);
    (void)snprintf(name, sizeof name, "facts.noise.%d", s->m);
    s->coins = fy_rng_named(o->seed, "facts");
    s->noise = fy_rng_named(o->seed, name);
    fyi_source_init(&s->base, &ops, o->n, FY_SHAPE(o->modality[m].dim));
    set_hash(s);
    *out = &s->base;
    FYI_FORWARD(write_keys(s));
    return write_code(s);
}

fy_status fy_facts_open(const fy_facts_opts *o, int m, fy_dataset **out)
{
    fyi_dataset_spec spec = { 0 };
    char name[NAME_CHARS], how[64];
    int32_t *label = NULL;
    fy_status st;

    *out = NULL;
    FYI_FORWARD(fyi_facts_check(o));
    if (m < 0 || m >= o->n_modalities)
        return fyi_fail(FY_EINVAL, "drawn facts: there is no modality %d, there are 0 .. %d", m,
                        o->n_modalities - 1);
    (void)snprintf(name, sizeof name, "facts.%d", m);
    (void)snprintf(how, sizeof how, "; drawn from seed %llu", (unsigned long long)o->seed);
    label = fyi_calloc((size_t)o->n, sizeof *label);
    if (label == NULL)
        return fyi_enomem((size_t)o->n * sizeof *label, "drawn facts");
    FY_TRY(new_source(o, m, &spec.source));
    for (int64_t i = 0; i < o->n; i++) {
        fyi_facts f;

        draw_facts((const facts_source *)spec.source, i, &f);
        label[i] = (int32_t)fyi_facts_label(o, &f);
    }
    spec.n = o->n;
    spec.label = label;
    spec.n_classes = 1 << fyi_facts_label_bits(o);
    spec.name = name;
    spec.how = how;
    st = fyi_dataset_new(&spec, out);
done:
    fyi_source_drop(spec.source);
    fyi_free(label);
    return st;
}
