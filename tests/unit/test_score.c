/* Guards the figures that need labels: they are filled in from the marks of the method's own stage, each way
 * to count has an oracle of its own, and without a judge nothing is known. */
#include "support/support.h"

#include <ferry/methods.h>

#include <math.h>
#include <string.h>

enum { N = 4 };

static fy_judge *judge_of(const int32_t label[N], int n_classes)
{
    fy_tensor *x, *y;
    fy_dataset *d;
    fy_judge *j;

    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(N, 1, 1, 1), &x));
    check_ok(fy_tensor_new(FY_I32, FY_SHAPE(N), &y));
    memcpy(fy_tensor_data(y), label, N * sizeof *label);
    check_ok(fy_dataset_from_tensors("labelled", x, y, n_classes, &d));
    check_ok(fy_judge_new("target", d, &j));
    fy_dataset_free(d);
    fy_tensor_free(y);
    fy_tensor_free(x);
    return j;
}

/* Shows the eye a model that predicts `class[i]` for sample i. */
static void see(fy_judge *j, const char *stage, int64_t step, const int32_t class[N], int k)
{
    fy_tensor *logits;

    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(N, k), &logits));
    for (int i = 0; i < N; i++)
        ((float *)fy_tensor_data(logits))[i * k + class[i]] = 1;
    check_ok(fy_eye_see(fy_judge_eye(j), NULL, stage, step, logits));
    fy_tensor_free(logits);
}

static void check_figures(const fy_adapt_figures *f, const double expected[4], int64_t oracle_step)
{
    const double have[4] = { f->source_only, f->last, f->chosen, f->oracle };

    check_close_f64(have, expected, 4, 0, 0);
    assert_int_equal(f->oracle_step, oracle_step);
}

static void each_way_to_count_has_its_own_oracle(void **state)
{
    const int32_t label[N] = { 0, 0, 1, 1 };
    const int32_t first[N] = { 0, 1, 1, 1 }, exchanged[N] = { 1, 1, 0, 0 }, last[N] = { 1, 1, 1, 1 };
    fy_judge *j = judge_of(label, 2);
    fy_adapt_report r = { .stage = "adapt", .last_step = 20, .chosen_step = 10 };

    (void)state;
    see(j, "adapt", 0, first, 2);
    see(j, "adapt", 10, exchanged, 2);
    see(j, "adapt", 20, last, 2);
    fy_adapt_score(j, &r);
    check_figures(&r.plain, (const double[]){ 0.75, 0.5, 0, 0.75 }, 0);
    check_figures(&r.swapped, (const double[]){ 0.25, 0.5, 1, 1 }, 10);
    check_figures(&r.matched, (const double[]){ 0.75, 0.5, 1, 1 }, 10);
    fy_judge_free(j);
}

static void marks_of_other_stages_do_not_count(void **state)
{
    const int32_t label[N] = { 0, 1, 2, 2 }, good[N] = { 0, 1, 2, 2 }, bad[N] = { 0, 0, 0, 0 };
    const double nan4[] = { NAN, NAN, NAN, NAN };
    fy_judge *j = judge_of(label, 3);
    fy_adapt_report r = { .stage = "second", .last_step = 5, .chosen_step = 5 };

    (void)state;
    see(j, "first", 0, good, 3);
    see(j, "second", 0, bad, 3);
    see(j, "first", 5, good, 3);
    see(j, "second", 5, bad, 3);
    fy_adapt_score(j, &r);
    check_figures(&r.plain, (const double[]){ 0.25, 0.25, 0.25, 0.25 }, 0);
    check_figures(&r.swapped, nan4, -1); /* three classes */
    r.stage = NULL;                      /* a method that failed before it had one */
    fy_adapt_score(j, &r);
    check_figures(&r.plain, nan4, -1);
    fy_judge_free(j);
}

static void without_a_judge_nothing_is_known(void **state)
{
    const double nan4[] = { NAN, NAN, NAN, NAN };
    fy_adapt_report r = { .stage = "adapt", .plain = { 1, 1, 1, 1, 1 } };

    (void)state;
    fy_adapt_score(NULL, &r);
    check_figures(&r.plain, nan4, -1);
    check_figures(&r.matched, nan4, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_way_to_count_has_its_own_oracle),
        cmocka_unit_test(marks_of_other_stages_do_not_count),
        cmocka_unit_test(without_a_judge_nothing_is_known),
    };
    return cmocka_run_group_tests_name("score", tests, NULL, NULL);
}
