/* Guards the loader: batches depend on their step only, whatever the number of workers, a seek or a
 * slow caller; an unlabelled stream carries no labels; failures and endings reach the caller.
 * labels: threads */
#include "support/support.h"

#include "data/transforms/transforms.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define N 23

/* N samples [1, 2, 2] with values 4 i .. 4 i + 3 and label i % 3. */
static fy_dataset *counting(void)
{
    fy_tensor *x, *y;
    fy_dataset *d;

    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(N, 1, 2, 2), &x));
    check_ok(fy_tensor_new(FY_I32, FY_SHAPE(N), &y));
    for (int i = 0; i < 4 * N; i++)
        ((float *)fy_tensor_data(x))[i] = (float)i;
    for (int i = 0; i < N; i++)
        ((int32_t *)fy_tensor_data(y))[i] = i % 3;
    check_ok(fy_dataset_from_tensors("counting", x, y, 0, &d));
    fy_tensor_free(y);
    fy_tensor_free(x);
    return d;
}

static fy_loader_opts opts(int64_t batch, int workers)
{
    fy_loader_opts o = fy_loader_defaults();

    o.batch = batch;
    o.workers = workers;
    o.prefetch = 3;
    return o;
}

static fy_loader *open_loader(const fy_dataset *d, const fy_loader_opts *o)
{
    fy_loader *l;

    check_ok(fy_loader_open(d, o, &l));
    return l;
}

/* Shifts, turns, cuts one pixel of four out, adds noise, and mixes in both ways. */
static fy_augment everything(void)
{
    fy_augment a = fy_augment_none();
    fy_transform t = fy_transform_defaults(FY_TRANSFORM_WARP);

    t.warp.shift_frac = 0.3f;
    t.warp.rotate_deg = 20;
    check_ok(fy_augment_add(&a, &t));
    t = fy_transform_defaults(FY_TRANSFORM_NOISE);
    t.noise.deviation = 0.1f;
    check_ok(fy_augment_add(&a, &t));
    t = fy_transform_defaults(FY_TRANSFORM_CROP);
    t.crop.height = 1;
    check_ok(fy_augment_add(&a, &t));
    a.mix = (fy_mix){ 0.4f, 1, 0.8f };
    return a;
}

/* Everything a batch holds, into one sum. */
static void add_batch(fyi_sha256 *sum, const fy_loader *l, const fy_loader_opts *o,
                      const fy_batch *b)
{
    const size_t batch = (size_t)o->batch, numel = (size_t)fy_shape_numel(fy_loader_shape(l));

    fyi_sha256_update(sum, b->x, batch * numel * sizeof *b->x);
    if (b->q != NULL)
        fyi_sha256_update(sum, b->q, batch * 3 * sizeof *b->q);
    fyi_sha256_update(sum, b->index, batch * sizeof *b->index);
    if (b->y != NULL)
        fyi_sha256_update(sum, b->y, batch * sizeof *b->y);
    fyi_sha256_update(sum, &b->n, sizeof b->n);
    fyi_sha256_update(sum, &b->epoch, sizeof b->epoch);
    fyi_sha256_update(sum, &b->step, sizeof b->step);
}

/* The sum of `n` batches from where the loader stands. */
static void hash_batches(fy_loader *l, const fy_loader_opts *o, int n, char hex[65])
{
    fyi_sha256 sum;
    fy_batch b;

    fyi_sha256_init(&sum);
    for (int i = 0; i < n; i++) {
        check_ok(fy_loader_next(l, &b));
        add_batch(&sum, l, o, &b);
    }
    fyi_sha256_hex(&sum, hex);
}

static const struct stream_row {
    const char *name;
    int64_t batch;
    bool shuffle, drop_last, with_labels, augments;
} stream_rows[] = {
    { "shuffled, whole batches", 5, true, true, true, false },
    { "shuffled, short batches", 5, true, false, true, false },
    { "in order", 4, false, false, true, false },
    { "without labels", 5, true, true, false, false },
    { "augmented", 5, true, false, true, true },
    { "batch of one", 1, true, true, true, true },
    { "one batch an epoch", 23, true, true, true, false },
    { "batch beyond the dataset", 40, true, false, true, false },
};

static void any_number_of_workers_gives_the_same_bytes(void **state)
{
    const struct stream_row *row = *state;
    const int workers[] = { 0, 1, 2, 4 };
    const fy_augment augment = everything();
    fy_dataset *d = counting();
    char first[65], hex[65];

    for (size_t k = 0; k < LEN(workers); k++) {
        fy_loader_opts o = opts(row->batch, workers[k]);
        fy_loader *l;

        o.shuffle = row->shuffle;
        o.drop_last = row->drop_last;
        o.with_labels = row->with_labels;
        o.augment = row->augments ? &augment : NULL;
        l = open_loader(d, &o);
        assert_int_equal(fy_loader_is_random(l), row->augments);
        hash_batches(l, &o, 40, k == 0 ? first : hex);
        assert_string_equal(first, k == 0 ? first : hex);
        fy_loader_close(l);
    }
    fy_dataset_free(d);
}

static void an_epoch_shows_every_sample_once(void **state)
{
    fy_dataset *d = counting();
    fy_loader_opts o = opts(5, 2);
    fy_loader *l;
    fy_batch b;

    (void)state;
    o.drop_last = false;
    l = open_loader(d, &o);
    fy_dataset_free(d); /* the loader keeps the samples */
    assert_int_equal(fy_loader_epoch_steps(l), 5);
    for (int epoch = 0; epoch < 3; epoch++) {
        int seen[N] = { 0 };

        for (int k = 0; k < 5; k++) {
            check_ok(fy_loader_next(l, &b));
            assert_int_equal(b.epoch, epoch);
            assert_int_equal(b.step, epoch * 5 + k);
            assert_int_equal(b.n, k < 4 ? 5 : 3);
            for (int64_t i = 0; i < b.n; i++) {
                seen[b.index[i]]++;
                assert_int_equal(b.y[i], b.index[i] % 3);
                assert_true(b.x[4 * i] == (float)(4 * b.index[i]));
            }
            for (int64_t i = b.n; i < 5; i++)
                assert_true(b.index[i] == -1 && b.y[i] == 0 && b.x[4 * i] == 0.0f);
        }
        for (int i = 0; i < N; i++)
            assert_int_equal(seen[i], 1);
    }
    fy_loader_close(l);
}

static void orders_differ_by_epoch_seed_and_name(void **state)
{
    fy_dataset *d = counting();
    fy_loader_opts o = opts(N, 0);
    int64_t orders[4][N];
    fy_batch b;

    (void)state;
    for (int k = 0; k < 4; k++) {
        fy_loader *l;

        o.seed = k == 2 ? 1 : 0;
        o.name = k == 3 ? "other" : "data";
        l = open_loader(d, &o);
        check_ok(fy_loader_next(l, &b));
        if (k == 1)
            check_ok(fy_loader_next(l, &b));
        memcpy(orders[k], b.index, sizeof orders[k]);
        fy_loader_close(l);
    }
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < i; k++)
            assert_memory_not_equal(orders[i], orders[k], sizeof orders[i]);
    fy_dataset_free(d);
}

/* Two modalities of the same samples: other names, other augmentation, the same numbers in every batch. */
static void one_order_can_serve_several(void **state)
{
    fy_dataset *d = counting();
    fy_loader_opts o = opts(4, 0);
    fy_loader *a = open_loader(d, &o), *b;
    fy_batch x, y;

    (void)state;
    o.order = o.name;
    o.name = "sound";
    b = open_loader(d, &o);
    for (int i = 0; i < 3 * N / 4; i++) {
        check_ok(fy_loader_next(a, &x));
        check_ok(fy_loader_next(b, &y));
        assert_memory_equal(x.index, y.index, 4 * sizeof *x.index);
    }
    fy_loader_close(a);
    fy_loader_close(b);
    fy_dataset_free(d);
}

static void seeking_resumes_the_same_stream(void **state)
{
    const int workers[] = { 0, 1, 3 };
    fy_dataset *d = counting();

    (void)state;
    for (size_t k = 0; k < LEN(workers); k++) {
        fy_loader_opts o = opts(4, workers[k]);
        fy_loader *l = open_loader(d, &o), *other = open_loader(d, &o);
        char a[65], b[65];
        fy_rng r = fy_rng_named(k, "test.seek");

        for (int i = 0; i < 30; i++) {
            const uint64_t step = fy_rng_below(&r, 60);

            check_ok(fy_loader_seek(l, step));
            assert_int_equal(fy_loader_tell(l), step);
            hash_batches(l, &o, 3, a);
            check_ok(fy_loader_seek(other, 0));
            for (uint64_t s = 0; s < step; s++)
                check_ok(fy_loader_next(other, &(fy_batch){ 0 }));
            hash_batches(other, &o, 3, b);
            assert_string_equal(a, b);
        }
        fy_loader_close(other);
        fy_loader_close(l);
    }
    fy_dataset_free(d);
}

static void an_unlabelled_stream_has_no_labels(void **state)
{
    fy_dataset *d = counting(), *u;
    fy_loader_opts o = opts(5, 1);
    fy_loader *l;
    fy_batch b;

    (void)state;
    check_ok(fy_dataset_unlabel(d, &u));
    check_status(fy_loader_open(u, &o, &l), FY_EINVAL);
    check_sentence("has no labels");
    assert_null(l);
    o.with_labels = false;
    for (int k = 0; k < 2; k++) {
        l = open_loader(k == 0 ? u : d, &o);
        for (int i = 0; i < 6; i++) {
            check_ok(fy_loader_next(l, &b));
            assert_null(b.y);
        }
        fy_loader_close(l);
    }
    fy_dataset_free(u);
    fy_dataset_free(d);
}

static void epochs_end_where_asked(void **state)
{
    fy_dataset *d = counting();

    (void)state;
    for (int workers = 0; workers < 3; workers++) {
        fy_loader_opts o = opts(10, workers);
        fy_loader *l;
        fy_batch b;

        o.epochs = 2;
        o.drop_last = false;
        l = open_loader(d, &o);
        for (int i = 0; i < 6; i++)
            check_ok(fy_loader_next(l, &b));
        for (int i = 0; i < 2; i++) {
            check_status(fy_loader_next(l, &b), FY_EEND);
            check_sentence("all 2 epochs of 'counting' are over");
            assert_null(b.x);
        }
        check_ok(fy_loader_seek(l, 5));
        check_ok(fy_loader_next(l, &b));
        assert_int_equal(b.n, 3);
        fy_loader_close(l);
    }
    fy_dataset_free(d);
}

/* ---- failures -------------------------------------------------------------------------------- */

static fy_status fail_on_sample_13(void *arg, float *x, const fy_shape *s, fy_rng *r)
{
    (void)s;
    (void)r;
    if (x[0] == 4.0f * 13)
        return fyi_fail(FY_EIO, "sample 13 lies on a broken disk (%s)", (const char *)arg);
    return FY_OK;
}

static void a_workers_failure_reaches_the_caller(void **state)
{
    fy_dataset *d = counting();

    (void)state;
    for (int workers = 0; workers < 4; workers++) {
        fy_loader_opts o = opts(4, workers);
        fy_loader *l;
        fy_batch b;

        o.shuffle = false;
        o.transform = fail_on_sample_13;
        o.transform_arg = "sda";
        l = open_loader(d, &o);
        for (int i = 0; i < 3; i++)
            check_ok(fy_loader_next(l, &b));
        for (int i = 0; i < 3; i++) {
            check_status(fy_loader_next(l, &b), FY_EIO);
            assert_string_equal(fy_last_error(), "sample 13 lies on a broken disk (sda)");
            assert_int_equal(fy_loader_tell(l), 3);
        }
        check_ok(fy_loader_seek(l, 4));
        check_ok(fy_loader_next(l, &b));
        assert_int_equal(b.index[0], 16);
        fy_loader_close(l);
    }
    fy_dataset_free(d);
}

static fy_status dawdle(void *arg, float *x, const fy_shape *s, fy_rng *r)
{
    (void)x;
    (void)s;
    (void)r;
    atomic_fetch_add((atomic_int *)arg, 1);
    usleep(300);
    return FY_OK;
}

static void closing_is_clean_at_any_time(void **state)
{
    fy_dataset *d = counting();
    atomic_int n_calls = 0;
    fy_batch b;

    (void)state;
    for (int k = 0; k < 40; k++) {
        fy_loader_opts o = opts(3, 4);
        fy_loader *l;

        o.transform = dawdle;
        o.transform_arg = &n_calls;
        l = open_loader(d, &o);
        for (int i = 0; i < k % 4; i++)
            check_ok(fy_loader_next(l, &b));
        if (k % 5 == 0)
            check_ok(fy_loader_seek(l, (uint64_t)k));
        fy_loader_close(l);
    }
    fy_loader_close(NULL);
    fy_dataset_free(d);
}

static fy_status count_call(void *arg, float *x, const fy_shape *s, fy_rng *r)
{
    (void)x;
    (void)s;
    (void)r;
    atomic_fetch_add((atomic_int *)arg, 1);
    return FY_OK;
}

/* Until then the machine is left to whoever compiles a plan. */
static void workers_start_when_something_is_asked_for(void **state)
{
    (void)state;
    for (int seeks = 0; seeks <= 1; seeks++) {
        atomic_int n_calls = 0;
        fy_loader_opts o = opts(5, 2);
        fy_dataset *d = counting();
        fy_batch b;

        o.transform = count_call;
        o.transform_arg = &n_calls;
        fy_loader *l = open_loader(d, &o);
        usleep(20000);
        assert_int_equal(atomic_load(&n_calls), 0);
        if (seeks)
            check_ok(fy_loader_seek(l, 3));
        check_ok(fy_loader_next(l, &b));
        assert_int_equal(b.step, seeks ? 3 : 0);
        assert_true(atomic_load(&n_calls) >= 5);
        fy_loader_close(l);
        fy_dataset_free(d);
    }
}

static void waiting_is_counted(void **state)
{
    fy_dataset *d = counting();
    fy_loader_opts o = opts(5, 1);
    atomic_int n_calls = 0;
    fy_loader *l;
    fy_batch b;

    (void)state;
    o.transform = dawdle;
    o.transform_arg = &n_calls;
    l = open_loader(d, &o);
    for (int i = 0; i < 8; i++)
        check_ok(fy_loader_next(l, &b));
    assert_true(fy_loader_wait_s(l) > 0.005 && fy_loader_wait_s(l) < 10);
    fy_loader_close(l);
    fy_dataset_free(d);
}

static const struct refusal {
    const char *name;
    fy_loader_opts o;
    const char *part;
} refusals[] = {
    { "no batch", { .batch = 0, .name = "a" }, "batch of at least 1" },
    { "no name", { .batch = 1 }, "a name" },
    { "negative epochs", { .batch = 1, .name = "a", .epochs = -1 }, "epochs of at least 0" },
    { "too many workers", { .batch = 1, .name = "a", .workers = 65 }, "65 workers" },
    { "fewer samples than a batch",
      { .batch = 24, .name = "a", .drop_last = true },
      "drop_last off" },
};

static void impossible_options_are_refused(void **state)
{
    const struct refusal *row = *state;
    fy_dataset *d = counting();
    fy_loader *l;

    check_status(fy_loader_open(d, &row->o, &l), FY_EINVAL);
    check_sentence(row->part);
    assert_null(l);
    fy_dataset_free(d);
}

/* ---- augmentation ---------------------------------------------------------------------------- */

/* Resuming in the middle of an epoch changes neither a pixel nor a mixed label. */
static void seeking_repeats_augmented_batches(void **state)
{
    const fy_augment augment = everything();
    fy_dataset *d = counting();
    fy_loader_opts o = opts(5, 2);
    char whole[65], resumed[65];
    fy_loader *l;
    fy_batch b;

    (void)state;
    o.augment = &augment;
    l = open_loader(d, &o);
    for (int i = 0; i < 7; i++)
        check_ok(fy_loader_next(l, &b));
    hash_batches(l, &o, 6, whole);
    fy_loader_close(l);
    o.workers = 0;
    l = open_loader(d, &o);
    check_ok(fy_loader_seek(l, 7));
    hash_batches(l, &o, 6, resumed);
    assert_string_equal(whole, resumed);
    fy_loader_close(l);
    fy_dataset_free(d);
}

static void mixed_labels_sum_to_one_and_say_what_is_shown(void **state)
{
    fy_augment augment = fy_augment_none();
    fy_dataset *d = counting();
    fy_loader_opts o = opts(5, 1);
    int n_mixed = 0;
    fy_loader *l;
    fy_batch b;

    (void)state;
    augment.mix.mixup_alpha = 1;
    o.augment = &augment;
    o.drop_last = false;
    l = open_loader(d, &o);
    assert_true(fy_loader_mixes(l));
    for (int step = 0; step < 10; step++) {
        check_ok(fy_loader_next(l, &b));
        for (int64_t i = 0; i < b.n; i++) {
            const int64_t before = (i + b.n - 1) % b.n;
            const float own = 4 * (float)b.index[i], other = 4 * (float)b.index[before];
            const float lambda = (b.x[4 * i] - other) / (own - other);

            check_close(&(float){ b.q[3 * i] + b.q[3 * i + 1] + b.q[3 * i + 2] }, &(float){ 1 }, 1,
                        0, 1e-6);
            if (b.y[i] != b.y[before])
                check_close(&b.q[3 * i + b.y[i]], &lambda, 1, 0, 1e-4);
            n_mixed += b.q[3 * i + b.y[i]] < 0.99f;
        }
        for (int64_t i = 3 * b.n; i < 15; i++)
            assert_true(b.q[i] == 0);
    }
    assert_true(n_mixed > 20);
    fy_loader_close(l);
    fy_dataset_free(d);
}

static void mixing_needs_labels(void **state)
{
    fy_augment augment = fy_augment_none();
    fy_dataset *d = counting();
    fy_loader_opts o = opts(5, 0);
    fy_loader *l;

    (void)state;
    augment.mix.cutmix_alpha = 1;
    o.augment = &augment;
    o.with_labels = false;
    check_status(fy_loader_open(d, &o, &l), FY_EINVAL);
    check_sentence("mixing changes labels");
    fy_dataset_free(d);
}

/* An augmentation of nothing is none: features of frozen layers may be kept. */
static void nothing_asked_nothing_changed(void **state)
{
    const fy_augment nothing = fy_augment_none();
    fy_dataset *d = counting();
    fy_loader_opts o = opts(5, 0);
    char bare[65], with[65];
    fy_loader *l = open_loader(d, &o);

    (void)state;
    hash_batches(l, &o, 6, bare);
    fy_loader_close(l);
    o.augment = &nothing;
    l = open_loader(d, &o);
    assert_false(fy_loader_is_random(l));
    hash_batches(l, &o, 6, with);
    assert_string_equal(bare, with);
    fy_loader_close(l);
    fy_dataset_free(d);
}

/* The shifts that published runs of ADDA were trained with: the same bytes for ever, in the plain and in
 * the signed range. */
static void shifts_of_adda_stay_what_they_were(void **state)
{
    static const struct {
        fy_value_range range;
        const char *sha256;
    } rows[] = {
        { FY_RANGE_KEEP, "54ff50c695eacd7ba76662c96cb429b739dc4b835da50f53a22725997547c611" },
        { FY_RANGE_SIGNED, "ee842cc4b0795ca7985ca341f63f5144d3e670b75654bcb4774a9478f015c165" },
    };
    fy_transform shift = fy_transform_defaults(FY_TRANSFORM_WARP);
    fy_augment shifts = fy_augment_none();

    (void)state;
    shift.warp.shift_frac = 0.0714f;
    shift.warp.fill = FY_FILL_CONSTANT;
    shifts.on_values = true;
    check_ok(fy_augment_add(&shifts, &shift));
    for (size_t k = 0; k < LEN(rows); k++) {
        fy_digits_opts digits = fy_digits_defaults(FY_DIGITS_NOISY);
        fy_image_opts image = fy_image_defaults();
        fy_loader_opts o = opts(8, 1);
        fy_dataset *drawn, *d;
        fyi_sha256 sum;
        char hex[65];
        fy_loader *l;
        fy_batch b;

        digits.n = 20;
        image.range = rows[k].range;
        o.with_labels = false;
        o.name = "target.unlabelled";
        o.seed = 3;
        o.augment = &shifts;
        check_ok(fy_digits_open(&digits, &drawn));
        check_ok(fy_dataset_prepare(drawn, &image, &d));
        l = open_loader(d, &o);
        fyi_sha256_init(&sum);
        for (int i = 0; i < 6; i++) {
            check_ok(fy_loader_next(l, &b));
            fyi_sha256_update(&sum, b.x, 8 * 784 * sizeof *b.x);
        }
        fyi_sha256_hex(&sum, hex);
        assert_string_equal(hex, rows[k].sha256);
        fy_loader_close(l);
        fy_dataset_free(d);
        fy_dataset_free(drawn);
    }
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void next_allocates_nothing(void **state)
{
    fy_digits_opts digits = fy_digits_defaults(FY_DIGITS_NOISY);
    fy_image_opts images = fy_image_defaults();
    const fy_augment augment = everything();
    fy_dataset *d, *p;

    (void)state;
    digits.n = 40;
    images.height = images.width = 16;
    check_ok(fy_digits_open(&digits, &d));
    check_ok(fy_dataset_prepare(d, &images, &p));
    for (int workers = 0; workers < 3; workers++) {
        fy_loader_opts o = opts(8, workers);
        fy_loader *l;
        fy_batch b;
        uint64_t before;

        o.augment = &augment;
        l = open_loader(p, &o);
        before = fy_alloc_count();
        for (int i = 0; i < 12; i++)
            check_ok(fy_loader_next(l, &b));
        check_ok(fy_loader_seek(l, 2));
        check_ok(fy_loader_next(l, &b));
        assert_int_equal(fy_alloc_count(), before);
        fy_loader_close(l);
    }
    fy_dataset_free(p);
    fy_dataset_free(d);
}

static fy_status open_and_close(void *arg)
{
    fy_augment augment = fy_augment_none();
    fy_loader_opts o = opts(5, 2);
    fy_loader *l;
    fy_status st;

    augment.mix.mixup_alpha = 1;
    o.augment = &augment;
    st = fy_loader_open(arg, &o, &l);

    fy_loader_close(l);
    return st;
}

static void lack_of_memory_leaves_nothing_behind(void **state)
{
    fy_dataset *d = counting();

    (void)state;
    fyt_check_alloc_failures(open_and_close, d);
    fy_dataset_free(d);
}

int main(void)
{
    struct CMUnitTest tests[32] = {
        cmocka_unit_test(an_epoch_shows_every_sample_once),
        cmocka_unit_test(orders_differ_by_epoch_seed_and_name),
        cmocka_unit_test(one_order_can_serve_several),
        cmocka_unit_test(seeking_resumes_the_same_stream),
        cmocka_unit_test(an_unlabelled_stream_has_no_labels),
        cmocka_unit_test(epochs_end_where_asked),
        cmocka_unit_test(a_workers_failure_reaches_the_caller),
        cmocka_unit_test(closing_is_clean_at_any_time),
        cmocka_unit_test(workers_start_when_something_is_asked_for),
        cmocka_unit_test(waiting_is_counted),
        cmocka_unit_test(next_allocates_nothing),
        cmocka_unit_test(lack_of_memory_leaves_nothing_behind),
        cmocka_unit_test(seeking_repeats_augmented_batches),
        cmocka_unit_test(mixed_labels_sum_to_one_and_say_what_is_shown),
        cmocka_unit_test(mixing_needs_labels),
        cmocka_unit_test(nothing_asked_nothing_changed),
        cmocka_unit_test(shifts_of_adda_stay_what_they_were),
    };
    size_t n = 15;

    for (size_t i = 0; i < LEN(stream_rows); i++)
        tests[n++] =
            (struct CMUnitTest){ stream_rows[i].name, any_number_of_workers_gives_the_same_bytes,
                                 NULL, NULL, (void *)(uintptr_t)&stream_rows[i] };
    for (size_t i = 0; i < LEN(refusals); i++)
        tests[n++] = (struct CMUnitTest){ refusals[i].name, impossible_options_are_refused, NULL,
                                          NULL, (void *)(uintptr_t)&refusals[i] };
    return _cmocka_run_group_tests("loader", tests, n, NULL, NULL);
}
