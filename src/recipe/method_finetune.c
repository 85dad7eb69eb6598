/* method_finetune.c: the keys of fine-tuning (fy_finetune) and how a recipe runs it. */
#include "recipe/recipe.h"

#include <math.h>

/* What a recipe has that fy_finetune_opts says in another way. */
typedef struct options {
    fy_finetune_opts o;
    fyi_ints milestones;
    fyi_augment_settings augment;
} options;

static const char *const *train_words(void)
{
    static const char *const words[] = { "head", "all", "head-first", "gradual", NULL };

    return words;
}

/* clang-format off */
#define AT(member) offsetof(options, member)
#define KEY(name, type, member, min, max, words, needs, help) \
    { name, type, AT(member), min, max, words, needs, 0, help }

static const fyi_key model_keys[] = {
    KEY("family", FYI_KEY_WORD, o.family, 0, 0, fy_model_families, NULL, "the model; 'ferry inspect' lists them"),
    KEY("weights", FYI_KEY_FILE, o.weights, 0, 0, NULL, NULL,
        "pretrained: safetensors, .pth, .npz; what fits is loaded, a head for other classes begins anew"),
    KEY("weights_part", FYI_KEY_TEXT, o.weights_part, 0, 0, NULL, "weights!=\"\"",
        "which of a checkpoint's dictionaries: \"ema\"; \"\": the usual one"),
    KEY("weights_prefix", FYI_KEY_TEXT, o.weights_prefix, 0, 0, NULL, "weights!=\"\"",
        "what stands before the model's names in the file: \"backbone.\"; \"\": found by itself"),
    KEY("map", FYI_KEY_TEXTS, o.weights_map, 0, 0, NULL, "weights!=\"\"",
        "which of the file's tensors go where: [\"encoder.* -> features.*\", auto]; docs/formats.md"),
    KEY("slice", FYI_KEY_BOOL, o.slice, 0, 0, NULL, "weights!=\"\"",
        "of tensors that are larger in the file the leading part is taken"),
    KEY("edit", FYI_KEY_TEXTS, o.edit, 0, 0, NULL, NULL,
        "changes to its layers: [\"drop layer4.1\", \"head mlp 256\"]; docs/models.md"),
    KEY("width", FYI_KEY_REAL, o.width, 0, 16, NULL, NULL, "factor on the channels of every layer; 0: 1"),
    KEY("dropout", FYI_KEY_REAL, o.dropout, -1, 0.99, NULL, NULL, "before the head; -1: the family's own"),
    KEY("pool", FYI_KEY_WORD, o.pool, 0, 0, fyi_pool_words, NULL, "over the last map; auto: the family's own"),
    { .key = NULL },
};

static const fyi_key finetune_keys[] = {
    KEY("train", FYI_KEY_WORD, o.train, 0, 0, train_words, NULL,
        "what moves: the head alone; all; the head first and then all; or group by group from the head on"),
    KEY("freeze", FYI_KEY_TEXT, o.freeze, 0, 0, NULL, NULL, "parameters that never move: \"conv1.* layer1.*\""),
    KEY("head_epochs", FYI_KEY_INT, o.head_epochs, 1, 1e6, NULL, "train=head-first|gradual",
        "of each part before the last"),
    KEY("epochs", FYI_KEY_INT, o.epochs, 1, 1e6, NULL, NULL, "of the last part"),
    KEY("batch", FYI_KEY_INT, o.batch, 1, 65536, NULL, NULL, "samples per step"),
    KEY("views", FYI_KEY_INT, o.views, 0, 1e6, NULL, NULL,
        "of each sample by `augment`, over and over: frozen layers run once for each; 0: a new one every epoch"),
    KEY("optim", FYI_KEY_WORD, o.optim.name, 0, 0, fy_optim_names, NULL, "how it learns"),
    KEY("lr", FYI_KEY_REAL, o.optim.lr, 0, 1e6, NULL, NULL, "learning rate, before the schedule"),
    KEY("head_lr", FYI_KEY_REAL, o.head_lr, 0, 1e6, NULL, "train=head|head-first|gradual", "while only the head moves; 0: lr"),
    KEY("momentum", FYI_KEY_REAL, o.optim.momentum, 0, 1, NULL, "optim=sgd", "share of the last step in the next"),
    KEY("nesterov", FYI_KEY_BOOL, o.optim.nesterov, 0, 0, NULL, "optim=sgd", "Nesterov's momentum"),
    KEY("beta1", FYI_KEY_REAL, o.optim.beta1, 0, 1, NULL, "optim=adam|adamw", "memory of Adam's mean"),
    KEY("weight_decay", FYI_KEY_REAL, o.optim.weight_decay, 0, 1e6, NULL, NULL, "pull of all values towards 0"),
    KEY("clip_norm", FYI_KEY_REAL, o.optim.clip_norm, 0, 1e6, NULL, NULL, "largest norm of the gradient; 0: any"),
    KEY("groups", FYI_KEY_INT, o.groups, 1, 15, NULL, NULL, "of layers below the head, for gradual and lr_decay"),
    KEY("lr_decay", FYI_KEY_REAL, o.lr_decay, 0, 1, NULL, NULL,
        "rate of a group of layers, relative to the group above it"),
    KEY("find_lr", FYI_KEY_BOOL, o.find_lr, 0, 0, NULL, NULL,
        "a range test before each part sets its rate instead of lr and head_lr"),
    KEY("schedule", FYI_KEY_WORD, o.schedule, 0, 0, fy_schedule_names, NULL, "of the rate, over each part"),
    KEY("warmup_epochs", FYI_KEY_REAL, o.warmup_epochs, 0, 1e6, NULL, NULL, "over which the rate rises at first"),
    KEY("step_epochs", FYI_KEY_REAL, o.step_epochs, 0, 1e6, NULL, "schedule=step", "from one fall to the next"),
    KEY("milestones", FYI_KEY_INTS, milestones, 1, 1e6, NULL, "schedule=multistep", "epochs at which it falls"),
    KEY("gamma", FYI_KEY_REAL, o.gamma, 0, 1, NULL, "schedule=step|multistep", "what a fall multiplies the rate by"),
    KEY("floor", FYI_KEY_REAL, o.floor, 0, 1, NULL, "schedule=cosine|linear", "share of the rate that it ends with"),
    KEY("label_smoothing", FYI_KEY_REAL, o.label_smoothing, 0, 0.99, NULL, NULL,
        "share of a label that is spread over all classes"),
    KEY("l2_sp", FYI_KEY_REAL, o.l2_sp, 0, 1e6, NULL, NULL, "pull of pretrained values towards where they began"),
    KEY("ema", FYI_KEY_REAL, o.ema, 0, 0.999999, NULL, NULL,
        "decay of averages of the weights, which are evaluated and kept instead: 0.999; 0: none"),
    KEY("patience", FYI_KEY_INT, o.patience, 0, 1e6, NULL, NULL,
        "epochs without a better validation figure that end a part; 0: none do"),
    { .key = NULL },
};
/* clang-format on */

static void set_defaults(void *to)
{
    options *o = to;

    *o = (options){ .o = fy_finetune_defaults() };
    fyi_augment_defaults(&o->augment);
}

static fy_status run(const fyi_method_site *at, const void *given, fy_recipe_result *result)
{
    const options *g = given;
    /* Training samples are larger where the augmentation cuts them. */
    const fy_pixels pixels = fyi_side_pixels(&at->settings->side[FYI_VAL], at->data->side[FYI_VAL]);
    fy_finetune_opts o = g->o;
    fy_augment augment;

    FYI_FORWARD(fyi_augment_make(&g->augment, &augment));
    o.augment = fy_augment_is_none(&augment) ? NULL : &augment;
    o.pixels = &pixels;
    o.milestones = g->milestones.v;
    o.n_milestones = g->milestones.n;
    o.seed = at->seed;
    o.workers = at->workers;
    return fy_finetune(at->run, at->device, &at->data->view.finetune, &o, &result->report.finetune);
}

const fyi_method fyi_method_finetune = {
    .name = "finetune",
    .help =
        "transfer learning: a pretrained model goes on learning on labelled data, its head first",
    .kind = &fyi_kind_finetune,
    .bytes = sizeof(options),
    .defaults = set_defaults,
    .sections = { { "model", model_keys, 0, false, 0, NULL },
                  { "finetune", finetune_keys, 0, false, 0, NULL },
                  { "augment", fyi_augment_keys, offsetof(options, augment), false, 0, NULL } },
    .run = run,
};
