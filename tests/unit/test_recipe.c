/* Recipes: what is refused and in which words, overrides, defaults, and the resolved file.
 * A recipe that is read wrong trains the wrong thing without a sign, so every mistake has its
 * sentence. */
#include "support/recipes.h"

#include "recipe/recipe.h"

#include <ferry/adapt.h>
#include <ferry/distill.h>
#include <ferry/recipe.h>

#include <glob.h>
#include <math.h>
#include <string.h>

#define SIDES                           \
    "source: {format: digits, n: 50}\n" \
    "target: {format: digits, style: noisy}\n"
#define WHOLE "method: adda\n" SIDES
#define GIVEN "method: distill\nsource: {format: digits}\n"
#define DISTILL GIVEN "teacher: {family: lenet}\n"
#define TARGET "target: {format: digits}\n"

/* ---- mistakes -------------------------------------------------------------------------------- */

static const fyt_bad_recipe bad_syntax[] = {
    { "tab", "method: adda\n\tseed: 3\n", "recipe x.yaml:2:1: " },
    { "open_bracket", "source: {n: [1, 2\n", "recipe x.yaml:" },
    { "not_a_mapping", "- a\n- b\n", "x.yaml:1:1: a recipe is made of 'key: value' lines" },
    { "scalar", "hello\n", "x.yaml:1:1: a recipe is made of 'key: value' lines" },
    { "twice", "seed: 1\nmethod: adda\nseed: 2\n",
      "x.yaml:3:1: 'seed' is there twice, first on line 1" },
    { "twice_dotted", "adda: {lr: 1}\nadda.lr: 2\n", "x.yaml:2:1: 'adda.lr' is there twice" },
    { "anchor", "seed: &a 1\n", "x.yaml:1:7: found an anchor or a tag" },
    { "anchor_on_map", "source: &a {n: 1}\n", "found an anchor or a tag" },
    { "alias", "seed: *a\n", "x.yaml:1:7: '*a' refers to another place" },
    { "tag", "seed: !!int 1\n", "x.yaml:1:7: found an anchor or a tag" },
    { "list_of_lists", "source: {classes: [[1], 2]}\n",
      "'source.classes' is a list, whose items must be" },
    { "list_of_maps", "source:\n  classes:\n    - a: 1\n",
      "x.yaml:3:7: 'source.classes' is a list" },
    { "no_value", "seed:\nmethod: adda\n", "x.yaml:1:6: 'seed' has no value" },
    { "no_keys", "source: {}\n", "x.yaml:1:1: 'source' has no keys below it" },
    { "list_as_key", "[a, b]: 1\n", "a key must be a word" },
    { "odd_key", "\"a b\": 1\n", "x.yaml:1:1: a key must be made of letters" },
    { "line_break", "name: \"a\\nb\"\n", "'name' holds a line break or another control character" },
    { "second_document", "seed: 1\n---\nseed: 2\n", "x.yaml:2:1: a second document begins" },
    { "not_utf8", "name: \xff\xfe\n", "save the file as UTF-8 text" },
    { "too_deep",
      "a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: 1}}}}}}}}}}}}}}}}\n",
      "nested more than 16 deep" },
};

static const fyt_bad_recipe bad_meaning[] = {
    { "no_method", SIDES, "'method' is missing" },
    { "method", "method: ada\n" SIDES,
      "x.yaml:1:1: 'method' is 'ada', expected adda, adabn, tent, coral," },
    { "unknown_key", WHOLE "adda: {critc_lr: 1}\n",
      "x.yaml:4:8: unknown key 'adda.critc_lr'; did you mean 'adda.critic_lr'?" },
    { "other_section", WHOLE "adda: {encoder: lenet}\n",
      "unknown key 'adda.encoder'; did you mean 'model.encoder'?" },
    { "other_side", WHOLE "taget: {style: noisy}\n", "did you mean 'target.style'?" },
    { "nothing_near", WHOLE "zebra: 1\n", "unknown key 'zebra'; 'ferry help recipe' lists them" },
    { "section_as_value", WHOLE "adda: 3\n", "x.yaml:4:1: 'adda' holds keys of its own" },
    { "int", WHOLE "adda: {batch: many}\n",
      "'adda.batch' is 'many', expected a whole number from 1 to 65536" },
    { "int_as_real", WHOLE "adda: {steps: 1e3}\n",
      "'adda.steps' is '1e3', expected a whole number" },
    { "int_range", WHOLE "adda: {batch: 0}\n",
      "'adda.batch' is '0', expected a whole number from 1" },
    { "int_overflow", WHOLE "adda: {batch: 99999999999999999999}\n", "expected a whole number" },
    { "real", WHOLE "adda: {critic_lr: fast}\n", "'adda.critic_lr' is 'fast', expected a number" },
    { "nan", WHOLE "adda: {critic_lr: nan}\n", "'adda.critic_lr' is 'nan', expected a number" },
    { "infinite", WHOLE "adda: {critic_lr: 1e999}\n",
      "'adda.critic_lr' is '1e999', expected a number" },
    { "hexadecimal", WHOLE "adda: {critic_lr: 0x1p3}\n", "expected a number" },
    { "negative", WHOLE "adda: {critic_lr: -1}\n", "expected a number from 0 to" },
    { "bool", WHOLE "adda: {conditional: yes}\n",
      "'adda.conditional' is 'yes', expected true or false" },
    { "word", WHOLE "adda: {critic_optim: adm}\n",
      "is 'adm', expected sgd, adam, adamw or adagrad; did you mean 'adam'?" },
    { "list_for_one", WHOLE "adda: {batch: [1, 2]}\n",
      "'adda.batch' is a list, expected a whole number" },
    { "seed", WHOLE "seed: -1\n", "'seed' is '-1', expected a whole number" },
    { "seed_follows_itself", WHOLE "seed: seed\n", "'seed' must be a whole number" },
    { "name", WHOLE "name: ../up\n", "'name' is '../up', expected a name of letters" },
    { "name_hidden", WHOLE "name: .x\n", "expected a name of letters" },
    { "class_twice",
      "method: adda\ntarget: {format: digits}\nsource: {format: digits, classes: [1, 1]}\n",
      "'source.classes' lists 1 twice" },
    { "relabel_length",
      "method: adda\ntarget: {format: digits}\nsource: {format: digits, classes: [1, 2], relabel: "
      "[0]}\n",
      "'source.relabel' has 1 numbers for the 2 of 'source.classes'" },
    { "relabel_alone",
      "method: adda\ntarget: {format: digits}\nsource: {format: digits, relabel: [0]}\n",
      "x.yaml:3:26: 'source.relabel' would not be used, since it needs source.classes!=[]" },
    { "momentum_of_adam", WHOLE "adda: {critic_optim: adam, critic_momentum: 0.9}\n",
      "'adda.critic_momentum' would not be used, since it needs adda.critic_optim=sgd" },
    { "epochs_and_steps", WHOLE "adda: {steps: 10, epochs: 2}\n",
      "'adda.epochs' would not be used" },
    { "pick_of_all",
      "method: adda\ntarget: {format: digits}\nsource: {format: digits, pick: first}\n",
      "'source.pick' would not be used, since it needs source.limit!=0" },
    { "seed_of_first",
      "method: adda\ntarget: {format: digits}\nsource: {format: digits, pick: first, limit: 3, "
      "pick_seed: 1}\n",
      "'source.pick_seed' would not be used" },
    { "files_of_digits",
      "method: adda\ntarget: {format: digits}\nsource: {format: digits, images: a}\n",
      "'source.images' would not be used, since it needs source.format!=digits" },
    { "crop_of_idx", "method: adda\ntarget: {format: digits}\nsource: {images: x, crop: 8}\n",
      "'source.crop' would not be used, since it needs source.format=folder|list|classes|tar" },
    { "two_sizes",
      "method: adda\ntarget: {format: digits}\nsource: {format: folder, images: x, size: 8, "
      "shorter: 8}\n",
      "'source.size' and 'source.shorter' are two ways to resize" },
    { "a_kind_of_check",
      "method: adda\ntarget: {format: digits}\nsource: {format: tar, images: x, check: file}\n",
      "did you mean 'files'?" },
    { "weights_of_a_classifier", WHOLE "adda: {classifier_weights: c.safetensors}\n",
      "'adda.classifier_weights' would not be used, since it needs adda.source_weights!=\"\"" },
    { "training_of_a_trained_model", WHOLE "adda: {source_weights: a.safetensors, source_lr: 1}\n",
      "'adda.source_lr' would not be used, since it needs adda.source_weights=\"\"" },
    { "weights_of_a_trained_encoder",
      "method: shot\n" SIDES
      "model: {weights: a.safetensors}\nadapt: {source_weights: b.safetensors}\n",
      "'model.weights' would not be used, since it needs adapt.source_weights=\"\"" },
    { "rounds_without_a_target", DISTILL "distill: {rounds: 2}\n",
      "x.yaml:4:11: 'distill.rounds' would not be used, since it needs a data side 'target'; leave "
      "it out" },
    { "what_hangs_on_rounds", DISTILL "distill: {redistil_epochs: 2}\n",
      "'distill.redistil_epochs' would not be used, since it needs a data side 'target'" },
    { "rounds_of_none", DISTILL TARGET "distill: {rounds: 0, redistil_epochs: 2}\n",
      "'distill.redistil_epochs' would not be used, since it needs distill.rounds!=0" },
    { "finetuned_without_a_target", DISTILL "distill: {finetuned: false}\n",
      "'distill.finetuned' would not be used, since it needs a data side 'target'" },
    { "source_drop_without_a_target", DISTILL "distill: {source_drop: 0.1}\n",
      "'distill.source_drop' would not be used, since it needs a data side 'target'" },
    { "source_ce_without_a_target", DISTILL "distill: {source_ce: 1}\n",
      "'distill.source_ce' would not be used, since it needs a data side 'target'" },
    { "epochs_of_a_peer", DISTILL "distill: {mutual: true, teacher_epochs: 3}\n",
      "'distill.teacher_epochs' would not be used, since it needs distill.mutual=false" },
    { "gamma_of_soft", DISTILL "kd: {gamma: 1}\n",
      "'kd.gamma' would not be used, since it needs correlation among distill.losses" },
    { "alpha_of_soft", DISTILL "distill: {losses: soft dists}\nkd: {alpha: 1}\n",
      "'kd.alpha' would not be used, since it needs dkd|dist among distill.losses" },
    { "width_of_hint", DISTILL "distill: {losses: hint}\nkd: {width: 8}\n",
      "'kd.width' would not be used, since it needs vid|crd|adversarial among distill.losses" },
    { "critic_of_hint", DISTILL "distill: {losses: hint}\nkd: {critic_on_features: true}\n",
      "'kd.critic_on_features' would not be used, since it needs adversarial among "
      "distill.losses" },
    { "taps_of_soft", DISTILL "distill: {taps: conv2}\n",
      "'distill.taps' would not be used, since it needs hint|vid|attention|nst|fsp|similarity "
      "among "
      "distill.losses; leave it out" },
    { "teacher_taps_of_soft", DISTILL "distill: {teacher_taps: conv2}\n",
      "'distill.teacher_taps' would not be used, since it needs distill.taps!=\"\"" },
    { "tau_of_labels", DISTILL "distill: {losses: none}\nkd: {tau: 2}\n",
      "'kd.tau' would not be used, since it needs soft|dkd|dist|crd among distill.losses or a data "
      "side 'target'" },
    { "tau_without_rounds", DISTILL TARGET "distill: {losses: hint, rounds: 0}\nkd: {tau: 2}\n",
      "'kd.tau' would not be used, since it needs soft|dkd|dist|crd among distill.losses or "
      "distill.rounds!=0" },
    { "width_beside_a_file", GIVEN "teacher: {weights: t.pth, width: 2}\n",
      "'teacher.width' would not be used, since it needs teacher.family!=auto" },
    { "dropout_beside_a_file", GIVEN "teacher: {weights: t.pth, dropout: 0.1}\n",
      "'teacher.dropout' would not be used, since it needs teacher.family!=auto" },
    { "pool_of_no_teacher", DISTILL "teacher_2: {pool: max}\n",
      "'teacher_2.pool' would not be used, since it needs teacher_2.family!=auto" },
    { "rate_of_a_given_teacher", GIVEN "teacher: {weights: t.pth}\ndistill: {teacher_lr: 1}\n",
      "'distill.teacher_lr' would not be used, since it needs teacher.weights=\"\" or "
      "teacher.learns=true or teacher_2.weights=\"\"" },
    { "epochs_of_a_given_teacher", GIVEN "teacher: {weights: t.pth}\ndistill: {teacher_epochs: 1}\n",
      "'distill.teacher_epochs' would not be used, since it needs teacher.weights=\"\" or" },
    { "moves_of_given_teachers",
      GIVEN "teacher: {weights: t.pth}\nteacher_2: {weights: u.pth}\n"
            "distill: {teacher_moves: fc.*}\n",
      "'distill.teacher_moves' would not be used, since it needs teacher.weights=\"\" or" },
    { "optim_of_a_given_teacher", GIVEN "teacher: {weights: t.pth}\ndistill: {teacher_optim: sgd}\n",
      "'distill.teacher_optim' would not be used" },
    { "decay_of_a_given_teacher",
      GIVEN "teacher: {weights: t.pth}\ndistill: {teacher_weight_decay: 1}\n",
      "'distill.teacher_weight_decay' would not be used" },
    { "nothing_to_stay_near", DISTILL "student: {family: lenet}\ndistill: {l2_sp: 0.1}\n",
      "'distill.l2_sp' would not be used, since it needs student.family=auto or "
      "student.weights!=\"\"" },
    { "weights_below_0", DISTILL "distill: {weights: [-1]}\n",
      "'distill.weights' is '-1', expected a list of 0 to 4 numbers, each 0 or more" },
    { "no_images", "method: adda\ntarget: {format: digits}\nsource: {labels: a}\n",
      "'source.images' is missing" },
    { "no_source", "method: adda\ntarget: {format: digits}\n", "the data side 'source' is missing" },
    { "no_target", "method: adda\nsource: {format: digits}\n", "the data side 'target' is missing" },
    { "holdout_and_test", WHOLE "holdout: 0.2\nsource_test: {format: digits}\n",
      "'holdout' would not be used, since there is a source_test" },
};

static void says_what_is_wrong_with_the_text(void **state)
{
    const fyt_bad_recipe *c = *state;
    fy_recipe *r = (void *)1;

    check_status(fy_recipe_parse("x.yaml", c->text, strlen(c->text), &r), FY_EFORMAT);
    check_sentence(c->sentence);
    assert_null(r);
}

/* ---- sizes ----------------------------------------------------------------------------------- */

static fy_status parse(const char *text, size_t bytes)
{
    fy_recipe *r;
    const fy_status st = fy_recipe_parse("x.yaml", text, bytes, &r);

    fy_recipe_free(r);
    return st;
}

static void refuses_what_is_too_large(void **state)
{
    const size_t big = ((size_t)1 << 20) + 1;
    char *text = test_malloc(big);
    fyi_buf list = { 0 };

    (void)state;
    memset(text, '#', big);
    check_status(parse(text, big), FY_EFORMAT);
    check_sentence("at most 1048576 are read");
    check_ok(parse(text, big - 1));
    test_free(text);

    fyi_buf_puts(&list, "a: [1");
    for (int i = 0; i < 4096; i++)
        fyi_buf_puts(&list, ",1");
    fyi_buf_puts(&list, "]\n");
    check_status(parse(list.p, list.len), FY_EFORMAT);
    check_sentence("more than 4096 values");
    fyi_buf_release(&list);
}

static void reads_no_byte_past_the_end(void **state)
{
    static const char text[] = WHOLE "adda: {critic_lr: 1e-3, steps: 10}\n";

    (void)state;
    for (size_t n = 0; n < sizeof text - 1; n++) {
        char *part = test_malloc(n + 1);

        memcpy(part, text, n);
        (void)parse(part, n);
        test_free(part);
    }
}

/* ---- overrides ------------------------------------------------------------------------------- */

static fy_recipe *whole(void)
{
    fy_recipe *r;

    check_ok(fy_recipe_parse("dir/my recipe.yaml", WHOLE, sizeof WHOLE - 1, &r));
    return r;
}

static const struct change {
    const char *name, *set, *key, *value;
} changes[] = {
    { "number", "adda.critic_lr=1e-5", "adda.critic_lr", "1e-05" },
    { "number_again", "adda.checkpoint=1", NULL, NULL },
    { "replaces_the_file", "source.n=7", "source.n", "7" },
    { "spaces", " source.n =  7 ", "source.n", "7" },
    { "list", "source.classes=[3, 1]", "source.classes", "[3, 1]" },
    { "list_of_one", "source.classes=4", "source.classes", "[4]" },
    { "empty_list", "source.classes=[]", "source.classes", "[]" },
    { "back_to_default", "source.n=", "source.n", "1000" },
    { "bool", "adda.conditional=true", "adda.conditional", "true" },
    { "follows", "source.draw_seed=seed", "source.draw_seed", "seed" },
    { "large_seed", "seed=18446744073709551615", "seed", "18446744073709551615" },
    { "plain_number", "checkpoint_s=120", "checkpoint_s", "120" },
    { "size", "memory=1.5 GiB", "memory", "1536MiB" },
    { "size_in_millions", "memory=800MB", "memory", "800MB" },
    { "no_size", "memory=lots", NULL, NULL },
    { "tenth", "adda.critic_lr=0.1", "adda.critic_lr", "0.1" },
    { "equals_in_value", "data_root=a=b", "data_root", "a=b" },
    { "no_equals", "seed", NULL, NULL },
    { "no_key", "=3", NULL, NULL },
};

static void changes_one_key(void **state)
{
    const struct change *c = *state;
    fy_recipe *r = whole();
    fy_status st = fy_recipe_set(r, c->set);

    if (st == FY_OK)
        st = fy_recipe_check(r);
    if (c->key != NULL) {
        check_ok(st);
        assert_string_equal(fy_recipe_get(r, c->key), c->value);
    } else {
        check_status(st, FY_EINVAL);
    }
    fy_recipe_free(r);
}

static void the_last_override_wins(void **state)
{
    fy_recipe *r = whole(), *copy;

    (void)state;
    check_ok(fy_recipe_set(r, "seed=1"));
    check_ok(fy_recipe_set(r, "seed=2"));
    check_ok(fy_recipe_copy(r, &copy));
    check_ok(fy_recipe_set(r, "seed=3"));
    assert_string_equal(fy_recipe_get(r, "seed"), "3");
    assert_string_equal(fy_recipe_get(copy, "seed"), "2");
    fy_recipe_free(copy);
    fy_recipe_free(r);
}

static void a_wrong_override_is_named(void **state)
{
    fy_recipe *r = whole();

    (void)state;
    check_ok(fy_recipe_set(r, "adda.critc_lr=3"));
    check_status(fy_recipe_check(r), FY_EINVAL);
    check_sentence(
        "setting 'adda.critc_lr=3': unknown key 'adda.critc_lr'; did you mean 'adda.critic_lr'?");
    fy_recipe_free(r);
}

/* A file that uses a part, and overrides that turn it off: the file's settings of the part go with it. */
#define USES_PARTS                                                                          \
    "method: adda\ntarget: {format: digits}\n"                                              \
    "source: {format: digits, limit: 20, pick: stratified, pick_seed: 3, classes: [1, 2], " \
    "relabel: "                                                                             \
    "[1, 0], pad: 2, pad_value: 1}\n"                                                       \
    "adda: {source_optim: sgd, source_momentum: 0.5, source_steps: 9, "                     \
    "pseudo_weight: 1, cluster_components: 9, steps: 0, epochs: 2, critic_optim: sgd, "     \
    "critic_momentum: 0.9}\n"
static const struct off_row {
    const char *name, *set, *gone;
    const char *also, *sentence; /* another override that then has no meaning */
} off_rows[] = {
    { "off: weight", "adda.pseudo_weight=0", "adda.cluster_components", "adda.cluster_components=5",
      "needs adda.pseudo_weight!=0" },
    { "off: epochs", "adda.steps=7", "adda.epochs", "adda.epochs=3", "needs adda.steps=0" },
    { "off: optimiser", "adda.critic_optim=adam", "adda.critic_momentum",
      "adda.critic_momentum=0.5", "needs adda.critic_optim=sgd" },
    { "off: padding", "source.pad=0", "source.pad_value", "source.pad_value=0.5",
      "needs source.pad!=0" },
    { "off: list", "source.classes=[]", "source.relabel", "source.relabel=[1, 0]",
      "needs source.classes!=[]" },
    { "off: training", "adda.source_weights=x.safetensors", "adda.source_momentum",
      "adda.source_lr=1", "needs adda.source_weights=\"\"" },
    { "off: training by steps", "adda.source_weights=x.safetensors", "adda.source_steps",
      "adda.source_epochs=1", "needs adda.source_steps=0" },
    { "off: limit", "source.limit=0", "source.pick", "source.pick=first", "needs source.limit!=0" },
    { "off: limit's seed", "source.limit=0", "source.pick_seed", "source.pick_seed=4",
      "needs source.limit!=0" },
};

static fy_recipe *parts(const char *set)
{
    fy_recipe *r;

    r = fyt_recipe(USES_PARTS);
    check_ok(fy_recipe_set(r, set));
    return r;
}

static void what_is_turned_off_takes_its_settings_along(void **state)
{
    const struct off_row *c = *state;
    fy_recipe *r = parts(c->set);

    check_ok(fy_recipe_check(r));
    assert_null(fy_recipe_get(r, c->gone));
    fy_recipe_free(r);
    r = parts(c->set);
    check_ok(fy_recipe_set(r, c->also));
    check_status(fy_recipe_check(r), FY_EINVAL);
    check_sentence(c->sentence);
    fy_recipe_free(r);
}

static void put_takes_a_value_letter_by_letter(void **state)
{
    fy_recipe *r = whole();

    (void)state;
    check_ok(fy_recipe_set(r, "source.format=idx"));
    check_ok(fy_recipe_set(r, "source.n="));
    check_ok(fy_recipe_put(r, "source.images", "[odd, name]"));
    assert_string_equal(fy_recipe_get(r, "source.images"), "[odd, name]");
    check_status(fy_recipe_put(r, "source.images", "a\nb"), FY_EINVAL);
    fy_recipe_free(r);
}

/* ---- resolved -------------------------------------------------------------------------------- */

static void is_named_after_its_file(void **state)
{
    fy_recipe *r = whole();

    (void)state;
    assert_string_equal(fy_recipe_name(r), "my_recipe");
    assert_null(fy_recipe_get(r, "source_test.n"));
    assert_null(fy_recipe_get(r, "source.images"));
    assert_string_equal(fy_recipe_get(r, "source.style"), "clean");
    fy_recipe_free(r);
}

static void what_is_written_reads_back_as_it_was(void **state)
{
    static const char *const settings[] = {
        "source.classes=[3, 1]", "source.relabel=[0, 0]", "source.limit=10",
        "source.pick=first",     "target.range=normal",   "target.mean=[0.1, 0.2]",
        "adda.critic_optim=sgd", "adda.critic_lr=0.1",    "seed=18446744073709551615",
    };
    char first[512], second[512];
    fy_recipe *r = whole(), *again;

    for (size_t i = 0; i < LEN(settings); i++)
        check_ok(fy_recipe_set(r, settings[i]));
    check_ok(fy_recipe_put(r, "data_root", "od\"d \\ n\xc3\xa4me: #[x]"));
    (void)snprintf(first, sizeof first, "%s", fyt_path(*state, "a.yaml"));
    (void)snprintf(second, sizeof second, "%s", fyt_path(*state, "b.yaml"));
    check_ok(fy_recipe_write(r, first));
    check_ok(fy_recipe_read(first, &again));
    check_ok(fy_recipe_write(again, second));
    check_same_file(first, second);
    assert_string_equal(fy_recipe_get(again, "data_root"), "od\"d \\ n\xc3\xa4me: #[x]");
    assert_string_equal(fy_recipe_name(again), "my_recipe");
    fy_recipe_free(again);
    fy_recipe_free(r);
}

/* What applies depends on keys of other sections and on which data there is; what is written has to agree with itself. */
static void what_a_distillation_writes_reads_back(void **state)
{
    static const char *const texts[] = {
        DISTILL,
        DISTILL TARGET,
        DISTILL "distill: {mutual: true}\n",
        DISTILL "distill: {losses: none}\n",
        DISTILL TARGET "distill: {losses: soft  dkd, rounds: 0}\nkd: {alpha: 0, beta: -1}\n",
        DISTILL "distill: {losses: correlation vid adversarial, weights: [1, 1, 1]}\n"
                "kd: {gamma: 1, width: 4, critic_on_features: true}\n",
        DISTILL TARGET "distill: {losses: none}\nkd: {tau: 2}\n",
        DISTILL TARGET "distill: {losses: crd, rounds: 0}\nkd: {tau: 2}\n",
        GIVEN "teacher: {weights: t.pth, learns: true}\ndistill: {teacher_lr: 1}\n",
        GIVEN "teacher: {weights: t.pth}\nteacher_3: {family: lenet, width: 2}\n"
              "distill: {teacher_epochs: 1}\n",
        DISTILL "student: {family: lenet, weights: s.pth}\ndistill: {l2_sp: 0.1}\n",
    };
    char first[512], second[512];

    (void)snprintf(first, sizeof first, "%s", fyt_path(*state, "a.yaml"));
    (void)snprintf(second, sizeof second, "%s", fyt_path(*state, "b.yaml"));
    for (size_t i = 0; i < LEN(texts); i++) {
        fy_recipe *r, *again;

        r = fyt_recipe(texts[i]);
        check_ok(fy_recipe_write(r, first));
        check_ok(fy_recipe_read(first, &again));
        check_ok(fy_recipe_write(again, second));
        check_same_file(first, second);
        fy_recipe_free(again);
        fy_recipe_free(r);
    }
}

/* The recipe's word on which losses read layers is the losses' own. */
static void taps_are_for_losses_on_layers(void **state)
{
    (void)state;
    for (const char *const *loss = fy_kd_losses(); *loss; loss++) {
        fy_recipe *r = fyt_recipe(DISTILL);
        char losses[64];

        snprintf(losses, sizeof losses, "distill.losses=%s", *loss);
        check_ok(fy_recipe_set(r, losses));
        check_ok(fy_recipe_set(r, "distill.taps=conv2"));
        check_status(fy_recipe_check(r), strstr(fy_kd_needs(*loss), "layers") ? FY_OK : FY_EINVAL);
        fy_recipe_free(r);
    }
}

/* Of several things of which one has to be so: an override of any takes along what the file says. */
static void a_teacher_that_is_given_takes_its_lessons_along(void **state)
{
    fy_recipe *r = fyt_recipe(DISTILL "distill: {teacher_lr: 0.5}\n");

    (void)state;
    assert_string_equal(fy_recipe_get(r, "distill.teacher_lr"), "0.5");
    check_ok(fy_recipe_set(r, "teacher.weights=t.pth"));
    check_ok(fy_recipe_check(r));
    assert_null(fy_recipe_get(r, "distill.teacher_lr"));
    check_ok(fy_recipe_set(r, "teacher.learns=true"));
    check_ok(fy_recipe_check(r));
    assert_string_equal(fy_recipe_get(r, "distill.teacher_lr"), "0.5");
    fy_recipe_free(r);
}

/* An override of one section's key takes along what another section's keys have to say to it. */
static void losses_take_their_numbers_along(void **state)
{
    static const char text[] = DISTILL "distill: {losses: dkd}\nkd: {alpha: 0, tau: 2}\n";
    fy_recipe *r;

    (void)state;
    check_ok(fy_recipe_parse("x.yaml", text, sizeof text - 1, &r));
    assert_string_equal(fy_recipe_get(r, "kd.alpha"), "0");
    assert_string_equal(fy_recipe_get(r, "kd.beta"), "-1");
    check_ok(fy_recipe_set(r, "distill.losses=soft"));
    check_ok(fy_recipe_check(r));
    assert_null(fy_recipe_get(r, "kd.alpha"));
    assert_string_equal(fy_recipe_get(r, "kd.tau"), "2");
    check_ok(fy_recipe_set(r, "kd.alpha=1"));
    check_status(fy_recipe_check(r), FY_EINVAL);
    check_sentence("setting 'kd.alpha=1': 'kd.alpha' would not be used");
    fy_recipe_free(r);
}

/* What is wrong with a recipe of this name and text, "" if nothing. */
static const char *mistake_of(const char *path)
{
    fy_recipe *r = NULL;
    fy_status st = fy_recipe_read(path, &r);

    if (st == FY_OK)
        st = fy_recipe_check(r);
    fy_recipe_free(r);
    return st == FY_OK ? "" : fy_last_error();
}

static void shipped_recipes_are_right(void **state)
{
    glob_t found = { 0 };

    (void)state;
    assert_int_equal(glob(fyt_source_path("recipes/*.yaml"), 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 5);
    for (size_t i = 0; i < found.gl_pathc; i++)
        assert_string_equal(mistake_of(found.gl_pathv[i]), "");
    globfree(&found);
}

static void every_known_key_has_a_type_and_a_meaning(void **state)
{
    fy_recipe_key k;
    int n = 0;

    (void)state;
    for (; fy_recipe_known(n, &k); n++)
        assert_true(strlen(k.key) > 0 && strlen(k.type) > 0 && strlen(k.help) > 0);
    assert_true(n > 50);
    assert_false(fy_recipe_known(-1, &k));
    assert_string_equal(fy_recipe_method(0), "adda");
    assert_string_equal(fy_recipe_method(1), fy_adapt_methods()[0]);
    assert_null(fy_recipe_method(100));
}

/* Each adaptation method of the library is a recipe's, and what only another one reads waits for it. */
static void every_adaptation_method_is_a_recipes(void **state)
{
    static const char text[] = "method: dann\nsource: {format: digits}\ntarget: {format: digits}\n"
                               "model: {critic_hidden: 8}\nmcd: {encoder_steps: 2}\n"
                               "self_training: {threshold: 0.9}\nstrong: {flip: 0.5}\n";

    (void)state;
    for (const char *const *names = fy_adapt_methods(); *names != NULL; names++) {
        fy_recipe *r;

        check_ok(fy_recipe_parse("x.yaml", text, sizeof text - 1, &r));
        check_ok(fy_recipe_put(r, "method", *names));
        check_ok(fy_recipe_check(r));
        assert_non_null(fy_adapt_method_text(*names));
        fy_recipe_free(r);
    }
    assert_null(fy_adapt_method_text("nothing"));
    assert_true(isnan(fy_adapt_method_trade_off("nothing")));
}

/* With a source model that is given, keys of its training are of use to methods with a second classifier alone. */
static void keys_of_source_training_wait(void **state)
{
    static const char text[] =
        "method: shot\nsource: {format: digits}\ntarget: {format: digits}\n"
        "adapt: {source_optim: sgd, source_momentum: 0.5, source_epochs: 3, label_smoothing: 0.2}\n"
        "source_augment: {flip: 0.5}\n";
    static const char *const keys[] = { "adapt.source_momentum", "adapt.source_epochs",
                                        "adapt.label_smoothing", "source_augment.flip" };
    fy_recipe *r;

    (void)state;
    check_ok(fy_recipe_parse("x.yaml", text, sizeof text - 1, &r));
    check_ok(fy_recipe_check(r));
    assert_null(r->settings.waiting);
    for (size_t i = 0; i < LEN(keys); i++)
        assert_non_null(fy_recipe_get(r, keys[i]));
    check_ok(fy_recipe_put(r, "adapt.source_weights", "source.safetensors"));
    for (size_t i = 0; i < LEN(keys); i++)
        assert_null(fy_recipe_get(r, keys[i]));
    assert_string_equal(r->settings.waiting,
                        "adapt.source_optim, adapt.source_momentum, adapt.source_epochs, "
                        "adapt.label_smoothing, source_augment.flip");
    check_ok(fy_recipe_put(r, "method", "mcd"));
    for (size_t i = 0; i < LEN(keys); i++)
        assert_non_null(fy_recipe_get(r, keys[i]));
    fy_recipe_free(r);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static fy_status read_change_resolve(void *arg)
{
    fy_recipe *r = NULL, *copy = NULL;
    fy_status st;

    FY_TRY(fy_recipe_parse("x.yaml", WHOLE, sizeof WHOLE - 1, &r));
    FY_TRY(fy_recipe_set(r, "source.classes=[1, 2]"));
    FY_TRY(fy_recipe_copy(r, &copy));
    FY_TRY(fy_recipe_write(copy, arg));
done:
    fy_recipe_free(copy);
    fy_recipe_free(r);
    return st;
}

static void survives_failing_allocations(void **state)
{
    char path[512];

    (void)snprintf(path, sizeof path, "%s", fyt_path(*state, "out.yaml"));
    fyt_check_alloc_failures(read_change_resolve, path);
}

int main(void)
{
    static const struct CMUnitTest rest[] = {
        cmocka_unit_test(refuses_what_is_too_large),
        cmocka_unit_test(reads_no_byte_past_the_end),
        cmocka_unit_test(the_last_override_wins),
        cmocka_unit_test(a_wrong_override_is_named),
        cmocka_unit_test(put_takes_a_value_letter_by_letter),
        cmocka_unit_test(is_named_after_its_file),
        cmocka_unit_test_setup_teardown(what_is_written_reads_back_as_it_was, fyt_tmpdir_setup,
                                        fyt_tmpdir_teardown),
        cmocka_unit_test(taps_are_for_losses_on_layers),
        cmocka_unit_test(a_teacher_that_is_given_takes_its_lessons_along),
        cmocka_unit_test_setup_teardown(what_a_distillation_writes_reads_back, fyt_tmpdir_setup,
                                        fyt_tmpdir_teardown),
        cmocka_unit_test(losses_take_their_numbers_along),
        cmocka_unit_test(shipped_recipes_are_right),
        cmocka_unit_test(every_known_key_has_a_type_and_a_meaning),
        cmocka_unit_test(every_adaptation_method_is_a_recipes),
        cmocka_unit_test(keys_of_source_training_wait),
        cmocka_unit_test_setup_teardown(survives_failing_allocations, fyt_tmpdir_setup,
                                        fyt_tmpdir_teardown),
    };
    struct CMUnitTest
        tests[LEN(bad_syntax) + LEN(bad_meaning) + LEN(changes) + LEN(off_rows) + LEN(rest)];
    size_t n = 0;

    for (size_t i = 0; i < LEN(bad_syntax); i++)
        tests[n++] = (struct CMUnitTest){ bad_syntax[i].name, says_what_is_wrong_with_the_text,
                                          NULL, NULL, (void *)&bad_syntax[i] };
    for (size_t i = 0; i < LEN(bad_meaning); i++)
        tests[n++] = (struct CMUnitTest){ bad_meaning[i].name, fyt_recipe_is_refused, NULL, NULL,
                                          (void *)&bad_meaning[i] };
    for (size_t i = 0; i < LEN(changes); i++)
        tests[n++] = (struct CMUnitTest){ changes[i].name, changes_one_key, NULL, NULL,
                                          (void *)&changes[i] };
    for (size_t i = 0; i < LEN(off_rows); i++)
        tests[n++] =
            (struct CMUnitTest){ off_rows[i].name, what_is_turned_off_takes_its_settings_along,
                                 NULL, NULL, (void *)&off_rows[i] };
    for (size_t i = 0; i < LEN(rest); i++)
        tests[n++] = rest[i];
    return cmocka_run_group_tests_name("recipe", tests, NULL, NULL);
}
