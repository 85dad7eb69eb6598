/* What the files of the recipe room share.
 *
 *   entry     a dotted key with its text or list, as read: nothing is known about it yet
 *   key       one row of a schema table: name, type, place in an options struct, what it needs
 *   section   a table of keys bound to a struct: the data side "target", the method's "adda"
 *   settings  all structs of one recipe, filled in from defaults and entries
 *
 * Defaults are whatever a struct holds before entries are bound, so they are written down once, in
 * the function that fills the struct. */
#ifndef FYI_RECIPE_H
#define FYI_RECIPE_H

#include <ferry/recipe.h>

#include "base/base.h"
#include "train/json.h"

/* ---- entries: read.c, entries.c -------------------------------------------------------------- */

#define FYI_RECIPE_MAX_BYTES ((size_t)1 << 20)
#define FYI_RECIPE_MAX_DEPTH 16
#define FYI_RECIPE_MAX_VALUES 4096
#define FYI_RECIPE_MAX_KEY 128
#define FYI_RECIPE_MAX_TEXT 4096

typedef struct fyi_entry {
    const char *key;
    const char **items; /* [n_items]; one when the value is no list */
    int n_items;
    bool is_list;
    int line, column; /* of the key, from 1; 0 for an override */
} fyi_entry;

/* A key that was there and was taken out, so that its default holds. */
typedef struct fyi_gone {
    struct fyi_gone *next;
    const char *key;
} fyi_gone;

typedef struct fyi_entries {
    fyi_arena arena;  /* holds all texts */
    const char *path; /* for sentences */
    fyi_entry *v;
    size_t n, cap;
    fyi_gone *gone;
} fyi_entries;

void fyi_entries_release(fyi_entries *t);
fyi_entry *fyi_entries_find(const fyi_entries *t, const char *key);
bool fyi_entries_took_out(const fyi_entries *t, const char *key);
fy_status fyi_entries_note_gone(fyi_entries *t, const char *key);
/* Appends, or replaces the entry of the same key; copies key and items. No items: removes the
 * entry. */
fy_status fyi_entries_put(fyi_entries *t, const fyi_entry *e);
/* "recipe x.yaml:12:3" or "setting 'adda.lr=0'": where a sentence about e begins. */
void fyi_entry_where(const fyi_entries *t, const fyi_entry *e, char *text, size_t size);
/* Printable UTF-8 without line breaks: what can be written back and read again as it was. */
bool fyi_text_is_plain(const char *text, size_t bytes);
/* As a recipe has it that needs quotes; as it has it. */
void fyi_text_quote(const char *text, fyi_buf *out);
void fyi_text_yaml(const char *text, fyi_buf *out);
fy_status fyi_entries_parse(fyi_entries *t, const char *text, size_t bytes);

/* ---- schema: schema.c ------------------------------------------------------------------------ */

typedef struct fyi_seed {
    uint64_t value;
    bool follows; /* "seed": the run's, mixed with a name */
} fyi_seed;

typedef struct fyi_ints {
    const int32_t *v; /* in the recipe's arena */
    int n;
} fyi_ints;

/* How often something is repeated, or with which seeds. */
typedef struct fyi_seeds {
    const uint64_t *v; /* [n], in the recipe's arena; NULL: the run's seed and those after it */
    int n;
} fyi_seeds;

typedef struct fyi_texts {
    const char *const *v; /* the recipe's */
    int n;
} fyi_texts;

#define FYI_MAX_REALS 4
typedef struct fyi_reals {
    double v[FYI_MAX_REALS];
    int n;
} fyi_reals;

typedef enum fyi_key_type {
    FYI_KEY_INT,   /* int64_t */
    FYI_KEY_REAL,  /* double */
    FYI_KEY_BYTES, /* int64_t: "1.5GiB", "800MB", bytes */
    FYI_KEY_BOOL,  /* bool */
    FYI_KEY_TEXT,  /* const char *; "" and NULL are the same */
    FYI_KEY_NAME,  /* const char *, fit for a file's name */
    FYI_KEY_FILE,  /* const char *, of a file that a run depends on; "" and NULL are the same */
    FYI_KEY_WORD, /* const char *, one of `words`; NULL is written "auto", where the key is not required */
    FYI_KEY_SEED,    /* fyi_seed */
    FYI_KEY_INTS,    /* fyi_ints */
    FYI_KEY_REALS,   /* fyi_reals */
    FYI_KEY_SEEDS,   /* fyi_seeds, at most max */
    FYI_KEY_CHANGES, /* fyi_texts, "key=value" each */
    FYI_KEY_NAMES,   /* fyi_texts, each there once */
    FYI_KEY_TEXTS, /* const char *: one text, or a list of them with "; " between; "" and NULL are the same */
} fyi_key_type;

enum {
    FYI_KEY_REQUIRED = 1,     /* must be given where it applies */
    FYI_KEY_MACHINE = 2,      /* changes no result: a resumed run may have another value */
    FYI_KEY_REPEATS = 4,      /* a list in which a number may be there twice */
    FYI_KEY_MAY_BE_EMPTY = 8, /* a list of no numbers says something, too */
    FYI_KEY_WAITS =
        16, /* where it does not apply it waits for another run of the recipe, and is no mistake */
};

typedef struct fyi_key {
    const char *key; /* within its section; NULL ends a table */
    fyi_key_type type;
    size_t at;       /* offset in the section's struct */
    double min, max; /* of numbers; both 0: any */
    const char *const *(*words)(void);
    /* "optim=adam|adamw", "limit!=0": of the section; "distill.mutual=false": of another one; "distill.losses~dkd|dist": one of
     * these is among its words; "target": there is such a data side. Of several with " or " between one has to hold, and all of
     * what stands around " and ", which is the looser of the two. NULL: always */
    const char *needs;
    unsigned flags;
    const char *help;
} fyi_key;

typedef struct fyi_section {
    const char *name; /* "" for keys at the top */
    const fyi_key *keys;
    void *base;
    bool is_open;      /* false: a data side that the recipe does not have */
    const char *needs; /* as a key's, for all of them; NULL: nothing */
} fyi_section;

/* Stores e's value at base; lists live in `arena`. The sentence begins with `where`. */
fy_status fyi_key_bind(const fyi_key *k, const fyi_entry *e, const char *where, void *base,
                       fyi_arena *arena);
/* The i-th key of a table with its default from `base`, or takes the table's length from *i. */
bool fyi_key_give(const char *section, const fyi_key *keys, const void *base, int *i,
                  fy_recipe_key *out);
/* The value as a recipe would have it. */
void fyi_key_text(const fyi_key *k, const void *base, fyi_buf *out);
/* "a whole number, 0 or more", "sgd or adam": what a value must be. */
void fyi_key_expected(const fyi_key *k, char *text, size_t size);
const fyi_key *fyi_key_find(const fyi_key *keys, const char *name, size_t len);
struct fyi_settings;
typedef struct fyi_span {
    const char *p;
    size_t n;
} fyi_span;
/* What a test in k->needs speaks of: a key, or a data side as a whole, and what it has to be. */
typedef struct fyi_condition {
    const fyi_section *section;
    const fyi_key *key; /* NULL: the section has to be there */
    const char *name;   /* "losses", name_len letters */
    fyi_span test;      /* "~dkd|dist" */
    int name_len;
} fyi_condition;
/* Is it so of one of the tests of k, a key of `own`, or of the keys that they name, and so on? */
bool fyi_any_condition(const struct fyi_settings *s, const fyi_section *own, const fyi_key *k,
                       bool (*is)(const void *arg, const fyi_condition *c), const void *arg);
/* Does what k->needs says hold, and what the keys need that it names, and so on? `own` is a section of s that has k. */
bool fyi_key_applies(const struct fyi_settings *s, const fyi_section *own, const fyi_key *k);
/* k->needs in words: "optim=adam|adamw", "a data side 'target'", "dkd|dist among distill.losses". */
void fyi_needs_text(const char *needs, char *text, size_t size);
/* The same of what does not hold, with the section of every key; false: k applies. */
bool fyi_unmet_text(const struct fyi_settings *s, const fyi_section *own, const fyi_key *k,
                    char *text, size_t size);

/* ---- settings: settings.c, sides.c, method.c, kind_*.c ------------------------------------------------- */

typedef struct fyi_run_settings {
    const char *name, *method, *device, *precision, *data_root, *feature_dir, *kernel_times;
    fyi_seed seed; /* never follows */
    int64_t threads, workers, memory, feature_limit;
    double checkpoint_s;
    bool profile, blind;
    double holdout;
    const char *strategy; /* hdnet; NULL: auto */
    fyi_texts held_out;   /* hdnet: the targets' names */
} fyi_run_settings;

enum {
    FYI_SOURCE,
    FYI_SOURCE_TEST,
    FYI_TARGET,
    FYI_TARGET_EVAL,
    FYI_TRAIN,
    FYI_VAL,
    FYI_TEST,
    FYI_SOURCE_VAL,
    FYI_SOURCE_TEACHER,
    FYI_TARGET_VAL,
    FYI_TARGET_TEST,
    FYI_PART, /* part_1, of the first modality, and those after it */
    FYI_PART_VAL = FYI_PART + FY_MAX_MODALITIES,
    FYI_PART_TEST = FYI_PART_VAL + FY_MAX_MODALITIES,
    FYI_PART_TARGET = FYI_PART_TEST + FY_MAX_MODALITIES, /* target_1: the same of another domain */
    FYI_SIDES = FYI_PART_TARGET + FY_MAX_MODALITIES
};
extern const char *const fyi_side_names[FYI_SIDES];
#define FYI_SIDE(i) ((uint64_t)1 << (i)) /* in a set of sides */
/* Of a side that belongs to another, samples of the same kind that nothing learns from: that one; else itself. */
int fyi_side_learner(int i);

typedef struct fyi_side {
    const char *format, *images, *labels, *folder, *style;
    const char *label, *label_field, *class_file, *group_file, *decode,
        *check; /* of pictures and CIFAR-100 */
    const char *separator, *header, *label_column, *group_column, *key_column; /* of CSV */
    fyi_texts columns;
    const char *missing, *axes, *standard; /* of vectors and series */
    bool standardise;
    int64_t window, window_step;
    bool labelled;
    int64_t shorter, crop, max_broken;
    const char *names, *spectrogram, *mel_scale; /* of sounds */
    int64_t rate, n_fft, hop, mels;
    double seconds, rms, f_min, f_max;
    int64_t n;
    fyi_seed draw_seed;
    int64_t modality, modalities, redundant, synergistic, world; /* of drawn facts */
    fyi_ints unique, dims, noise, copies;
    fyi_reals snr, unique_snr, unique_flip;
    double curvature;
    int64_t channels, size, pad;
    double pad_value;
    const char *range;
    fyi_reals mean, deviation;
    fyi_texts groups, not_groups;
    bool across_groups;
    fyi_ints classes, relabel;
    int64_t limit;
    const char *pick;
    fyi_seed pick_seed;
} fyi_side;
extern const fyi_key fyi_side_keys[];
void fyi_side_defaults(fyi_side *s);
/* Are its samples vectors or series? */
bool fyi_side_is_of_values(const fyi_side *s);
/* What `s`, another part of the same data, takes over from `from`: all but where its samples are and which. */
void fyi_side_follow(fyi_side *s, const fyi_side *from);

struct fyi_recipe_data;
struct json_t;

#define FYI_MAX_HELD_OUT FY_MAX_MODALITIES
#define FYI_MAX_FOLLOWS (2 * FY_MAX_MODALITIES)
/* What methods have in common that take the same data and report the same figures: adapt, finetune. */
typedef struct fyi_kind {
    fy_recipe_kind id;
    const char *name;
    uint64_t needs, takes; /* sides, FYI_SIDE(FYI_SOURCE) and so on */
    uint64_t tests;      /* of them those that only judge the end: a blind run does not open them */
    uint64_t unlabelled; /* of them those whose labels only judge: a blind run takes them off */
    /* Sides that are parts of others, held out, where the recipe does not have them. The first model's side comes first. */
    struct {
        int of, part;
    } held_out[FYI_MAX_HELD_OUT];
    int n_held_out;
    /* Sides that are like another but for what they say themselves. */
    struct {
        int side, from;
    } follows[FYI_MAX_FOLLOWS];
    int n_follows;
    /* Fills in sides that others stand for; NULL: none. */
    fy_status (*settle)(struct fyi_settings *s, fyi_arena *arena);
    /* What keys alone cannot say; NULL: nothing. */
    fy_status (*check)(const struct fyi_settings *s, const fyi_entries *t);
    /* Appends what of the method's options the data depend on; NULL: nothing. */
    void (*data_text)(const struct fyi_settings *s, fyi_buf *out);
    /* Does the kind open that side itself, in `view`? NULL: none. */
    bool (*opens_itself)(const struct fyi_settings *s, int side);
    /* Holds out at once what belongs together; NULL, and what it leaves: each side by itself. */
    fy_status (*part)(const struct fyi_settings *s, struct fyi_recipe_data *d);
    /* The sides are open, and the held-out one is there: checks them, and makes what a method may see of them. */
    fy_status (*view)(const struct fyi_settings *s, struct fyi_recipe_data *d);
    /* What every run has of its own; NULL: nothing. */
    fy_status (*begin)(struct fyi_recipe_data *d);
    /* The judge's word; NULL where there is no judge. */
    void (*score)(const struct fyi_recipe_data *d, fy_recipe_result *r);
    /* Its figures to result.json and back. */
    void (*put)(const struct fyi_recipe_data *d, const fy_recipe_result *r, struct json_t *root);
    void (*take)(const struct json_t *root, fy_recipe_result *r);
    /* The figure that two runs are compared by, as `put` names it; NULL: nobody can say. */
    const char *figure;
    struct {
        int side;
        const char *figure;
    } figure_without; /* instead, in recipes that have no such side; figure NULL: the same */
    const struct fyi_search_figure
        *searched; /* what a search may go by, the usual one first; NULL: nothing */
} fyi_kind;

/* A figure of result.json that is made of no test and of no target label, and how metrics.jsonl follows it. */
typedef struct fyi_search_figure {
    const char *path;  /* "branches.*.val"; NULL ends a table */
    const char *stage; /* that a search's pruner looks at: "student", "*" */
    const char *name;  /* "val.*", where * stands for what it stood for in the path */
    bool is_lower_better;
    int side; /* only in recipes that have it; FYI_SIDES: in all */
} fyi_search_figure;
extern const fyi_kind fyi_kind_adapt, fyi_kind_finetune, fyi_kind_distill, fyi_kind_fuse,
    fyi_kind_hdnet;
/* kind_adapt.c: of a fy_choice_rule, the section `choice` of every method of adaptation. */
extern const fyi_key fyi_choice_keys[];
/* Of a bool at that place, which every method of adaptation has. */
#define FYI_PARTIAL_KEY(at)                                           \
    {                                                                 \
        "partial", FYI_KEY_BOOL, at, 0, 0, NULL, NULL, 0,             \
            "true: the target may have fewer classes than the source" \
    }
/* adapt_classes.c: FY_EINVAL where the target's labels say that its classes are not the source's, or under other numbers; a note where
 * the recipe chooses those of both. */
fy_status fyi_adapt_compare_classes(const struct fyi_settings *s, struct fyi_recipe_data *d);
/* adapt_pixels.c: notes where the target's pictures are not what the file of a source model says of its own. */
void fyi_adapt_compare_pixels(const struct fyi_settings *s, struct fyi_recipe_data *d);
/* Does a part of some side have to be held out? */
bool fyi_holds_out(const struct fyi_settings *s);

/* augment.c: a section for methods that train on augmented samples. */
typedef struct fyi_augment_settings {
    const char *crop, *fill, *erase_with; /* fill NULL: auto */
    int64_t crop_size, crop_pad, rand_ops, rand_magnitude;
    double crop_least, crop_ratio;
    double flip, flip_down;
    double shift_frac, rotate_deg, shear_deg, zoom_frac, fill_value;
    double brightness, contrast, saturation, hue, grey, noise;
    double erase, erase_most, erase_value;
    double mixup, cutmix;
} fyi_augment_settings;
extern const fyi_key fyi_augment_keys[];
void fyi_augment_defaults(fyi_augment_settings *s); /* nothing is changed */
/* FY_EINVAL for what one key alone cannot say. */
fy_status fyi_augment_make(const fyi_augment_settings *s, fy_augment *out);

/* words.c: of the keys `pool`; and a text that is not empty. */
const char *const *fyi_pool_words(void);
const char *const *fyi_activation_words(void); /* of a critic; method_adapt.c */
const char *fyi_text_or_null(const char *text);

/* What a method is run with. */
typedef struct fyi_method_site {
    fy_run *run;
    fy_device *device;
    const struct fyi_settings *settings;
    const struct fyi_recipe_data *data;
    uint64_t seed;
    int workers;
} fyi_method_site;

#define FYI_METHOD_SECTIONS 15
#define FYI_EACH_PART \
    "<m>" /* ends the name of a section that there is for every modality: encoder_1, encoder_2 .. */
typedef struct fyi_method_section {
    const char *name;
    const fyi_key *keys;
    size_t at;         /* of what they are bound to, in the options */
    bool is_optional;  /* there only where the recipe has it */
    size_t step;       /* of those for every modality: from one to the next */
    const char *needs; /* of the section */
} fyi_method_section;
typedef struct fyi_method {
    const char *name, *help;
    const fyi_kind *kind;
    uint64_t spares; /* sides that its kind needs and it does not */
    size_t bytes;    /* of its options */
    void (*defaults)(void *options);
    fyi_method_section sections[FYI_METHOD_SECTIONS];
    fy_status (*run)(const fyi_method_site *at, const void *options, fy_recipe_result *result);
} fyi_method;
extern const fyi_method fyi_method_adda, fyi_method_finetune, fyi_method_distill, fyi_method_hdnet;
extern const fyi_method
    fyi_adapt_methods[]; /* method_adapt.c: one for each of fy_adapt_methods, and auto */
#define FYI_ADAPT_METHODS 18
extern const fyi_method fyi_fuse_methods[]; /* method_fuse.c: one for each of fy_fuse_methods */
#define FYI_FUSE_METHODS 10
extern const fyi_method *const fyi_methods[]; /* NULL-terminated */
const fyi_method *fyi_method_find(const char *name);
const char *const *fyi_method_names(void); /* NULL-terminated */

/* compare.c: the section "compare", what a comparison runs instead of the recipe alone. */
#define FYI_MAX_ARMS 64
#define FYI_MAX_SHIFTS 64
#define FYI_MAX_SEEDS 256
#define FYI_MAX_ARM_NAME 32 /* bytes */
typedef struct fyi_compare_settings {
    const char *baseline, *metric,
        *better; /* baseline "": none; metric "": the kind's figure; better NULL: auto */
    fyi_seeds seeds;
    double level;
    fyi_texts first;     /* changes; none: seeds begin with their arms */
    fyi_texts overrides; /* keys of the recipe: given.c */
} fyi_compare_settings;
#define FYI_FIRST "first"
#define FYI_FIRST_DIR "{first}" /* in a setting: the directory of that run */
typedef struct fyi_arm {        /* or a shift */
    const char *name;
    fyi_texts changes; /* of the recipe */
} fyi_arm;
extern const fyi_key fyi_compare_keys[];
extern const fyi_key fyi_arm_keys[]; /* two: that of every arm, and of every shift */
void fyi_compare_defaults(fyi_compare_settings *s);
/* Is it "compare.arms.<arm>" or "compare.shifts.<shift>"? */
bool fyi_is_arm(const char *key);
struct fyi_settings;
fy_status fyi_arm_bind(struct fyi_settings *s, const fyi_entry *e, const char *where,
                       fyi_arena *arena);
/* What keys alone cannot say; nothing for a recipe without the section. */
fy_status fyi_compare_check(const struct fyi_settings *s, const fyi_entries *t);
bool fyi_compares(const struct fyi_settings *s);

/* search.c: the section "search", what a search tries instead of running the recipe as it stands. */
#define FYI_MAX_KNOBS 32
#define FYI_MAX_TRIALS 100000
typedef struct fyi_search_settings {
    const char *metric, *goal, *sampler, *pruner,
        *study;     /* metric "": the kind's; goal NULL: auto */
    int64_t trials; /* 0: all points of a grid, else 50 */
    int64_t startup, prune_after, prune_from, brackets;
    double prune_factor;
    fyi_seeds seeds;
} fyi_search_settings;

/* knob.c: a key that a search turns, and what it may be. A place on it is a number from 0 to 1. */
typedef enum fyi_knob_form {
    FYI_KNOB_CHOICE,
    FYI_KNOB_LIN,
    FYI_KNOB_LOG,
    FYI_KNOB_INT,
    FYI_KNOB_LOGINT,
} fyi_knob_form;
typedef struct fyi_knob {
    const char *key;
    const fyi_entry *from; /* the recipe's */
    fyi_knob_form form;
    double low, high;
    int64_t levels; /* different values; 0: any between low and high */
    bool hangs;     /* used only while another knob is turned so or so */
} fyi_knob;
#define FYI_KNOB_TEXT 32
/* "log 1e-4 1e-1", or a list; FY_EINVAL with the sentence of what is wrong. Lends from e. */
fy_status fyi_knob_read(const fyi_entry *e, const char *where, fyi_knob *out);
/* The value at `place`, as a recipe has it: the knob's own text, or in `room`. */
const char *fyi_knob_value(const fyi_knob *k, double place, char room[FYI_KNOB_TEXT]);
/* Where a value lies, the middle of its level; false for one that the knob does not have. */
bool fyi_knob_place(const fyi_knob *k, const char *value, double *place);
/* "log 1e-4 1e-1", "[16, 32]": as the recipe has it. */
void fyi_knob_text(const fyi_knob *k, fyi_buf *out);

extern const fyi_key fyi_search_keys[];
extern const fyi_key fyi_knob_keys[]; /* one: that of every knob */
void fyi_search_defaults(fyi_search_settings *s);
/* Is it "search.space.<key>"? */
bool fyi_is_knob(const char *key);
fy_status fyi_knob_bind(struct fyi_settings *s, const fyi_entry *e, const char *where);
/* What keys alone cannot say; nothing for a recipe without the section. */
fy_status fyi_search_check(struct fyi_settings *s, const fyi_entries *t, fyi_arena *arena);
bool fyi_searches(const struct fyi_settings *s);
/* The figure that is searched by, and of its kind's table which it is. */
fy_status fyi_search_metric(const struct fyi_settings *s, const char **metric,
                            const fyi_search_figure **which);
/* The i-th seed: of a list, or `first` and the numbers after it. */
uint64_t fyi_seeds_at(const fyi_seeds *seeds, uint64_t first, int i);

#define FYI_MAX_SECTIONS (1 + FYI_SIDES + FYI_METHOD_SECTIONS + 3 * FY_MAX_MODALITIES + 2)
typedef struct fyi_settings {
    fyi_run_settings run;
    fyi_side side[FYI_SIDES];
    const fyi_method *method;
    void *options; /* the method's */
    fyi_compare_settings compare;
    fyi_arm arms[FYI_MAX_ARMS], shifts[FYI_MAX_SHIFTS];
    int n_arms, n_shifts;
    fyi_search_settings search;
    fyi_knob knobs[FYI_MAX_KNOBS];
    int n_knobs;
    const char *waiting; /* keys of other methods of this kind, "umt.weight, ogm.alpha"; NULL: none */
    fyi_section sections[FYI_MAX_SECTIONS];
    int n_sections;
} fyi_settings;

extern const fyi_key fyi_run_keys[];
/* Texts live as long as the arena; without one, what depends on the environment stays empty. */
void fyi_run_settings_defaults(fyi_run_settings *r, const char *name, fyi_arena *arena);
/* Fills `out` from defaults and entries; lists and options live in `arena`. */
fy_status fyi_settings_bind(fyi_settings *out, const fyi_entries *t, const char *name,
                            fyi_arena *arena);
/* Binds entries that all are of one section; lists live in `arena`. */
fy_status fyi_section_bind(const fyi_section *section, const fyi_entries *t, fyi_arena *arena);
const fyi_section *fyi_settings_section(const fyi_settings *s, const char *name, size_t len);
/* The row of the schema that "section.key" has, and its section; NULL: none of this method's. */
const fyi_key *fyi_settings_key(const fyi_settings *s, const char *key, const fyi_section **section);
/* "lr" of "adda.lr". */
const char *fyi_key_leaf(const char *key);
/* Is it "section.key"? */
bool fyi_key_is_of(const char *key, const char *section);
/* The value of a key that sections of several methods have, and the section, which may be NULL; NULL: the method's have it not. */
const void *fyi_settings_option(const fyi_settings *s, const char *key, const fyi_section **section);
/* The section and the row of e's key; FY_EINVAL names the nearest key. */
fy_status fyi_settings_find(const fyi_settings *s, const fyi_entry *e, const char *where,
                            fyi_arena *arena, const fyi_section **section, const fyi_key **key);
/* Is side i there and not opened, since the run is blind? */
bool fyi_side_is_hidden(const fyi_settings *s, int i);

/* ---- files.c: what a run reads besides its data ---------------------------------------------- */

#define FYI_MAX_FILES (8 + FYI_SIDES)
typedef struct fyi_files {
    struct {
        char key[FYI_RECIPE_MAX_KEY];
        const char *path; /* the settings' */
        char sha256[65];
    } v[FYI_MAX_FILES];
    int n;
} fyi_files;
/* Absolute names, data_root's too, so that the resolved recipe works from any folder. A file that is not here is
 * looked for in data_root; a name that leads nowhere stays as it is. */
fy_status fyi_files_fix(fyi_settings *s, fyi_arena *arena);
/* Hashes them. With `is_resumed` one that is gone is left out: the run may be past it. */
fy_status fyi_files_read(const fyi_settings *s, bool is_resumed, fyi_files *out);

/* ---- recipe.c, yaml.c ------------------------------------------------------------------------ */

struct fy_recipe {
    fyi_entries entries;
    const char *stem; /* the file's name without folder and ending; in entries.arena */
    bool is_checked;
    fyi_arena bound; /* what `settings` points to */
    fyi_settings settings;
};

/* The absolute name of what `name` leads to; NULL if it leads nowhere. */
fy_status fyi_file_find(const char *name, fyi_arena *arena, const char **found);

/* arm.c: absolute names for the recipes that arms begin with: from here, or beside the recipe `path`; one that leads
 * nowhere stays. */
fy_status fyi_arms_fix(fyi_settings *s, const char *path, fyi_arena *arena);
/* The i-th arm of a checked recipe on one of its shifts, 0 where it has none, as a recipe of its own, checked. */
fy_status fyi_recipe_arm(const fy_recipe *r, int shift, int i, fy_recipe **out);
/* The run that every seed of a comparison begins with on that shift; *out NULL: there is none. */
fy_status fyi_recipe_first(const fy_recipe *r, int shift, fy_recipe **out);
/* A copy without the keys of one section: "compare", "search". */
fy_status fyi_recipe_without(const fy_recipe *r, const char *section, fy_recipe **out);
/* One trial of a search as a recipe of its own, blind and checked: values [n_knobs]. */
fy_status fyi_recipe_trial(const fy_recipe *r, const char *const *values, uint64_t seed,
                           fy_recipe **out);
/* Appends the resolved recipe, and the same without what is the machine's. */
void fyi_recipe_yaml(const fyi_settings *s, fyi_buf *out);
void fyi_recipe_core(const fyi_settings *s, fyi_buf *out);
/* A section with what has names of its own in it: arms, shifts, knobs. */
void fyi_section_yaml(const fyi_settings *s, const fyi_section *section, fyi_buf *out);
/* given.c: checks the recipe and appends it as a file has it, which for a comparison is what it was given. */
fy_status fyi_recipe_text(fy_recipe *r, fyi_buf *out);
/* The keys that were set since the file was read, "adda.lr", and those that were taken out, "adda.lr="; in `arena`. */
fy_status fyi_overrides_list(const fyi_entries *t, fyi_texts *out, fyi_arena *arena);
/* They are so again that compare.overrides of a file lists. */
fy_status fyi_overrides_replay(fyi_entries *t);
/* Of all settings but those of the machine: two recipes with one hash are the same run. */
fy_status fyi_recipe_sha256(const fyi_settings *s, char hex[65]);
/* Of what fyi_recipe_data_open and fy_recipe_open_device look at: with one hash they open the same. */
fy_status fyi_recipe_data_sha256(const fyi_settings *s, char hex[65]);
fy_status fyi_recipe_device_sha256(const fyi_settings *s, char hex[65]);

/* ---- data.c, rundir.c ------------------------------------------------------------------------ */

/* What is odd about the data: sentences for the log and for data.json. */
#define FYI_MAX_ODD (FY_COMPARE_WARNINGS * (FYI_SIDES - 1) + FYI_SIDES)
typedef struct fyi_odd {
    char text[FYI_MAX_ODD][320];
    int n;
} fyi_odd;

void fyi_odd_note(fyi_odd *odd, const char *sides, const char *text);

enum { FYI_SPLIT_TRAIN, FYI_SPLIT_VAL, FYI_SPLIT_TEST, FYI_SPLITS };

/* domains.c: a domain that a model is carried to, in sets without a sample in common. */
enum { FYI_DOMAIN_TRAIN, FYI_DOMAIN_FINETUNE, FYI_DOMAIN_VAL, FYI_DOMAIN_TEST, FYI_DOMAIN_SETS };
typedef struct fyi_domain {
    const char *name;                /* the recipe's */
    fy_parts *sets[FYI_DOMAIN_SETS]; /* NULL: there is none. Of train without labels */
} fyi_domain;

/* The sides as opened (with their labels) and what a method may see of them. */
typedef struct fyi_recipe_data {
    fy_dataset *side[FYI_SIDES]; /* NULL where the recipe has none, or hides it */
    bool is_blind;
    bool across_groups[FYI_SIDES];    /* may have groups in common with another */
    fy_dataset *target, *target_eval; /* without labels */
    fy_judge *judge;
    fyi_files files;
    fyi_odd odd;
    fy_standard *standard[FYI_SIDES]; /* fitted on that side; NULL: on none */
    fy_parts *parts[FYI_SPLITS]; /* sides of several modalities, paired; NULL: there are none */
    fyi_domain domains[FY_HDNET_TARGETS];
    int n_domains;
    union {
        fy_adapt_data adapt;
        fy_finetune_data finetune;
        fy_distill_data distill;
        fy_fuse_data fuse;
        fy_hdnet_data hdnet;
    } view;
} fyi_recipe_data;
/* What every kind looks at: FY_EINVAL for a side without labels, and for two sides with a group in common that have not
 * agreed to it, of which one is judged by what the other learns; notes that a model made for `base` meets something
 * else in `i`; that so few samples say little. */
fy_status fyi_data_need_labels(const fyi_recipe_data *d, int i, const char *why);
fy_status fyi_data_keep_apart(const fyi_recipe_data *d, int a, int b);
fy_status fyi_data_compare(fyi_recipe_data *d, int base, int i);
void fyi_data_look_at_size(fyi_recipe_data *d, int i);
void fyi_data_look_at_count(fyi_recipe_data *d, int i,
                            int64_t n); /* of n samples that i stands for */
/* Labels are numbers: FY_EINVAL where `i` numbers its classes otherwise than `base`. */
fy_status fyi_data_compare_names(const fyi_recipe_data *d, int base, int i);
/* standard.c: standardises the sides that want it, after parts were held out. */
fy_status fyi_data_standardise(const fyi_settings *s, fyi_recipe_data *d);
/* Can side i not be opened alone, since it takes another's numbers? */
bool fyi_side_needs_another(const fyi_settings *s, int i);
/* side.c: what a seed of a side, or of a set of sides, is: one that follows is mixed with the name. */
uint64_t fyi_seed_value(const fyi_settings *of, const fyi_seed *s, const char *name);
/* One side, with its labels, before it is standardised. */
fy_status fyi_recipe_side_open(const fyi_settings *of, int i, fy_dataset **out);
/* side_facts.c: drawn modalities. */
fy_status fyi_side_facts_open(const fyi_side *s, uint64_t seed, fy_dataset **out);
/* How d, opened as s says, was prepared, for a model to remember; what is no picture has neither size nor channels. */
fy_pixels fyi_side_pixels(const fyi_side *s, const fy_dataset *d);
/* What data.json and the manifests tell of, one after the other: the sides that are there, then each domain's sets, modality by modality.
 * `name` is filled in; NULL: there is no i-th. */
#define FYI_DATA_NAME 192
const fy_dataset *fyi_data_nth(const fyi_recipe_data *d, int i, char name[FYI_DATA_NAME]);
/* The sides, for any number of runs that want them so. Release with fyi_recipe_data_close, always. */
fy_status fyi_recipe_data_open(const fyi_settings *s, fyi_recipe_data *d);
/* What a run has of its own: its files, lent by its settings, and its judge. */
fy_status fyi_recipe_data_begin(const fyi_settings *s, const fyi_files *files, fyi_recipe_data *d);
void fyi_recipe_data_close(fyi_recipe_data *d);

/* What a run needs open: lab.c's. */
typedef struct fyi_opened {
    fy_device *device;
    fy_features *features;
    fyi_recipe_data data;
} fyi_opened;
/* run.c: what fy_lab_run does with it. */
fy_status fyi_recipe_run_opened(const fyi_settings *s, const fyi_opened *in,
                                const fy_recipe_run_opts *o, fy_recipe_result *result);

/* place.c: where a run, or another thing that has a recipe.yaml, leaves its files. */
typedef struct fyi_place {
    const char *what; /* "run" */
    const char *stem; /* its directory's name within `parent`, or "<stem>-2", "-3" ... */
    const char *parent;
    const char *dir;   /* given: neither is used */
    const char *go_on; /* how one is continued: "ferry run --resume" and the directory */
    bool resume;
    bool may_be_refused; /* it may have ended before it learnt anything: then another can begin there */
} fyi_place;
/* Chooses or checks the directory and makes it; "" in `dir` on failure. */
fy_status fyi_place_make(const fyi_place *p, char *dir, size_t size);
fy_status fyi_place_path(const char *dir, const char *name, char *path, size_t size);
/* Is there a run that ended before it had a checkpoint, figures or a result, and nobody at work? Nothing of it could be lost. */
bool fyi_place_is_unused(const char *dir);
/* The same for the run that `o` asks for. */
fy_status fyi_rundir_make(const fyi_settings *s, const fy_recipe_run_opts *o, char *dir,
                          size_t size);
/* recipe.yaml, data.json, the manifests and versions.json. */
fy_status fyi_rundir_write(const fyi_settings *s, const fyi_recipe_data *d, const fy_device *dev,
                           const char *dir);
/* A run is continued only with the recipe and the data that it began with. */
fy_status fyi_rundir_check_recipe(const fyi_settings *s, const char *dir); /* the first alone */
fy_status fyi_rundir_check(const fyi_settings *s, const fyi_recipe_data *d, const char *dir);
/* What result.json has: fyi_buf_release. */
fy_status fyi_rundir_result(const fyi_settings *s, const fyi_recipe_data *d,
                            const fy_recipe_result *r, fyi_buf *out);
/* A text where a whole number of JSON could not hold it. */
struct json_t *fyi_json_seed(uint64_t seed);
/* Takes root, which may be NULL when out of memory. */
fy_status fyi_json_write(struct json_t *root, const char *dir, const char *name);
/* NaN for what is no number. */
double fyi_json_at(const struct json_t *root, const char *key);
/* Fills r from result.json where there is one: the run is done. FY_EINVAL if it is another recipe's. */
fy_status fyi_rundir_finished(const fyi_settings *s, const char *dir, fy_recipe_result *r,
                              bool *is_finished);
/* What those two read, from the bytes of data.json and of result.json. */
fy_status fyi_rundir_parse_data(const fyi_recipe_data *d, const char *dir, const char *text,
                                size_t n);
fy_status fyi_rundir_parse_result(const fyi_settings *s, const char *path, const char *text,
                                  size_t n, fy_recipe_result *r);

#endif
