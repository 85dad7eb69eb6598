/* adapt.c: a model of clean digits is carried over to noisy ones by ADDA (Tzeng et al. 2017),
 * without one of their labels. Needs no files. runs/adapt gets the weights and the metrics. */
#include <ferry/ferry.h>

#include <stdio.h>

/* n digits of 28 x 28 pixels, of which `pad` on every side are empty. */
static fy_status draw(fy_digit_style style, uint64_t seed, int64_t n, int64_t pad, fy_dataset **out)
{
    fy_digits_opts digits = fy_digits_defaults(style);
    fy_image_opts images = fy_image_defaults();
    fy_dataset *drawn = NULL;
    fy_status st;

    *out = NULL;
    digits.seed = seed;
    digits.n = n;
    digits.size_px = 28 - 2 * pad;
    images.pad = pad;
    FY_TRY(fy_digits_open(&digits, &drawn));
    FY_TRY(fy_dataset_prepare(drawn, &images, out));
done:
    fy_dataset_free(drawn);
    return st;
}

static fy_status adapt(fy_device *dev, const fy_dataset *source, const fy_dataset *source_test,
                       const fy_dataset *target, fy_eye *eye, fy_adapt_report *report)
{
    const fy_adapt_data data = { source, source_test, target, target, eye };
    fy_run_opts where = fy_run_defaults();
    fy_adda_opts how = fy_adda_defaults();
    fy_run *run = NULL;
    fy_status st;

    where.dir = "runs/adapt";
    how.critic_activation = "leaky_relu";
    how.steps = 300;
    how.batch = how.source_batch = 32;
    how.evaluations = 5;
    FY_TRY(fy_run_open(&where, &run));
    FY_TRY(fy_adda(run, dev, &data, &how, report));
done:
    fy_run_close(run);
    return st;
}

int main(void)
{
    fy_device *dev = NULL;
    fy_dataset *source = NULL, *source_test = NULL, *target = NULL, *unlabelled = NULL;
    fy_judge *judge = NULL;
    fy_adapt_report r = { 0 };
    fy_status st;

    FY_TRY(fy_device_open("cpu", &dev));
    /* Labels of the target go to the judge. What training gets is a dataset that has none, and the
     * judge's eye, which takes predictions and tells nothing. */
    FY_TRY(draw(FY_DIGITS_CLEAN, /*seed*/ 1, 1000, /*pad*/ 4, &source));
    FY_TRY(draw(FY_DIGITS_CLEAN, /*seed*/ 2, 300, /*pad*/ 4, &source_test));
    FY_TRY(draw(FY_DIGITS_NOISY, /*seed*/ 3, 1000, /*pad*/ 0, &target));
    FY_TRY(fy_judge_new("target", target, &judge));
    FY_TRY(fy_dataset_unlabel(target, &unlabelled));
    FY_TRY(adapt(dev, source, source_test, unlabelled, fy_judge_eye(judge), &r));
    fy_adapt_score(judge, &r);
    printf("source only        %5.1f%%\n", 100 * r.plain.source_only);
    printf("last step          %5.1f%%\n", 100 * r.plain.last);
    printf("label-free choice  %5.1f%%   %s\n", 100 * r.plain.chosen, r.choice.reason);
    printf("oracle             %5.1f%%   shown, never used\n", 100 * r.plain.oracle);
done:
    if (st != FY_OK)
        fprintf(stderr, "adapt: %s\n", fy_last_error());
    fy_judge_free(judge);
    fy_dataset_free(unlabelled);
    fy_dataset_free(target);
    fy_dataset_free(source_test);
    fy_dataset_free(source);
    fy_device_close(dev);
    /* The tests run this program: a choice worse than doing nothing fails. */
    return st == FY_OK && r.plain.chosen >= r.plain.source_only ? 0 : 1;
}
