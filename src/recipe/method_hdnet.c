/* method_hdnet.c: the keys of staged multimodal distillation (fy_hdnet) and how a recipe runs it. */
#include "recipe/hdnet.h"

#include <math.h>
#include <string.h>

/* clang-format off */
#define SOFTLY ".strategy=soft|hybrid|auto|all"
#define HARDLY ".strategy=hard|hybrid|auto|all"
#define KEY(name, type, member, min, max, words, needs, help) \
    { name, type, AT(member), min, max, words, needs, 0, help }
#define AT(member) offsetof(fyi_domain_settings, member)
static const fyi_key domain_keys[] = {
    KEY("train", FYI_KEY_REAL, sets[FYI_DOMAIN_TRAIN], 0, 0.95, NULL, NULL,
        "share of a target's samples whose labels nobody sees: critics look at them, and kd_on_target; 0: none"),
    KEY("finetune", FYI_KEY_REAL, sets[FYI_DOMAIN_FINETUNE], 0.01, 0.95, NULL, NULL, "share that stages 2 and 3 learn from"),
    KEY("val", FYI_KEY_REAL, sets[FYI_DOMAIN_VAL], 0.01, 0.95, NULL, NULL, "share that epochs, stage and strategy are chosen by"),
    KEY("test", FYI_KEY_REAL, sets[FYI_DOMAIN_TEST], 0.01, 0.95, NULL, NULL, "share that is looked at once, at the end"),
    KEY("of_source", FYI_KEY_REAL, of_source, 0, 0.95, NULL, NULL,
        "share of part_1's samples that are the target's, where neither target_1 nor groups say which; 0: none"),
    { .key = NULL },
};
#undef AT

#define AT(member) offsetof(fyi_shift_settings, member)
static const fyi_key shift_keys[] = {
    KEY("rotate_deg", FYI_KEY_REAL, o.rotate_deg, 0, 180, NULL, NULL,
        "vectors alone: the target's columns in pairs, each pair turned by so many degrees forwards or backwards, after they were standardised"),
    KEY("scale", FYI_KEY_REAL, o.scale, 0, 10, NULL, NULL, "deviation of the logarithm of each column's factor"),
    KEY("offset", FYI_KEY_REAL, o.offset, 0, 1e6, NULL, NULL, "deviation of each column's offset"),
    KEY("noise", FYI_KEY_REAL, o.noise, 0, 1e6, NULL, NULL, "deviation of what is added to every value"),
    { "seed", FYI_KEY_SEED, AT(seed), 0, 0, NULL, NULL, 0, "draws them, for each target and modality others; seed: the run's" },
    { .key = NULL },
};
#undef AT

#define AT(member) offsetof(fyi_hdnet_options, member)
static const fyi_key hdnet_keys[] = {
    KEY("fusion", FYI_KEY_WORD, o.fusion, 0, 0, fyi_fusion_words, NULL, "what makes one result of all features; fusion_attention is the paper's MMFM"),
    KEY("features", FYI_KEY_INT, o.features, 1, 65536, NULL, NULL, "that every encoder gives"),
    KEY("hidden", FYI_KEY_INT, o.hidden, 0, 65536, NULL, NULL, "of the fusion; 0: the family's own"),
    KEY("freeze", FYI_KEY_TEXT, freeze, 0, 0, NULL, NULL, "globs of the encoders' parameters that never move; \"\": all do"),
    KEY("num_aux_nets", FYI_KEY_INT, o.heads, 1, FY_HDNET_HEADS, NULL, NULL, "heads of each modality, from different beginnings; their logits are averaged"),
    KEY("aux_net_type", FYI_KEY_WORD, o.head_family, 0, 0, fyi_encoder_words, NULL,
        "family of the heads, which take features: head is fc, ReLU, dropout, fc. What a modality is seen with is encoder_1.family"),
    KEY("aux_hidden", FYI_KEY_INT, o.head_hidden, 0, 65536, NULL, NULL, "of the heads; 0: as many as features"),
    KEY("dropout", FYI_KEY_REAL, o.dropout, 0, 0.99, NULL, NULL, "of the heads"),
    KEY("optim", FYI_KEY_WORD, o.optim.name, 0, 0, fy_optim_names, NULL, "how all of it learns"),
    KEY("lr", FYI_KEY_REAL, o.optim.lr, 0, 1e6, NULL, NULL, "learning rate, before the schedule"),
    KEY("momentum", FYI_KEY_REAL, o.optim.momentum, 0, 1, NULL, "optim=sgd", "share of the last step in the next"),
    KEY("nesterov", FYI_KEY_BOOL, o.optim.nesterov, 0, 0, NULL, "optim=sgd", "Nesterov's momentum"),
    KEY("beta1", FYI_KEY_REAL, o.optim.beta1, 0, 1, NULL, "optim=adam|adamw", "memory of Adam's mean"),
    KEY("weight_decay", FYI_KEY_REAL, o.optim.weight_decay, 0, 1e6, NULL, NULL, "pull of all values towards 0"),
    KEY("clip_norm", FYI_KEY_REAL, o.optim.clip_norm, 0, 1e6, NULL, NULL, "largest norm of the gradient; 0: any"),
    KEY("schedule", FYI_KEY_WORD, o.schedule, 0, 0, fy_schedule_names, NULL, "of the rate, over each stage"),
    KEY("step_epochs", FYI_KEY_REAL, o.step_epochs, 0, 1e6, NULL, "schedule=step", "from one fall to the next"),
    KEY("milestones", FYI_KEY_INTS, milestones, 1, 1e6, NULL, "schedule=multistep", "epochs of a stage at which it falls"),
    KEY("gamma", FYI_KEY_REAL, o.gamma, 0, 1, NULL, "schedule=step|multistep", "what a fall multiplies the rate by"),
    KEY("epochs", FYI_KEY_INT, o.epochs, 1, 1e6, NULL, NULL, "of stage 1, over the source"),
    KEY("batch", FYI_KEY_INT, o.batch, 2, 65536, NULL, NULL, "samples per step of stage 1"),
    KEY("branch_epochs", FYI_KEY_INT, o.branch_epochs, 0, 1e6, NULL, NULL, "of stage 2, over a target's labelled samples; 0: it is left out"),
    KEY("whole_epochs", FYI_KEY_INT, o.whole_epochs, 0, 1e6, NULL, NULL, "of stage 3; 0: it is left out"),
    KEY("target_batch", FYI_KEY_INT, o.target_batch, 2, 65536, NULL, NULL, "samples per step of stages 2 and 3, of each set that they draw from"),
    KEY("branch_rate", FYI_KEY_REAL, o.branch_rate, 0, 1e6, NULL, NULL, "learning rate of stage 2 relative to lr"),
    KEY("whole_rate", FYI_KEY_REAL, o.whole_rate, 0, 1e6, NULL, NULL, "learning rate of stage 3 relative to lr"),
    KEY("patience", FYI_KEY_INT, o.patience, 0, 1e6, NULL, NULL, "epochs without a better model that end a stage; 0: none do"),
    KEY("aux_loss", FYI_KEY_WORD, o.aux_loss, 0, 0, fy_hdnet_aux_losses, NULL,
        "what heads learn by in stage 1: ce: labels; ce+kd: and the fusion's answer; mse: the fusion's logits alone"),
    KEY("aux_weight", FYI_KEY_REAL, o.aux_weight, 0, 1e6, NULL, NULL, "of that"),
    KEY("kd_weight", FYI_KEY_REAL, o.kd_weight, 0, 1e6, NULL, NULL, "of what fusion and heads teach each other; 0: nothing"),
    KEY("tau", FYI_KEY_REAL, o.tau, 0.001, 1000, NULL, NULL, "temperature of that"),
    KEY("kd_warmup", FYI_KEY_REAL, o.kd_warmup, 0, 1e6, NULL, "kd_weight!=0", "epochs of stage 1 over which it rises"),
    KEY("kd_on_target", FYI_KEY_BOOL, o.kd_on_target, 0, 0, NULL, "kd_weight!=0", "stage 1: also on the only target's samples without labels"),
    KEY("whole_aux", FYI_KEY_REAL, o.whole_aux, 0, 1e6, NULL, NULL, "weight of the heads' own losses in stage 3, which moves them then; 0: they stay"),
    KEY("finetuned", FYI_KEY_BOOL, o.finetuned, 0, 0, NULL, NULL, "true: plain fine-tuning of as many steps beside it, for the comparison"),
    KEY("finetune_rate", FYI_KEY_REAL, o.finetune_rate, 0, 1e6, NULL, "finetuned=true", "learning rate of that relative to lr"),
    KEY("augment_target", FYI_KEY_BOOL, o.augment_target, 0, 0, NULL, NULL, "false: augment_1 changes the source's samples alone"),
    KEY("test_views", FYI_KEY_INT, o.test_views, 0, 1000, NULL, NULL,
        "so many samples changed by augment_1 stand for each test sample, and their probabilities are averaged; 0: the sample itself"),
    { .key = NULL },
};

static const fyi_key soft_keys[] = {
    KEY("sign", FYI_KEY_REAL, o.soft.sign, -1, 1, NULL, SOFTLY, "1: modalities that are right more often learn faster; -1: slower"),
    KEY("temperature", FYI_KEY_REAL, o.soft.temperature, 0.001, 1000, NULL, SOFTLY, "of the shares: larger, more alike"),
    KEY("floor", FYI_KEY_REAL, o.soft.floor, 0, 1, NULL, SOFTLY, "least share of a modality"),
    KEY("memory", FYI_KEY_REAL, o.soft.memory, 0, 0.9999, NULL, SOFTLY, "of how often it was right, from one step to the next"),
    KEY("source", FYI_KEY_REAL, o.soft.source, 0, 0.99, NULL, SOFTLY, "share of the source's samples in stage 2's loss"),
    { .key = NULL },
};

static const fyi_key hard_keys[] = {
    KEY("pressure", FYI_KEY_REAL, o.hard.pressure, 0, 1e6, NULL, HARDLY, "weight of what critics tell encoders to hide"),
    KEY("adaptive", FYI_KEY_BOOL, o.hard.is_adaptive, 0, 0, NULL, HARDLY, "true: up to twice that while the critic wins, nothing at chance"),
    KEY("target_only", FYI_KEY_BOOL, o.hard.on_target_only, 0, 0, NULL, HARDLY, "true: encoders learn it from the target's samples alone"),
    KEY("hidden", FYI_KEY_INT, o.hard.hidden, 0, 65536, NULL, HARDLY, "of the critics; 0: as many as features"),
    KEY("rate", FYI_KEY_REAL, o.hard.rate, 0, 1e6, NULL, HARDLY, "learning rate of the critics relative to lr"),
    KEY("memory", FYI_KEY_REAL, o.hard.memory, 0, 0.9999, NULL, HARDLY, "of how often a critic was right, from one step to the next"),
    { .key = NULL },
};
#undef AT
#undef KEY
/* clang-format on */

static void set_defaults(void *to)
{
    fyi_hdnet_options *o = to;

    *o = (fyi_hdnet_options){
        .o = fy_hdnet_defaults(),
        .domain.sets = { [FYI_DOMAIN_TRAIN] = 0.4,
                         [FYI_DOMAIN_FINETUNE] = 0.2,
                         [FYI_DOMAIN_VAL] = 0.2,
                         [FYI_DOMAIN_TEST] = 0.2 },
    };
    fyi_fuse_defaults(&o->fuse);
    for (int m = 0; m < FY_MAX_MODALITIES; m++)
        o->shift[m].seed.follows = true;
}

static fy_status run(const fyi_method_site *at, const void *given, fy_recipe_result *result)
{
    const fyi_hdnet_options *g = given;
    const fy_hdnet_data *data = &at->data->view.hdnet;
    fyi_modality_room room[FY_MAX_MODALITIES];
    fy_hdnet_opts o = g->o;

    for (int m = 0; m < fy_parts_modalities(data->source); m++) {
        o.encoders[m] = g->fuse.encoder[m].o;
        o.freeze[m] = fyi_text_or_null(g->freeze);
        FYI_FORWARD(fyi_fuse_modality(at, &g->fuse, m, &room[m], &o.augment[m], &o.pixels[m]));
    }
    o.strategy = at->settings->run.strategy != NULL ? at->settings->run.strategy : "auto";
    o.milestones = g->milestones.v;
    o.n_milestones = g->milestones.n;
    o.seed = at->seed;
    o.workers = at->workers;
    return fy_hdnet(at->run, at->device, data, &o, &result->report.hdnet);
}

/* clang-format off */
#define IN(member) offsetof(fyi_hdnet_options, member)
const fyi_method fyi_method_hdnet = {
    .name = "hdnet",
    .help = "one or several modalities carried to other domains in three stages, whose answers teach each other",
    .kind = &fyi_kind_hdnet,
    .bytes = sizeof(fyi_hdnet_options),
    .defaults = set_defaults,
    .sections = { { "pair", fyi_pair_keys, IN(fuse.pair), false, 0, NULL },
                  { "encoder_" FYI_EACH_PART, fyi_encoder_keys, IN(fuse.encoder), true, sizeof(fyi_encoder_settings), NULL },
                  { "augment_" FYI_EACH_PART, fyi_augment_keys, IN(fuse.augment), true, sizeof(fyi_augment_settings), NULL },
                  { "shift_" FYI_EACH_PART, shift_keys, IN(shift), true, sizeof(fyi_shift_settings), NULL },
                  { "domain", domain_keys, IN(domain), false, 0, NULL },
                  { "hdnet", hdnet_keys, 0, false, 0, NULL },
                  { "soft", soft_keys, 0, false, 0, NULL },
                  { "hard", hard_keys, 0, false, 0, NULL } },
    .run = run,
};
/* clang-format on */
