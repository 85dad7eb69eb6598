/* method_adapt.c: the keys of adaptation methods that share one stage (fy_adapt) and how a recipe runs them. Each of fy_adapt_methods is
 * a recipe's method; they have the same keys but for what only some of them read. The method auto tries several of them and has all. */
#include "recipe/recipe.h"

#include <ferry/adapt.h>

#include <math.h>

typedef struct options {
    fy_adapt_opts o; /* but for the augmentations */
    bool partial;
    fyi_augment_settings source_augment, augment, strong;
    struct tries {
        fyi_texts methods;
        int64_t trials;
        double minutes;
    } tries;
} options;

const char *const *fyi_activation_words(void)
{
    static const char *const words[] = { "relu", "leaky_relu", "none", "auto", NULL };

    return words;
}

/* clang-format off */
#define AT(member) offsetof(fy_adapt_opts, member)
#define WORD(name, member, words, needs, help) { name, FYI_KEY_WORD, AT(member), 0, 0, words, needs, 0, help }
#define BOOL(name, member, needs, help) { name, FYI_KEY_BOOL, AT(member), 0, 0, NULL, needs, 0, help }
#define INT(name, member, min, max, needs, help) { name, FYI_KEY_INT, AT(member), min, max, NULL, needs, 0, help }
#define REAL(name, member, min, max, needs, help) { name, FYI_KEY_REAL, AT(member), min, max, NULL, needs, 0, help }
#define FILE_NAME(name, member, needs, help) { name, FYI_KEY_FILE, AT(member), 0, 0, NULL, needs, 0, help }
/* What of a file is meant. */
#define PART(file, member) \
    { file "_part", FYI_KEY_TEXT, AT(member##_part), 0, 0, NULL, file "!=\"\"", 0, \
        "which of a checkpoint's dictionaries: \"ema\"; \"\": the usual one" }, \
    { file "_prefix", FYI_KEY_TEXT, AT(member##_prefix), 0, 0, NULL, file "!=\"\"", 0, \
        "what stands before the model's names in the file: \"backbone.\"; \"\": found by itself" }
#define TRAINED "source_weights=\"\""
/* What learns the source does so here: with weights that are given, only a second classifier. */
#define LEARNT TRAINED " or .method=mcd|mdd|auto"
#define SOURCE(name, type, member, min, max, words, needs, help) \
    { name, type, AT(member), min, max, words, needs, FYI_KEY_WAITS, help }

#define MODEL \
    WORD("encoder", encoder, fy_model_families, NULL, "family that turns samples into features"), \
    WORD("classifier", classifier, fy_model_families, NULL, "family that turns features into classes"), \
    INT("features", features, 0, 1e6, NULL, "width of the encoder's result; 0: the family's own"), \
    FILE_NAME("weights", weights, "adapt." TRAINED, \
        "a backbone that the encoder begins with: safetensors, .pth, .npz; what fits is loaded"), \
    PART("weights", weights)

static const fyi_key model_keys[] = { MODEL, { .key = NULL } };

static const fyi_key critic_keys[] = {
    MODEL,
    WORD("critic", critic, fy_model_families, NULL, "family that tells the domains apart"),
    INT("critic_hidden", critic_hidden, 0, 1e6, NULL, "width of its hidden layers; 0: the family's own"),
    WORD("critic_activation", critic_activation, fyi_activation_words, NULL, "between the critic's layers"),
    { .key = NULL },
};

static const fyi_key adapt_keys[] = {
    FILE_NAME("source_weights", source_weights, NULL,
        "a trained source model, whose training is left out: its encoder, or encoder and classifier in one"),
    PART("source_weights", source_weights),
    FILE_NAME("classifier_weights", classifier_weights, "source_weights!=\"\"",
        "its classifier, where that has a file of its own"),
    PART("classifier_weights", classifier_weights),
    { "freeze", FYI_KEY_TEXT, AT(freeze), 0, 0, NULL, NULL, 0,
        "globs of the encoder's parameters that never move, and are computed once: \"features.*\"; \"\": all do" },
    SOURCE("source_optim", FYI_KEY_WORD, source_optim.name, 0, 0, fy_optim_names, LEARNT,
        "source model, and the second classifier of mcd and mdd: how they learn"),
    SOURCE("source_lr", FYI_KEY_REAL, source_optim.lr, 0, 1e6, NULL, LEARNT, "the same: learning rate"),
    SOURCE("source_momentum", FYI_KEY_REAL, source_optim.momentum, 0, 1, NULL, "source_optim=sgd", "the same: momentum"),
    SOURCE("source_beta1", FYI_KEY_REAL, source_optim.beta1, 0, 1, NULL, "source_optim=adam|adamw", "the same: memory of Adam's mean"),
    SOURCE("source_weight_decay", FYI_KEY_REAL, source_optim.weight_decay, 0, 1e6, NULL, LEARNT, "the same: weight decay"),
    SOURCE("source_steps", FYI_KEY_INT, source_steps, 0, 1e9, NULL, LEARNT, "steps of source training; 0: source_epochs counts"),
    SOURCE("source_epochs", FYI_KEY_INT, source_epochs, 0, 1e6, NULL, "source_steps=0", "passes over the source"),
    SOURCE("source_batch", FYI_KEY_INT, source_batch, 1, 65536, NULL, LEARNT, "samples per step of source training"),
    SOURCE("label_smoothing", FYI_KEY_REAL, label_smoothing, 0, 0.99, NULL, LEARNT,
        "source training: share of a label that is spread over all classes"),
    INT("steps", steps, 0, 1e9, NULL, "steps of adaptation; 0: epochs counts"),
    INT("epochs", epochs, 0, 1e6, "steps=0", "passes over the target; 0: the method's own number"),
    INT("batch", batch, 2, 65536, NULL, "samples per step of adaptation, of each domain"),
    INT("evaluations", evaluations, 1, 250, NULL, "candidates looked at, evenly over the adaptation"),
    INT("rollbacks", rollbacks, 0, 50, NULL,
        "how often a collapsed run goes back to its newest sound candidate, at half the rate; adabn, which has no rate, never does"),
    FYI_PARTIAL_KEY(offsetof(options, partial)),
    { .key = NULL },
};

#define LEARNING \
    WORD("optim", optim.name, fy_optim_names, NULL, "how the adaptation learns"), \
    REAL("lr", optim.lr, 0, 1e6, NULL, "learning rate, before the schedule"), \
    REAL("momentum", optim.momentum, 0, 1, "optim=sgd", "share of the last step in the next"), \
    BOOL("nesterov", optim.nesterov, "optim=sgd", "Nesterov's momentum"), \
    REAL("beta1", optim.beta1, 0, 1, "optim=adam|adamw", "memory of Adam's mean"), \
    REAL("weight_decay", optim.weight_decay, 0, 1e6, NULL, "pull of all values towards 0"), \
    REAL("clip_norm", optim.clip_norm, 0, 1e6, NULL, "largest norm of the gradient; 0: any"), \
    WORD("schedule", schedule, fy_schedule_names, NULL, "of the rate, over the adaptation")

static const fyi_key norm_keys[] = { LEARNING, { .key = NULL } };

static const fyi_key transfer_keys[] = {
    LEARNING,
    REAL("encoder_rate", encoder_rate, 0, 1e6, NULL, "learning rate of the encoder relative to lr"),
    REAL("trade_off", trade_off, -1, 1e6, NULL,
        "weight of what brings the domains together; negative: the method's own"),
    { .key = NULL },
};

static const fyi_key mcd_keys[] = {
    INT("encoder_steps", mcd_steps, 1, 8, NULL, "of the encoder for each of the classifiers"),
    { .key = NULL },
};

static const fyi_key mdd_keys[] = {
    REAL("margin", mdd_margin, 0, 1e3, NULL, "weight of the source beside the target for the adversary: gamma"),
    { .key = NULL },
};

static const fyi_key mcc_keys[] = {
    REAL("temperature", mcc_temperature, 0.01, 1e3, NULL, "of the predictions whose confusion is looked at"),
    { .key = NULL },
};

static const fyi_key afn_keys[] = {
    REAL("step", afn_step, 0, 1e3, NULL, "what features are to be longer by"),
    { .key = NULL },
};

static const fyi_key self_training_keys[] = {
    REAL("threshold", threshold, 0.01, 0.999, NULL, "least certainty of a class that is learnt"),
    { .key = NULL },
};

static const fyi_key subspace_keys[] = {
    INT("axes", subspace_axes, 0, 1e6, NULL, "of each domain's features; 0: 20, or as many as there are"),
    { .key = NULL },
};

static const fyi_key transport_keys[] = {
    REAL("entropy", transport_entropy, 0.01, 1e3, NULL, "weight of the plan's entropy, relative to the largest cost"),
    REAL("classes", transport_classes, 0, 1e3, NULL,
        "weight of not sending several classes to one sample of the target; 0: labels are not looked at"),
    { .key = NULL },
};

#define TRIES(member) offsetof(struct tries, member)
static const fyi_key auto_keys[] = {
    { "methods", FYI_KEY_NAMES, TRIES(methods), 0, 0, NULL, NULL, 0,
        "that are tried, in this order; by default different ideas first and then others of their families, all but subspace, transport and adda" },
    { "trials", FYI_KEY_INT, TRIES(trials), 0, FY_MAX_TRIES, NULL, NULL, 0,
        "how many of them are run at most; 0: all" },
    { "minutes", FYI_KEY_REAL, TRIES(minutes), 0, 1e6, NULL, NULL, 0,
        "none begins that would end later, going by the longest before; 0: any, so that the machine's speed changes nothing" },
    { .key = NULL },
};
/* clang-format on */

static void set_defaults(void *to)
{
    const fy_auto_opts tries = fy_auto_defaults();
    options *o = to;

    *o = (options){ .o = fy_adapt_defaults(),
                    .tries = { .trials = tries.trials, .minutes = tries.minutes } };
    fyi_augment_defaults(&o->source_augment);
    fyi_augment_defaults(&o->augment);
    fyi_augment_defaults(&o->strong);
}

/* ---- running --------------------------------------------------------------------------------- */

static fy_status set_augment(const fyi_augment_settings *from, fy_augment *room,
                             const fy_augment **to)
{
    FYI_FORWARD(fyi_augment_make(from, room));
    *to = fy_augment_is_none(room) ? NULL : room;
    return FY_OK;
}

/* What the recipe's options come to on these data; lent by `room`. */
typedef struct made {
    fy_adapt_opts o;
    fy_augment source_augment, augment, strong;
    fy_pixels source, target;
} made;

static fy_status make(const fyi_method_site *at, const options *from, made *room)
{
    const fyi_side *side = at->settings->side;
    const fy_dataset *source = at->data->side[FYI_SOURCE];
    fy_adapt_opts *o = &room->o;

    *o = from->o;
    room->target = fyi_side_pixels(&side[FYI_TARGET], at->data->side[FYI_TARGET]);
    if (source != NULL)
        room->source = fyi_side_pixels(&side[FYI_SOURCE], source);
    FYI_FORWARD(set_augment(&from->source_augment, &room->source_augment, &o->source_augment));
    FYI_FORWARD(set_augment(&from->augment, &room->augment, &o->augment));
    FYI_FORWARD(set_augment(&from->strong, &room->strong, &o->strong));
    o->method = at->settings->method->name;
    o->weights = fyi_text_or_null(o->weights);
    o->source_weights = fyi_text_or_null(o->source_weights);
    o->classifier_weights = fyi_text_or_null(o->classifier_weights);
    o->source_pixels = source != NULL ? &room->source : NULL; /* else its file says */
    o->target_pixels = &room->target;
    o->seed = at->seed;
    o->workers = at->workers;
    return FY_OK;
}

static fy_status run(const fyi_method_site *at, const void *given, fy_recipe_result *result)
{
    made room;

    FYI_FORWARD(make(at, given, &room));
    return fy_adapt(at->run, at->device, &at->data->view.adapt, &room.o, &result->report.adapt);
}

static fy_status run_auto(const fyi_method_site *at, const void *given, fy_recipe_result *result)
{
    const struct tries *from = &((const options *)given)->tries;
    fy_auto_opts tries = { .trials = from->trials, .minutes = from->minutes };
    made room;

    if (from->methods.n > FY_MAX_TRIES)
        return fyi_fail(FY_EINVAL, "'auto.methods' has %d methods; expected at most %d",
                        from->methods.n, FY_MAX_TRIES);
    for (int i = 0; i < from->methods.n; i++)
        tries.methods[tries.n_methods++] = from->methods.v[i];
    FYI_FORWARD(make(at, given, &room));
    return fy_adapt_auto(at->run, at->device, &at->data->view.adapt, &room.o, &tries,
                         &result->report.adapt);
}

/* ---- the methods ------------------------------------------------------------------------------- */

/* clang-format off */
#define HELP_run NULL
#define HELP_run_auto "several of these methods, one after the other, and the choice among what they made, without labels"
#define OWN(section) { #section, section##_keys, offsetof(options, o), false, 0, NULL }
#define NORMS { "transfer", norm_keys, offsetof(options, o), false, 0, NULL }
#define TRANSFER OWN(transfer)
#define SPARES .spares = FYI_SIDE(FYI_SOURCE)
#define NEEDS .spares = 0
#define STRONG { "strong", fyi_augment_keys, offsetof(options, strong), true, 0, NULL }
#define AUGMENT { "augment", fyi_augment_keys, offsetof(options, augment), true, 0, NULL }
#define METHOD(word, sides, model, ...) METHOD_BY(run, word, sides, model, AUGMENT, __VA_ARGS__)
#define METHOD_BY(runs, word, sides, model, ...) \
    { sides, .name = word, .kind = &fyi_kind_adapt, .bytes = sizeof(options), .defaults = set_defaults, .run = runs, \
      .help = HELP_##runs, \
      .sections = { { "model", model, offsetof(options, o), false, 0, NULL }, OWN(adapt), { "choice", fyi_choice_keys, offsetof(options, o.rule), false, 0, NULL }, \
                    { "source_augment", fyi_augment_keys, offsetof(options, source_augment), true, 0, "adapt." LEARNT }, __VA_ARGS__ } }
/* On features that are computed once. */
#define MAPPED(word, ...) METHOD_BY(run, word, NEEDS, model_keys, NORMS, __VA_ARGS__)
const fyi_method fyi_adapt_methods[FYI_ADAPT_METHODS] = {
    METHOD("adabn", SPARES, model_keys, { .name = NULL }),
    METHOD("tent", SPARES, model_keys, NORMS),
    METHOD("coral", NEEDS, model_keys, TRANSFER),
    METHOD("mmd", NEEDS, model_keys, TRANSFER),
    METHOD("jan", NEEDS, model_keys, TRANSFER),
    METHOD("dann", NEEDS, critic_keys, TRANSFER),
    METHOD("cdan", NEEDS, critic_keys, TRANSFER),
    METHOD("cdan_e", NEEDS, critic_keys, TRANSFER),
    METHOD("mcd", NEEDS, model_keys, TRANSFER, OWN(mcd)),
    METHOD("mdd", NEEDS, model_keys, TRANSFER, OWN(mdd)),
    METHOD("mcc", NEEDS, model_keys, TRANSFER, OWN(mcc)),
    METHOD("afn", NEEDS, model_keys, TRANSFER, OWN(afn)),
    METHOD("bnm", NEEDS, model_keys, TRANSFER),
    METHOD("shot", SPARES, model_keys, TRANSFER),
    METHOD("self_training", NEEDS, model_keys, TRANSFER, OWN(self_training), STRONG),
    MAPPED("subspace", OWN(subspace)),
    MAPPED("transport", OWN(transport)),
    METHOD_BY(run_auto, "auto", SPARES, critic_keys, AUGMENT, TRANSFER, OWN(mcd), OWN(mdd), OWN(mcc), OWN(afn), OWN(self_training), STRONG,
           OWN(subspace), OWN(transport), { "auto", auto_keys, offsetof(options, tries), false, 0, NULL }),
};
/* clang-format on */
