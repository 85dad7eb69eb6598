/* method_fuse.c: the keys of learning from several modalities (fy_fuse) and how a recipe runs it. Each of fy_fuse_methods is a
 * recipe's method; they have the same keys but for a section that tells what is their own. */
#include "recipe/fuse.h"

#include <math.h>
#include <string.h>

#define MAX_FAMILIES 64
#define FUSIONS "fusion_" /* how a fusion's family begins */

/* Families whose name begins so, or does not; "auto" after the others. */
static void list_families(bool are_fusions, const char *words[MAX_FAMILIES])
{
    const char *const *families = fy_model_families();
    int n = 0;

    for (int i = 0; families[i] != NULL && n < MAX_FAMILIES - 2; i++)
        if ((strncmp(families[i], FUSIONS, sizeof FUSIONS - 1) == 0) == are_fusions)
            words[n++] = families[i];
    if (!are_fusions)
        words[n++] = "auto";
    words[n] = NULL;
}

const char *const *fyi_encoder_words(void)
{
    static _Thread_local const char *words[MAX_FAMILIES];

    list_families(false, words);
    return words;
}

const char *const *fyi_fusion_words(void)
{
    static _Thread_local const char *words[MAX_FAMILIES];

    list_families(true, words);
    return words;
}

/* In the order of fy_pairing. */
static const char *const *pair_words(void)
{
    static const char *const words[] = { "number", "key", "label", NULL };

    return words;
}

/* clang-format off */
#define KEY(name, type, member, min, max, words, needs, help) \
    { name, type, AT(member), min, max, words, needs, 0, help }
#define AT(member) offsetof(fyi_pair_settings, member)
const fyi_key fyi_pair_keys[] = {
    KEY("by", FYI_KEY_WORD, by, 0, 0, pair_words, NULL,
        "what makes parts one sample: their number, the same in all; their key or name; or their label alone, where no sample is "
        "really a sample of both"),
    KEY("keep_incomplete", FYI_KEY_BOOL, keep_incomplete, 0, 0, NULL, "by=key", "true: samples stay of which some part is missing"),
    KEY("anchor", FYI_KEY_TEXT, anchor, 0, 0, NULL, "by=label",
        "the modality whose samples are all shown, each once an epoch; \"\": the first that has groups, else the one with fewest"),
    KEY("seed", FYI_KEY_SEED, seed, 0, 0, NULL, NULL, "which sample of a label goes with which, and which parts go missing; seed: the run's, which also says what is held out"),
    KEY("test", FYI_KEY_REAL, test, 0, 0.9, NULL, NULL,
        "share of all samples kept for the test, where there is no part_1_test; 0: none. `holdout` is the same for validation"),
    KEY("drop", FYI_KEY_REAL, drop, 0, 0.99, NULL, NULL, "share of the training samples that lose each part, though never all of them"),
    KEY("drop_test", FYI_KEY_REAL, drop_test, 0, 0.99, NULL, NULL, "the same of test samples"),
    { .key = NULL },
};
#undef AT

#define AT(member) offsetof(fyi_encoder_settings, member)
const fyi_key fyi_encoder_keys[] = {
    KEY("name", FYI_KEY_NAME, name, 0, 0, NULL, NULL, "what the modality is called, and its encoder's file: image, sound"),
    KEY("family", FYI_KEY_WORD, o.family, 0, 0, fyi_encoder_words, NULL,
        "auto: mlp for vectors, conv4_1d for series, conv4 for pictures and spectrograms"),
    KEY("weights", FYI_KEY_FILE, o.weights, 0, 0, NULL, NULL, "what of it fits is loaded; \"\": random values"),
    KEY("weights_part", FYI_KEY_TEXT, o.weights_part, 0, 0, NULL, "weights!=\"\"",
        "which of a checkpoint's dictionaries: \"ema\"; \"\": the usual one"),
    KEY("weights_prefix", FYI_KEY_TEXT, o.weights_prefix, 0, 0, NULL, "weights!=\"\"",
        "what stands before the model's names in the file: \"backbone.\"; \"\": found by itself"),
    KEY("width", FYI_KEY_REAL, o.width, 0, 16, NULL, NULL, "factor on the channels of every layer; 0: 1"),
    KEY("dropout", FYI_KEY_REAL, o.dropout, -1, 0.99, NULL, NULL, "before the features; -1: the family's own"),
    KEY("pool", FYI_KEY_WORD, o.pool, 0, 0, fyi_pool_words, NULL, "over the last map; auto: the family's own"),
    { .key = NULL },
};
#undef AT

#define AT(member) offsetof(fy_fuse_opts, member)
static const fyi_key fuse_keys[] = {
    KEY("fusion", FYI_KEY_WORD, fusion, 0, 0, fyi_fusion_words, NULL, "what makes one result of all features"),
    KEY("features", FYI_KEY_INT, features, 1, 65536, NULL, NULL, "that every encoder gives"),
    KEY("hidden", FYI_KEY_INT, hidden, 0, 65536, NULL, NULL, "of the fusion; 0: the family's own"),
    KEY("optim", FYI_KEY_WORD, optim.name, 0, 0, fy_optim_names, NULL, "how all of it learns"),
    KEY("lr", FYI_KEY_REAL, optim.lr, 0, 1e6, NULL, NULL, "learning rate, before the schedule"),
    KEY("momentum", FYI_KEY_REAL, optim.momentum, 0, 1, NULL, "optim=sgd", "share of the last step in the next"),
    KEY("nesterov", FYI_KEY_BOOL, optim.nesterov, 0, 0, NULL, "optim=sgd", "Nesterov's momentum"),
    KEY("beta1", FYI_KEY_REAL, optim.beta1, 0, 1, NULL, "optim=adam|adamw", "memory of Adam's mean"),
    KEY("weight_decay", FYI_KEY_REAL, optim.weight_decay, 0, 1e6, NULL, NULL, "pull of all values towards 0"),
    KEY("clip_norm", FYI_KEY_REAL, optim.clip_norm, 0, 1e6, NULL, NULL, "largest norm of the gradient; 0: any"),
    KEY("encoder_rate", FYI_KEY_REAL, encoder_rate, 0, 1e6, NULL, NULL, "learning rate of the encoders relative to lr"),
    KEY("epochs", FYI_KEY_INT, epochs, 1, 1e6, NULL, NULL, "at most, of each stage"),
    KEY("batch", FYI_KEY_INT, batch, 2, 65536, NULL, NULL, "samples per step"),
    KEY("schedule", FYI_KEY_WORD, schedule, 0, 0, fy_schedule_names, NULL, "of the rate, over each stage"),
    KEY("patience", FYI_KEY_INT, patience, 0, 1e6, NULL, NULL, "epochs without a better model that end a stage; 0: none do"),
    KEY("weak", FYI_KEY_TEXT, weak, 0, 0, NULL, NULL,
        "the modality whose figures are given apart, by its name; \"\": the one whose branch is worst on validation"),
    { .key = NULL },
};

static const fyi_key branches_keys[] = {
    KEY("alpha", FYI_KEY_REAL, alpha, 0, 1e6, NULL, NULL, "weight of the losses that each modality has by itself"),
    { .key = NULL },
};

static const fyi_key ogm_keys[] = {
    KEY("alpha", FYI_KEY_REAL, ogm.alpha, 0, 1e3, NULL, NULL, "how much smaller the gradient of a modality that is ahead gets"),
    KEY("noise", FYI_KEY_BOOL, ogm.noise, 0, 0, NULL, NULL, "noise of the gradient's own deviation on convolutions"),
    { .key = NULL },
};

static const fyi_key agm_keys[] = {
    KEY("alpha", FYI_KEY_REAL, agm_alpha, 0, 1e3, NULL, NULL, "exponent of the modulation"),
    { .key = NULL },
};

static const fyi_key mmpareto_keys[] = {
    KEY("gamma", FYI_KEY_REAL, mmpareto_gamma, 0, 1e3, NULL, NULL, "length of the combined gradient relative to that of the sum"),
    { .key = NULL },
};

static const fyi_key umt_keys[] = {
    KEY("weight", FYI_KEY_REAL, umt_weight, 0, 1e6, NULL, NULL, "of the distance to what encoders that learned alone say"),
    { .key = NULL },
};

static const fyi_key unique_keys[] = {
    KEY("beta", FYI_KEY_REAL, unique.beta, -1, 1e6, NULL, NULL,
        "weight of what only one modality knows, for all encoders; negative: each its own, found as it goes"),
    KEY("beta_max", FYI_KEY_REAL, unique.beta_max, 0, 1e6, NULL, NULL, "largest of those that are found, times branches.alpha"),
    KEY("kappa", FYI_KEY_REAL, unique.kappa, 0, 1e3, NULL, NULL, "how much the others' word counts in it; 0: not, as a control"),
    KEY("epsilon", FYI_KEY_REAL, unique.epsilon, 0, 1, NULL, NULL, "share of the others' word that is spread over all classes"),
    KEY("temperature", FYI_KEY_REAL, unique.temperature, 0, 1000, NULL, NULL,
        "of the others' word; 0: found for each modality and epoch by validation samples"),
    KEY("gamma", FYI_KEY_REAL, unique.gamma, 0, 1e6, NULL, NULL, "how soon a weaker modality gets a larger beta"),
    KEY("delta", FYI_KEY_REAL, unique.delta, 0, 1e6, NULL, NULL, "unique information, in nats, of which beta is half as large as it would be"),
    KEY("begin", FYI_KEY_REAL, unique.begin, 0, 1, NULL, NULL, "share of the training before beta is above 0"),
    KEY("rate", FYI_KEY_REAL, unique.rate, 0, 1e6, NULL, NULL, "learning rate of the heads that measure it, relative to lr"),
    { .key = NULL },
};
#undef AT
#undef KEY
/* clang-format on */

void fyi_fuse_defaults(void *to)
{
    fyi_fuse_options *o = to;

    *o = (fyi_fuse_options){ .o = fy_fuse_defaults(),
                             .pair = { .by = "number", .anchor = "", .seed.follows = true } };
    for (int m = 0; m < FY_MAX_MODALITIES; m++) {
        o->encoder[m] = (fyi_encoder_settings){ fyi_side_names[FYI_PART + m], o->o.encoders[m] };
        fyi_augment_defaults(&o->augment[m]);
    }
}

/* ---- running --------------------------------------------------------------------------------- */

fy_status fyi_fuse_modality(const fyi_method_site *at, const fyi_fuse_options *g, int m,
                            fyi_modality_room *room, fy_augment const **augment,
                            fy_pixels const **pixels)
{
    const int side = FYI_PART + m;

    FYI_FORWARD(fyi_augment_make(&g->augment[m], &room->augment));
    if (!fy_augment_is_none(&room->augment))
        *augment = &room->augment;
    room->pixels = fyi_side_pixels(&at->settings->side[side], at->data->side[side]);
    if (room->pixels.channels > 0)
        *pixels = &room->pixels;
    return FY_OK;
}

static fy_status run(const fyi_method_site *at, const void *given, fy_recipe_result *result)
{
    const fyi_fuse_options *g = given;
    const int n = fy_parts_modalities(at->data->view.fuse.train);
    fy_fuse_opts o = g->o;
    fyi_modality_room room[FY_MAX_MODALITIES];

    for (int m = 0; m < n; m++) {
        o.encoders[m] = g->encoder[m].o;
        FYI_FORWARD(fyi_fuse_modality(at, g, m, &room[m], &o.augment[m], &o.pixels[m]));
    }
    o.method = at->settings->method->name;
    o.weak = fyi_text_or_null(o.weak);
    o.seed = at->seed;
    o.workers = at->workers;
    return fy_fuse(at->run, at->device, &at->data->view.fuse, &o, &result->report.fuse);
}

/* ---- the methods ------------------------------------------------------------------------------- */

/* clang-format off */
#define OPTIONS offsetof(fyi_fuse_options, o)
#define OWN(section) { #section, section##_keys, OPTIONS, false, 0, NULL }
#define METHOD(word, ...) \
    { .name = word, .kind = &fyi_kind_fuse, .bytes = sizeof(fyi_fuse_options), .defaults = fyi_fuse_defaults, .run = run, \
      .sections = { { "pair", fyi_pair_keys, offsetof(fyi_fuse_options, pair), false, 0, NULL }, \
                    { "encoder_" FYI_EACH_PART, fyi_encoder_keys, offsetof(fyi_fuse_options, encoder), true, sizeof(fyi_encoder_settings), NULL }, \
                    { "augment_" FYI_EACH_PART, fyi_augment_keys, offsetof(fyi_fuse_options, augment), true, sizeof(fyi_augment_settings), NULL }, \
                    OWN(fuse), __VA_ARGS__ } }
const fyi_method fyi_fuse_methods[FYI_FUSE_METHODS] = {
    METHOD("alone", { .name = NULL }),
    METHOD("late", { .name = NULL }),
    METHOD("joint", { .name = NULL }),
    METHOD("uniform", OWN(branches)),
    METHOD("ogm_ge", OWN(ogm)),
    METHOD("agm", OWN(agm)),
    METHOD("mmpareto", OWN(branches), OWN(mmpareto)),
    METHOD("umt", OWN(umt)),
    METHOD("dgl", OWN(branches)),
    METHOD("dgl_unique", OWN(branches), OWN(unique)),
};
/* clang-format on */
