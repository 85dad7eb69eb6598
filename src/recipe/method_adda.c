/* method_adda.c: the keys of adversarial adaptation (fy_adda) and how a recipe runs it. */
#include "recipe/recipe.h"

typedef struct options {
    fy_adda_opts o;
    bool partial;
} options;

/* clang-format off */
#define AT(member) offsetof(fy_adda_opts, member)
#define WORD(name, member, words, help) \
    { name, FYI_KEY_WORD, AT(member), 0, 0, words, NULL, 0, help }
#define BOOL(name, member, help) { name, FYI_KEY_BOOL, AT(member), 0, 0, NULL, NULL, 0, help }
#define INT(name, member, min, max, needs, help) \
    { name, FYI_KEY_INT, AT(member), min, max, NULL, needs, 0, help }
#define REAL(name, member, min, max, needs, help) \
    { name, FYI_KEY_REAL, AT(member), min, max, NULL, needs, 0, help }
#define FILE_NAME(name, member, needs, help) \
    { name, FYI_KEY_FILE, AT(member), 0, 0, NULL, needs, 0, help }
/* What of a file is meant. */
#define PART(file, member) \
    { file "_part", FYI_KEY_TEXT, AT(member##_part), 0, 0, NULL, file "!=\"\"", 0, \
        "which of a checkpoint's dictionaries: \"ema\"; \"\": the usual one" }, \
    { file "_prefix", FYI_KEY_TEXT, AT(member##_prefix), 0, 0, NULL, file "!=\"\"", 0, \
        "what stands before the model's names in the file: \"backbone.\"; \"\": found by itself" }
#define TRAINED "source_weights=\"\""

static const fyi_key model_keys[] = {
    WORD("encoder", encoder, fy_model_families, "family that turns images into features"),
    WORD("classifier", classifier, fy_model_families, "family that turns features into classes"),
    WORD("critic", critic, fy_model_families, "family that tells the domains apart"),
    INT("features", features, 0, 1e6, NULL, "width of the encoder's result; 0: the family's own"),
    INT("critic_hidden", critic_hidden, 0, 1e6, NULL,
        "width of its hidden layers; 0: the family's own"),
    WORD("critic_activation", critic_activation, fyi_activation_words, "between the critic's layers"),
    { .key = NULL },
};

static const fyi_key adda_keys[] = {
    FILE_NAME("source_weights", source_weights, NULL,
        "a trained source model, whose training is left out: its encoder, or encoder and classifier in one"),
    PART("source_weights", source_weights),
    FILE_NAME("classifier_weights", classifier_weights, "source_weights!=\"\"",
        "its classifier, where that has a file of its own"),
    PART("classifier_weights", classifier_weights),
    { "source_optim", FYI_KEY_WORD, AT(source_optim.name), 0, 0, fy_optim_names, TRAINED, 0,
        "source model: how it learns" },
    REAL("source_lr", source_optim.lr, 0, 1e6, TRAINED, "source model: learning rate"),
    REAL("source_momentum", source_optim.momentum, 0, 1, "source_optim=sgd",
        "source model: momentum"),
    REAL("source_beta1", source_optim.beta1, 0, 1, "source_optim=adam|adamw",
        "source model: memory of Adam's mean"),
    REAL("source_weight_decay", source_optim.weight_decay, 0, 1e6, TRAINED,
        "source model: weight decay"),
    INT("source_steps", source_steps, 0, 1e9, TRAINED,
        "steps of source training; 0: source_epochs counts"),
    INT("source_epochs", source_epochs, 0, 1e6, "source_steps=0", "passes over the source"),
    INT("source_batch", source_batch, 1, 65536, TRAINED, "samples per step of source training"),
    BOOL("critic_on_logits", critic_on_logits,
         "the critic sees class scores instead of features, and the classifier moves too"),
    BOOL("conditional", conditional, "the critic sees features times predicted class"),
    WORD("critic_optim", critic_optim.name, fy_optim_names, "critic: how it learns"),
    REAL("critic_lr", critic_optim.lr, 0, 1e6, NULL, "critic: learning rate"),
    REAL("critic_momentum", critic_optim.momentum, 0, 1, "critic_optim=sgd", "critic: momentum"),
    REAL("critic_beta1", critic_optim.beta1, 0, 1, "critic_optim=adam|adamw",
        "critic: memory of Adam's mean"),
    REAL("critic_weight_decay", critic_optim.weight_decay, 0, 1e6, NULL, "critic: weight decay"),
    WORD("target_optim", target_optim.name, fy_optim_names, "target model: how it learns"),
    REAL("target_lr", target_optim.lr, 0, 1e6, NULL, "target model: learning rate"),
    REAL("target_momentum", target_optim.momentum, 0, 1, "target_optim=sgd",
        "target model: momentum"),
    REAL("target_beta1", target_optim.beta1, 0, 1, "target_optim=adam|adamw",
        "target model: memory of Adam's mean"),
    REAL("target_weight_decay", target_optim.weight_decay, 0, 1e6, NULL,
        "target model: weight decay"),
    INT("steps", steps, 0, 1e9, NULL, "steps of adaptation; 0: epochs counts"),
    INT("epochs", epochs, 0, 1e6, "steps=0", "passes over the target"),
    INT("batch", batch, 1, 65536, NULL, "samples per step of adaptation, of each domain"),
    REAL("decay_from", decay_from, 0, 1, NULL,
         "part of the adaptation after which both learning rates fall in a line to 0"),
    INT("evaluations", evaluations, 1, 250, NULL,
        "candidates looked at, evenly over the adaptation"),
    INT("rollbacks", rollbacks, 0, 50, NULL,
        "how often a collapsed run goes back to its newest sound candidate, at half the rate"),
    REAL("adversarial_weight", adversarial_weight, 0, 1e6, NULL,
        "of the critic in the target's loss"),
    REAL("pseudo_weight", pseudo_weight, 0, 1e6, NULL, "of cluster labels in the target's loss"),
    INT("cluster_components", cluster_components, 1, 1e6, "pseudo_weight!=0",
        "principal components in which the target's clusters are found"),
    INT("cluster_restarts", cluster_restarts, 1, 1e6, "pseudo_weight!=0",
        "beginnings of k-means tried"),
    REAL("shift_frac", shift_frac, 0, 0.5, NULL,
        "random shifts of target images, share of their size"),
    FYI_PARTIAL_KEY(offsetof(options, partial)),
    { .key = NULL },
};
/* clang-format on */

static void set_defaults(void *to)
{
    *(options *)to = (options){ .o = fy_adda_defaults() };
}

static fy_status run(const fyi_method_site *at, const void *given, fy_recipe_result *result)
{
    const fyi_side *side = at->settings->side;
    const fy_pixels source = fyi_side_pixels(&side[FYI_SOURCE], at->data->side[FYI_SOURCE]),
                    target = fyi_side_pixels(&side[FYI_TARGET], at->data->side[FYI_TARGET]);
    fy_adda_opts o = ((const options *)given)->o;

    o.source_pixels = &source;
    o.target_pixels = &target;
    o.seed = at->seed;
    o.workers = at->workers;
    return fy_adda(at->run, at->device, &at->data->view.adapt, &o, &result->report.adapt);
}

const fyi_method fyi_method_adda = {
    .name = "adda",
    .help = "adversarial adaptation: the target's features come to look like the source's "
            "(Tzeng et al. 2017)",
    .kind = &fyi_kind_adapt,
    .bytes = sizeof(options),
    .defaults = set_defaults,
    .sections = { { "model", model_keys, offsetof(options, o), false, 0, NULL },
                  { "adda", adda_keys, offsetof(options, o), false, 0, NULL },
                  { "choice", fyi_choice_keys, offsetof(options, o.rule), false, 0, NULL } },
    .run = run,
};
