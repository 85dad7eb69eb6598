/* Guards the schedules of learning rates, step by step against PyTorch's. */
#include "support/support.h"

#include <ferry/train.h>

static const int64_t milestones[] = { 2, 5 };

/* clang-format off */
static const struct schedule_case {
    fy_schedule s;
    int n;
    double factor[20]; /* of step 0, 1, ... */
} cases[] = {
    { { .name = "constant", .steps = 3, .every = 1 }, 3, { 1, 1, 1 } },
    { { .name = "constant", .steps = 6, .warmup = 3, .every = 1 }, 6, { 0.25, 0.5, 0.75, 1, 1, 1 } },
    { { .name = "constant", .steps = 2, .warmup = 9, .every = 1 }, 2, { 1.0 / 3, 2.0 / 3 } }, /* cut to the stage */
    { { .name = "linear", .steps = 5, .every = 1, .floor = 0.5 }, 6, { 1, 0.9, 0.8, 0.7, 0.6, 0.5 } },
    { { .name = "linear", .steps = 8, .every = 1, .start = 0.5 }, 9, { 1, 1, 1, 1, 1, 0.75, 0.5, 0.25, 0 } },
    { { .name = "linear", .steps = 3, .every = 1, .start = 1 }, 3, { 1, 1, 1 } }, /* never */
    /* StepLR(3, 0.5) */
    { { .name = "step", .steps = 10, .every = 3, .gamma = 0.5 }, 10,
      { 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125 } },
    /* MultiStepLR([2, 5], 0.1) */
    { { .name = "multistep", .steps = 8, .every = 1, .gamma = 0.1, .milestones = milestones, .n_milestones = 2 }, 8,
      { 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01 } },
    /* CosineAnnealingLR(10, eta_min=0.1) */
    { { .name = "cosine", .steps = 10, .every = 1, .floor = 0.1 }, 11,
      { 1, 0.977975, 0.914058, 0.814503, 0.689058, 0.55, 0.410942, 0.285497, 0.185942, 0.122025, 0.1 } },
    { { .name = "cosine", .steps = 4, .warmup = 2, .every = 1 }, 4, { 1.0 / 3, 2.0 / 3, 1, 0.5 } },
    /* OneCycleLR(1.0, total_steps=20) */
    { { .name = "onecycle", .steps = 20, .every = 1 }, 20,
      { 0.04, 0.131672, 0.371672, 0.668328, 0.908328, 1, 0.987464, 0.950485, 0.890916, 0.811746, 0.716943,
        0.611262, 0.500002, 0.388742, 0.283061, 0.188258, 0.109088, 0.0495194, 0.01254, 4e-06 } },
};
/* clang-format on */

static void factors_are_those_of_pytorch(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        check_ok(fy_schedule_check(&cases[i].s));
        for (int k = 0; k < cases[i].n; k++) {
            const double f = fy_schedule_factor(&cases[i].s, k);
            check_close_f64(&f, &cases[i].factor[k], 1, 1e-5, 1e-6);
        }
    }
}

static void what_makes_no_sense_is_refused(void **state)
{
    static const int64_t falling[] = { 5, 2 };
    (void)state;
    fy_schedule s = fy_schedule_defaults();
    check_ok(fy_schedule_check(&s));
    s.name = "cosin";
    check_status(fy_schedule_check(&s), FY_EINVAL);
    check_sentence("no schedule is called 'cosin'; did you mean 'cosine'?");
    s = fy_schedule_defaults();
    s.every = 0;
    check_status(fy_schedule_check(&s), FY_EINVAL);
    s = fy_schedule_defaults();
    s.start = 1.5;
    check_status(fy_schedule_check(&s), FY_EINVAL);
    check_sentence("it falls from 1.5 of its steps on; expected 0 to 1");
    s = fy_schedule_defaults();
    s.milestones = falling;
    s.n_milestones = 2;
    check_status(fy_schedule_check(&s), FY_EINVAL);
    check_sentence("milestones that rise");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors_are_those_of_pytorch),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
