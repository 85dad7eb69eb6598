/* cmd_data.c: ferry data: what a dataset is, and whether something about it is odd. */
#include "cli/cli.h"

#include <math.h>
#include <string.h>

static const char *const actions[] = { "info", "check", "sheet", NULL };

static const fyi_option options[] = {
    { "--labels", "PATH", "the labels' file; by default looked for beside the images" },
    FYI_OPTION_HELP,
    { NULL, NULL, NULL },
};

/* ---- info ------------------------------------------------------------------------------------ */

static fy_status print_classes(const fy_dataset *d)
{
    const int k = fy_dataset_classes(d);
    int64_t *counts;
    fy_status st;

    if (!fy_dataset_has_labels(d))
        return printf("  no labels\n"), FY_OK;
    counts = fyi_calloc((size_t)k, sizeof *counts);
    if (counts == NULL)
        return fyi_enomem((size_t)k * sizeof *counts, "class counts");
    st = fy_dataset_class_counts(d, counts, k);
    for (int c = 0; c < k && st == FY_OK; c++)
        printf("  class %-12s %10lld samples %5.1f%%\n", fy_dataset_class_name(d, c),
               (long long)counts[c], 100.0 * (double)counts[c] / (double)fy_dataset_count(d));
    fyi_free(counts);
    return st;
}

static void print_broken(const fy_dataset *d)
{
    for (int64_t k = 0; k < fy_dataset_n_broken(d); k++)
        printf("  left out %s\n", fy_dataset_broken(d, k));
}

static fy_status info(const fy_dataset *d)
{
    fy_data_stats s;

    FYI_FORWARD(fy_dataset_stats(d, 1000, &s));
    printf("%s\n", fy_dataset_text(d));
    printf("  values   %g to %g, mean %.4g, deviation %.4g, over %lld samples\n", (double)s.min,
           (double)s.max, s.mean, s.deviation, (long long)s.n_samples);
    printf("  sha-256  %s\n", fy_dataset_hash(d));
    print_broken(d);
    return print_classes(d);
}

/* " (dog/1.jpg)" in room; "" without names. */
static const char *name_text(const fy_dataset *d, int64_t i, char room[256])
{
    const char *name = fy_dataset_sample_name(d, i);

    (void)snprintf(room, 256, "%s%s%s", name ? " (" : "", name ? name : "", name ? ")" : "");
    return room;
}

/* ---- check ----------------------------------------------------------------------------------- */

typedef struct findings {
    int64_t flat;       /* samples whose values are all equal */
    int64_t not_finite; /* samples with a NaN or an infinity */
    int64_t first_flat, first_not_finite;
    int n_warnings;
} findings;

static void look(const float *x, int64_t n, int64_t i, findings *f)
{
    float min = x[0], max = x[0];
    bool is_finite = true;

    for (int64_t k = 0; k < n; k++) {
        is_finite = is_finite && isfinite(x[k]);
        min = FYI_MIN(min, x[k]);
        max = FYI_MAX(max, x[k]);
    }
    if (!is_finite && f->not_finite++ == 0)
        f->first_not_finite = i;
    if (min >= max && f->flat++ == 0)
        f->first_flat = i;
}

static fy_status look_at_all(const fy_dataset *d, findings *f)
{
    const int64_t n = fy_shape_numel(fy_dataset_shape(d));
    float *x = fyi_calloc((size_t)n, sizeof *x);
    fy_status st = FY_OK;

    if (x == NULL)
        return fyi_enomem((size_t)n * sizeof *x, "a sample");
    for (int64_t i = 0; i < fy_dataset_count(d) && st == FY_OK; i++) {
        st = fy_dataset_get(d, i, x, n, NULL);
        if (st == FY_OK)
            look(x, n, i, f);
    }
    fyi_free(x);
    return st;
}

static fy_status check_classes(const fy_dataset *d, findings *f)
{
    const int k = fy_dataset_classes(d);
    int64_t *counts, least = INT64_MAX, most = 0;
    int n_empty = 0, first = 0;
    fy_status st;

    if (!fy_dataset_has_labels(d))
        return FY_OK;
    counts = fyi_calloc((size_t)k, sizeof *counts);
    if (counts == NULL)
        return fyi_enomem((size_t)k * sizeof *counts, "class counts");
    st = fy_dataset_class_counts(d, counts, k);
    for (int c = 0; c < k && st == FY_OK; c++) {
        least = FYI_MIN(least, counts[c]);
        most = FYI_MAX(most, counts[c]);
        if (counts[c] == 0)
            first = n_empty++ == 0 ? c : first;
    }
    if (n_empty > 0 && ++f->n_warnings)
        printf("warning: %d of %d classes have no sample; the first is %s\n", n_empty, k,
               fy_dataset_class_name(d, first));
    if (st == FY_OK && least > 0 && most > 10 * least && ++f->n_warnings)
        printf("warning: the commonest class has %lld samples, the rarest %lld\n", (long long)most,
               (long long)least);
    fyi_free(counts);
    return st;
}

static fy_status check(const fy_dataset *d)
{
    findings f = { 0 };
    char name[256];

    FYI_FORWARD(look_at_all(d, &f));
    printf("%s\n", fy_dataset_text(d));
    print_broken(d);
    f.n_warnings += fy_dataset_n_broken(d) > 0;
    FYI_FORWARD(check_classes(d, &f));
    if (f.flat > 0 && ++f.n_warnings)
        printf("warning: %lld samples have one value everywhere, the first is %lld%s\n",
               (long long)f.flat, (long long)f.first_flat, name_text(d, f.first_flat, name));
    if (f.not_finite > 0)
        return fyi_fail(FY_EFORMAT,
                        "%lld samples hold values that are not finite, the first is %lld",
                        (long long)f.not_finite, (long long)f.first_not_finite);
    printf(f.n_warnings > 0 ? "readable, with %d warnings\n" : "nothing odd\n", f.n_warnings);
    return FY_OK;
}

static fy_status check_pair(const fy_dataset *a, const fy_dataset *b)
{
    fy_compare_report report;

    FYI_FORWARD(fy_dataset_compare(a, b, &report));
    for (int i = 0; i < report.n_warnings; i++)
        printf("warning: %s\n", report.warning[i]);
    printf("one model can read both\n");
    return FY_OK;
}

/* ---- the verb -------------------------------------------------------------------------------- */

static fy_status check_paths(const fyi_args *a)
{
    fy_dataset *d[2] = { NULL, NULL };
    const int n = a->n_plain - 1;
    fy_status st = FY_OK;

    for (int i = 0; i < n; i++) {
        FY_TRY(fyi_open_data_path(a, a->plain[1 + i], n == 1 ? fyi_args_value(a, "--labels") : NULL,
                                  true, &d[i]));
        FY_TRY(check(d[i]));
    }
    if (n == 2)
        FY_TRY(check_pair(d[0], d[1]));
done:
    fy_dataset_free(d[1]);
    fy_dataset_free(d[0]);
    return st;
}

static fy_status show_info(const fyi_args *a)
{
    fy_dataset *d = NULL;
    fy_status st;

    FY_TRY(fyi_open_data_path(a, a->plain[1], fyi_args_value(a, "--labels"), false, &d));
    FY_TRY(info(d));
done:
    fy_dataset_free(d);
    return st;
}

/* In the order of `actions`. */
static const struct action {
    int least, most; /* of what follows its name */
    const char *takes;
    fy_status (*run)(const fyi_args *a);
} table[] = {
    { 1, 1, "one PATH", show_info },
    { 1, 2, "one PATH or two", check_paths },
    { 2, 2, "a PATH and the PNG file to write", fyi_data_sheet },
};

static int run(const fyi_args *a)
{
    const char *word = a->n_plain > 0 ? a->plain[0] : "nothing", *near = fyi_nearest(word, actions);

    for (size_t i = 0; i < FYI_LEN(table); i++) {
        if (strcmp(word, actions[i]) != 0)
            continue;
        if (a->n_plain - 1 < table[i].least || a->n_plain - 1 > table[i].most)
            return fyi_misused(a->verb, "%s takes %s, found %d", word, table[i].takes,
                               a->n_plain - 1);
        return table[i].run(a) == FY_OK ? FYI_DONE : fyi_failed();
    }
    return fyi_misused(a->verb, "info, check or sheet is expected, found '%s'%s%s%s", word,
                       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

const fyi_verb fyi_verb_data = {
    .name = "data",
    .line = "look at a dataset, check it, or hold two against each other",
    .usage = "info PATH | check PATH [PATH] | sheet PATH FILE.png [options] [key=value ...]",
    .help =
        "PATH is a folder of pictures, a list of them (.csv), WebDataset's archives, an idx, npy "
        "or\n"
        "CIFAR file, a table of numbers (.csv), digits:STYLE[:COUNT] or facts:MODALITY[:COUNT]; of "
        "a list or archive of sounds with format=sound. "
        "info\n"
        "prints counts, values and hash; check reads every sample and names what is broken or odd, "
        "and\n"
        "with two paths says whether one model can read "
        "both. sheet draws some samples beside what training with the keys of 'ferry help augment' "
        "would\n"
        "show of them. key=value prepares the data as in a recipe's data side.\n"
        "\n"
        "Examples:\n"
        "  ferry data info mnist/train-images-idx3-ubyte.gz\n"
        "  ferry data check mnist/t10k-images-idx3-ubyte.gz usps/usps-test-images-idx3-ubyte.gz "
        "size=28\n"
        "  ferry data info digits:textured:200 classes=[3,8]\n"
        "  ferry data check photos/ shorter=256 crop=224 range=imagenet\n"
        "  ferry data info 'shards/train-{000..009}.tar' size=224\n"
        "  ferry data info recordings.tar format=sound 'names={label}_{group}_{key}' "
        "spectrogram=mel\n"
        "  ferry data sheet photos/ sheet.png shorter=256 crop=256 augment.crop=resized "
        "augment.crop_size=224\n",
    .options = options,
    .run = run,
    .words = actions,
};
