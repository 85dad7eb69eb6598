/* sides.c: the keys of a data side: source, target, train ... */
#include "recipe/recipe.h"

#include <string.h>

#define EACH_PART(X) X("1"), X("2"), X("3"), X("4"), X("5"), X("6"), X("7"), X("8")
#define PART(n) "part_" n
#define PART_VAL(n) "part_" n "_val"
#define PART_TEST(n) "part_" n "_test"
#define PART_TARGET(n) "target_" n
_Static_assert(FY_MAX_MODALITIES == 8, "a name for each part");
/* clang-format off */
const char *const fyi_side_names[FYI_SIDES] = {
    "source", "source_test", "target", "target_eval", "train", "val", "test", "source_val",
    "source_teacher", "target_val", "target_test",
    EACH_PART(PART), EACH_PART(PART_VAL), EACH_PART(PART_TEST), EACH_PART(PART_TARGET)
};
/* clang-format on */

const char *fy_recipe_side(int i)
{
    return i >= 0 && i < FYI_SIDES ? fyi_side_names[i] : NULL;
}

int fyi_side_learner(int i)
{
    static const struct {
        int side, from;
    } pairs[] = { { FYI_VAL, FYI_TRAIN },         { FYI_TEST, FYI_TRAIN },
                  { FYI_SOURCE_VAL, FYI_SOURCE }, { FYI_SOURCE_TEST, FYI_SOURCE },
                  { FYI_TARGET_VAL, FYI_TARGET }, { FYI_TARGET_TEST, FYI_TARGET },
                  { FYI_TARGET_EVAL, FYI_TARGET } };

    for (size_t k = 0; k < FYI_LEN(pairs); k++)
        if (pairs[k].side == i)
            return pairs[k].from;
    return i >= FYI_PART ? FYI_PART + (i - FYI_PART) % FY_MAX_MODALITIES : i;
}

static const char *const *format_words(void)
{
    static const char *const words[] = { "idx",     "digits",   "folder", "list",    "tar",
                                         "cifar10", "cifar100", "npy",    "sound",   "facts",
                                         "csv",     "vectors",  "series", "classes", NULL };

    return words;
}

static const char *const *style_words(void)
{
    static _Thread_local const char *words[FY_DIGIT_STYLES + 1];

    for (int i = 0; i < FY_DIGIT_STYLES; i++)
        words[i] = fy_digit_style_name((fy_digit_style)i);
    return words;
}

static const char *const *label_words(void)
{
    static const char *const words[] = { "fine", "coarse", NULL };

    return words;
}

static const char *const *decode_words(void)
{
    static const char *const words[] = { "fast", "full", NULL };

    return words;
}

/* After the first in the order of fy_spectrogram_kind. */
static const char *const *spectrogram_words(void)
{
    static const char *const words[] = { "none", "mel", "stft", NULL };

    return words;
}

static const char *const *separator_words(void)
{
    static const char *const words[] = { "auto", "comma", "semicolon", "tab", "bar", NULL };

    return words;
}

/* In the order of fy_mel_scale. */
static const char *const *mel_scale_words(void)
{
    static const char *const words[] = { "slaney", "htk", NULL };

    return words;
}

static const char *const *header_words(void)
{
    static const char *const words[] = { "auto", "yes", "no", NULL };

    return words;
}

static const char *const *missing_words(void)
{
    static const char *const words[] = { "error", "mean", "zero", NULL };

    return words;
}

static const char *const *axes_words(void)
{
    static const char *const words[] = { "ct", "tc", NULL };

    return words;
}

/* In the order of fy_file_check. */
static const char *const *check_words(void)
{
    static const char *const words[] = { "names", "files", "pixels", NULL };

    return words;
}

static const char *const *range_words(void)
{
    static const char *const words[] = { "keep", "signed", "normal", "imagenet",
                                         "data", "source", "train",  NULL };

    return words;
}

/* In the order of fy_pick. */
static const char *const *pick_words(void)
{
    static const char *const words[] = { "first", "random", "stratified", NULL };

    return words;
}

/* clang-format off */
#define PICTURES "format=folder|list|classes|tar"
#define FILES "format=folder|list|classes|tar|sound"
#define IMAGES "format=idx|digits|folder|list|classes|tar|cifar10|cifar100|npy"
#define RANGED IMAGES "|sound"
#define VALUES "format=csv|vectors|series"
#define KEY(name, type, member, min, max, words, needs, flags, help) \
    { name, type, offsetof(fyi_side, member), min, max, words, needs, flags, help }
const fyi_key fyi_side_keys[] = {
    KEY("format", FYI_KEY_WORD, format, 0, 0, format_words, NULL, 0,
        "idx: MNIST's files; digits: drawn by the program; folder: of JPEG, PNG and WebP, its folders "
        "are classes; list: lines path,label; classes: lines with the name of a class, whose folder has its pictures; tar: WebDataset's shards; cifar10, cifar100: binary; npy: "
        "images in NumPy arrays; sound: a folder, list or shards of WAV, FLAC and Ogg; csv: a table of numbers; "
        "vectors, series: in NumPy arrays; facts: vectors drawn by the program, of several modalities, whose information is "
        "known"),
    KEY("images", FYI_KEY_TEXT, images, 0, 0, NULL, "format!=digits|facts", FYI_KEY_REQUIRED,
        "the images', sounds' or values' file or folder, absolute or within data_root; tar and CIFAR: several by {0..9} and "
        "*; vectors, series: file.npz#x is the array x of an archive"),
    KEY("labels", FYI_KEY_TEXT, labels, 0, 0, NULL, "format=idx|npy|vectors|series", 0,
        "the labels' file; \"\": there are none"),
    KEY("folder", FYI_KEY_TEXT, folder, 0, 0, NULL, "format=list|classes", 0,
        "where the list's pictures are, within its own folder or absolute; \"\": there"),
    KEY("label", FYI_KEY_WORD, label, 0, 0, label_words, "format=cifar100", 0,
        "which of CIFAR-100's labels: 100 fine classes or 20 coarse ones"),
    KEY("label_field", FYI_KEY_TEXT, label_field, 0, 0, NULL, "format=tar|sound", 0,
        "the label's name in .json; a .cls goes before it"),
    KEY("labelled", FYI_KEY_BOOL, labelled, 0, 0, NULL, FILES "|csv", 0,
        "false: folders, columns and .cls are no classes, there are no labels"),
    KEY("class_file", FYI_KEY_TEXT, class_file, 0, 0, NULL, "labelled=true", 0,
        "class names, one a line, in the order of the labels; \"\": as found, in byte order"),
    KEY("group_file", FYI_KEY_TEXT, group_file, 0, 0, NULL, "format=idx|npy|vectors|series", 0,
        "whose each sample is: a text with a name on the line of each, or an array of whole numbers, .npy or file.npz#x; \"\": not known"),
    KEY("separator", FYI_KEY_WORD, separator, 0, 0, separator_words, "format=csv", 0,
        "what is between cells; auto: a tab, semicolon or comma, the first of them that the first line has"),
    KEY("header", FYI_KEY_WORD, header, 0, 0, header_words, "format=csv", 0,
        "is the first line a heading? auto: it is where it has texts over numbers, or counts five and more columns"),
    KEY("label_column", FYI_KEY_TEXT, label_column, 0, 0, NULL, "format=csv", 0,
        "the labels' column by its heading or its place, 1 the first, -1 the last; \"\": there is none"),
    KEY("group_column", FYI_KEY_TEXT, group_column, 0, 0, NULL, "format=csv", 0,
        "the column that says which speaker, subject or device a line is of; \"\": none does"),
    KEY("key_column", FYI_KEY_TEXT, key_column, 0, 0, NULL, "format=csv", 0,
        "the column that says what a sample is called, each otherwise; \"\": none does"),
    KEY("columns", FYI_KEY_NAMES, columns, 0, 0, NULL, "format=csv", 0,
        "the columns that are values, by heading or place, in this order; []: all others that hold numbers"),
    KEY("axes", FYI_KEY_WORD, axes, 0, 0, axes_words, "format=series", 0,
        "ct: arrays are [n, channels, t]; tc: [n, t, channels]"),
    KEY("window", FYI_KEY_INT, window, 0, 1e9, NULL, "format=series", 0,
        "series are cut into windows of so many values, those of one in a group of their own; 0: they are not"),
    KEY("window_step", FYI_KEY_INT, window_step, 0, 1e9, NULL, "window!=0", 0,
        "values from one window's beginning to the next's; 0: as many as it has"),
    KEY("missing", FYI_KEY_WORD, missing, 0, 0, missing_words, VALUES, 0,
        "what stands for values that are missing: nothing, a sentence says where; the mean of the samples that models "
        "learn from; 0"),
    KEY("standardise", FYI_KEY_BOOL, standardise, 0, 0, NULL, VALUES, 0,
        "true: each column or channel is brought to mean 0 and deviation 1 by the samples that models learn from: those of "
        "train for val and test, of source for source_test, of target for target_eval, of part_1 for part_1_test"),
    KEY("standard", FYI_KEY_FILE, standard, 0, 0, NULL, VALUES, 0,
        "or by the numbers in this file, a run's data/standard-train.json; \"\": by those of the samples"),
    KEY("check", FYI_KEY_WORD, check, 0, 0, check_words, PICTURES, 0,
        "what is looked at before the run: names alone, whole files, or all pixels"),
    KEY("max_broken", FYI_KEY_INT, max_broken, -1, 1e9, NULL, FILES, 0,
        "files that may be broken and left out; -1: 1 % of them, or 10 if that is more"),
    KEY("rate", FYI_KEY_INT, rate, 0, 384000, NULL, "format=sound", 0,
        "samples a second that sounds are brought to, from 2000 on; 0: the first file's"),
    KEY("seconds", FYI_KEY_REAL, seconds, 0, 3600, NULL, "format=sound", 0,
        "length to which sounds are cut or filled up with silence; 0: the longest one's, a minute at most"),
    KEY("rms", FYI_KEY_REAL, rms, 0, 1, NULL, "format=sound", 0,
        "root mean square that each sound is brought to, however loud it was recorded; 0: as it is"),
    KEY("names", FYI_KEY_TEXT, names, 0, 0, NULL, "format=sound", 0,
        "what files' names say, such as {label}_{group}_{key}, with {} for what is of no use: a class, a speaker, what "
        "samples of several kinds are paired by"),
    KEY("spectrogram", FYI_KEY_WORD, spectrogram, 0, 0, spectrogram_words, "format=sound", 0,
        "none: the samples themselves; mel: log power in mel bands over time; stft: log magnitudes of all frequencies"),
    KEY("n_fft", FYI_KEY_INT, n_fft, 2, 65536, NULL, "spectrogram!=none", 0,
        "samples of a window: an even product of 2, 3 and 5"),
    KEY("hop", FYI_KEY_INT, hop, 1, 65536, NULL, "spectrogram!=none", 0,
        "samples from one window to the next"),
    KEY("mels", FYI_KEY_INT, mels, 1, 4096, NULL, "spectrogram=mel", 0, "bands"),
    KEY("mel_scale", FYI_KEY_WORD, mel_scale, 0, 0, mel_scale_words, "spectrogram=mel", 0,
        "slaney: linear up to 1 kHz, as librosa has it; htk: 2595 log10(1 + f / 700)"),
    KEY("f_min", FYI_KEY_REAL, f_min, 0, 192000, NULL, "spectrogram=mel", 0,
        "where the bands begin, in Hz"),
    KEY("f_max", FYI_KEY_REAL, f_max, 0, 192000, NULL, "spectrogram=mel", 0,
        "where they end; 0: at half the rate"),
    KEY("style", FYI_KEY_WORD, style, 0, 0, style_words, "format=digits", 0,
        "how digits are drawn"),
    KEY("n", FYI_KEY_INT, n, 1, 1000000, NULL, "format=digits|facts", 0, "how many samples are drawn"),
    KEY("draw_seed", FYI_KEY_SEED, draw_seed, 0, 0, NULL, "format=digits|facts", 0,
        "which samples; seed: the run's, another for every side but the same for all modalities of one"),
    KEY("modality", FYI_KEY_INT, modality, 0, FY_MAX_MODALITIES - 1, NULL, "format=facts", 0,
        "which modality this side shows; those of one draw_seed have the same samples in the same order"),
    KEY("modalities", FYI_KEY_INT, modalities, 2, FY_MAX_MODALITIES, NULL, "format=facts", 0,
        "how many there are"),
    KEY("redundant", FYI_KEY_INT, redundant, 0, FY_FACTS_MAX_BITS, NULL, "format=facts", 0,
        "bits of the label that every modality sees"),
    KEY("unique", FYI_KEY_INTS, unique, 0, FY_FACTS_MAX_BITS, NULL, "format=facts", FYI_KEY_REPEATS,
        "bits of the label that one modality alone sees, by modality; the last number is for all that follow"),
    KEY("synergistic", FYI_KEY_INT, synergistic, 0, FY_FACTS_MAX_BITS, NULL, "format=facts", 0,
        "bits of the label that are the parity of a bit of every modality"),
    KEY("dims", FYI_KEY_INTS, dims, 1, FY_FACTS_MAX_DIM, NULL, "format=facts", FYI_KEY_REPEATS,
        "values of a sample, by modality"),
    KEY("snr", FYI_KEY_REALS, snr, 0, 1e6, NULL, "format=facts", 0,
        "mean square of a bit's part of a value over that of the noise, by modality"),
    KEY("unique_snr", FYI_KEY_REALS, unique_snr, 0, 1e6, NULL, "format=facts", 0,
        "the same of unique bits"),
    KEY("unique_flip", FYI_KEY_REALS, unique_flip, 0, 0.5, NULL, "format=facts", 0,
        "how often a modality sees its unique bits wrong, by modality; 0.5: they tell nothing"),
    KEY("curvature", FYI_KEY_REAL, curvature, 0, 1, NULL, "format=facts", 0,
        "0: a bit is one direction; 1: another one for every setting of the other bits that are seen"),
    KEY("noise", FYI_KEY_INTS, noise, 0, FY_MAX_MODALITIES - 1, NULL, "format=facts", 0,
        "modalities that are noise alone, as a control; labels stay"),
    KEY("copies", FYI_KEY_INTS, copies, 0, FY_MAX_MODALITIES - 1, NULL, "format=facts", FYI_KEY_REPEATS,
        "modalities that are another one value for value, as a control: [1, 0] makes 1 a copy of 0"),
    KEY("world", FYI_KEY_INT, world, 0, 1e9, NULL, "format=facts", 0,
        "draws the directions; sides of one model have the same"),
    KEY("channels", FYI_KEY_INT, channels, 0, 3, NULL, IMAGES, 0,
        "1 makes grey of colour, 3 repeats grey, 0 keeps"),
    KEY("size", FYI_KEY_INT, size, 0, 4096, NULL, IMAGES, 0,
        "height and width in pixels that images are resized to or drawn in; 0 keeps, or draws 28"),
    KEY("shorter", FYI_KEY_INT, shorter, 0, 4096, NULL, PICTURES, 0,
        "instead of size: the shorter side's length, the shape is kept; 0: as it is"),
    KEY("crop", FYI_KEY_INT, crop, 0, 4096, NULL, PICTURES, 0,
        "height and width cut from the centre, after resizing; 0: all of it"),
    KEY("decode", FYI_KEY_WORD, decode, 0, 0, decode_words, PICTURES, 0,
        "fast: JPEGs much larger than wanted are decoded smaller; full: as other programs do it"),
    KEY("pad", FYI_KEY_INT, pad, 0, 256, NULL, IMAGES, 0,
        "pixels added on every side, after resizing"),
    KEY("pad_value", FYI_KEY_REAL, pad_value, 0, 1, NULL, "pad!=0", 0, "their value: 0 is black"),
    KEY("range", FYI_KEY_WORD, range, 0, 0, range_words, RANGED, 0,
        "keep: 0 to 1; signed: -1 to 1; normal: (x - mean) / deviation; imagenet: by ImageNet's; data: by "
        "those of 1,000 samples of this side, source, train: of that one; train, for part_1_val and such: of part_1"),
    KEY("mean", FYI_KEY_REALS, mean, 0, 0, NULL, "range=normal", 0, "per channel"),
    KEY("deviation", FYI_KEY_REALS, deviation, 1e-6, 1e6, NULL, "range=normal", 0, "per channel"),
    KEY("groups", FYI_KEY_NAMES, groups, 0, 0, NULL, NULL, 0,
        "names of the groups (speakers, subjects, devices) whose samples to keep; []: all"),
    KEY("not_groups", FYI_KEY_NAMES, not_groups, 0, 0, NULL, NULL, 0,
        "names of groups whose samples to leave out"),
    KEY("across_groups", FYI_KEY_BOOL, across_groups, 0, 0, NULL, NULL, 0,
        "true: this side may have groups in common with those that it is held against, and what is held out of it is "
        "taken of all groups"),
    KEY("classes", FYI_KEY_INTS, classes, 0, 1e6, NULL, NULL, 0,
        "labels to keep, which become 0, 1, ...; []: all as they are"),
    KEY("relabel", FYI_KEY_INTS, relabel, 0, 1e6, NULL, "classes!=[]", FYI_KEY_REPEATS,
        "the new label of each of `classes`; []: 0, 1, ..."),
    KEY("limit", FYI_KEY_INT, limit, 0, 1e9, NULL, NULL, 0, "how many samples to keep; 0: all"),
    KEY("pick", FYI_KEY_WORD, pick, 0, 0, pick_words, "limit!=0", 0,
        "which: the first, random ones, or random ones with each class in proportion"),
    KEY("pick_seed", FYI_KEY_SEED, pick_seed, 0, 0, NULL, "pick!=first", 0,
        "which random ones; seed: the run's, another for every side but the same for all modalities of one"),
    { .key = NULL },
};
#undef KEY
#undef FILES
#undef VALUES
#undef RANGED
#undef IMAGES
#undef PICTURES
/* clang-format on */

void fyi_side_defaults(fyi_side *s)
{
    static const int32_t one[] = { 1 }, dims[] = { 24 };
    const fy_image_opts image = fy_image_defaults();
    const fy_spectrogram_opts spectrum = fy_spectrogram_defaults(FY_SPECTROGRAM_MEL);
    const fy_facts_opts facts = fy_facts_defaults();

    *s = (fyi_side){
        .format = "idx",
        .style = fy_digit_style_name(FY_DIGITS_CLEAN),
        .n = fy_digits_defaults(FY_DIGITS_CLEAN).n,
        .draw_seed.follows = true,
        .modalities = facts.n_modalities,
        .redundant = facts.redundant,
        .unique = { one, 1 },
        .dims = { dims, 1 },
        .snr = { { facts.modality[0].snr }, 1 },
        .unique_snr = { { facts.modality[0].unique_snr }, 1 },
        .unique_flip = { { 0 }, 1 },
        .label = "fine",
        .label_field = "label",
        .labelled = true,
        .label_column = "-1",
        .missing = "error",
        .axes = "ct",
        .check = "files",
        .max_broken = fy_picture_defaults().max_broken,
        .decode = "fast",
        .spectrogram = "none",
        .n_fft = spectrum.n_fft,
        .hop = spectrum.hop,
        .mels = spectrum.mels,
        .mel_scale = "slaney",
        .f_min = spectrum.f_min,
        .f_max = spectrum.f_max,
        .pad_value = (double)image.pad_value,
        .range = "keep",
        .mean = { { 0 }, 1 },
        .deviation = { { 1 }, 1 },
        .pick = "random",
        .pick_seed.follows = true,
    };
}

bool fyi_side_is_of_values(const fyi_side *s)
{
    return strcmp(s->format, "csv") == 0 || strcmp(s->format, "vectors") == 0 ||
           strcmp(s->format, "series") == 0;
}

void fyi_side_follow(fyi_side *s, const fyi_side *from)
{
    *s = *from;
    s->images = s->labels = s->standard = NULL;
    s->groups = s->not_groups = (fyi_texts){ 0 };
    s->limit = 0;
    if (strcmp(s->range, "data") == 0)
        s->range = "train";
}
