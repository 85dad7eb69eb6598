/* side.c: one data side of a recipe as a dataset.
 *
 *   the format's reader -> resize, pad, values -> chosen samples      sounds: -> spectrogram, values -> chosen
 *   vectors, series     -> windows             -> chosen samples
 * Pictures are resized by their reader, in bytes. Means that are taken from the data are of samples
 * as they come out of the reader, before they are padded. */
#include "recipe/recipe.h"

#include <string.h>

#define STATS_SAMPLES 1000

/* What is being opened. */
typedef struct site {
    const fyi_settings *of;
    const fyi_side *side;
    const char *name;
} site;

uint64_t fyi_seed_value(const fyi_settings *of, const fyi_seed *s, const char *name)
{
    return s->follows ? fyi_hash64(name, strlen(name), of->run.seed.value) : s->value;
}

/* Sides of one run draw different samples from one seed; the modalities of one set of samples the same. */
static uint64_t seed_of(const fyi_seed *s, const site *at)
{
    const int i = (int)(at->side - at->of->side);
    const int first = i < FYI_PART ? i : i - (i - FYI_PART) % FY_MAX_MODALITIES;

    return fyi_seed_value(at->of, s, fyi_side_names[first]);
}

static bool is_word(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* The paths of the images and of the labels; NULL where there are none. */
typedef struct files {
    char *images, *labels;
} files;

static void release_files(files *f)
{
    fyi_free(f->labels);
    fyi_free(f->images);
}

static bool is_pattern(const char *path)
{
    return strpbrk(path, "*?[{#") != NULL;
}

static fy_status find_files(const site *at, files *f)
{
    const char *root = at->of->run.data_root, *labels = at->side->labels;
    const bool has_labels = labels != NULL && *labels != '\0';

    f->images = fyi_path_join(root, at->side->images);
    f->labels = has_labels ? fyi_path_join(root, labels) : NULL;
    if (f->images == NULL || (has_labels && f->labels == NULL))
        return fyi_enomem(strlen(root), "a file's name");
    if (!is_pattern(f->images) && !fyi_path_exists(f->images))
        return fyi_fail(
            FY_EIO,
            "there is no file '%s'; set data_root=FOLDER or the environment's FERRY_DATA to "
            "where '%s' is",
            f->images, at->side->images);
    return FY_OK;
}

/* ---- formats --------------------------------------------------------------------------------- */

static fy_status open_idx(const site *at, const files *f, fy_dataset **out)
{
    return fy_idx_open(f->images, f->labels, at->name, NULL, out);
}

static fy_status open_npy(const site *at, const files *f, fy_dataset **out)
{
    return fy_npy_images_open(f->images, f->labels, at->name, NULL, out);
}

static fy_status open_cifar10(const site *at, const files *f, fy_dataset **out)
{
    return fy_cifar_open(f->images, FY_CIFAR10, at->name, NULL, out);
}

static fy_status open_cifar100(const site *at, const files *f, fy_dataset **out)
{
    return fy_cifar_open(f->images,
                         is_word(at->side->label, "fine") ? FY_CIFAR100_FINE : FY_CIFAR100_COARSE,
                         at->name, NULL, out);
}

static fy_status open_digits(const site *at, const files *f, fy_dataset **out)
{
    fy_digits_opts d = fy_digits_defaults(FY_DIGITS_CLEAN);

    (void)f;
    d.seed = seed_of(&at->side->draw_seed, at);
    d.n = at->side->n;
    if (at->side->size > 0)
        d.size_px = at->side->size;
    FYI_FORWARD(fy_digit_style_find(at->side->style, &d.style));
    return fy_digits_open(&d, out);
}

static fy_status open_facts(const site *at, const files *f, fy_dataset **out)
{
    (void)f;
    return fyi_side_facts_open(at->side, seed_of(&at->side->draw_seed, at), out);
}

static fy_file_check check_of(const char *word)
{
    return is_word(word, "names")   ? FY_CHECK_NAMES
           : is_word(word, "files") ? FY_CHECK_FILES
                                    : FY_CHECK_PIXELS;
}

static fy_picture_opts picture_opts(const site *at)
{
    const fyi_side *s = at->side;
    fy_picture_opts o = fy_picture_defaults();

    o.name = at->name;
    o.channels = s->channels;
    o.height = o.width = s->size;
    o.shorter = s->shorter;
    o.crop_h = o.crop_w = s->crop;
    o.full_decode = is_word(s->decode, "full");
    o.is_unlabelled = !s->labelled;
    o.label_field = s->label_field;
    o.folder = s->folder;
    o.check = check_of(s->check);
    o.max_broken = s->max_broken;
    return o;
}

/* A file that a side may have: *path is NULL if there is none, and to be freed. */
static fy_status find_file(const site *at, const char *name, char **path)
{
    *path = NULL;
    if (name == NULL || *name == '\0')
        return FY_OK;
    *path = fyi_path_join(at->of->run.data_root, name);
    return *path != NULL ? FY_OK : fyi_enomem(strlen(name), "a file's name");
}

static fy_status open_pictures(const site *at, const files *f, fy_dataset **out)
{
    static const struct {
        const char *format;
        fy_status (*open)(const char *path, const fy_picture_opts *o, fy_dataset **out);
    } readers[] = { { "folder", fy_image_folder_open },
                    { "list", fy_image_list_open },
                    { "classes", fy_image_classes_open },
                    { "tar", fy_image_tar_open } };
    fy_picture_opts o = picture_opts(at);
    fy_status st = FY_EINVAL;
    char *classes;

    *out = NULL;
    FYI_FORWARD(find_file(at, at->side->class_file, &classes));
    o.classes_path = classes;
    for (size_t i = 0; i < FYI_LEN(readers); i++)
        if (is_word(at->side->format, readers[i].format))
            st = readers[i].open(f->images, &o, out);
    fyi_free(classes);
    return st;
}

static fy_sound_opts sound_opts(const site *at)
{
    const fyi_side *s = at->side;
    fy_sound_opts o = fy_sound_defaults();

    o.name = at->name;
    o.rate_hz = s->rate;
    o.seconds = s->seconds;
    o.rms = s->rms;
    o.names = s->names;
    o.is_unlabelled = !s->labelled;
    o.label_field = s->label_field;
    o.max_broken = s->max_broken;
    return o;
}

static fy_status open_waves(const site *at, const files *f, fy_dataset **out)
{
    /* By the name's ending; anything else is a folder, or one sound alone. */
    static const struct {
        const char *glob;
        fy_status (*open)(const char *path, const fy_sound_opts *o, fy_dataset **out);
    } readers[] = { { "*.tar *.tar.gz *.tgz *.tar.zst *.tar.xz", fy_sound_tar_open },
                    { "*.csv *.tsv *.txt *.lst", fy_sound_list_open },
                    { "*", fy_sound_folder_open } };
    fy_sound_opts o = sound_opts(at);
    char *classes;
    size_t i = 0;
    fy_status st;

    *out = NULL;
    FYI_FORWARD(find_file(at, at->side->class_file, &classes));
    o.classes_path = classes;
    while (!fy_glob(readers[i].glob, fyi_base_name(f->images)))
        i++;
    st = readers[i].open(f->images, &o, out);
    fyi_free(classes);
    return st;
}

static fy_missing missing_of(const fyi_side *s)
{
    return is_word(s->missing, "error")  ? FY_MISSING_ERROR
           : is_word(s->missing, "zero") ? FY_MISSING_ZERO
                                         : FY_MISSING_NAN;
}

static char separator_of(const char *word)
{
    static const struct {
        const char *word;
        char c;
    } all[] = { { "comma", ',' }, { "semicolon", ';' }, { "tab", '\t' }, { "bar", '|' } };

    for (size_t i = 0; word != NULL && i < FYI_LEN(all); i++)
        if (is_word(word, all[i].word))
            return all[i].c;
    return '\0';
}

static fy_csv_opts csv_opts(const fyi_side *s, const char *classes)
{
    return (fy_csv_opts){ .separator = separator_of(s->separator),
                          .header = s->header == NULL           ? FY_HEADER_DETECT
                                    : is_word(s->header, "yes") ? FY_HEADER_YES
                                                                : FY_HEADER_NO,
                          .label = s->label_column,
                          .is_unlabelled = !s->labelled,
                          .group = s->group_column,
                          .key = s->key_column,
                          .values = s->columns.v,
                          .n_values = s->columns.n,
                          .classes_path = classes,
                          .missing = missing_of(s) };
}

static fy_status open_csv(const site *at, const files *f, fy_dataset **out)
{
    fy_csv_opts o;
    char *classes;
    fy_status st;

    *out = NULL;
    FYI_FORWARD(find_file(at, at->side->class_file, &classes));
    o = csv_opts(at->side, classes);
    st = fy_csv_open(f->images, at->name, &o, out);
    fyi_free(classes);
    return st;
}

static fy_spectrogram_opts spectrogram_opts(const fyi_side *s)
{
    fy_spectrogram_opts o = fy_spectrogram_defaults(
        is_word(s->spectrogram, "mel") ? FY_SPECTROGRAM_MEL : FY_SPECTROGRAM_STFT);

    o.n_fft = s->n_fft;
    o.hop = s->hop;
    o.mels = s->mels;
    o.scale = is_word(s->mel_scale, "htk") ? FY_MEL_HTK : FY_MEL_SLANEY;
    o.f_min = s->f_min;
    o.f_max = s->f_max;
    return o;
}

static fy_status open_sounds(const site *at, const files *f, fy_dataset **out)
{
    const fy_spectrogram_opts o = spectrogram_opts(at->side);
    fy_dataset *waves;
    fy_status st;

    *out = NULL;
    if (is_word(at->side->spectrogram, "none"))
        return open_waves(at, f, out);
    FYI_FORWARD(open_waves(at, f, &waves));
    st = fy_dataset_spectrogram(waves, &o, out);
    fy_dataset_free(waves);
    return st;
}

static fy_status open_values(const site *at, const files *f, fy_dataset **out)
{
    const fyi_side *s = at->side;
    const fy_npy_opts o = { .axes = is_word(s->format, "vectors") ? FY_AXES_C
                                    : is_word(s->axes, "ct")      ? FY_AXES_CT
                                                                  : FY_AXES_TC,
                            .missing = missing_of(s) };

    return fy_npy_values_open(f->images, f->labels, at->name, &o, out);
}

/* In the order of the words of <side>.format. */
static const struct format {
    const char *word;
    fy_status (*open)(const site *at, const files *f, fy_dataset **out);
    bool has_files, resizes; /* resizes, and sets channels, by itself */
} formats[] = {
    { "idx", open_idx, true, false },         { "digits", open_digits, false, true },
    { "folder", open_pictures, true, true },  { "list", open_pictures, true, true },
    { "classes", open_pictures, true, true }, { "tar", open_pictures, true, true },
    { "cifar10", open_cifar10, true, false }, { "cifar100", open_cifar100, true, false },
    { "npy", open_npy, true, false },         { "sound", open_sounds, true, true },
    { "facts", open_facts, false, false },    { "csv", open_csv, true, false },
    { "vectors", open_values, true, false },  { "series", open_values, true, false },
};

static const struct format *find_format(const char *word)
{
    size_t i = 0;

    while (!is_word(formats[i].word, word))
        i++;
    return &formats[i];
}

static fy_status open_bare(const site *at, fy_dataset **out)
{
    const struct format *format = find_format(at->side->format);
    files f = { NULL, NULL };
    fy_status st;

    if (format->has_files)
        FY_TRY(find_files(at, &f));
    FY_TRY(format->open(at, &f, out));
done:
    release_files(&f);
    return st;
}

/* With the groups that a file of the side knows. */
static fy_status open_raw(const site *at, fy_dataset **out)
{
    fy_dataset *bare = NULL;
    char *groups;
    fy_status st;

    *out = NULL;
    FYI_FORWARD(find_file(at, at->side->group_file, &groups));
    FY_TRY(open_bare(at, groups != NULL ? &bare : out));
    if (groups != NULL)
        FY_TRY(fy_dataset_group_file(bare, groups, out));
done:
    fy_dataset_free(bare);
    fyi_free(groups);
    return st;
}

/* ---- values ---------------------------------------------------------------------------------- */

static fy_image_opts image_opts(const site *at)
{
    const fyi_side *s = at->side;
    fy_image_opts o = fy_image_defaults();
    const bool is_picture = find_format(s->format)->open == open_pictures;

    o.channels = is_picture ? 0 : s->channels;
    o.height = o.width = find_format(s->format)->resizes ? 0 : s->size;
    o.pad = s->pad;
    o.pad_value = (float)s->pad_value;
    return o;
}

/* One number is for all channels. */
static void set_numbers(fy_image_opts *o, const fyi_side *s)
{
    o->range = FY_RANGE_NORMAL;
    for (int c = 0; c < FYI_MAX_REALS; c++) {
        o->mean[c] = (float)s->mean.v[FYI_MIN(c, s->mean.n - 1)];
        o->deviation[c] = (float)s->deviation.v[FYI_MIN(c, s->deviation.n - 1)];
    }
}

/* Of RGB in 0 .. 1; what torchvision's models were trained with. */
static fy_status set_imagenet(fy_image_opts *o, const fy_dataset *raw)
{
    static const float mean[] = { 0.485f, 0.456f, 0.406f }, deviation[] = { 0.229f, 0.224f, 0.225f };
    const int64_t c = o->channels != 0 ? o->channels : fy_dataset_shape(raw)->d[0];

    if (c != 3)
        return fyi_fail(FY_EINVAL,
                        "range imagenet is for three channels, '%s' has %lld; set channels=3",
                        fy_dataset_name(raw), (long long)c);
    o->range = FY_RANGE_NORMAL;
    memcpy(o->mean, mean, sizeof mean);
    memcpy(o->deviation, deviation, sizeof deviation);
    return FY_OK;
}

/* By the seed of the run alone: a limit or a split changes nothing. */
static fy_status set_from_data(fy_image_opts *o, const site *at, const fy_dataset *raw)
{
    fy_image_opts bare = *o;
    fy_dataset *plain = NULL;
    fy_channel_stats s;
    fy_status st;

    bare.pad = 0;
    FY_TRY(fy_dataset_prepare(raw, &bare, &plain));
    FY_TRY(fy_dataset_channel_stats(plain, STATS_SAMPLES, at->of->run.seed.value, &s));
    o->range = FY_RANGE_NORMAL;
    memcpy(o->mean, s.mean, sizeof s.mean);
    memcpy(o->deviation, s.deviation, sizeof s.deviation);
done:
    fy_dataset_free(plain);
    return st;
}

/* Side i is opened once more for its numbers, just as it is for training. */
static fy_status set_from_side(fy_image_opts *o, const site *at, int i)
{
    const site other = { at->of, &at->of->side[i], fyi_side_names[i] };
    fy_image_opts numbers = image_opts(&other);
    fy_dataset *raw = NULL;
    fy_status st;

    FY_TRY(open_raw(&other, &raw));
    FY_TRY(set_from_data(&numbers, &other, raw));
    o->range = FY_RANGE_NORMAL;
    memcpy(o->mean, numbers.mean, sizeof o->mean);
    memcpy(o->deviation, numbers.deviation, sizeof o->deviation);
done:
    fy_dataset_free(raw);
    return st;
}

/* The side whose numbers are meant: "data" is the side itself. -1: the range needs no numbers of data. */
static int numbers_side(const site *at)
{
    const int self = (int)(at->side - at->of->side), learner = fyi_side_learner(self);

    return is_word(at->side->range, "data")     ? self
           : is_word(at->side->range, "source") ? FYI_SOURCE
           : !is_word(at->side->range, "train") ? -1
           : learner != self                    ? learner
                                                : FYI_TRAIN;
}

static fy_status set_range(fy_image_opts *o, const site *at, const fy_dataset *raw)
{
    const char *range = at->side->range;
    const int of = numbers_side(at);

    if (fy_dataset_shape(raw)->rank == 2)
        return fyi_fail(FY_EINVAL,
                        "'%s.range' is %s, but the samples of sounds are -1 to 1 already and stay "
                        "so; leave it out, or set spectrogram",
                        at->name, range);
    if (is_word(range, "imagenet"))
        return set_imagenet(o, raw);
    if (of >= 0 && at->side == &at->of->side[of])
        return set_from_data(o, at, raw);
    if (of >= 0 && !at->of->sections[1 + of].is_open)
        return fyi_fail(FY_EINVAL, "'%s.range' is %s, but there is no data side '%s'", at->name,
                        range, fyi_side_names[of]);
    if (of >= 0)
        return set_from_side(o, at, of);
    if (is_word(range, "normal"))
        set_numbers(o, at->side);
    if (is_word(range, "signed"))
        o->range = FY_RANGE_SIGNED;
    return FY_OK;
}

/* Of a side that asks for nothing what was read is what is wanted: also what is no picture. */
static bool asks_for_nothing(const fyi_side *s)
{
    return s->channels == 0 && s->size == 0 && s->pad == 0 && is_word(s->range, "keep");
}

/* Takes raw. */
static fy_status cut(const site *at, fy_dataset *raw, fy_dataset **out)
{
    const int64_t length = at->side->window, step = at->side->window_step;
    fy_status st;

    *out = raw;
    if (!is_word(at->side->format, "series") || length == 0)
        return FY_OK;
    st = fy_dataset_windows(raw, length, step > 0 ? step : length, out);
    fy_dataset_free(raw);
    return st;
}

/* Takes raw. */
static fy_status prepare(const site *at, fy_dataset *raw, fy_dataset **out)
{
    fy_image_opts o = image_opts(at);
    fy_status st;

    if (fyi_side_is_of_values(at->side))
        return cut(at, raw, out);
    *out = NULL;
    if (fy_dataset_shape(raw)->rank != 3 && asks_for_nothing(at->side)) {
        *out = raw;
        return FY_OK;
    }
    FY_TRY(set_range(&o, at, raw));
    FY_TRY(fy_dataset_prepare(raw, &o, out));
done:
    fy_dataset_free(raw);
    return st;
}

/* ---- samples --------------------------------------------------------------------------------- */

static fy_pick pick_of(const char *word)
{
    return is_word(word, "first")    ? FY_PICK_FIRST
           : is_word(word, "random") ? FY_PICK_RANDOM
                                     : FY_PICK_STRATIFIED;
}

static fy_status select_samples(const site *at, const fy_dataset *all, fy_dataset **out)
{
    const fyi_side *s = at->side;
    fy_select_opts o = fy_select_defaults();

    o.groups = s->groups.v;
    o.n_groups = s->groups.n;
    o.not_groups = s->not_groups.v;
    o.n_not_groups = s->not_groups.n;
    o.classes = s->classes.n > 0 ? s->classes.v : NULL;
    o.n_classes = s->classes.n;
    o.relabel = s->relabel.n > 0 ? s->relabel.v : NULL;
    o.limit = s->limit;
    o.pick = pick_of(s->pick);
    o.seed = seed_of(&s->pick_seed, at);
    return fy_dataset_select(all, &o, out);
}

fy_status fyi_recipe_side_open(const fyi_settings *of, int i, fy_dataset **out)
{
    const site at = { of, &of->side[i], fyi_side_names[i] };
    fy_dataset *raw = NULL, *all = NULL;
    fy_status st;

    FY_TRY(open_raw(&at, &raw));
    FY_TRY(prepare(&at, raw, &all));
    FY_TRY(select_samples(&at, all, out));
    fyi_info("%s", fy_dataset_text(*out));
done:
    fy_dataset_free(all);
    return st == FY_OK ? FY_OK : fyi_wrap(st, "while opening the data side '%s'", at.name);
}

/* ---- for a model to remember ----------------------------------------------------------------- */

#define MOST_PX 4096 /* as fy_model_set_pixels takes */

/* As the side says where that is all, else to the size that came out: padding, too, is a part of it. */
static void put_size(const fyi_side *s, const fy_shape *shape, fy_pixels *p)
{
    if (s->pad == 0 && (s->crop > 0 || shape->d[1] != shape->d[2])) {
        p->size = s->size;
        p->shorter = s->shorter;
        p->crop = s->crop;
    } else if (shape->d[1] == shape->d[2] && shape->d[1] <= MOST_PX) {
        p->size = shape->d[1];
    }
}

static bool is_as_it_was(const fy_pixels *p)
{
    for (int64_t c = 0; c < p->channels; c++)
        if (p->mean[c] != 0 || p->deviation[c] != 1)
            return false;
    return true;
}

fy_pixels fyi_side_pixels(const fyi_side *s, const fy_dataset *d)
{
    const fy_shape *shape = fy_dataset_shape(d);
    fy_pixels p = { 0 };

    if (shape->rank != 3 || (shape->d[0] != 1 && shape->d[0] != 3) || is_word(s->format, "sound"))
        return p;
    p.channels = shape->d[0];
    put_size(s, shape, &p);
    if (!fy_dataset_scaling(d, p.mean, p.deviation) || is_as_it_was(&p))
        p.deviation[0] = 0;
    return p;
}
