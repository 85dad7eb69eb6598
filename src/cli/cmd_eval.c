/* cmd_eval.c: ferry eval: how well saved models do on labelled data. */
#include "cli/cli.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const fyi_option options[] = {
    FYI_OPTIONS_SUBJECT,
    { "--data", "PATH",
      "labelled data: folder, list, tar, CIFAR, npy, idx, or digits:STYLE[:COUNT]" },
    { "--labels", "PATH", "the labels' file; by default looked for beside the images" },
    { "--out", "DIR", "a folder for eval.json and report.html" },
    FYI_OPTION_JSON,
    FYI_OPTION_QUIET,
    FYI_OPTION_HELP,
    { NULL, NULL, NULL },
};

typedef struct eval {
    fyi_subject s;
    int32_t *class_of; /* [classes of the data], the model's; NULL: the same numbers */
    fy_evaluation *e;
    const char *dir; /* NULL: nothing is written */
} eval;

/* ---- classes of the data to classes of the model --------------------------------------------- */

/* -1 if there is none. */
static int find_class(const fyi_subject *s, const char *name)
{
    for (int c = 0; c < s->k; c++)
        if (strcmp(s->class_names[c], name) == 0)
            return c;
    return -1;
}

/* "7" for class 7: nobody gave it a name. */
static bool is_number(const char *name, int c)
{
    char text[16];

    (void)snprintf(text, sizeof text, "%d", c);
    return strcmp(name, text) == 0;
}

static bool have_names(const fy_dataset *d)
{
    for (int c = 0; c < fy_dataset_classes(d); c++)
        if (!is_number(fy_dataset_class_name(d, c), c))
            return true;
    return false;
}

/* How many of the data's classes the model knows by name; fills class_of. */
static int match_names(eval *e)
{
    const fy_dataset *d = e->s.data;
    int n = 0;

    for (int c = 0; c < fy_dataset_classes(d); c++) {
        e->class_of[c] = find_class(&e->s, fy_dataset_class_name(d, c));
        n += e->class_of[c] >= 0;
    }
    return n;
}

static fy_status by_name(eval *e)
{
    const fy_dataset *d = e->s.data;
    const int n = fy_dataset_classes(d), found = match_names(e);

    if (found == n)
        return FY_OK;
    fyi_free(e->class_of);
    e->class_of = NULL;
    if (found == 0 && n == e->s.k) {
        fyi_warn("the data's class names ('%s', ..) are not the model's ('%s', ..); classes go by "
                 "their numbers",
                 fy_dataset_class_name(d, 0), e->s.class_names[0]);
        return FY_OK;
    }
    for (int c = 0; c < n; c++)
        if (find_class(&e->s, fy_dataset_class_name(d, c)) < 0)
            return fyi_fail(FY_EINVAL,
                            "the model has no class '%s', which the data have; it knows %d of "
                            "their %d classes by "
                            "name",
                            fy_dataset_class_name(d, c), found, n);
    return FY_OK;
}

static fy_status match_classes(eval *e)
{
    const fy_dataset *d = e->s.data;
    const int n = fy_dataset_classes(d);

    if (e->s.class_names != NULL && have_names(d)) {
        e->class_of = fyi_calloc((size_t)n, sizeof *e->class_of);
        return e->class_of != NULL ? by_name(e)
                                   : fyi_enomem((size_t)n * sizeof *e->class_of, "classes");
    }
    if (n > e->s.k || (n < e->s.k && have_names(d)))
        return fyi_fail(FY_ESHAPE,
                        "the model tells %d classes apart, the data have %d; weights with names of "
                        "their classes, "
                        "or --classes FILE, would say which is which",
                        e->s.k, n);
    return FY_OK;
}

/* ---- evaluating ------------------------------------------------------------------------------ */

static fy_status make_dir(eval *e)
{
    e->dir = fyi_args_value(e->s.args, "--out");
    if (e->dir == NULL)
        return FY_OK;
    FYI_FORWARD(fyi_mkdirs(e->dir));
    return access(e->dir, W_OK) == 0
               ? FY_OK
               : fyi_fail(FY_EIO, "cannot write into '%s', which --out names", e->dir);
}

static fy_status check_finite(const eval *e)
{
    const fy_figures *f = e->e->figures;
    const char *name = fy_dataset_sample_name(e->s.data, e->e->first_not_finite);

    if (f->n_not_finite == 0)
        return FY_OK;
    return fyi_fail(
        FY_ENAN,
        "%lld of %lld samples have scores that are not finite numbers, the first is sample "
        "%lld%s%s%s; "
        "the weights or the data hold such numbers, or values too large for precision=bf16",
        (long long)f->n_not_finite, (long long)f->n, (long long)e->e->first_not_finite,
        name ? " (" : "", name ? name : "", name ? ")" : "");
}

static fy_status evaluate(eval *e)
{
    fy_evaluate_opts o = fy_evaluate_defaults();

    o.class_of = e->class_of;
    o.class_names = (const char *const *)e->s.class_names;
    o.pixels = e->s.has_own_values ? NULL : &e->s.pixels;
    o.progress = fyi_progress_show;
    FYI_FORWARD(e->s.fused != NULL ? fy_evaluate_logits(e->s.logits, e->s.data, &o, &e->e)
                                   : fy_evaluate(e->s.predictor, e->s.data, &o, &e->e));
    return check_finite(e);
}

/* ---- output ---------------------------------------------------------------------------------- */

#define MAX_ABOUT 16

/* "resnet20_cifar, then linear": what --weights named; `what` gives model i's. */
static void list_models(const eval *e, const char *(*what)(const eval *e, int i), fyi_buf *out)
{
    for (int i = 0; i < e->s.n_models; i++)
        fyi_buf_printf(out, "%s%s", i > 0 ? ", then " : "", what(e, i));
}

static const char *family_of(const eval *e, int i)
{
    return fy_model_family(e->s.chain[i]);
}

static const char *file_of(const eval *e, int i)
{
    return e->s.files[i].path;
}

/* Texts live in the arena of the subject. */
static const char *kept(eval *e, const char *(*what)(const eval *e, int i))
{
    fyi_buf b = { 0 };
    const char *out;

    list_models(e, what, &b);
    out = b.failed ? NULL : fyi_arena_printf(&e->s.arena, "%s", b.p);
    fyi_buf_release(&b);
    return out;
}

static const char *kept_text(eval *e, void (*what)(const fyi_subject *s, fyi_buf *out))
{
    fyi_buf b = { 0 };
    const char *out;

    what(&e->s, &b);
    out = b.failed ? NULL : fyi_arena_printf(&e->s.arena, "%s", b.p);
    fyi_buf_release(&b);
    return out;
}

/* The models, by name and by the hash of a file of theirs, and the data, so that it is known later what was evaluated. */
static fy_status list_subject(eval *e, fy_about about[MAX_ABOUT], int *n)
{
    const bool is_fused = e->s.fused != NULL;
    const char *file =
        is_fused ? fyi_arena_printf(&e->s.arena, "%s/fusion.safetensors", e->s.dir) : file_of(e, 0);
    char hex[65];

    if (file == NULL)
        return fyi_enomem(strlen(e->s.dir), "a file's name");
    FYI_FORWARD(fyi_file_sha256(file, hex));
    about[(*n)++] =
        (fy_about){ "model", is_fused ? kept_text(e, fyi_fused_models_text) : kept(e, family_of) };
    about[(*n)++] = (fy_about){ "weights", is_fused ? e->s.dir : kept(e, file_of) };
    about[(*n)++] = (fy_about){ "weights_sha256", fyi_arena_printf(&e->s.arena, "%s", hex) };
    about[(*n)++] = (fy_about){ "data", is_fused ? kept_text(e, fyi_fused_parts_text)
                                                 : fyi_args_value(e->s.args, "--data") };
    return FY_OK;
}

static fy_status list_about(eval *e, fy_about about[MAX_ABOUT], int *n)
{
    *n = 0;
    FYI_FORWARD(list_subject(e, about, n));
    about[(*n)++] = (fy_about){ "data_sha256", fy_dataset_hash(e->s.data) };
    about[(*n)++] = (fy_about){ "samples", fy_dataset_text(e->s.data) };
    about[(*n)++] = (fy_about){ "preparation", e->s.preparation.p };
    about[(*n)++] = (fy_about){ "prepared_by", e->s.pixels_by };
    about[(*n)++] = (fy_about){ "precision", fy_recipe_get(e->s.recipe, "precision") };
    about[(*n)++] = (fy_about){ "ferry", fy_version() };
    return FY_OK;
}

static fy_status write_dir(eval *e, const fy_about *about, int n)
{
    char *path;
    fy_status st;

    if (e->dir == NULL)
        return FY_OK;
    path = fyi_path_join(e->dir, "eval.json");
    if (path == NULL)
        return fyi_enomem(strlen(e->dir), "a file's name");
    st = fy_evaluation_write(e->e, about, n, path);
    fyi_free(path);
    return st == FY_OK ? fy_report_write(e->dir) : st;
}

static int print_json(const eval *e, const fy_about *about, int n)
{
    json_t *root = json_loads(e->e->json, 0, NULL);

    for (int i = 0; i < n; i++)
        if (about[i].value != NULL)
            (void)json_object_set_new(root, about[i].name, json_string(about[i].value));
    if (e->dir != NULL)
        (void)json_object_set_new(root, "out", json_string(e->dir));
    return fyi_print_json(root);
}

static fy_status finish(eval *e, int *code)
{
    fy_about about[MAX_ABOUT];
    int n;

    FYI_FORWARD(list_about(e, about, &n));
    FYI_FORWARD(write_dir(e, about, n));
    if (fyi_args_has(e->s.args, "--json")) {
        *code = print_json(e, about, n);
        return FY_OK;
    }
    fyi_subject_print(&e->s, fyi_args_value(e->s.args, "--data"));
    fyi_print_evaluation(e->e);
    if (e->dir != NULL)
        printf("\nReport: %s/report.html\n", e->dir);
    *code = FYI_DONE;
    return FY_OK;
}

/* ---- the verb -------------------------------------------------------------------------------- */

static fy_status work(eval *e, const fyi_args *a, int *code)
{
    const char *data = fyi_args_value(a, "--data");

    FYI_FORWARD(data == NULL ? fyi_fused_open(&e->s, a, a->plain[0])
                             : fyi_subject_open(&e->s, a, data));
    if (!fy_dataset_has_labels(e->s.data))
        return fyi_fail(FY_EINVAL,
                        "'%s' has no labels to judge by; name their file with %s, or use 'ferry "
                        "predict'",
                        data != NULL ? data : fyi_args_value(a, "--part"),
                        data != NULL ? "--labels" : "part_1.labels=FILE");
    FYI_FORWARD(match_classes(e));
    FYI_FORWARD(make_dir(e));
    FYI_FORWARD(evaluate(e));
    return finish(e, code);
}

static int run(const fyi_args *a)
{
    eval e = { .s = { .args = a } };
    const bool is_chain = fyi_args_has(a, "--weights");
    int code = FYI_FAILED;
    fy_status st;

    if (fyi_args_has(a, "--data") != is_chain || (!is_chain && !fyi_args_has(a, "--part")) ||
        a->n_plain != !is_chain)
        return fyi_misused(
            a->verb, "--weights FILE and --data PATH are needed, and nothing else but options "
                     "and key=value; or the directory of a run and --part NAME=PATH");
    fyi_interrupt_begin();
    (void)fy_cancel_set(fyi_interrupt_flag());
    fyi_progress_begin(fyi_args_has(a, "--quiet"));
    st = work(&e, a, &code);
    fyi_progress_end();
    if (st != FY_OK) {
        (void)fyi_recipe_failed(a, st);
        code = FYI_FAILED;
    }
    fy_evaluation_free(e.e);
    fyi_free(e.class_of);
    fyi_subject_close(&e.s);
    return code;
}

const fyi_verb fyi_verb_eval = {
    .name = "eval",
    .line = "score saved models on labelled data",
    .usage =
        "--weights FILE [--weights FILE ...] --data PATH | RUN_DIR --part NAME=PATH ... [options] "
        "[key=value ...]",
    .help =
        "Loads models, Ferry's own and PyTorch's, applies them one after the other and holds the "
        "scores\n"
        "of classes against the labels: accuracy, top 5, precision, recall and F1 by class, the\n"
        "confusion matrix, calibration. A model must be in its file whole; what else is there is "
        "told.\n"
        "\n"
        "Pictures are prepared as the weights say, or as their family was published; key=value "
        "says it\n"
        "otherwise, as in a recipe's data side: size=28, classes=[2,3], range=signed, limit=1000. "
        "See\n"
        "'ferry help recipe', keys <side>.*. precision=bf16 computes in bf16. Where both the "
        "weights and\n"
        "the data have class names, classes are matched by them.\n"
        "\n"
        "What 'ferry fuse' left in RUN_DIR is judged by samples of any of its modalities, each as "
        "--part;\n"
        "those that are not given are missing.\n"
        "\n"
        "Examples:\n"
        "  ferry eval --model resnet20_cifar --weights resnet20-12fca82f.th --data test_batch.bin\n"
        "  ferry eval --weights net.safetensors --data photos/ --out judged\n"
        "  ferry eval --weights net.safetensors --data photos/ --json precision=bf16\n"
        "  ferry eval --weights runs/demo-0/chosen.safetensors \\\n"
        "      --weights runs/demo-0/classifier.safetensors --data digits:thin-rotated:500\n"
        "  ferry eval runs/fuse-0 --part image=photos/ --part sound=calls/ --pair key\n",
    .options = options,
    .run = run,
};
