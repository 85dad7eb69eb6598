/* finetune.c: a network that knows clean digits goes on learning on a few noisy ones, its head first. Needs no files.
 * runs/clean and runs/noisy get the weights, the metrics and the figures. */
#include <ferry/ferry.h>

#include <stdio.h>

static fy_status draw(fy_digit_style style, uint64_t seed, int64_t n, fy_dataset **out)
{
    fy_digits_opts o = fy_digits_defaults(style);
    o.seed = seed;
    o.n = n;
    return fy_digits_open(&o, out);
}

/* weights NULL: from random values. */
static fy_status tune(fy_device *dev, const char *dir, const char *weights, const fy_dataset *train,
                      const fy_dataset *val, fy_finetune_report *report)
{
    const fy_finetune_data data = { .train = train, .val = val };
    fy_finetune_opts how = fy_finetune_defaults();
    fy_run_opts where = fy_run_defaults();
    fy_run *run = NULL;
    fy_status st;

    how.family = "lenet";
    how.weights = weights;
    how.train = weights ? "head-first" : "all";
    how.epochs = 6;
    how.batch = 16;
    how.optim.lr = weights ? 0.01 : 0.03;
    how.patience = 3; /* epochs without a better model end a part */
    where.dir = dir;
    FY_TRY(fy_run_open(&where, &run));
    FY_TRY(fy_finetune(run, dev, &data, &how, report));
done:
    fy_run_close(run);
    return st;
}

int main(void)
{
    fy_device *dev = NULL;
    fy_dataset *clean = NULL, *clean_val = NULL, *noisy = NULL, *noisy_val = NULL;
    fy_finetune_report first = { 0 }, second = { 0 };
    fy_status st;

    FY_TRY(fy_device_open("cpu", &dev));
    FY_TRY(draw(FY_DIGITS_CLEAN, /*seed*/ 1, 800, &clean));
    FY_TRY(draw(FY_DIGITS_CLEAN, /*seed*/ 2, 200, &clean_val));
    FY_TRY(draw(FY_DIGITS_NOISY, /*seed*/ 3, 200, &noisy));
    FY_TRY(draw(FY_DIGITS_NOISY, /*seed*/ 4, 400, &noisy_val));
    FY_TRY(tune(dev, "runs/clean", NULL, clean, clean_val, &first));
    FY_TRY(tune(dev, "runs/noisy", "runs/clean/best.safetensors", noisy, noisy_val, &second));
    printf("clean digits           %5.1f%%\n", 100 * first.accuracy);
    printf("noisy ones, as it was  %5.1f%%\n", 100 * second.before);
    printf("noisy ones, tuned      %5.1f%%   after epoch %lld of %lld\n", 100 * second.accuracy,
           (long long)second.best_epoch, (long long)second.epochs);
done:
    if (st != FY_OK)
        fprintf(stderr, "finetune: %s\n", fy_last_error());
    fy_dataset_free(noisy_val);
    fy_dataset_free(noisy);
    fy_dataset_free(clean_val);
    fy_dataset_free(clean);
    fy_device_close(dev);
    /* The tests run this program: a model that learned nothing fails. */
    return st == FY_OK && second.accuracy > second.before ? 0 : 1;
}
