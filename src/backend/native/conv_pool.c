/* conv_pool.c: convolution, bias, max pooling and ReLU as one operator, and its two gradients,
 * for the small images on which memory and fork-join cost as much as arithmetic.
 *
 *   forward        few source channels: direct; channels in blocks of 16: Winograd, F(2,5) or
 * F(4,3)
 *   gradients      sparse: only the winner of each window passes gradient on
 *
 * Work is split into a number of parts that depends on the shapes alone, and partial sums are
 * added in order, so results do not depend on the number of threads. */
#include "backend/native/conv_pool.h"

#include "backend/cpu.h"
#include "backend/native/native.h"
#include "backend/native/winograd.h"

#include <string.h>

#if FYI_X86_64

#define FEW_CHANNELS 4
#define MIN_CHANNELS 16           /* of what lies in blocks: below, padding is most of the work */
#define L1_FLOATS (32 * 1024 / 4) /* what inner loops may keep in the first-level cache */

/* ---- what the kernels take ------------------------------------------------------------------- */

static bool is_few(const fyi_conv_pool_sizes *s)
{
    return s->ic <= FEW_CHANNELS;
}

/* One row of windows of the source, as gather_window reads it: [w + 2 pad, ic, k]. */
static int64_t column_pitch(const fyi_conv_pool_sizes *s)
{
    return (s->w + 2 * s->pad) * s->ic * s->k;
}

static bool fits_few(const fyi_conv_pool_sizes *s)
{
    return s->k * s->k * s->ic <= FYI_MAX_WINDOW_LANES && s->k <= 8 &&
           column_pitch(s) * 2 * s->qh <= 64 * L1_FLOATS;
}

static bool pools_by_two(const fy_pool_opts *o)
{
    bool two = !o->ceil_mode;
    for (int i = 0; i < 2; i++)
        two &= o->kernel[i] == 2 && o->stride[i] == 2 && o->pad[i] == 0;
    return two;
}

static bool is_dense(const fy_conv_opts *o)
{
    bool dense = o->groups == 1 && o->pad[0] == o->pad[1] && o->pad[0] < 64;
    for (int i = 0; i < 2; i++)
        dense &= o->stride[i] == 1 && o->dilation[i] == 1;
    return dense;
}

/* Offsets into an image are 32 bits wide. */
static bool takes(const fyi_conv_pool_attr *a, fyi_conv_pool_sizes *s)
{
    const int64_t *src = a->src.d, *w = a->weights.d;
    const int64_t pad = a->conv.pad[0], k = w[2];
    if (!fyi_cpu_has_avx512() || !pools_by_two(&a->pool) || !is_dense(&a->conv) || w[3] != k)
        return false;
    *s = (fyi_conv_pool_sizes){ .n = src[0],
                                .ic = src[1] <= FEW_CHANNELS ? src[1] : fyi_round16(src[1]),
                                .true_ic = src[1],
                                .h = src[2],
                                .w = src[3],
                                .oc = fyi_round16(w[0]),
                                .true_oc = w[0],
                                .k = k,
                                .pad = pad,
                                .qh = (src[2] + 2 * pad - k + 1) / 2,
                                .qw = (src[3] + 2 * pad - k + 1) / 2,
                                .relu = a->relu };
    if (s->n < 1 || s->qh < 1 || s->qw < 1 || s->true_oc < MIN_CHANNELS || s->ic < 1 ||
        (s->h + 2 * pad) * (s->w + 2 * pad) > INT32_MAX / 512)
        return false;
    if (is_few(s))
        return fits_few(s);
    return s->true_ic >= MIN_CHANNELS && (k == 3 || k == 5);
}

static fyi_layout source_layout(const fyi_conv_pool_sizes *s)
{
    return is_few(s) ? fyi_layout_plain(4) : fyi_layout_channel_block(4, 16);
}

static fyi_layout weights_layout(const fyi_conv_pool_sizes *s)
{
    if (is_few(s))
        return (fyi_layout){ .rank = 4,
                             .n_inner = 1,
                             .outer = { 0, 2, 3, 1 },
                             .inner_axis = { 0 },
                             .inner_size = { 16 } };
    return fyi_layout_channel_block(4, 16);
}

/* ---- state and scratch ----------------------------------------------------------------------- */

typedef struct state {
    fyi_conv_pool_sizes s;
    fyi_winograd wg;
    fyi_window_map map;
    int64_t pitch;      /* floats from row to row where the gradients' inner loops read or write */
    int64_t group;      /* images that share an inner loop's registers */
    int64_t n_chunks;   /* parts of the batch with sums of their own */
    int64_t chunk_rows; /* channel blocks of dst worked on together, in the gradient of the weights */
    int32_t corners[];
} state;

/* Memory shared by all, then one piece for each of the threads that may work at once. */
typedef struct scratch_size {
    int64_t shared, each; /* floats */
} scratch_size;

static int64_t windows16(const fyi_conv_pool_sizes *s)
{
    return fyi_round16(s->qh * s->qw);
}

/* One winners' list: 16 channels of an image, with room for a whole register past the last entry. */
static int64_t list_cap(const fyi_conv_pool_sizes *s)
{
    return windows16(s) + 16;
}

static int64_t list_floats(const fyi_conv_pool_sizes *s)
{
    return 32 * list_cap(s) + 16;
}

static int64_t padded_block(const fyi_conv_pool_sizes *s)
{
    return (s->h + 2 * s->pad) * (s->w + 2 * s->pad) * 16;
}

static void fill_map(state *st, int64_t column)
{
    const fyi_conv_pool_sizes *s = &st->s;
    st->map.n_windows = s->qh * s->qw;
    st->map.corner = st->corners;
    for (int64_t i = 0; i < st->map.n_windows; i++)
        st->corners[i] = (int32_t)(2 * (i / s->qw) * st->pitch + 2 * (i % s->qw) * column);
    for (int i = 0; i < 4; i++)
        st->map.step[i] = (int32_t)((i / 2) * st->pitch + (i % 2) * column);
}

static void fill_state(state *st, const fyi_conv_pool_sizes *s)
{
    const int64_t n_ocb = s->oc / 16, pad2 = 2 * s->pad;
    st->s = *s;
    st->pitch = is_few(s) ? column_pitch(s) : (s->w + pad2) * 16;
    st->group = FYI_MAX(1, FYI_MIN(4, L1_FLOATS / padded_block(s)));
    fill_map(st, is_few(s) ? s->ic * s->k : 16);
    /* A padded source is copied, and once for all channels of dst is enough. */
    st->chunk_rows = s->pad > 0 || is_few(s) ? n_ocb : 1;
    const int64_t n_parts =
        is_few(s) ? 16 : (8 + n_ocb / st->chunk_rows - 1) / (n_ocb / st->chunk_rows);
    st->n_chunks = FYI_MAX(1, FYI_MIN(n_parts, s->n / 4));
    if (!is_few(s))
        fyi_winograd_init(&st->wg, &fyi_winograd_avx512, s, FYI_OIHW_I, 2 * s->qh, 2 * s->qw);
}

static fy_status create(fy_device *dev, const fyi_site *site, void **out)
{
    fyi_conv_pool_sizes s;
    (void)dev;
    *out = NULL;
    if (!takes(site->attr, &s))
        return fyi_fail(FY_ENOKERNEL, "'%s': its shapes changed after they were taken", site->name);
    const size_t bytes = sizeof(state) + (size_t)windows16(&s) * sizeof(int32_t);
    state *st = fyi_calloc(1, bytes);
    if (!st)
        return fyi_enomem(bytes, site->name);
    fill_state(st, &s);
    *out = st;
    return FY_OK;
}

static bool propose(fyi_site *site, scratch_size (*size)(const state *st))
{
    fyi_conv_pool_sizes s;
    if (!fyi_native_is_f32(site) || !takes(site->attr, &s))
        return false;
    state *st = fyi_calloc(1, sizeof *st + (size_t)windows16(&s) * sizeof(int32_t));
    if (!st)
        return false;
    fill_state(st, &s);
    const scratch_size need = size(st);
    site->scratch_bytes = (size_t)(need.shared + need.each * fyi_threads()) * sizeof(float);
    site->inplace = false;
    fyi_free(st);
    return true;
}

/* A job is split into as many ranges of items as there are pieces of scratch and threads. */
typedef struct job {
    const fyi_launch *l;
    const state *st;
    void (*work)(const struct job *j, float *own, int64_t begin, int64_t end);
    int64_t n_items, n_ranges;
    float *shared, *each;
    int64_t each_floats;
} job;

static void run_ranges(void *ctx, int64_t begin, int64_t end)
{
    const job *j = ctx;
    for (int64_t i = begin; i < end; i++)
        j->work(j, j->each ? j->each + i * j->each_floats : NULL, j->n_items * i / j->n_ranges,
                j->n_items * (i + 1) / j->n_ranges);
}

static job new_job(const fyi_launch *l, scratch_size size)
{
    const int64_t floats = (int64_t)(l->site->scratch_bytes / sizeof(float));
    job j = { .l = l, .st = l->state, .shared = l->scratch };
    j.each = size.each > 0 ? j.shared + size.shared : NULL;
    j.each_floats = size.each;
    j.n_ranges = fyi_threads();
    if (size.each > 0) /* the number of threads may have been raised since */
        j.n_ranges = FYI_MIN(j.n_ranges, (floats - size.shared) / size.each);
    return j;
}

static void run_job(job *j, int64_t n_items,
                    void (*work)(const job *j, float *own, int64_t begin, int64_t end))
{
    j->n_items = n_items;
    j->work = work;
    fyi_parallel(j->n_ranges, 1, run_ranges, j);
}

/* to [h + 2 pad, w + 2 pad, block] = from [h, w, block] within a border of zeros. */
static void pad_image(const fyi_conv_pool_sizes *s, int64_t block, const float *from, float *to)
{
    const int64_t width = (s->w + 2 * s->pad) * block, border = s->pad * block;
    memset(to, 0, (size_t)(s->pad * width) * sizeof *to);
    to += s->pad * width;
    for (int64_t y = 0; y < s->h; y++, to += width, from += s->w * block) {
        memset(to, 0, (size_t)border * sizeof *to);
        memcpy(to + border, from, (size_t)(s->w * block) * sizeof *to);
        memset(to + width - border, 0, (size_t)border * sizeof *to);
    }
    memset(to, 0, (size_t)(s->pad * width) * sizeof *to);
}

/* ---- forward: src, weights, bias -> dst, index ----------------------------------------------- */

static scratch_size forward_size(const state *st)
{
    const fyi_conv_pool_sizes *s = &st->s;
    if (!is_few(s))
        return (scratch_size){ fyi_winograd_floats(&st->wg, fyi_threads()), 0 };
    return (scratch_size){ 0, s->pad ? fyi_round16(padded_block(s) / 16 * s->ic) : 0 };
}

static void forward_few(const job *j, float *own, int64_t begin, int64_t end)
{
    const fyi_conv_pool_sizes *s = &j->st->s;
    const int64_t image = s->ic * s->h * s->w, result = s->oc * s->qh * s->qw;
    for (int64_t i = begin; i < end; i++) {
        const float *src = (const float *)j->l->src[0] + i * image;
        if (s->pad) {
            for (int64_t c = 0; c < s->ic; c++)
                pad_image(s, 1, src + c * s->h * s->w, own + c * padded_block(s) / 16);
            src = own;
        }
        fyi_conv_first_avx512(s, src, j->l->src[1], j->l->src[2], (float *)j->l->dst[0] + i * result,
                              (uint8_t *)j->l->dst[1] + i * result);
    }
}

static fy_status run_conv_pool(const fyi_launch *l)
{
    const state *st = l->state;
    if (is_few(&st->s)) {
        job j = new_job(l, forward_size(st));
        run_job(&j, st->s.n, forward_few);
    } else {
        const fyi_winograd_out to = { .bias = l->src[2], .dst = l->dst[0], .index = l->dst[1] };
        fyi_winograd_run(&st->wg, l->src[0], l->src[1], &to, l->scratch,
                         (int64_t)(l->site->scratch_bytes / sizeof(float)));
    }
    return FY_OK;
}

static bool propose_conv_pool(fy_device *dev, fyi_site *site)
{
    fyi_conv_pool_sizes s;
    (void)dev;
    if (!propose(site, forward_size) || !takes(site->attr, &s))
        return false;
    site->src[0].layout = source_layout(&s);
    site->src[1].layout = weights_layout(&s);
    site->src[2].layout = fyi_layout_plain(1);
    site->dst[0].layout = site->dst[1].layout = fyi_layout_channel_block(4, 16);
    return true;
}

const fyi_kernel fyi_native_conv_pool = { .name = "native",
                                          .op = &fyi_op_conv_pool,
                                          .propose = propose_conv_pool,
                                          .create = create,
                                          .run = run_conv_pool,
                                          .destroy = fyi_free };

/* ---- lists of winners ------------------------------------------------------------------------ */

static fyi_winners list_at(const state *st, float *lists, int64_t i)
{
    const int64_t cap = list_cap(&st->s);
    float *p = lists + i * list_floats(&st->s);
    return (fyi_winners){ .cap = cap,
                          .g = p,
                          .offset = (int32_t *)(void *)(p + 16 * cap),
                          .count = (int32_t *)(void *)(p + 32 * cap) };
}

/* Of channel block b of dst of one image; sources 0 to 2 of both gradients are the same. */
static void find_winners(const job *j, int64_t image, int64_t b, fyi_winners *w, float *sum)
{
    const fyi_conv_pool_sizes *s = &j->st->s;
    const int64_t at = (image * (s->oc / 16) + b) * s->qh * s->qw * 16;
    const float *dst = s->relu ? (const float *)j->l->src[1] + at : NULL;
    fyi_find_winners_avx512(&j->st->map, (const float *)j->l->src[0] + at, dst,
                            (const uint8_t *)j->l->src[2] + at, w, sum);
}

static void want_pooled_layouts(fyi_site *site)
{
    for (int i = 0; i < 3; i++)
        site->src[i].layout = fyi_layout_channel_block(4, 16);
}

/* ---- gradient of src: diff_dst, dst, index, weights -> diff_src ------------------------------ */

static scratch_size data_size(const state *st)
{
    const fyi_conv_pool_sizes *s = &st->s;
    const int64_t lists = st->group * (s->oc / 16) * list_floats(s);
    return (scratch_size){ 0, fyi_round16(lists) + (s->pad ? st->group * padded_block(s) : 0) };
}

/* Where the sums for image i of a group are made: in diff_src itself unless it lacks the border. */
static float *sums_of(const job *j, float *padded, int64_t first, int64_t i, int64_t b)
{
    const fyi_conv_pool_sizes *s = &j->st->s;
    if (s->pad)
        return padded + i * padded_block(s);
    return (float *)j->l->dst[0] + ((first + i) * (s->ic / 16) + b) * s->h * s->w * 16;
}

static void unpad_block(const job *j, const float *padded, int64_t image, int64_t b)
{
    const fyi_conv_pool_sizes *s = &j->st->s;
    const int64_t pitch = j->st->pitch, row = s->w * 16;
    float *to = (float *)j->l->dst[0] + (image * (s->ic / 16) + b) * s->h * row;
    for (int64_t y = 0; y < s->h; y++)
        memcpy(to + y * row, padded + (y + s->pad) * pitch + s->pad * 16, (size_t)row * sizeof *to);
}

/* Block b of diff_src of n images from `first` on. */
static void scatter_block(const job *j, float *lists, float *padded, int64_t first, int64_t n,
                          int64_t b)
{
    const state *st = j->st;
    const fyi_conv_pool_sizes *s = &st->s;
    const int64_t taps = s->k * s->k * 16, n_ocb = s->oc / 16, n_icb = s->ic / 16;
    const fyi_scatter_fn scatter = fyi_scatter_avx512(s->k);
    for (int64_t i = 0; i < n; i++)
        memset(sums_of(j, padded, first, i, b), 0, (size_t)padded_block(s) * sizeof(float));
    for (int64_t o = 0; o < s->true_oc; o++) {
        const float *w = (const float *)j->l->src[3] + (o * n_icb + b) * taps;
        for (int64_t i = 0; i < n; i++) {
            const fyi_winners list = list_at(st, lists, i * n_ocb + o / 16);
            scatter(sums_of(j, padded, first, i, b), w, st->pitch, list.g + o % 16 * list.cap,
                    list.offset + o % 16 * list.cap, list.count[o % 16]);
        }
    }
    if (s->pad)
        for (int64_t i = 0; i < n; i++)
            unpad_block(j, sums_of(j, padded, first, i, b), first + i, b);
}

static void backward_data(const job *j, float *own, int64_t begin, int64_t end)
{
    const state *st = j->st;
    const int64_t n_ocb = st->s.oc / 16;
    float *padded = own + fyi_round16(st->group * n_ocb * list_floats(&st->s));
    float unused[16] = { 0 };
    for (int64_t first = begin; first < end; first += st->group) {
        const int64_t n = FYI_MIN(st->group, end - first);
        for (int64_t i = 0; i < n * n_ocb; i++) {
            fyi_winners list = list_at(st, own, i);
            find_winners(j, first + i / n_ocb, i % n_ocb, &list, unused);
        }
        for (int64_t b = 0; b < st->s.ic / 16; b++)
            scatter_block(j, own, padded, first, n, b);
    }
}

static fy_status run_bwd_data(const fyi_launch *l)
{
    const state *st = l->state;
    job j = new_job(l, data_size(st));
    run_job(&j, st->s.n, backward_data);
    return FY_OK;
}

static bool propose_bwd_data(fy_device *dev, fyi_site *site)
{
    fyi_conv_pool_sizes s;
    (void)dev;
    if (!propose(site, data_size) || !takes(site->attr, &s) || is_few(&s))
        return false;
    want_pooled_layouts(site);
    site->src[3].layout = weights_layout(&s);
    site->dst[0].layout = source_layout(&s);
    return true;
}

const fyi_kernel fyi_native_conv_pool_bwd_data = { .name = "native",
                                                   .op = &fyi_op_conv_pool_bwd_data,
                                                   .propose = propose_bwd_data,
                                                   .create = create,
                                                   .run = run_bwd_data,
                                                   .destroy = fyi_free };

/* ---- gradient of the weights: diff_dst, dst, index, src -> diff_weights, diff_bias ----------- */

/* Floats of one channel of dst in a partial sum. */
static int64_t sum_floats(const fyi_conv_pool_sizes *s)
{
    return is_few(s) ? fyi_round16(s->k * s->k * s->ic) : s->k * s->k * s->ic;
}

/* Few channels: the image turned to [w, ic, h], then its columns. Otherwise padded blocks of src. */
static scratch_size weights_size(const state *st)
{
    const fyi_conv_pool_sizes *s = &st->s;
    const int64_t turned = fyi_round16((s->w + 2 * s->pad) * s->ic * (s->h + 2 * s->pad) + 16);
    const int64_t columns = fyi_round16(2 * s->qh * column_pitch(s) + FYI_MAX_WINDOW_LANES);
    const int64_t shared = st->n_chunks * s->oc * (sum_floats(s) + 1);
    if (is_few(s))
        return (scratch_size){ fyi_round16(shared), turned + columns + fyi_round16(list_floats(s)) };
    return (scratch_size){ fyi_round16(shared),
                           fyi_round16(st->group * st->chunk_rows * list_floats(s)) +
                               (s->pad ? st->group * padded_block(s) : 0) };
}

/* Sums of chunk c: weights [oc, sum_floats], biases [oc] after the weights of all chunks. */
static float *weight_sums(const job *j, int64_t c)
{
    return j->shared + c * j->st->s.oc * sum_floats(&j->st->s);
}

static float *bias_sums(const job *j, int64_t c)
{
    return weight_sums(j, j->st->n_chunks) + c * j->st->s.oc;
}

static int64_t chunk_begin(const state *st, int64_t c)
{
    return st->s.n * c / st->n_chunks;
}

/* Adds n images to the sums of `rows` channel blocks from `row` on. */
static void gather_group(const job *j, float *own, float *sums, float *biases, int64_t row,
                         int64_t first, int64_t n)
{
    const state *st = j->st;
    const fyi_conv_pool_sizes *s = &st->s;
    const int64_t rows = st->chunk_rows, n_icb = s->ic / 16, taps = s->k * s->k * 16;
    float *padded = own + fyi_round16(st->group * rows * list_floats(s));
    const fyi_gather_fn gather = fyi_gather_avx512(s->k);
    for (int64_t i = 0; i < n * rows; i++) {
        fyi_winners list = list_at(st, own, i);
        find_winners(j, first + i / rows, row + i % rows, &list, biases + (row + i % rows) * 16);
    }
    for (int64_t b = 0; b < n_icb; b++) {
        const float *src = (const float *)j->l->src[3] + (first * n_icb + b) * s->h * s->w * 16;
        int64_t image = n_icb * s->h * s->w * 16;
        if (s->pad) {
            for (int64_t i = 0; i < n; i++)
                pad_image(s, 16, src + i * image, padded + i * padded_block(s));
            src = padded;
            image = padded_block(s);
        }
        for (int64_t o = row * 16; o < FYI_MIN((row + rows) * 16, s->true_oc); o++)
            for (int64_t i = 0; i < n; i++) {
                const fyi_winners list = list_at(st, own, i * rows + o / 16 - row);
                gather(sums + (o * n_icb + b) * taps, src + i * image, st->pitch,
                       list.g + o % 16 * list.cap, list.offset + o % 16 * list.cap,
                       list.count[o % 16]);
            }
    }
}

/* Items are chunks of the batch times groups of channel blocks. */
static void gather_items(const job *j, float *own, int64_t begin, int64_t end)
{
    const state *st = j->st;
    const fyi_conv_pool_sizes *s = &st->s;
    const int64_t rows = st->chunk_rows, n_groups = s->oc / 16 / rows;
    for (int64_t item = begin; item < end; item++) {
        const int64_t c = item / n_groups, row = item % n_groups * rows;
        const int64_t last = chunk_begin(st, c + 1);
        float *sums = weight_sums(j, c), *biases = bias_sums(j, c);
        memset(sums + row * 16 * sum_floats(s), 0,
               (size_t)(rows * 16 * sum_floats(s)) * sizeof *sums);
        memset(biases + row * 16, 0, (size_t)(rows * 16) * sizeof *biases);
        for (int64_t i = chunk_begin(st, c); i < last; i += st->group)
            gather_group(j, own, sums, biases, row, i, FYI_MIN(st->group, last - i));
    }
}

/* turned [w + 2 pad, ic, h + 2 pad] of src [ic, h, w]; the border stays as it is. */
static void turn_image(const fyi_conv_pool_sizes *s, const float *src, float *turned)
{
    const int64_t height = s->h + 2 * s->pad;
    for (int64_t c = 0; c < s->ic; c++)
        for (int64_t y = 0; y < s->h; y++, src += s->w)
            for (int64_t x = 0; x < s->w; x++)
                turned[((x + s->pad) * s->ic + c) * height + y + s->pad] = src[x];
}

/* columns [rows, w + 2 pad, ic, k]: a k x k window is contiguous. Whole blocks of eight are
 * copied where k is less; what is too much is overwritten by the next. */
static void lay_columns(const fyi_conv_pool_sizes *s, const float *turned, float *columns)
{
    const int64_t height = s->h + 2 * s->pad, lines = (s->w + 2 * s->pad) * s->ic;
    for (int64_t y = 0; y < 2 * s->qh; y++)
        for (int64_t i = 0; i < lines; i++, columns += s->k)
            memcpy(columns, turned + i * height + y, 8 * sizeof *columns);
}

static void few_image(const job *j, float *own, float *sums, float *biases, int64_t image)
{
    const state *st = j->st;
    const fyi_conv_pool_sizes *s = &st->s;
    const int64_t lanes = sum_floats(s);
    float *turned = own + fyi_round16(list_floats(s));
    float *columns = turned + fyi_round16((s->w + 2 * s->pad) * s->ic * (s->h + 2 * s->pad) + 16);
    turn_image(s, (const float *)j->l->src[3] + image * s->ic * s->h * s->w, turned);
    lay_columns(s, turned, columns);
    for (int64_t b = 0; b < s->oc / 16; b++) {
        fyi_winners list = list_at(st, own, 0);
        find_winners(j, image, b, &list, biases + b * 16);
        for (int64_t o = 0; o < 16; o++)
            fyi_gather_window_avx512(sums + (b * 16 + o) * lanes, lanes, columns,
                                     list.g + o * list.cap, list.offset + o * list.cap,
                                     list.count[o]);
    }
}

static void gather_few(const job *j, float *own, int64_t begin, int64_t end)
{
    const fyi_conv_pool_sizes *s = &j->st->s;
    memset(own, 0, (size_t)j->each_floats * sizeof *own);
    for (int64_t c = begin; c < end; c++) {
        float *sums = weight_sums(j, c), *biases = bias_sums(j, c);
        memset(sums, 0, (size_t)(s->oc * sum_floats(s)) * sizeof *sums);
        memset(biases, 0, (size_t)s->oc * sizeof *biases);
        for (int64_t i = chunk_begin(j->st, c); i < chunk_begin(j->st, c + 1); i++)
            few_image(j, own, sums, biases, i);
    }
}

/* ---- adding the chunks up -------------------------------------------------------------------- */

static void add_biases(const job *j)
{
    float *to = j->l->dst[1];
    for (int64_t o = 0; o < j->st->s.true_oc; o++) {
        to[o] = 0;
        for (int64_t c = 0; c < j->st->n_chunks; c++)
            to[o] += bias_sums(j, c)[o];
    }
}

/* Blocks of 16 floats [begin, end), which lie as the weights do. */
static void add_weights(const job *j, float *own, int64_t begin, int64_t end)
{
    float *to = j->l->dst[0];
    (void)own;
    memcpy(to + begin * 16, weight_sums(j, 0) + begin * 16,
           (size_t)((end - begin) * 16) * sizeof *to);
    for (int64_t c = 1; c < j->st->n_chunks; c++) {
        const float *from = weight_sums(j, c);
        for (int64_t i = begin * 16; i < end * 16; i++)
            to[i] += from[i];
    }
}

/* A sum's lanes are [kw, ic, kh]; the weights lie [oc/16, kh, kw, ic, 16]. */
static void add_few_weights(const job *j)
{
    const fyi_conv_pool_sizes *s = &j->st->s;
    const int64_t taps = s->k * s->k * s->ic;
    float *dst = j->l->dst[0];
    for (int64_t o = 0; o < s->oc; o++)
        for (int64_t t = 0; t < taps; t++) {
            const int64_t x = t / (s->ic * s->k), c = t / s->k % s->ic, y = t % s->k;
            float *to = dst + ((o / 16 * s->k + y) * s->k + x) * s->ic * 16 + c * 16 + o % 16;
            *to = 0;
            for (int64_t i = 0; i < j->st->n_chunks; i++)
                *to += weight_sums(j, i)[o * sum_floats(s) + t];
        }
}

static fy_status run_bwd_weights(const fyi_launch *l)
{
    const state *st = l->state;
    job j = new_job(l, weights_size(st));
    if (is_few(&st->s)) {
        run_job(&j, st->n_chunks, gather_few);
        add_few_weights(&j);
    } else {
        run_job(&j, st->n_chunks * (st->s.oc / 16 / st->chunk_rows), gather_items);
        run_job(&j, st->s.true_oc * sum_floats(&st->s) / 16, add_weights);
    }
    add_biases(&j);
    return FY_OK;
}

static bool propose_bwd_weights(fy_device *dev, fyi_site *site)
{
    fyi_conv_pool_sizes s;
    (void)dev;
    if (!propose(site, weights_size) || !takes(site->attr, &s))
        return false;
    want_pooled_layouts(site);
    site->src[3].layout = source_layout(&s);
    site->dst[0].layout = weights_layout(&s);
    site->dst[1].layout = fyi_layout_plain(1);
    return true;
}

const fyi_kernel fyi_native_conv_pool_bwd_weights = { .name = "native",
                                                      .op = &fyi_op_conv_pool_bwd_weights,
                                                      .propose = propose_bwd_weights,
                                                      .create = create,
                                                      .run = run_bwd_weights,
                                                      .destroy = fyi_free };

#else

FYI_NATIVE_ABSENT(conv_pool);
FYI_NATIVE_ABSENT(conv_pool_bwd_data);
FYI_NATIVE_ABSENT(conv_pool_bwd_weights);

#endif
