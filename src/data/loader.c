/* loader.c: batches in order, made, changed and mixed ahead by worker threads.
 *
 *   ring:   slot of step s is s % n_slots;   empty -> filling -> ready -> (lent) -> empty
 *   order:  epoch e is a permutation drawn from child e of the stream "loader.<name>"
 *
 * Under the lock a worker claims the next step and copies its sample numbers into the slot; it
 * fills the slot without the lock. So a batch is a function of its step alone, whoever makes it.
 * One slot more than `prefetch` is the batch that the caller holds. Without workers there is one
 * slot and the caller fills it. Workers start when the first batch is asked for, or sought: a loader
 * may lie open while a plan is compiled and its kernels are timed. */
#include "data/transforms/transforms.h"

#include <pthread.h>
#include <string.h>

#define MAX_WORKERS 64
#define MAX_PREFETCH 256

typedef enum slot_state { SLOT_EMPTY, SLOT_FILLING, SLOT_READY } slot_state;

typedef struct slot {
    slot_state state;
    uint64_t step;
    int64_t epoch, n;
    int64_t *index; /* [batch] */
    float *x;       /* [batch, sample] */
    int32_t *y;     /* [batch], or NULL */
    float *q;       /* [batch, classes], or NULL */
    int64_t filled; /* rows of x that may be other than zero */
    fy_status st;   /* of filling */
    char sentence[1024];
} slot;

typedef struct worker {
    fy_loader *l;
    pthread_t thread;
    float *scratch; /* the pipeline's */
    float *kept;    /* the mixer's: one sample, or one row of q */
} worker;

struct fy_loader {
    fy_dataset *d;
    fy_loader_opts o;
    fyi_pipeline pipeline; /* without transforms it hands samples through */
    bool mixes, leaves_values;
    int64_t numel, epoch_steps;
    fy_rng order, change, mix; /* streams of the permutations, the transforms and the mixing */
    int n_slots, n_started;
    slot *slots;
    worker *workers; /* at least one, for its scratch: without threads it is the caller's */
    int64_t *perm;   /* [count] of perm_epoch */
    int64_t perm_epoch;
    const char *text;
    fyi_arena arena; /* all of the memory but the slots' values */
    float *values;   /* [n_slots, batch, sample] */

    pthread_mutex_t lock;
    pthread_cond_t work, ready; /* a slot to fill; a slot filled */
    bool has_lock, stops;
    bool is_paused; /* nothing may be claimed: a seek waits for the fillers */
    uint64_t claim; /* the step that a worker takes next */
    uint64_t next;  /* the step that the caller takes next */
    bool is_lent;   /* the caller holds the batch of step next - 1 */
    int n_filling;
    double wait_s;
};

fy_loader_opts fy_loader_defaults(void)
{
    return (fy_loader_opts){ .batch = 64,
                             .shuffle = true,
                             .drop_last = true,
                             .with_labels = true,
                             .name = "data",
                             .workers = 1,
                             .prefetch = 4 };
}

/* ---- what a step's batch is ------------------------------------------------------------------ */

static bool is_past_end(const fy_loader *l, uint64_t step)
{
    return l->o.epochs > 0 && step / (uint64_t)l->epoch_steps >= (uint64_t)l->o.epochs;
}

static void set_epoch(fy_loader *l, int64_t epoch)
{
    fy_rng r = fy_rng_child(&l->order, (uint64_t)epoch);

    if (l->perm_epoch == epoch)
        return;
    for (int64_t i = 0; i < l->d->n; i++)
        l->perm[i] = i;
    if (l->o.shuffle)
        fy_rng_shuffle(&r, l->perm, (size_t)l->d->n);
    l->perm_epoch = epoch;
}

/* Names the samples of `step`. With the lock. */
static void assign(fy_loader *l, uint64_t step, slot *s)
{
    const int64_t batch = l->o.batch, first = (int64_t)(step % (uint64_t)l->epoch_steps) * batch;

    s->step = step;
    s->epoch = (int64_t)(step / (uint64_t)l->epoch_steps);
    s->n = FYI_MIN(batch, l->d->n - first);
    s->state = SLOT_FILLING;
    set_epoch(l, s->epoch);
    for (int64_t i = 0; i < batch; i++)
        s->index[i] = i < s->n ? l->perm[first + i] : -1;
}

/* Sample i as epoch `epoch` changes it. Its random numbers follow (seed, name, epoch, sample), so neither
 * the batch nor the row that it lands in matters. */
static fy_status get_sample(const fy_loader *l, int64_t epoch, int64_t i, float *x, int32_t *y,
                            float *scratch)
{
    const fy_rng of_epoch = fy_rng_child(&l->change, (uint64_t)epoch);
    fy_rng r = fy_rng_child(&of_epoch, (uint64_t)fyi_dataset_source_number(l->d, i));

    if (l->pipeline.a.n > 0)
        FYI_FORWARD(fyi_pipeline_get(&l->pipeline, l->d, i, &r, x, y, scratch));
    else
        FYI_FORWARD(fyi_dataset_get(l->d, i, x, y, scratch));
    return l->o.transform != NULL ? l->o.transform(l->o.transform_arg, x, &l->pipeline.out, &r)
                                  : FY_OK;
}

static int64_t view_of(const fy_loader *l, int64_t epoch)
{
    return l->o.views > 0 ? epoch % l->o.views : epoch;
}

static fy_status fill_row(const fy_loader *l, const slot *s, int64_t row, float *scratch)
{
    int32_t *y = s->y != NULL ? s->y + row : NULL;

    if (l->leaves_values)
        return y != NULL ? fy_dataset_label(l->d, s->index[row], y) : FY_OK;
    return get_sample(l, view_of(l, s->epoch), s->index[row], s->x + row * l->numel, y, scratch);
}

/* By the step's own numbers; q of rows that are not there stays 0. */
static void mix(const fy_loader *l, const slot *s, float *kept)
{
    const int64_t k = l->d->n_classes;
    fy_rng r = fy_rng_child(&l->mix, s->step);

    fyi_one_hot(s->y, s->n, k, s->q);
    memset(s->q + s->n * k, 0, (size_t)((l->o.batch - s->n) * k) * sizeof *s->q);
    fyi_mix_batch(&l->pipeline.a.mix, &(fyi_mixture){ s->x, s->q, s->n, k, l->pipeline.out, kept },
                  &r);
}

/* Without the lock: the slot is the filler's alone. */
static void fill(const worker *w, slot *s)
{
    const fy_loader *l = w->l;

    s->st = FY_OK;
    for (int64_t row = 0; row < s->n && s->st == FY_OK; row++)
        s->st = fill_row(l, s, row, w->scratch);
    if (s->st != FY_OK)
        (void)snprintf(s->sentence, sizeof s->sentence, "%s", fy_last_error());
    if (s->n < s->filled)
        memset(s->x + s->n * l->numel, 0, (size_t)((s->filled - s->n) * l->numel) * sizeof *s->x);
    for (int64_t row = s->n; s->y != NULL && row < l->o.batch; row++)
        s->y[row] = 0;
    s->filled = s->n;
    if (l->mixes && s->st == FY_OK)
        mix(l, s, w->kept);
}

/* ---- workers --------------------------------------------------------------------------------- */

/* With the lock. The slot of the batch that the caller holds is not given away. */
static bool can_claim(const fy_loader *l)
{
    return !l->is_paused && !is_past_end(l, l->claim) &&
           l->slots[l->claim % (uint64_t)l->n_slots].state == SLOT_EMPTY;
}

static void *work(void *arg)
{
    worker *w = arg;
    fy_loader *l = w->l;

    pthread_mutex_lock(&l->lock);
    while (!l->stops) {
        slot *s;

        if (!can_claim(l)) {
            pthread_cond_wait(&l->work, &l->lock);
            continue;
        }
        s = &l->slots[l->claim % (uint64_t)l->n_slots];
        assign(l, l->claim++, s);
        l->n_filling++;
        pthread_mutex_unlock(&l->lock);
        fill(w, s);
        pthread_mutex_lock(&l->lock);
        s->state = SLOT_READY;
        l->n_filling--;
        pthread_cond_signal(&l->ready);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

/* ---- the caller's side ----------------------------------------------------------------------- */

/* With the lock: the batch in the caller's hands goes back. */
static void take_back(fy_loader *l)
{
    if (!l->is_lent)
        return;
    l->slots[(l->next - 1) % (uint64_t)l->n_slots].state = SLOT_EMPTY;
    l->is_lent = false;
    pthread_cond_signal(&l->work);
}

static slot *wait_for_slot(fy_loader *l)
{
    slot *s = &l->slots[l->next % (uint64_t)l->n_slots];

    if (l->n_started == 0) {
        if (s->state == SLOT_EMPTY || s->step != l->next) {
            assign(l, l->next, s);
            fill(&l->workers[0], s);
            s->state = SLOT_READY;
        }
        return s;
    }
    while (s->state != SLOT_READY)
        pthread_cond_wait(&l->ready, &l->lock);
    return s;
}

static fy_status lend(fy_loader *l, const slot *s, fy_batch *b)
{
    if (s->st != FY_OK)
        return fyi_fail_as(s->st, s->sentence);
    *b = (fy_batch){ .x = l->leaves_values ? NULL : s->x,
                     .y = s->y,
                     .q = s->q,
                     .index = s->index,
                     .n = s->n,
                     .epoch = s->epoch,
                     .view = l->o.views > 0 ? view_of(l, s->epoch) : 0,
                     .step = s->step };
    l->next++;
    l->is_lent = true;
    return FY_OK;
}

/* With the lock. */
static fy_status start_workers(fy_loader *l)
{
    for (; l->n_started < l->o.workers; l->n_started++)
        if (pthread_create(&l->workers[l->n_started].thread, NULL, work,
                           &l->workers[l->n_started]) != 0)
            return fyi_fail(FY_ENOMEM,
                            "loader '%s': worker %d of %d cannot be started; take fewer "
                            "workers",
                            l->o.name, l->n_started + 1, l->o.workers);
    return FY_OK;
}

fy_status fy_loader_next(fy_loader *l, fy_batch *b)
{
    const double begin = fyi_now_s();
    fy_status st;

    *b = (fy_batch){ 0 };
    pthread_mutex_lock(&l->lock);
    take_back(l);
    st = start_workers(l);
    if (st == FY_OK && is_past_end(l, l->next))
        st = fyi_fail(FY_EEND, "loader '%s': all %lld epochs of '%s' are over", l->o.name,
                      (long long)l->o.epochs, l->d->name);
    else if (st == FY_OK)
        st = lend(l, wait_for_slot(l), b);
    l->wait_s += fyi_now_s() - begin;
    pthread_mutex_unlock(&l->lock);
    return st;
}

/* With the lock. What was made ahead is made again; the next batch is that of `step`. */
static void begin_again(fy_loader *l, uint64_t step)
{
    take_back(l);
    l->is_paused = true;
    while (l->n_filling > 0)
        pthread_cond_wait(&l->ready, &l->lock);
    l->is_paused = false;
    for (int i = 0; i < l->n_slots; i++)
        l->slots[i].state = SLOT_EMPTY;
    l->claim = l->next = step;
    pthread_cond_broadcast(&l->work);
}

fy_status fy_loader_seek(fy_loader *l, uint64_t step)
{
    fy_status st;

    if (step > (uint64_t)INT64_MAX / 2)
        return fyi_fail(FY_EINVAL, "loader '%s': step %llu is out of range", l->o.name,
                        (unsigned long long)step);
    pthread_mutex_lock(&l->lock);
    begin_again(l, step);
    st = start_workers(l);
    pthread_mutex_unlock(&l->lock);
    return st;
}

void fy_loader_leave_values(fy_loader *l)
{
    FYI_ASSERT(!l->mixes);
    pthread_mutex_lock(&l->lock);
    begin_again(l, l->next);
    l->leaves_values = true;
    pthread_mutex_unlock(&l->lock);
}

uint64_t fy_loader_tell(const fy_loader *l)
{
    return l->next;
}

int64_t fy_loader_epoch_steps(const fy_loader *l)
{
    return l->epoch_steps;
}

const fy_dataset *fy_loader_dataset(const fy_loader *l)
{
    return l->d;
}

const fy_shape *fy_loader_shape(const fy_loader *l)
{
    return &l->pipeline.out;
}

bool fy_loader_mixes(const fy_loader *l)
{
    return l->mixes;
}

const char *fy_loader_text(const fy_loader *l)
{
    return l->text;
}

bool fy_loader_is_random(const fy_loader *l)
{
    return l->o.augment || l->o.transform;
}

int64_t fy_loader_views(const fy_loader *l)
{
    return !fy_loader_is_random(l) ? 1 : l->mixes ? 0 : l->o.views;
}

double fy_loader_wait_s(const fy_loader *l)
{
    return l->wait_s;
}

/* ---- opening and closing --------------------------------------------------------------------- */

static fy_status check_opts(const fy_dataset *d, const fy_loader_opts *o)
{
    if (o->name == NULL || o->batch < 1 || o->epochs < 0 || o->views < 0)
        return fyi_fail(FY_EINVAL,
                        "loader of '%s': it needs a name, a batch of at least 1 (not %lld), "
                        "epochs of at least 0 (not %lld) and views of at least 0 (not %lld)",
                        d->name, (long long)o->batch, (long long)o->epochs, (long long)o->views);
    if (o->workers < 0 || o->workers > MAX_WORKERS || o->prefetch < 0 || o->prefetch > MAX_PREFETCH)
        return fyi_fail(FY_EINVAL, "loader '%s': %d workers and %d batches ahead; at most %d and %d",
                        o->name, o->workers, o->prefetch, MAX_WORKERS, MAX_PREFETCH);
    if (o->drop_last && d->n < o->batch)
        return fyi_fail(FY_EINVAL,
                        "loader '%s': '%s' has %lld samples, fewer than one batch of %lld; "
                        "take a smaller batch or turn drop_last off",
                        o->name, d->name, (long long)d->n, (long long)o->batch);
    return o->with_labels ? fyi_dataset_need_labels(d, "a loader with labels") : FY_OK;
}

/* The same samples under a count of their own, so that the caller's handle may go. */
static fy_status keep_dataset(fy_loader *l, const fy_dataset *d)
{
    fyi_dataset_spec spec = fyi_dataset_spec_of(d);

    if (!l->o.with_labels) {
        spec.label = NULL;
        spec.n_classes = 0;
    }
    return fyi_dataset_new(&spec, &l->d);
}

/* An augmentation that changes nothing is none: the features of frozen layers may be kept. */
static fy_status init_pipeline(fy_loader *l)
{
    const fy_augment none = fy_augment_none();
    const fy_augment *a = l->o.augment != NULL ? l->o.augment : &none;
    char who[160];

    (void)snprintf(who, sizeof who, "loader '%.100s'", l->o.name);
    FYI_FORWARD(fyi_pipeline_init(&l->pipeline, a, l->d, who));
    l->mixes = a->mix.mixup_alpha > 0 || a->mix.cutmix_alpha > 0;
    l->numel = fy_shape_numel(&l->pipeline.out);
    l->o.augment = fy_augment_is_none(a) ? NULL : &l->pipeline.a;
    if (l->mixes && l->o.views > 0)
        return fyi_fail(FY_EINVAL, "%s: mixed samples have no views; leave views or mixing out",
                        who);
    return l->mixes && !l->o.with_labels
               ? fyi_fail(FY_EINVAL, "%s: mixing changes labels, but it has none", who)
               : FY_OK;
}

static fy_status describe(fy_loader *l)
{
    char change[4096];

    if (l->o.transform != NULL)
        return FY_OK;
    l->text = fyi_arena_printf(&l->arena, "%s, seed %llu, %lld views: %s", l->o.name,
                               (unsigned long long)l->o.seed, (long long)l->o.views,
                               fy_augment_text(&l->pipeline.a, change, sizeof change));
    return l->text != NULL ? FY_OK : fyi_enomem(sizeof change, "a loader's text");
}

static fy_status init_streams(fy_loader *l)
{
    const char *name = fyi_arena_printf(&l->arena, "%s", l->o.name);
    const char *order =
        fyi_arena_printf(&l->arena, "loader.%s", l->o.order != NULL ? l->o.order : l->o.name);
    /* Views are the same for all loaders of a seed, so that what is kept of them serves all. */
    const char *change =
        l->o.views > 0 ? "views" : fyi_arena_printf(&l->arena, "loader.%s.augment", l->o.name);
    const char *mixing = fyi_arena_printf(&l->arena, "loader.%s.mix", l->o.name);

    if (name == NULL || order == NULL || change == NULL || mixing == NULL)
        return fyi_enomem(256, "a loader's name");
    l->o.name = name;
    l->o.order = NULL; /* the caller's text */
    l->order = fy_rng_named(l->o.seed, order);
    l->change = fy_rng_named(l->o.seed, change);
    l->mix = fy_rng_named(l->o.seed, mixing);
    return describe(l);
}

static fy_status new_slots(fy_loader *l)
{
    const size_t batch = (size_t)l->o.batch, row = batch * (size_t)l->numel;
    const size_t q_bytes = batch * (size_t)l->d->n_classes * sizeof(float);
    size_t bytes;

    l->n_slots = l->o.workers > 0 ? FYI_MAX(l->o.prefetch, 1) + 1 : 1;
    if (fyi_mul_overflows(batch, (size_t)l->numel * sizeof(float), &bytes) ||
        fyi_mul_overflows(bytes, (size_t)l->n_slots, &bytes))
        return fyi_fail(FY_ESHAPE, "loader '%s': a batch of %lld samples is too large", l->o.name,
                        (long long)l->o.batch);
    l->slots = fyi_arena_alloc(&l->arena, (size_t)l->n_slots * sizeof *l->slots);
    l->values = fyi_calloc(row * (size_t)l->n_slots, sizeof *l->values);
    if (l->slots == NULL || l->values == NULL)
        return fyi_enomem(bytes, "a loader's batches");
    for (int i = 0; i < l->n_slots; i++) {
        slot *s = &l->slots[i];

        s->x = l->values + (size_t)i * row;
        s->index = fyi_arena_alloc(&l->arena, batch * sizeof *s->index);
        s->y = l->o.with_labels ? fyi_arena_alloc(&l->arena, batch * sizeof *s->y) : NULL;
        s->q = l->mixes ? fyi_arena_alloc(&l->arena, q_bytes) : NULL;
        if (s->index == NULL || (l->o.with_labels && s->y == NULL) || (l->mixes && s->q == NULL))
            return fyi_enomem(batch * sizeof *s->index + q_bytes, "a loader's batches");
    }
    return FY_OK;
}

static fy_status new_workers(fy_loader *l)
{
    const size_t n = (size_t)FYI_MAX(l->o.workers, 1);
    const size_t scratch = l->pipeline.n_scratch;
    const size_t kept = l->mixes ? (size_t)FYI_MAX(l->numel, l->d->n_classes) : 0;

    l->perm = fyi_arena_alloc(&l->arena, (size_t)l->d->n * sizeof *l->perm);
    l->workers = fyi_arena_alloc(&l->arena, n * sizeof *l->workers);
    if (l->perm == NULL || l->workers == NULL)
        return fyi_enomem((size_t)l->d->n * sizeof *l->perm, "a loader's order of samples");
    l->perm_epoch = -1;
    for (size_t i = 0; i < n; i++) {
        l->workers[i].l = l;
        l->workers[i].scratch = fyi_arena_alloc(&l->arena, scratch * sizeof(float));
        l->workers[i].kept = fyi_arena_alloc(&l->arena, kept * sizeof(float));
        if (l->workers[i].scratch == NULL || l->workers[i].kept == NULL)
            return fyi_enomem((scratch + kept) * sizeof(float), "a loader's worker");
    }
    return FY_OK;
}

static fy_status new_lock(fy_loader *l)
{
    if (pthread_mutex_init(&l->lock, NULL) != 0)
        return fyi_fail(FY_ENOMEM, "loader '%s': no lock can be made", l->o.name);
    (void)pthread_cond_init(&l->work, NULL);
    (void)pthread_cond_init(&l->ready, NULL);
    l->has_lock = true;
    return FY_OK;
}

fy_status fy_loader_open(const fy_dataset *d, const fy_loader_opts *o, fy_loader **out)
{
    const fy_loader_opts defaults = fy_loader_defaults();
    fy_loader *l;
    fy_status st;

    *out = NULL;
    o = o != NULL ? o : &defaults;
    FYI_FORWARD(check_opts(d, o));
    l = fyi_calloc(1, sizeof *l);
    if (l == NULL)
        return fyi_enomem(sizeof *l, "a loader");
    l->o = *o;
    l->epoch_steps = o->drop_last ? d->n / o->batch : (d->n - 1) / o->batch + 1;
    FY_TRY(keep_dataset(l, d));
    FY_TRY(init_pipeline(l));
    FY_TRY(init_streams(l));
    FY_TRY(new_slots(l));
    FY_TRY(new_workers(l));
    FY_TRY(new_lock(l));
    *out = l;
done:
    if (st != FY_OK)
        fy_loader_close(l);
    return st;
}

/* Decoding goes on while the caller computes; no more than a few batches lie ready. */
fy_status fyi_loader_open_in_order(const fy_dataset *d, const fy_loader *l, int64_t batch,
                                   fy_loader **out)
{
    const fy_loader_opts defaults = fy_loader_defaults();
    fy_loader_opts o = l != NULL ? l->o : defaults;
    const int workers = l != NULL ? l->o.workers : 0;

    o.batch = batch;
    o.shuffle = o.drop_last = o.with_labels = false;
    o.epochs = l != NULL ? fy_loader_views(l) : 1;
    o.workers = FYI_MIN(d->source->is_slow ? FYI_MAX(workers, fyi_threads()) : workers, 8);
    o.prefetch = FYI_MAX(o.workers, 2);
    return fy_loader_open(l != NULL ? l->d : d, &o, out);
}

bool fyi_loader_hash_change(const fy_loader *l, fyi_sha256 *h)
{
    char text[64];

    if (!fy_loader_is_random(l))
        return true;
    (void)snprintf(text, sizeof text, "seed %llu, %lld views\n", (unsigned long long)l->o.seed,
                   (long long)l->o.views);
    fyi_sha256_update(h, text, strlen(text));
    fyi_pipeline_hash(&l->pipeline, h);
    return l->o.transform == NULL;
}

void fy_loader_close(fy_loader *l)
{
    if (l == NULL)
        return;
    if (l->has_lock) {
        pthread_mutex_lock(&l->lock);
        l->stops = true;
        pthread_cond_broadcast(&l->work);
        pthread_mutex_unlock(&l->lock);
        for (int i = 0; i < l->n_started; i++)
            (void)pthread_join(l->workers[i].thread, NULL);
        pthread_cond_destroy(&l->ready);
        pthread_cond_destroy(&l->work);
        pthread_mutex_destroy(&l->lock);
    }
    fyi_free(l->values);
    fy_dataset_free(l->d);
    fyi_arena_release(&l->arena);
    fyi_free(l);
}
