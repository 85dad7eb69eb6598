/* Guards what others are said to know and what one modality knows besides: a temperature that is found again, information that is there
 * and information that is not, within nats that are known, and samples that are refused. */
#include "support/support.h"

#include <ferry/fused.h>

#include <math.h>

enum { N = 3000, K = 4, D = 3 };

/* y has two bits; the others' logits tell the first, z the second. Logits are `scale` times what is right. */
typedef struct drawn {
    fy_tensor *z, *logits;
    int32_t y[N];
} drawn;

static void draw(drawn *d, double scale, bool z_knows)
{
    fy_rng r = fy_rng_named(3, "test");
    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(N, D), &d->z));
    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(N, K), &d->logits));
    float *z = fy_tensor_data(d->z), *s = fy_tensor_data(d->logits);
    for (int i = 0; i < N; i++) {
        const int a = (int)fy_rng_below(&r, 2), b = (int)fy_rng_below(&r, 2);
        const int said = fy_rng_below(&r, 10) == 0 ? 1 - a : a; /* wrong in one of ten */
        d->y[i] = 2 * a + b;
        for (int c = 0; c < K; c++)
            s[i * K + c] = (float)(scale * log(c / 2 == said ? 0.45 : 0.05));
        z[i * D] = fy_rng_normal(&r);
        z[i * D + 1] = fy_rng_normal(&r) + (z_knows ? 6 * (float)b - 3 : 0);
        z[i * D + 2] = 5;
    }
}

static void release(drawn *d)
{
    fy_tensor_free(d->z);
    fy_tensor_free(d->logits);
}

/* H of the second bit and what is left of the first: log 2 + h(0.1). */
static double others_nll(void)
{
    return log(2) - 0.9 * log(0.9) - 0.1 * log(0.1);
}

static void a_temperature_is_found_again(void **state)
{
    static drawn d;
    static const double scales[] = { 1, 3, 8 };
    (void)state;
    for (size_t i = 0; i < LEN(scales); i++) {
        fy_others o;
        draw(&d, scales[i], true);
        check_ok(fy_others_of(d.logits, d.y, 1e-6, &o));
        assert_true(fabs(o.temperature / scales[i] - 1) < 0.1);
        assert_true(fabs(o.nll - others_nll()) < 0.03);
        assert_true(fabs(o.scale - 1) < 0.2);
        release(&d);
    }
}

static void what_z_knows_is_seen(void **state)
{
    static drawn d;
    fy_unique u;
    (void)state;
    draw(&d, 5, true);
    check_ok(fy_unique_information(d.z, d.logits, d.y, 0.1, 0, &u));
    assert_true(fabs(u.others - others_nll()) < 0.03);
    assert_true(fabs(u.nats - log(2)) < 0.03);
    release(&d);
}

/* Nor is what is learnt by heart: with fewer samples than would tell. */
static void what_z_does_not_know_is_not_seen(void **state)
{
    static drawn d;
    fy_unique u;
    (void)state;
    draw(&d, 5, false);
    check_ok(fy_unique_information(d.z, d.logits, d.y, 0.1, 0, &u));
    assert_true(u.nats < 0.005 && u.nats > -0.02);
    release(&d);
}

/* The others know the very bit that z knows: there is nothing beside. */
static void what_others_know_too_is_not_unique(void **state)
{
    static drawn d;
    fy_unique u;
    (void)state;
    draw(&d, 1, true);
    float *s = fy_tensor_data(d.logits);
    for (int i = 0; i < N; i++)
        for (int c = 0; c < K; c++)
            s[i * K + c] = c == d.y[i] ? 4 : 0;
    check_ok(fy_unique_information(d.z, d.logits, d.y, 0.1, 0, &u));
    assert_true(fabs(u.nats) < 0.01);
    release(&d);
}

static void the_seed_halves_and_the_same_gives_the_same(void **state)
{
    static drawn d;
    fy_unique a, b, c;
    (void)state;
    draw(&d, 2, true);
    check_ok(fy_unique_information(d.z, d.logits, d.y, 0.1, 1, &a));
    check_ok(fy_unique_information(d.z, d.logits, d.y, 0.1, 1, &b));
    check_ok(fy_unique_information(d.z, d.logits, d.y, 0.1, 2, &c));
    assert_memory_equal(&a, &b, sizeof a);
    assert_true(a.nats != c.nats);
    release(&d);
}

static void mistakes_are_named(void **state)
{
    static drawn d;
    fy_unique u;
    fy_others o;
    (void)state;
    draw(&d, 1, true);
    check_status(fy_others_of(d.logits, d.y, 0, &o), FY_EINVAL);
    check_sentence("epsilon is 0");
    d.y[7] = K;
    check_status(fy_others_of(d.logits, d.y, 0.1, &o), FY_EINVAL);
    check_sentence("the label of sample 7 is 4, but classes are 0 to 3");
    d.y[7] = 0;
    fy_tensor *few;
    check_ok(fy_tensor_view(d.z, 0, 8, &few));
    check_status(fy_unique_information(few, d.logits, d.y, 0.1, 0, &u), FY_ESHAPE);
    check_sentence("features of 8 samples and logits of 3000");
    fy_tensor_free(few);
    ((float *)fy_tensor_data(d.logits))[5] = NAN;
    check_status(fy_unique_information(d.z, d.logits, d.y, 0.1, 0, &u), FY_ENAN);
    release(&d);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_temperature_is_found_again),
        cmocka_unit_test(what_z_knows_is_seen),
        cmocka_unit_test(what_z_does_not_know_is_not_seen),
        cmocka_unit_test(what_others_know_too_is_not_unique),
        cmocka_unit_test(the_seed_halves_and_the_same_gives_the_same),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests_name("unique", tests, NULL, NULL);
}
