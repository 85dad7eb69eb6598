/* cmd_predict.c: ferry predict: the classes that a model takes pictures for, one row each. */
#include "cli/cli.h"

#include "train/metrics.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_TOP 1000
#define MOST_COUNTED 20 /* classes whose counts are printed */

static const fyi_option options[] = {
    FYI_OPTIONS_SUBJECT,
    { "--out", "FILE", "where rows go: FILE.csv or FILE.jsonl; by default CSV to standard output" },
    { "--top", "K", "how many classes to name, the surest first; by default 1" },
    FYI_OPTION_JSON,
    FYI_OPTION_QUIET,
    FYI_OPTION_HELP,
    { NULL, NULL, NULL },
};

typedef struct predict {
    fyi_subject s;
    fyi_guess_file *file;
    int top;
    int *classes;    /* [top] scratch */
    double *top_p;   /* [top] scratch */
    double *p;       /* [k] scratch */
    int64_t *counts; /* [k], samples taken for each class */
    int64_t n_rows, n_broken;
    double began_s;
} predict;

/* ---- rows ------------------------------------------------------------------------------------ */

/* The surest classes, the first of equals first; takes them out of p. */
static void choose_top(predict *w)
{
    for (int i = 0; i < w->top; i++) {
        int best = 0;

        for (int c = 1; c < w->s.k; c++)
            best = w->p[c] > w->p[best] ? c : best;
        w->classes[i] = best;
        w->top_p[i] = w->p[best];
        w->p[best] = -1;
    }
}

static fy_status not_finite(const predict *w, int64_t i)
{
    const char *name = fy_dataset_sample_name(w->s.data, i);

    return fyi_fail(FY_ENAN,
                    "sample %lld%s%s%s has scores that are not finite numbers; the weights or the "
                    "data hold such "
                    "numbers, or values too large for precision=bf16",
                    (long long)i, name ? " (" : "", name ? name : "", name ? ")" : "");
}

static fy_status write_row(predict *w, int64_t i, const float *logits)
{
    fyi_guessed row = { .index = fy_dataset_origin(w->s.data, i),
                        .name = fy_dataset_sample_name(w->s.data, i),
                        .n = w->top,
                        .classes = w->classes,
                        .p = w->top_p };

    if (fy_dataset_is_broken(w->s.data, i)) {
        w->n_broken++;
        return FY_OK;
    }
    if (isnan(fyi_softmax(logits, w->s.k, w->p)))
        return not_finite(w, i);
    choose_top(w);
    w->counts[w->classes[0]]++;
    w->n_rows++;
    return fyi_guess_file_add(w->file, &row);
}

static fy_status write_rows(void *arg, const fy_rows *rows)
{
    predict *w = arg;
    const fy_progress p = { .stage = "predict",
                            .step = rows->first + rows->n,
                            .steps = fy_dataset_count(w->s.data),
                            .seconds = fyi_now_s() - w->began_s };

    for (int64_t i = 0; i < rows->n; i++)
        FYI_FORWARD(write_row(w, rows->first + i, rows->values + i * w->s.k));
    fyi_progress_show(NULL, &p);
    return FY_OK;
}

static fy_status write_logits(predict *w)
{
    const fy_rows all = { .n = fy_dataset_count(w->s.data),
                          .values = fy_tensor_const_data(w->s.logits) };

    return write_rows(w, &all);
}

/* ---- options --------------------------------------------------------------------------------- */

static fy_status read_top(predict *w)
{
    const char *text = fyi_args_value(w->s.args, "--top");
    char *end;
    long n = 1;

    if (text != NULL) {
        n = strtol(text, &end, 10);
        if (end == text || *end != '\0' || n < 1 || n > MOST_TOP)
            return fyi_fail(FY_EINVAL, "--top takes a whole number from 1 to %d, not '%s'",
                            MOST_TOP, text);
    }
    w->top = (int)FYI_MIN(n, w->s.k);
    return FY_OK;
}

static fy_status take_memory(predict *w)
{
    const size_t k = (size_t)w->s.k, top = (size_t)w->top;

    w->classes = fyi_calloc(top, sizeof *w->classes);
    w->top_p = fyi_calloc(top, sizeof *w->top_p);
    w->p = fyi_calloc(k, sizeof *w->p);
    w->counts = fyi_calloc(k, sizeof *w->counts);
    if (w->classes == NULL || w->top_p == NULL || w->p == NULL || w->counts == NULL)
        return fyi_enomem(k * sizeof *w->p, "predictions");
    return FY_OK;
}

/* ---- output ---------------------------------------------------------------------------------- */

static const char *name_of(const predict *w, int c, char number[16])
{
    if (w->s.class_names != NULL)
        return w->s.class_names[c];
    (void)snprintf(number, 16, "%d", c);
    return number;
}

/* How many classes were predicted at all, and the commonest ones. */
static void print_counts(const predict *w)
{
    int64_t below = INT64_MAX;
    int shown = 0, at = -1;

    while (shown < MOST_COUNTED) {
        int best = -1;
        char number[16];

        /* Falling counts; equals in the order of the classes. */
        for (int c = 0; c < w->s.k; c++)
            if (w->counts[c] > 0 && (w->counts[c] < below || (w->counts[c] == below && c > at)) &&
                (best < 0 || w->counts[c] > w->counts[best]))
                best = c;
        if (best < 0)
            break;
        printf("  %-20.20s %9lld %6.1f%%\n", name_of(w, best, number), (long long)w->counts[best],
               100 * (double)w->counts[best] / (double)w->n_rows);
        below = w->counts[best];
        at = best;
        shown++;
    }
}

static int64_t all_broken(const predict *w)
{
    return w->n_broken + fy_dataset_n_broken(w->s.data);
}

static json_t *counts_object(const predict *w)
{
    json_t *root = json_object();
    char number[16];

    for (int c = 0; c < w->s.k; c++)
        if (w->counts[c] > 0)
            (void)json_object_set_new(root, name_of(w, c, number),
                                      json_integer((json_int_t)w->counts[c]));
    return root;
}

static int show(const predict *w)
{
    const char *out = fyi_args_value(w->s.args, "--out");

    if (fyi_args_has(w->s.args, "--json"))
        return fyi_print_json(json_pack(
            "{s:I, s:I, s:i, s:i, s:s, s:s, s:s, s:o}", "count", (json_int_t)w->n_rows, "broken",
            (json_int_t)all_broken(w), "classes", w->s.k, "top", w->top, "out", out, "precision",
            fy_recipe_get(w->s.recipe, "precision"), "preparation",
            w->s.preparation.p != NULL ? w->s.preparation.p : "", "predicted", counts_object(w)));
    if (out != NULL) {
        fyi_subject_print(&w->s, w->s.args->plain[0]);
        print_counts(w);
        printf("\n%lld rows: %s\n", (long long)w->n_rows, out);
    }
    return FYI_DONE;
}

/* Their names were told as they were found. */
static void tell_broken(const predict *w)
{
    if (all_broken(w) > 0)
        fyi_warn("%lld pictures are broken and have no row", (long long)all_broken(w));
}

/* ---- the verb -------------------------------------------------------------------------------- */

static fy_status work(predict *w, const fyi_args *a)
{
    w->s.is_unlabelled = true;
    FYI_FORWARD(fyi_args_has(a, "--weights") ? fyi_subject_open(&w->s, a, a->plain[0])
                                             : fyi_fused_open(&w->s, a, a->plain[0]));
    FYI_FORWARD(read_top(w));
    FYI_FORWARD(take_memory(w));
    FYI_FORWARD(fyi_guess_file_open(fyi_args_value(a, "--out"),
                                    (const char *const *)w->s.class_names, w->top, &w->file));
    w->began_s = fyi_now_s();
    FYI_FORWARD(w->s.fused != NULL ? write_logits(w)
                                   : fy_predict_each(w->s.predictor, w->s.data, write_rows, w));
    tell_broken(w);
    return FY_OK;
}

static fy_status finish(predict *w, fy_status st)
{
    if (st != FY_OK)
        fyi_guess_file_abort(w->file);
    else
        st = fyi_guess_file_commit(w->file);
    w->file = NULL;
    return st;
}

static void close_predict(predict *w)
{
    fyi_free(w->counts);
    fyi_free(w->p);
    fyi_free(w->top_p);
    fyi_free(w->classes);
    fyi_subject_close(&w->s);
}

static int run(const fyi_args *a)
{
    predict w = { .s = { .args = a } };
    int code;
    fy_status st;

    if ((!fyi_args_has(a, "--weights") && !fyi_args_has(a, "--part")) || a->n_plain != 1)
        return fyi_misused(a->verb,
                           "--weights FILE and one PATH are needed, found %d paths; or the "
                           "directory of a run and --part NAME=PATH",
                           a->n_plain);
    if (fyi_args_has(a, "--json") && !fyi_args_has(a, "--out"))
        return fyi_misused(a->verb,
                           "--json needs --out: without it the rows go to standard output");
    fyi_interrupt_begin();
    (void)fy_cancel_set(fyi_interrupt_flag());
    fyi_progress_begin(fyi_args_has(a, "--quiet"));
    st = finish(&w, work(&w, a));
    fyi_progress_end();
    if (st == FY_OK) {
        code = show(&w);
    } else {
        (void)fyi_recipe_failed(a, st);
        code = FYI_FAILED;
    }
    close_predict(&w);
    return code;
}

const fyi_verb fyi_verb_predict = {
    .name = "predict",
    .line = "name the classes of pictures that have no labels",
    .usage = "--weights FILE [--weights FILE ...] PATH | RUN_DIR --part NAME=PATH ... [options] "
             "[key=value ...]",
    .help =
        "Applies a model to pictures and writes a row for each: its name, the surest classes and "
        "their\n"
        "probabilities. PATH is a folder (whatever folders are in it), a list, a tar, CIFAR, npy "
        "or idx\n"
        "file. Rows are written as they come, in the order of the names; the file is there when "
        "all of\n"
        "them are. Broken pictures have no row: they are named on standard error, and counted.\n"
        "\n"
        "Class names are those of the weights, or of --classes. Pictures are prepared as for ferry "
        "eval;\n"
        "key=value says it otherwise, and precision=bf16 computes in bf16.\n"
        "\n"
        "What 'ferry fuse' left in RUN_DIR takes samples of any of its modalities, each as --part; "
        "those that\n"
        "are not given are missing. They are prepared as in the run: part_1.size=28 says it "
        "otherwise.\n"
        "\n"
        "Examples:\n"
        "  ferry predict --weights net.safetensors photos/ --out photos.csv --top 3\n"
        "  ferry predict --model squeezenet1_1 --weights squeezenet1_1.pth --classes imagenet.txt "
        "\\\n"
        "      photos/ --out photos.jsonl\n"
        "  ferry predict runs/fuse-0 --part image=photos/ --part sound=calls/ --pair key\n"
        "  ferry predict runs/fuse-0 --part sound=calls/ --out calls.csv\n",
    .options = options,
    .run = run,
};
