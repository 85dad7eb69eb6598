/* cmd_eval.c: ferry eval: how well saved models do on labelled data. */
#include "cli/cli.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CHAIN 4
#define BATCH 256
#define MAX_TABLE_CLASSES 20

static const fyi_option options[] = {
    { "--weights", "FILE", "a saved model; several make a chain: encoder, then classifier" },
    { "--model", "FAMILY", "family of a file that does not say; in the order of --weights" },
    { "--data", "PATH", "an idx file of images, or digits:STYLE[:COUNT]" },
    { "--labels", "PATH", "the labels' file; by default looked for beside the images" },
    FYI_OPTION_JSON,
    FYI_OPTION_QUIET,
    FYI_OPTION_HELP,
    { NULL, NULL, NULL },
};

typedef struct eval {
    const fyi_args *args;
    fy_device *dev;
    fy_dataset *data;
    fy_model *chain[MAX_CHAIN];
    int n_models;
    fy_predictor *predictor;
    fy_tensor *logits; /* [count, k] */
    int32_t *predicted, *truth;
    int64_t n;
    int k;
    double accuracy, matched;
} eval;

/* ---- models ---------------------------------------------------------------------------------- */

/* Model i reads what the one before it gives. A file that says nothing is taken for a feature
 * extractor, or a classifier at the chain's end. */
static fy_status open_model(eval *e, int i, const char *path, bool is_last)
{
    fy_model_opts o = fy_model_defaults();
    const char *family = fyi_args_nth(e->args, "--model", i);
    fy_weights *w = NULL;
    char name[16];
    fy_status st;

    o.input = i == 0 ? *fy_dataset_shape(e->data) : *fy_model_output(e->chain[i - 1]);
    o.n_classes = is_last ? fy_dataset_classes(e->data) : 0;
    FYI_FORWARD(fy_weights_open(path, &w));
    if (fy_weights_meta(w, "ferry.family") == NULL && family == NULL) {
        st = fyi_fail(FY_EINVAL, "'%s' does not say which family it is of; add --model FAMILY",
                      path);
        goto done;
    }
    (void)snprintf(name, sizeof name, "model%d", i + 1);
    FY_TRY(fy_model_open_saved(w, family, name, &o, &e->chain[i]));
    e->n_models++;
    FY_TRY(fy_model_load(e->chain[i], path));
done:
    fy_weights_close(w);
    return st;
}

static fy_status open_chain(eval *e)
{
    const char *path;

    for (int i = 0; (path = fyi_args_nth(e->args, "--weights", i)) != NULL; i++) {
        if (i == MAX_CHAIN)
            return fyi_fail(FY_EINVAL, "a chain has at most %d models", MAX_CHAIN);
        FYI_FORWARD(open_model(e, i, path, fyi_args_nth(e->args, "--weights", i + 1) == NULL));
    }
    return FY_OK;
}

/* ---- figures --------------------------------------------------------------------------------- */

static fy_status predict(eval *e)
{
    fy_tensor **outs[MAX_CHAIN] = { NULL };

    outs[e->n_models - 1] = &e->logits;
    FYI_FORWARD(fy_predictor_new(e->dev, e->chain, e->n_models, BATCH, &e->predictor));
    return fy_predict(e->predictor, e->data, outs);
}

static fy_status read_classes(eval *e)
{
    const fy_shape *s = fy_tensor_shape(e->logits);

    e->n = fy_dataset_count(e->data);
    e->k = s->rank == 2 ? (int)s->d[1] : 0;
    if (fy_model_options(e->chain[e->n_models - 1])->n_classes == 0 || e->k > 1024 ||
        e->k < fy_dataset_classes(e->data))
        return fyi_fail(
            FY_ESHAPE,
            "the last model gives %d numbers per sample that are no scores of the data's %d "
            "classes; add the classifier with another --weights",
            e->k, fy_dataset_classes(e->data));
    e->predicted = fyi_calloc((size_t)e->n, sizeof *e->predicted);
    e->truth = fyi_calloc((size_t)e->n, sizeof *e->truth);
    if (e->predicted == NULL || e->truth == NULL)
        return fyi_enomem((size_t)e->n * sizeof *e->truth, "predictions");
    for (int64_t i = 0; i < e->n; i++)
        FYI_FORWARD(fy_dataset_label(e->data, i, &e->truth[i]));
    return fy_classes_of(e->logits, e->predicted);
}

static fy_status judge(eval *e)
{
    FYI_FORWARD(predict(e));
    FYI_FORWARD(read_classes(e));
    FYI_FORWARD(fy_accuracy_of(e->logits, e->data, &e->accuracy));
    return fy_matched_accuracy(e->predicted, e->truth, e->n, e->k, &e->matched, NULL);
}

/* ---- output ---------------------------------------------------------------------------------- */

static void count_class(const eval *e, int c, int64_t *right, int64_t *all)
{
    *right = *all = 0;
    for (int64_t i = 0; i < e->n; i++) {
        *all += e->truth[i] == c;
        *right += e->truth[i] == c && e->predicted[i] == c;
    }
}

static void print_figures(const eval *e)
{
    const int classes = FYI_MIN(fy_dataset_classes(e->data), MAX_TABLE_CLASSES);

    printf("%s\n\n", fy_dataset_text(e->data));
    printf("  accuracy  %6.2f%%\n", 100 * e->accuracy);
    printf("  matched   %6.2f%%   under the best one-to-one matching of classes\n\n",
           100 * e->matched);
    for (int c = 0; c < classes; c++) {
        int64_t right, all;

        count_class(e, c, &right, &all);
        if (all > 0)
            printf("  class %-12s %6.2f%% of %lld\n", fy_dataset_class_name(e->data, c),
                   100.0 * (double)right / (double)all, (long long)all);
    }
}

static int show(const eval *e)
{
    if (!fyi_args_has(e->args, "--json")) {
        print_figures(e);
        return FYI_DONE;
    }
    return fyi_print_json(json_pack("{s:f, s:f, s:I, s:i, s:s}", "accuracy", e->accuracy, "matched",
                                    e->matched, "count", (json_int_t)e->n, "classes", e->k,
                                    "data_sha256", fy_dataset_hash(e->data)));
}

static void close_eval(eval *e)
{
    fyi_free(e->truth);
    fyi_free(e->predicted);
    fy_tensor_free(e->logits);
    fy_predictor_free(e->predictor);
    for (int i = 0; i < e->n_models; i++)
        fy_model_free(e->chain[i]);
    fy_dataset_free(e->data);
    fy_device_close(e->dev);
}

static int run(const fyi_args *a)
{
    eval e = { .args = a };
    int code = FYI_FAILED;
    fy_status st;

    if (!fyi_args_has(a, "--weights") || !fyi_args_has(a, "--data") || a->n_plain > 0)
        return fyi_misused(
            a->verb, "--weights FILE and --data PATH are needed, and nothing else but options "
                     "and key=value");
    fyi_progress_begin(fyi_args_has(a, "--quiet"));
    FY_TRY(fy_device_open("cpu", &e.dev));
    FY_TRY(fyi_open_data_path(a, fyi_args_value(a, "--data"), fyi_args_value(a, "--labels"), false,
                              &e.data));
    if (!fy_dataset_has_labels(e.data))
        FY_TRY(fyi_fail(FY_EINVAL, "'%s' has no labels to judge by; name their file with --labels",
                        fyi_args_value(a, "--data")));
    FY_TRY(open_chain(&e));
    FY_TRY(judge(&e));
    code = show(&e);
done:
    fyi_progress_end();
    if (st != FY_OK) {
        (void)fyi_recipe_failed(a, st);
        code = FYI_FAILED;
    }
    close_eval(&e);
    return code;
}

const fyi_verb fyi_verb_eval = {
    .name = "eval",
    .line = "score saved models on labelled data",
    .usage = "--weights FILE [--weights FILE ...] --data PATH [options] [key=value ...]",
    .help =
        "Loads saved models, applies them one after the other and counts how often the largest "
        "class\n"
        "score is at the label. key=value prepares the data as in a recipe's data side: size=28,\n"
        "classes=[2,3], range=signed, limit=1000. See 'ferry help recipe', keys <side>.*.\n"
        "\n"
        "Examples:\n"
        "  ferry eval --weights runs/demo-0/chosen.safetensors \\\n"
        "      --weights runs/demo-0/classifier.safetensors --data digits:thin-rotated:500\n"
        "  ferry eval --weights net.safetensors --model lenet \\\n"
        "      --data usps/usps-test-images-idx3-ubyte.gz size=28 --json\n",
    .options = options,
    .run = run,
};
