/* cmd_inspect.c: ferry inspect: what is in a weights file or a model family. */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

static const fyi_option options[] = {
    { "--input", "CxHxW", "of a family: one sample's shape; by default 1x28x28" },
    { "--classes", "K", "of a family: width of the last layer; by default 10" },
    FYI_OPTION_HELP,
    { NULL, NULL, NULL },
};

static void print_tensor(const char *name, const char *type, const fy_shape *s)
{
    char shape[96];

    fy_shape_text(s, shape, sizeof shape);
    printf("  %-40s %-6s %-20s %12lld\n", name, type, shape, (long long)fy_shape_numel(s));
}

/* ---- files ----------------------------------------------------------------------------------- */

static void print_meta(const fy_weights *w)
{
    for (int i = 0; i < fy_weights_meta_count(w); i++) {
        const char *key = fy_weights_meta_key(w, i);

        printf("  %-14.200s %.2000s\n", key, fy_weights_meta(w, key));
    }
}

static fy_status inspect_file(const char *path)
{
    fy_weights *w = NULL;
    int64_t total = 0;

    FYI_FORWARD(fy_weights_open(path, &w));
    for (int i = 0; i < fy_weights_count(w); i++) {
        print_tensor(fy_weights_name(w, i), fy_weights_stored(w, i), fy_weights_shape(w, i));
        total += fy_shape_numel(fy_weights_shape(w, i));
    }
    printf("%s: %d tensors, %lld values\n", fy_weights_format(w), fy_weights_count(w),
           (long long)total);
    print_meta(w);
    fy_weights_close(w);
    return FY_OK;
}

/* ---- families -------------------------------------------------------------------------------- */

static fy_status read_shape(const char *text, fy_shape *out)
{
    const char *rest = text;

    *out = (fy_shape){ 0 };
    do {
        char *end;
        const long long d = strtoll(rest, &end, 10);

        if (end == rest || d < 1 || d > 1000000 || out->rank == 3 || (*end != 'x' && *end != '\0'))
            return fyi_fail(FY_EINVAL, "'%s' is no shape; write it like 1x28x28 or 512", text);
        out->d[out->rank++] = d;
        rest = *end == 'x' ? end + 1 : end;
    } while (*rest != '\0');
    return FY_OK;
}

static void print_model(const fy_model *m, const fy_shape *input)
{
    char from[96], to[96];
    int64_t total = 0;

    fy_shape_text(input, from, sizeof from);
    fy_shape_text(fy_model_output(m), to, sizeof to);
    printf("%s: %s\nfrom %s to %s\n", fy_model_family(m), fy_model_family_text(fy_model_family(m)),
           from, to);
    for (int i = 0; i < fy_model_count(m); i++) {
        const fy_shape *s = fy_param_shape(fy_model_param(m, i));

        print_tensor(fy_model_param_name(m, i), fy_model_param_is_buffer(m, i) ? "buffer" : "f32",
                     s);
        total += fy_shape_numel(s);
    }
    printf("%lld values\n", (long long)total);
}

static fy_status inspect_family(const fyi_args *a, const char *family)
{
    const char *input = fyi_args_value(a, "--input"), *classes = fyi_args_value(a, "--classes");
    fy_model_opts o = fy_model_defaults();
    fy_model *m = NULL;

    FYI_FORWARD(read_shape(input != NULL ? input : "1x28x28", &o.input));
    o.n_classes = classes != NULL ? strtoll(classes, NULL, 10) : 10;
    FYI_FORWARD(fy_model_open(family, family, &o, &m));
    print_model(m, &o.input);
    fy_model_free(m);
    return FY_OK;
}

/* A name with a dot or a slash can only have been meant as a file. */
static bool is_path(const char *text)
{
    return fyi_path_exists(text) || strpbrk(text, "./") != NULL;
}

static int run(const fyi_args *a)
{
    fy_status st;

    if (a->n_plain != 1)
        return fyi_misused(a->verb, "one file or family is expected, found %d", a->n_plain);
    st = is_path(a->plain[0]) ? inspect_file(a->plain[0]) : inspect_family(a, a->plain[0]);
    return st == FY_OK ? FYI_DONE : fyi_failed();
}

const fyi_verb fyi_verb_inspect = {
    .name = "inspect",
    .line = "list the tensors of a weights file or the layers of a family",
    .usage = "FILE | FAMILY [--input CxHxW] [--classes K]",
    .help =
        "Prints name, type, shape and size of every tensor, and what the file says about itself.\n"
        "Reads safetensors, PyTorch's .pth, .npz and .npy; which it is, its content says.\n"
        "\n"
        "Examples:\n"
        "  ferry inspect runs/demo-0/chosen.safetensors\n"
        "  ferry inspect lenet --input 1x28x28 --classes 10\n",
    .options = options,
    .run = run,
};
