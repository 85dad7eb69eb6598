/* method_distill.c: the keys of distillation (fy_distill) and how a recipe runs it. */
#include "recipe/recipe.h"

#include <math.h>
#include <string.h>

typedef struct options {
    fy_distill_opts o;
    fyi_reals weights;
    fyi_augment_settings augment;
} options;

#define MAX_FAMILIES 64

/* And "auto": what the weights' file says, or a copy of the teacher. */
static const char *const *family_words(void)
{
    static _Thread_local const char *words[MAX_FAMILIES];
    const char *const *families = fy_model_families();
    int n = 0;

    for (; families[n] != NULL && n < MAX_FAMILIES - 2; n++)
        words[n] = families[n];
    words[n] = "auto";
    words[n + 1] = NULL;
    return words;
}

/* What keys need. */
#define OF_A_FAMILY "family!=auto"
#define OF_A_FILE "weights!=\"\""
#define LEARNS(teacher) teacher ".weights=\"\" or " teacher ".learns=true"
#define A_TEACHER_LEARNS LEARNS("teacher") " or " LEARNS("teacher_2") " or " LEARNS("teacher_3")
#define READ_BY(losses) "distill.losses~" losses
#define ON_LAYERS "hint|vid|attention|nst|fsp|similarity"
#define BEGINS_SOMEWHERE "student.family=auto or student.weights!=\"\""

/* clang-format off */
#define AT(member) offsetof(fy_network_opts, member)
#define KEY(name, type, member, min, max, words, needs, help) \
    { name, type, AT(member), min, max, words, needs, 0, help }
#define WEIGHTS(what, needs) \
    KEY("weights", FYI_KEY_FILE, weights, 0, 0, NULL, needs, what), \
    KEY("weights_part", FYI_KEY_TEXT, weights_part, 0, 0, NULL, OF_A_FILE, \
        "which of a checkpoint's dictionaries: \"ema\"; \"\": the usual one"), \
    KEY("weights_prefix", FYI_KEY_TEXT, weights_prefix, 0, 0, NULL, OF_A_FILE, \
        "what stands before the model's names in the file: \"backbone.\"; \"\": found by itself")
#define FORM \
    KEY("width", FYI_KEY_REAL, width, 0, 16, NULL, OF_A_FAMILY, \
        "factor on the channels of every layer; 0: 1"), \
    KEY("dropout", FYI_KEY_REAL, dropout, -1, 0.99, NULL, OF_A_FAMILY, \
        "before the head; -1: the family's own"), \
    KEY("pool", FYI_KEY_WORD, pool, 0, 0, fyi_pool_words, OF_A_FAMILY, \
        "over the last map; auto: the family's own")

static const fyi_key teacher_keys[] = {
    KEY("family", FYI_KEY_WORD, family, 0, 0, family_words, NULL,
        "the network that teaches; auto: what its weights' file says"),
    WEIGHTS("trained before; \"\": it learns the source first", NULL),
    FORM,
    KEY("learns", FYI_KEY_BOOL, learns, 0, 0, NULL, OF_A_FILE,
        "true: what of the file fits is where it begins, and it learns the source first"),
    KEY("classes", FYI_KEY_INT, classes, 0, FY_MAX_SCORED, NULL, OF_A_FILE,
        "of a file that does not say; 0: the source's"),
    { .key = NULL },
};

static const fyi_key student_keys[] = {
    KEY("family", FYI_KEY_WORD, family, 0, 0, family_words, NULL,
        "the network that learns; auto: a copy of the teacher"),
    WEIGHTS("what of it fits is loaded; \"\": random values", OF_A_FAMILY),
    FORM,
    KEY("edit", FYI_KEY_TEXTS, edit, 0, 0, NULL, NULL,
        "changes to its layers, a list such as [drop layer3.1, head mlp 256]"),
    { .key = NULL },
};
#undef FORM
#undef WEIGHTS
#undef KEY
#undef AT

#define AT(member) offsetof(options, member)
#define KEY(name, type, member, min, max, words, needs, help) \
    { name, type, AT(member), min, max, words, needs, 0, help }
static const fyi_key distill_keys[] = {
    KEY("moves", FYI_KEY_TEXT, o.moves, 0, 0, NULL, NULL,
        "the student's parameters that learn: \"layer4.* fc.*\"; \"\": of a copy the head and the block before it, else all"),
    KEY("losses", FYI_KEY_TEXT, o.losses, 0, 0, NULL, NULL,
        "what it learns from the teacher: \"soft hint\"; 'ferry help losses' lists them; none: labels alone"),
    { "weights", FYI_KEY_REALS, AT(weights), 0, 1e9, NULL, NULL, FYI_KEY_MAY_BE_EMPTY,
      "of each loss; []: each one's usual weight" },
    KEY("taps", FYI_KEY_TEXT, o.taps, 0, 0, NULL, READ_BY(ON_LAYERS),
        "the student's layers that are compared: \"layer2 layer3\""),
    KEY("teacher_taps", FYI_KEY_TEXT, o.teacher_taps, 0, 0, NULL, "taps!=\"\"",
        "the teachers' beside them; \"\": the same names"),
    KEY("ce", FYI_KEY_REAL, o.ce, 0, 1e6, NULL, NULL, "weight of the labels"),
    KEY("source_ce", FYI_KEY_REAL, o.source_ce, 0, 1e6, NULL, "target",
        "weight of the source's labels beside a target's"),
    KEY("label_smoothing", FYI_KEY_REAL, o.label_smoothing, 0, 0.99, NULL, NULL,
        "share of a label that is spread over all classes"),
    KEY("l2_sp", FYI_KEY_REAL, o.l2_sp, 0, 1e6, NULL, BEGINS_SOMEWHERE,
        "pull of what moves towards where it began"),
    KEY("mutual", FYI_KEY_BOOL, o.mutual, 0, 0, NULL, NULL,
        "the teacher learns in the same steps, by `soft` from the student and from the labels"),
    KEY("optim", FYI_KEY_WORD, o.optim.name, 0, 0, fy_optim_names, NULL, "how the student learns"),
    KEY("lr", FYI_KEY_REAL, o.optim.lr, 0, 1e6, NULL, NULL, "learning rate, before the schedule"),
    KEY("momentum", FYI_KEY_REAL, o.optim.momentum, 0, 1, NULL, "optim=sgd", "share of the last step in the next"),
    KEY("nesterov", FYI_KEY_BOOL, o.optim.nesterov, 0, 0, NULL, "optim=sgd", "Nesterov's momentum"),
    KEY("beta1", FYI_KEY_REAL, o.optim.beta1, 0, 1, NULL, "optim=adam|adamw", "memory of Adam's mean"),
    KEY("weight_decay", FYI_KEY_REAL, o.optim.weight_decay, 0, 1e6, NULL, NULL, "pull of all values towards 0"),
    KEY("clip_norm", FYI_KEY_REAL, o.optim.clip_norm, 0, 1e6, NULL, NULL, "largest norm of the gradient; 0: any"),
    KEY("epochs", FYI_KEY_INT, o.epochs, 1, 1e6, NULL, NULL, "at most, of the larger of the two domains"),
    KEY("batch", FYI_KEY_INT, o.batch, 2, 65536, NULL, NULL, "samples per step, half of each domain"),
    KEY("schedule", FYI_KEY_WORD, o.schedule, 0, 0, fy_schedule_names, NULL, "of the rate, over each stage"),
    KEY("source_drop", FYI_KEY_REAL, o.source_drop, 0, 1, NULL, "target",
        "most that the student, re-distilled too, may lose of the teacher's accuracy on the source"),
    KEY("target_accuracy", FYI_KEY_REAL, o.target_accuracy, 0, 1, NULL, NULL,
        "on validation, that is enough; 0: any is worked for"),
    KEY("patience", FYI_KEY_INT, o.patience, 0, 1e6, NULL, NULL,
        "epochs without a better model that end a stage; 0: none do"),
    KEY("teacher_optim", FYI_KEY_WORD, o.teacher_optim.name, 0, 0, fy_optim_names, A_TEACHER_LEARNS,
        "how a teacher learns that does"),
    KEY("teacher_lr", FYI_KEY_REAL, o.teacher_optim.lr, 0, 1e6, NULL, A_TEACHER_LEARNS,
        "its learning rate, before the schedule"),
    KEY("teacher_weight_decay", FYI_KEY_REAL, o.teacher_optim.weight_decay, 0, 1e6, NULL, A_TEACHER_LEARNS,
        "pull of its values towards 0"),
    KEY("teacher_moves", FYI_KEY_TEXT, o.teacher_moves, 0, 0, NULL, A_TEACHER_LEARNS,
        "which of its parameters learn: \"fc.*\"; \"\": all"),
    KEY("teacher_epochs", FYI_KEY_INT, o.teacher_epochs, 1, 1e6, NULL, "mutual=false and " A_TEACHER_LEARNS,
        "of a teacher that learns before its student"),
    KEY("rounds", FYI_KEY_INT, o.rounds, 0, 2, NULL, "target", "of re-distillation on the source, while it helps"),
    KEY("redistil_epochs", FYI_KEY_INT, o.redistil_epochs, 1, 1e6, NULL, "rounds!=0", "of each round"),
    KEY("redistil_rate", FYI_KEY_REAL, o.redistil_rate, 0, 10, NULL, "rounds!=0", "learning rate there, relative to lr"),
    KEY("redistil_weight", FYI_KEY_REAL, o.redistil_weight, 0, 1, NULL, "rounds!=0",
        "of the student's word on the source; the labels have the rest"),
    KEY("redistil_target", FYI_KEY_REAL, o.redistil_target, 0, 1e6, NULL, "rounds!=0",
        "weight of the student's word on the target"),
    KEY("finetuned", FYI_KEY_BOOL, o.finetuned, 0, 0, NULL, "target",
        "a copy of the teacher learns the target by labels alone, for comparison"),
    KEY("finetuned_rate", FYI_KEY_REAL, o.finetuned_rate, 0, 1e6, NULL, "finetuned=true", "learning rate there, relative to lr"),
    KEY("views", FYI_KEY_INT, o.views, 0, 1e6, NULL, NULL,
        "of each sample by `augment`, over and over: teachers run once for each; 0: a new one every epoch"),
    { .key = NULL },
};

static const fyi_key kd_keys[] = {
    KEY("tau", FYI_KEY_REAL, o.kd.tau, -1, 1000, NULL, READ_BY("soft|dkd|dist|crd") " or distill.rounds!=0",
        "one temperature for soft, dkd, dist and crd, and for re-distillation; -1: each one's own"),
    KEY("alpha", FYI_KEY_REAL, o.kd.alpha, -1, 1e6, NULL, READ_BY("dkd|dist"),
        "dkd: of the label's class; dist: between classes; -1: its own"),
    KEY("beta", FYI_KEY_REAL, o.kd.beta, -1, 1e6, NULL, READ_BY("dkd|dist"),
        "dkd: of the other classes; dist: within a class; -1: its own"),
    KEY("gamma", FYI_KEY_REAL, o.kd.gamma, -1, 100, NULL, READ_BY("correlation"),
        "of the Gaussian kernel; -1: its own"),
    KEY("width", FYI_KEY_INT, o.kd.width, -1, 65536, NULL, READ_BY("vid|crd|adversarial"),
        "of what learns beside the student; -1: its own"),
    KEY("critic_on_features", FYI_KEY_BOOL, o.kd.critic_on_features, 0, 0, NULL, READ_BY("adversarial"),
        "the critic reads features instead of logits"),
    { .key = NULL },
};
/* clang-format on */

static void set_defaults(void *to)
{
    options *o = to;

    *o = (options){ .o = fy_distill_defaults() };
    fyi_augment_defaults(&o->augment);
}

/* Those that are named, without gaps. */
static void count_teachers(fy_distill_opts *o)
{
    int n = 0;

    for (int i = 0; i < FY_MAX_TEACHERS; i++)
        if (o->teachers[i].family != NULL || o->teachers[i].weights != NULL)
            o->teachers[n++] = o->teachers[i];
    o->n_teachers = FYI_MAX(n, 1); /* one that is not there is told by the method */
}

static fy_pixels pixels_of(const fyi_method_site *at, int side)
{
    return fyi_side_pixels(&at->settings->side[side], at->data->side[side]);
}

static fy_status run(const fyi_method_site *at, const void *given, fy_recipe_result *result)
{
    const options *g = given;
    const fy_pixels pixels = pixels_of(at, FYI_SOURCE_VAL);
    const bool sees_otherwise = at->data->side[FYI_SOURCE_TEACHER] != NULL;
    const fy_pixels teachers = sees_otherwise ? pixels_of(at, FYI_SOURCE_TEACHER) : pixels;
    fy_distill_opts o = g->o;
    fy_augment augment;

    FYI_FORWARD(fyi_augment_make(&g->augment, &augment));
    count_teachers(&o);
    o.augment = fy_augment_is_none(&augment) ? NULL : &augment;
    o.losses = o.losses != NULL && strcmp(o.losses, "none") == 0 ? "" : o.losses;
    o.student.edit = fyi_text_or_null(o.student.edit);
    o.moves = fyi_text_or_null(o.moves);
    o.teacher_moves = fyi_text_or_null(o.teacher_moves);
    o.taps = fyi_text_or_null(o.taps);
    o.teacher_taps = fyi_text_or_null(o.teacher_taps);
    o.weights = g->weights.v;
    o.n_weights = g->weights.n;
    o.pixels = &pixels;
    o.teacher_pixels = &teachers;
    o.seed = at->seed;
    o.kd.seed = at->seed;
    o.workers = at->workers;
    return fy_distill(at->run, at->device, &at->data->view.distill, &o, &result->report.distill);
}

#define TEACHER(i) offsetof(options, o.teachers[i])
const fyi_method fyi_method_distill = {
    .name = "distill",
    .help = "a student, a copy of its teacher or a smaller network, learns from it and from labels",
    .kind = &fyi_kind_distill,
    .bytes = sizeof(options),
    .defaults = set_defaults,
    .sections = { { "teacher", teacher_keys, TEACHER(0), false, 0, NULL },
                  { "teacher_2", teacher_keys, TEACHER(1), true, 0, NULL },
                  { "teacher_3", teacher_keys, TEACHER(2), true, 0, NULL },
                  { "student", student_keys, offsetof(options, o.student), false, 0, NULL },
                  { "distill", distill_keys, 0, false, 0, NULL },
                  { "kd", kd_keys, 0, false, 0, NULL },
                  { "augment", fyi_augment_keys, offsetof(options, augment), false, 0, NULL } },
    .run = run,
};
