/* timing.c: which of several kernels is the fastest for a convolution on this machine: each is tried once, and what
 * came out is kept in a file, so that later runs choose alike, to the bit.
 *
 *   <processor, device>\t<node>\t<kernel>/<precision> <ms>, <kernel>/<precision> <ms> ...
 * the chosen one first, one line per node. Nothing that stands there is taken on trust: a choice that is not among
 * the kernels offered is made again. */
#include "backend/backend.h"
#include "backend/cpu.h"
#include "graph/ops/attr.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define HEADER "# ferry: times of kernels; may be deleted\n"
#define MAX_FILE (4 << 20)
#define MIN_MACS 200000 /* below, all are about as fast */
#define GAIN 0.9        /* of the time of one that is preferred, or it stays */
#define ROUNDS 4
#define FAR_BEHIND 1.3
#define LONG_RUN 5.0 /* ms: of these one run at a time says enough */

struct fyi_kernel_times {
    pthread_mutex_t lock; /* plans of several threads may be compiled on one device */
    char *path;
    fyi_buf text;
    bool has_warned;
};

/* ---- what is timed --------------------------------------------------------------------------------- */

/* The sides of a convolution: which tensor has its filters, which the larger part of its sums. */
typedef struct sides {
    const fyi_desc *weights, *sums;
} sides;

static bool find_sides(const fyi_site *s, sides *out)
{
    if (s->op == &fyi_op_conv2d)
        *out = (sides){ &s->src[1], &s->dst[0] };
    else if (s->op == &fyi_op_conv2d_bwd_data)
        *out = (sides){ &s->src[1], &s->src[0] };
    else if (s->op == &fyi_op_conv2d_bwd_weights)
        *out = (sides){ &s->dst[0], &s->src[0] };
    else
        return false;
    return true;
}

bool fyi_is_timed(const fyi_site *s)
{
    sides c;
    if (!find_sides(s, &c))
        return false;
    const int64_t channels = FYI_MAX(c.sums->shape.d[1], (int64_t)1);
    return fy_shape_numel(&c.weights->shape) * (fy_shape_numel(&c.sums->shape) / channels) >=
           MIN_MACS;
}

static void put_shape(fyi_buf *b, const fyi_desc *d)
{
    for (int a = 0; a < d->shape.rank; a++)
        fyi_buf_printf(b, "%c%lld", a ? 'x' : ' ', (long long)d->shape.d[a]);
}

/* With how it lies, for that is what kernels make their proposals from: "8x64x56x56 f32 aBcd16b". */
static void put_source(fyi_buf *b, const fyi_desc *d)
{
    char layout[32];
    put_shape(b, d);
    fyi_buf_printf(b, " %s %s", fy_dtype_name(d->dtype), fyi_layout_text(&d->layout, layout));
}

/* All that a line says before its times. */
static void put_key(fyi_buf *b, const fy_device *dev, const fyi_site *s)
{
    const fyi_conv_attr *a = s->attr;
    const fy_conv_opts *o = &a->o;
    fyi_buf_printf(
        b, "%s, %s\t%s %s stride %lldx%lld pad %lldx%lld dilation %lldx%lld groups %lld%s%s",
        fyi_cpu_model(), dev->text, s->op->name, fy_dtype_name(s->precision),
        (long long)o->stride[0], (long long)o->stride[1], (long long)o->pad[0],
        (long long)o->pad[1], (long long)o->dilation[0], (long long)o->dilation[1],
        (long long)o->groups, a->has_bias ? " bias" : "", a->has_other ? " add" : "");
    if (a->has_act)
        fyi_buf_printf(b, " act %g %g", (double)a->lo, (double)a->hi);
    fyi_buf_puts(b, ":");
    for (int i = 0; i < s->n_src; i++)
        put_source(b, &s->src[i]);
    fyi_buf_puts(b, " ->");
    for (int i = 0; i < s->n_dst; i++)
        put_shape(b, &s->dst[i]);
    fyi_buf_puts(b, "\t");
}

static void put_choice(fyi_buf *b, const fyi_proposal *p)
{
    fyi_buf_printf(b, "%s/%s", p->kernel->name, fy_dtype_name(p->site.precision));
}

/* ---- what is known ----------------------------------------------------------------------------------- */

/* The last line counts: one whose choice is no longer offered stays where it is. */
static const char *after_key(const fyi_buf *text, const char *key)
{
    const size_t len = strlen(key);
    const char *found = NULL;
    for (const char *line = text->p; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, len) == 0)
            found = line + len;
    }
    return found;
}

/* The proposal that the file names; n if it names none of them. */
static size_t known(const fyi_buf *text, const char *key, const fyi_proposal *list, size_t n)
{
    const char *said = after_key(text, key);
    for (size_t i = 0; said && i < n; i++) {
        fyi_buf word = { 0 };
        put_choice(&word, &list[i]);
        const bool is_it =
            !word.failed && strncmp(said, word.p, word.len) == 0 && said[word.len] == ' ';
        fyi_buf_release(&word);
        if (is_it)
            return i;
    }
    return n;
}

/* A file that is not there or cannot be read is one that knows nothing. */
static void load(fyi_kernel_times *t)
{
    char *text = NULL;
    size_t bytes = 0;
    fyi_buf_release(&t->text);
    t->text = (fyi_buf){ 0 };
    if (fyi_path_exists(t->path) && fyi_file_read(t->path, MAX_FILE, &text, &bytes) == FY_OK)
        fyi_buf_puts(&t->text, text);
    fyi_free(text);
    if (t->text.len == 0)
        fyi_buf_puts(&t->text, HEADER);
    else if (t->text.p[t->text.len - 1] != '\n')
        fyi_buf_puts(&t->text, "\n");
}

/* Once: they hold for this process all the same. */
static void warn(fyi_kernel_times *t)
{
    if (!t->has_warned)
        fyi_warn("the times of kernels cannot be kept: %s", fy_last_error());
    t->has_warned = true;
}

static void save(fyi_kernel_times *t)
{
    if (!t->text.failed && fyi_file_write(t->path, t->text.p, t->text.len) != FY_OK)
        warn(t);
}

/* ---- measuring ------------------------------------------------------------------------------------------ */

/* Small numbers of both signs, so that nothing is denormal or grows. */
static void *example(const fyi_desc *d)
{
    const size_t bytes = fyi_desc_bytes(d);
    char *p = fyi_alloc(bytes);
    if (!p)
        return NULL;
    memset(p, 0, bytes);
    for (size_t i = 0; d->dtype == FY_F32 && i < bytes / 4; i++)
        ((float *)p)[i] = (float)((int)(i * 37 % 64) - 32) / 256;
    for (size_t i = 0; d->dtype == FY_BF16 && i < bytes / 2; i++)
        ((uint16_t *)p)[i] = (uint16_t)(0x3d00 + i * 37 % 64 + (i & 1) * 0x8000);
    return p;
}

typedef struct trial {
    fyi_launch launch;
    void *src[FYI_TIMED_MAX_ENDS], *dst[FYI_TIMED_MAX_ENDS];
    void *scratch;
} trial;

static void close_trial(const fyi_proposal *p, trial *t)
{
    if (p->kernel->destroy && t->launch.state)
        p->kernel->destroy(t->launch.state);
    for (int i = 0; i < FYI_TIMED_MAX_ENDS; i++) {
        fyi_free(t->src[i]);
        fyi_free(t->dst[i]);
    }
    fyi_free(t->scratch);
}

static bool open_trial(fy_device *dev, const fyi_proposal *p, trial *t)
{
    const fyi_site *s = &p->site;
    bool ok = s->n_src <= FYI_TIMED_MAX_ENDS && s->n_dst <= FYI_TIMED_MAX_ENDS;
    *t = (trial){ .scratch = fyi_alloc(s->scratch_bytes) };
    for (int i = 0; ok && i < s->n_src; i++)
        ok = (t->src[i] = example(&s->src[i])) != NULL;
    for (int i = 0; ok && i < s->n_dst; i++)
        ok = (t->dst[i] = example(&s->dst[i])) != NULL;
    t->launch =
        (fyi_launch){ .dev = dev, .site = s, .src = t->src, .dst = t->dst, .scratch = t->scratch };
    if (ok && t->scratch && p->kernel->create)
        ok = p->kernel->create(dev, s, &t->launch.state) == FY_OK;
    return ok && t->scratch;
}

/* The best of some runs after a first one, which counts only where it was hopeless. */
static double time_of(fy_device *dev, const fyi_proposal *p, double best_of_others)
{
    const double start = fyi_now_s();
    double best = HUGE_VAL;
    trial t;
    bool ok = open_trial(dev, p, &t);
    for (int i = 0; ok && (i < (best < LONG_RUN ? 3 : 2) || (i < 20 && fyi_now_s() - start < 2e-3));
         i++) {
        const double begun = fyi_now_s();
        ok = p->kernel->run(&t.launch) == FY_OK;
        const double ms = 1e3 * (fyi_now_s() - begun);
        if (i > 0)
            best = FYI_MIN(best, ms);
        else if (ms > 4 * best_of_others + 1)
            break;
    }
    close_trial(p, &t);
    return ok ? best : HUGE_VAL;
}

static size_t n_near(const double *ms, size_t n, double best)
{
    size_t near = 0;
    for (size_t i = 0; i < n; i++)
        near += ms[i] < FAR_BEHIND * best;
    return near;
}

/* In turn and several times, so that what else the machine does hits all of them; those far behind drop out, and
 * where one is left it has won. Else the first wins unless a later one is clearly faster. */
static size_t measure(fy_device *dev, const fyi_proposal *list, size_t n, double *ms)
{
    double best = HUGE_VAL;
    size_t chosen = 0;
    for (size_t i = 0; i < n; i++)
        ms[i] = HUGE_VAL;
    for (int round = 0; round < ROUNDS && (round < 2 || n_near(ms, n, best) > 1); round++)
        for (size_t i = 0; i < n; i++)
            if (round == 0 || ms[i] < FAR_BEHIND * best) {
                ms[i] = FYI_MIN(ms[i], time_of(dev, &list[i], best));
                best = FYI_MIN(best, ms[i]);
            }
    for (size_t i = 1; i < n; i++)
        if (ms[i] < GAIN * ms[chosen])
            chosen = i;
    return chosen;
}

static void note(fyi_buf *text, const char *key, const fyi_proposal *list, size_t n, size_t chosen,
                 const double *ms)
{
    fyi_buf_puts(text, key);
    for (size_t k = 0; k < n; k++) {
        const size_t i = k == 0 ? chosen : k <= chosen ? k - 1 : k;
        put_choice(text, &list[i]);
        fyi_buf_printf(text, " %.4g%s", ms[i], k + 1 < n ? ", " : "\n");
    }
}

/* One process at a time, for two would disturb each other's times and might choose differently. */
static size_t learn(fy_device *dev, const char *key, const fyi_proposal *list, size_t n)
{
    fyi_kernel_times *t = dev->times;
    double ms[FYI_MAX_PROPOSALS];
    char *lock_path = fyi_alloc(strlen(t->path) + sizeof ".lock");
    int lock = -1;
    if (lock_path) {
        sprintf(lock_path, "%s.lock", t->path);
        lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    }
    while (lock >= 0 && flock(lock, LOCK_EX) != 0 && errno == EINTR)
        ;
    load(t);
    size_t chosen = known(&t->text, key, list, n);
    if (chosen == n) {
        chosen = measure(dev, list, n, ms);
        note(&t->text, key, list, n, chosen, ms);
        save(t);
    }
    if (lock >= 0)
        (void)close(lock);
    fyi_free(lock_path);
    return chosen;
}

size_t fyi_fastest(fy_device *dev, const fyi_site *offered, const fyi_proposal *list, size_t n)
{
    fyi_buf key = { 0 };
    put_key(&key, dev, offered);
    size_t chosen = 0;
    pthread_mutex_lock(&dev->times->lock);
    if (!key.failed) {
        chosen = known(&dev->times->text, key.p, list, n);
        if (chosen == n)
            chosen = learn(dev, key.p, list, n);
    }
    pthread_mutex_unlock(&dev->times->lock);
    fyi_buf_release(&key);
    return chosen;
}

/* ---- the file -------------------------------------------------------------------------------------------- */

void fyi_kernel_times_close(fyi_kernel_times *t)
{
    if (!t)
        return;
    pthread_mutex_destroy(&t->lock);
    fyi_buf_release(&t->text);
    fyi_free(t->path);
    fyi_free(t);
}

fy_status fy_device_set_kernel_times(fy_device *d, const char *path)
{
    fyi_kernel_times *t = NULL;
    if (path) {
        t = fyi_calloc(1, sizeof *t);
        if (!t || !(t->path = fyi_strdup(path))) {
            fyi_free(t);
            return fyi_enomem(strlen(path), "the times of kernels");
        }
        (void)pthread_mutex_init(&t->lock, NULL);
        if (fyi_mkdirs_for(path) != FY_OK)
            warn(t);
        load(t);
    }
    fyi_kernel_times_close(d->times);
    d->times = t;
    return FY_OK;
}
