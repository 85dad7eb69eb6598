/* cmd_inspect.c: ferry inspect: what is in a weights file or a model family. */
#include "cli/cli.h"

#include <string.h>

static const fyi_option options[] = {
    { "--model", "FAMILY", "a model family instead of a file; 'ferry help models' lists them" },
    { "--weights", "FILE", "with --model: what of the file fits the model, and what does not" },
    { "--part", "NAME", "of a checkpoint with several dictionaries: \"ema\"" },
    { "--prefix", "TEXT", "with --weights: what stands before the model's names, \"backbone.\"" },
    FYI_OPTIONS_MAP,
    { "--input", "CxHxW", "of a family: one sample's shape; by default the published one" },
    { "--classes", "K",
      "of a family: width of the last layer, 0 for none; by default as published" },
    { "--width", "FACTOR", "of a family: factor on all channels (mobilenet_v2)" },
    { "--pool", "KIND", "of a family: avg, max or l2 over the last map" },
    FYI_OPTION_EDIT,
    FYI_OPTION_JSON,
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

static fy_status inspect_file(const fyi_args *a, const char *path)
{
    fy_weights *w = NULL;
    int64_t total = 0;

    FYI_FORWARD(fy_weights_open_part(path, fyi_args_value(a, "--part"), &w));
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

/* A name with a dot or a slash can only have been meant as a file. */
static bool is_path(const char *text)
{
    return fyi_path_exists(text) || strpbrk(text, "./") != NULL;
}

static int run(const fyi_args *a)
{
    const char *model = fyi_args_value(a, "--model");

    if (a->n_plain + (model != NULL) != 1)
        return fyi_misused(a->verb, "one file or family is expected, found %d",
                           a->n_plain + (model != NULL));
    if (model != NULL || !is_path(a->plain[0]))
        return fyi_inspect_model(a, model != NULL ? model : a->plain[0]);
    for (const fyi_option *o = options; strcmp(o->name, "--help") != 0; o++)
        if (fyi_args_has(a, o->name) && strcmp(o->name, "--part") != 0)
            return fyi_misused(a->verb, "'%s' is for families; '%s' is a file", o->name,
                               a->plain[0]);
    return inspect_file(a, a->plain[0]) == FY_OK ? FYI_DONE : fyi_failed();
}

const fyi_verb fyi_verb_inspect = {
    .name = "inspect",
    .line = "list the tensors of a weights file or the layers of a family",
    .usage = "FILE | [--model] FAMILY [options]",
    .help = "Of a file: name, type, shape and size of every tensor, and what the file says about "
            "itself.\n"
            "Reads safetensors, PyTorch's .pth, .npz and .npy; which it is, its content says.\n"
            "Of a family: its layers in the order in which they run, with the shape of what each "
            "gives,\n"
            "its parameters and its multiply-adds for one sample; with --weights also what of a "
            "file fits.\n"
            "\n"
            "Examples:\n"
            "  ferry inspect runs/demo-0/chosen.safetensors\n"
            "  ferry inspect --model resnet18\n"
            "  ferry inspect --model resnet18 --classes 7 --weights resnet18.pth\n"
            "  ferry inspect --model mobilenet_v2 --width 0.35 --input 3x96x96 --json\n"
            "  ferry inspect --model resnet18 --edit 'drop layer4.1' --edit 'head mlp 256 7'\n",
    .options = options,
    .run = run,
};
