/* Guards sounds: what the decoders give, files of every kind of damage refused with a sentence, names that say labels,
 * groups and keys, cut and filled up samples, other rates; and spectra, which are librosa's.
 * labels: threads
 * timeout: 120 */
#include "support/support.h"

#include "data/sound.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- decoding -------------------------------------------------------------------------------- */

static const struct decoded_row {
    const char *file;
    int64_t n;
    float every_10th[160];
} decoded_rows[] = {
#include "../golden/sound/decoded.inc"
};

static void decoded_samples_are_libsndfiles(void **state)
{
    const struct decoded_row *row = *state;
    char name[64];
    fyi_encoded e = { .name = row->file };
    fyi_sound s;

    (void)snprintf(name, sizeof name, "sound/%s", row->file);
    e.p = (const uint8_t *)fyt_golden(name, &e.n);
    check_ok(fyi_sound_decode(&e, 0, 0, &s));
    assert_int_equal(s.n, row->n);
    assert_int_equal(s.rate_hz, 8000);
    for (int64_t i = 0; i < s.n; i += 10)
        check_close(&s.v[i], &row->every_10th[i / 10], 1, 0, 1e-6);
    fyi_sound_release(&s);
    check_ok(fyi_sound_decode(&e, 0.01, 0, &s));
    assert_int_equal(s.n, 80);
    fyi_sound_release(&s);
    check_status(fyi_sound_decode(&e, 0, row->n - 1, &s), FY_EFORMAT);
    check_sentence("cut it into pieces");
    fyi_free((void *)(uintptr_t)e.p);
}

/* ---- WAV files that are wrong ---------------------------------------------------------------- */

/* What stands in a header; 0: what is right for one channel of 16 bits at 8 kHz. */
static const struct wav_row {
    const char *name;
    uint32_t tag, channels, rate, frame_bytes, bits, data_says, riff_says, samples;
    bool zero_channels, zero_rate, has_no_data, has_no_format;
    const char *part; /* of the sentence */
} wav_rows[] = {
    { .name = "as it should be" },
    { .name = "no rate", .zero_rate = true, .part = "0 samples a second; read are 2000 to 384000" },
    { .name = "too high a rate", .rate = 1000000000, .part = "1000000000 samples a second" },
    { .name = "no channels", .zero_channels = true, .part = "says it has 0 channels" },
    { .name = "too many channels", .channels = 65535, .part = "says it has 65535 channels" },
    { .name = "other sizes", .frame_bytes = 3, .part = "says 3 bytes for all channels of a sample" },
    { .name = "odd data", .data_says = 39, .part = "39 bytes of samples are no multiple of the 2" },
    { .name = "too long data", .data_says = 41, .part = "chunk 'data' says 41 bytes, 40 are left" },
    { .name = "unwritten data", .data_says = UINT32_MAX, .part = "its sizes were never written" },
    { .name = "a longer file", .riff_says = 200, .part = "header says 208 bytes, the file has 84" },
    { .name = "unwritten file", .riff_says = UINT32_MAX, .part = "its sizes were never written" },
    { .name = "a shorter file", .riff_says = 60, .part = "chunk 'data' says 40 bytes, 24 are left" },
    { .name = "ADPCM", .tag = 2, .bits = 4, .part = "a WAV of type 2 with 4 bits" },
    { .name = "12 bits", .bits = 12, .part = "a WAV of type 1 with 12 bits" },
    { .name = "no data", .has_no_data = true, .part = "it has no data chunk" },
    { .name = "no format", .has_no_format = true, .part = "its data chunk stands before its fmt" },
    { .name = "one sample", .samples = 1, .part = "holds 1 samples, which is no sound" },
    { .name = "not finite", .tag = 3, .bits = 32, .frame_bytes = 4, .part = "sample 3 is not finite" },
};

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static uint32_t or_else(uint32_t v, uint32_t usual)
{
    return v != 0 ? v : usual;
}

/* A header and `bytes` of data; returns the file's length. */
static size_t make_wav(const struct wav_row *row, uint8_t file[256])
{
    const uint32_t bytes = row->samples != 0 ? 2 * row->samples : 40;

    memset(file, 0, 256);
    memcpy(file, "RIFF", 4);
    put32(file + 4, or_else(row->riff_says, 36 + bytes));
    memcpy(file + 8, row->has_no_format ? "WAVEjunk" : "WAVEfmt ", 8);
    put32(file + 16, 16);
    put32(file + 20, or_else(row->tag, 1) | (row->zero_channels ? 0 : or_else(row->channels, 1))
                                                << 16);
    put32(file + 24, row->zero_rate ? 0 : or_else(row->rate, 8000));
    put32(file + 28, 16000);
    put32(file + 32, or_else(row->frame_bytes, 2) | or_else(row->bits, 16) << 16);
    memcpy(file + 36, row->has_no_data ? "junk" : "data", 4);
    put32(file + 40, or_else(row->data_says, bytes));
    if (row->tag == 3)
        put32(file + 44 + 4 * 3, 0x7fc00000); /* a NaN */
    return 44 + bytes;
}

static void wrong_headers_are_refused(void **state)
{
    const struct wav_row *row = *state;
    uint8_t file[256];
    const fyi_encoded e = { "some.wav", file, make_wav(row, file) };
    fyi_sound s;

    if (row->part == NULL) {
        check_ok(fyi_sound_decode(&e, 0, 0, &s));
        assert_int_equal(s.n, 20);
        fyi_sound_release(&s);
        return;
    }
    check_status(fyi_sound_decode(&e, 0, 0, &s), FY_EFORMAT);
    check_sentence("'some.wav'");
    check_sentence(row->part);
    assert_null(s.v);
}

static void what_is_no_sound_is_named(void **state)
{
    static const struct {
        const char *text, *part;
    } rows[] = { { "", "'x.wav' is empty" },
                 { "hello, world\n", "no WAV, FLAC or Ogg file: it begins with \"hello, world.\"" },
                 { "RIFF", "'x.wav' has 4 bytes, too few" },
                 { "RIFF\x04\0\0\0AVI ", "a RIFF file, but no WAV" },
                 { "fLaC", "ends inside its FLAC header" },
                 { "OggS", "no whole Ogg page at byte 0" } };
    static const size_t bytes[] = { 0, 13, 4, 12, 4, 4 };
    fyi_sound s;

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        const fyi_encoded e = { "x.wav", (const uint8_t *)rows[i].text, bytes[i] };

        check_status(fyi_sound_decode(&e, 0, 0, &s), FY_EFORMAT);
        check_sentence(rows[i].part);
    }
}

/* ---- names ----------------------------------------------------------------------------------- */

static const struct name_row {
    const char *pattern, *name, *label, *group, *key;
} name_rows[] = {
    { "{label}_{group}_{key}", "a/b/3_george_17.wav", "3", "george", "17" },
    { "{label}_{group}_{key}", "3_a_b_c.wav", "3", "a", "b_c" },
    { "{}-{key}.{label}", "x-y.z.flac", "z", NULL, "y" },
    { "s{group}e", "see.wav", NULL, "e", NULL },
    { "{group}_{}", "george_.wav", "", NULL, NULL },
    { "{label}_{key}", "3-17.wav", "", NULL, NULL },
    { "s{group}e", "se.wav", "", NULL, NULL },
    { "{label}", "no ending", "no ending", NULL, NULL },
};

static void check_field(const fyi_name_fields *f, fyi_name_field field, const char *expected)
{
    if (expected == NULL) {
        assert_null(f->v[field]);
        return;
    }
    assert_int_equal(f->chars[field], strlen(expected));
    assert_memory_equal(f->v[field], expected, strlen(expected));
}

static void patterns_take_names_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(name_rows); i++) {
        const struct name_row *row = &name_rows[i];
        const bool fits = row->label == NULL || row->label[0] != '\0';
        fyi_name_pattern p;
        fyi_name_fields f;

        check_ok(fyi_name_pattern_read(row->pattern, &p));
        assert_int_equal(fyi_name_pattern_match(&p, row->name, &f), fits);
        if (!fits)
            continue;
        check_field(&f, FYI_NAME_LABEL, row->label);
        check_field(&f, FYI_NAME_GROUP, row->group);
        check_field(&f, FYI_NAME_KEY, row->key);
    }
}

static void wrong_patterns_are_refused(void **state)
{
    static const char *const rows[][2] = {
        { "{label}_{gruop}", "'{gruop}'; there are {label}, {group}, {key}" },
        { "{label}{key}", "where one field ends and the next begins" },
        { "{key}_{key}", "has {key} twice" },
        { "{label", "a { without its }" },
        { "name", "has no field" },
        { "{group}/{label}", "has a slash" },
        { "{}_{}_{}_{}_{}_{}_{}_{}_{}", "more than 8 fields" },
    };
    fyi_name_pattern p;

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        check_status(fyi_name_pattern_read(rows[i][0], &p), FY_EINVAL);
        check_sentence(rows[i][1]);
    }
}

/* ---- folders and lists ----------------------------------------------------------------------- */

/* Copies tests/golden/sound/file to dir/to. */
static void put(const char *dir, const char *file, const char *to)
{
    char name[64], path[512];
    size_t n;
    char *p;

    (void)snprintf(name, sizeof name, "sound/%s", file);
    p = fyt_golden(name, &n);
    (void)snprintf(path, sizeof path, "%s/%s", dir, to);
    *strrchr(path, '/') = '\0';
    check_ok(fyi_mkdirs(path));
    check_ok(fyi_file_write(fyt_path(dir, to), p, n));
    fyi_free(p);
}

static void put_text(const char *dir, const char *to, const char *text)
{
    check_ok(fyi_file_write(fyt_path(dir, to), text, strlen(text)));
}

static void put_named(const char *dir)
{
    put(dir, "pcm16.wav", "3_ann_0.wav");
    put(dir, "pcm16.flac", "1_bob_0.flac");
    put(dir, "vorbis.ogg", "3_bob_1.ogg");
}

static void names_say_label_group_and_key(void **state)
{
    static const int32_t labels[] = { 1, 3, 3 }, groups[] = { 1, 0, 1 };
    static const char *const keys[] = { "0", "0", "1" };
    const fy_sound_opts o = { .names = "{label}_{group}_{key}", .max_broken = 0 };
    fy_dataset *waves, *d;
    int32_t label;

    put_named(*state);
    check_ok(fy_sound_folder_open(*state, &o, &waves));
    check_ok(fy_dataset_spectrogram(waves, NULL, &d));
    assert_int_equal(fy_dataset_count(d), 3);
    assert_int_equal(fy_dataset_classes(d), 4);
    assert_int_equal(fy_dataset_groups(d), 2);
    assert_int_equal(fy_dataset_rate(waves), 8000);
    assert_string_equal(fy_dataset_group_name(d, 0), "ann");
    assert_string_equal(fy_dataset_sample_name(d, 2), "3_bob_1.ogg");
    assert_true(fy_shape_equal(fy_dataset_shape(waves), &FY_SHAPE(1, 1500)));
    assert_true(fy_shape_equal(fy_dataset_shape(d), &FY_SHAPE(1, 64, 12)));
    for (int64_t i = 0; i < 3; i++) {
        check_ok(fy_dataset_label(d, i, &label));
        assert_int_equal(label, labels[i]);
        assert_int_equal(fy_dataset_group(d, i), groups[i]);
        assert_string_equal(fy_dataset_key(d, i), keys[i]);
    }
    assert_null(fy_dataset_key(d, 3));
    fy_dataset_free(waves);
    fy_dataset_free(d);
}

static void names_that_do_not_fit_are_refused(void **state)
{
    const fy_sound_opts o = { .names = "{label}_{group}_{key}" }, label = { .names = "{label}" };
    fy_dataset *d;

    put_named(*state);
    put(*state, "pcm8.wav", "noise.wav");
    check_status(fy_sound_folder_open(*state, &o, &d), FY_EINVAL);
    check_sentence("the name of 'noise.wav' is not as the pattern of names");
    put_text(*state, "list.csv", "3_ann_0.wav,x\n");
    check_status(fy_sound_list_open(fyt_path(*state, "list.csv"), &label, &d), FY_EINVAL);
    check_sentence("has the label 'x' already");
}

static void folders_of_numbers_are_in_their_order(void **state)
{
    fy_dataset *d;

    put(*state, "pcm8.wav", "10/a.wav");
    put(*state, "pcm8.wav", "9/b.wav");
    put(*state, "ulaw.wav", "9/deep/c.WAV");
    put(*state, "ulaw.wav", "9/d.mp3");
    check_ok(fy_sound_folder_open(*state, NULL, &d));
    assert_int_equal(fy_dataset_count(d), 3);
    assert_string_equal(fy_dataset_class_name(d, 0), "9");
    assert_string_equal(fy_dataset_class_name(d, 1), "10");
    assert_string_equal(fy_dataset_sample_name(d, 2), "10/a.wav");
    assert_null(fy_dataset_key(d, 0));
    assert_int_equal(fy_dataset_groups(d), 0);
    fy_dataset_free(d);
}

static void broken_files_are_left_out_and_named(void **state)
{
    fy_sound_opts o = fy_sound_defaults();
    fy_dataset *d;
    int32_t label;

    put(*state, "pcm16.wav", "a.wav");
    put_text(*state, "b.wav", "not a sound");
    put(*state, "pcm16.wav", "c.wav");
    put_text(*state, "list.csv", "path,label\nb.wav,no\na.wav,yes\nmissing.wav,no\nc.wav,yes\n");
    check_ok(fy_sound_list_open(fyt_path(*state, "list.csv"), NULL, &d));
    assert_int_equal(fy_dataset_count(d), 2);
    assert_int_equal(fy_dataset_n_broken(d), 2);
    assert_int_equal(fy_dataset_origin(d, 1), 3);
    check_contains(fy_dataset_broken(d, 0), "'b.wav' is no WAV, FLAC or Ogg");
    check_contains(fy_dataset_broken(d, 1), "missing.wav");
    check_ok(fy_dataset_label(d, 0, &label));
    assert_int_equal(label, 1);
    fy_dataset_free(d);
    o.max_broken = 1;
    check_status(fy_sound_list_open(fyt_path(*state, "list.csv"), &o, &d), FY_EFORMAT);
    check_sentence("2 of 4 sounds cannot be read, at most 1");
    put_text(*state, "none.csv", "b.wav,no\n");
    check_status(fy_sound_list_open(fyt_path(*state, "none.csv"), NULL, &d), FY_EFORMAT);
    check_sentence("none of its 1 sounds can be read");
}

static fy_status open_folder(void *dir)
{
    const fy_sound_opts o = { .names = "{label}_{group}_{key}", .rate_hz = 4000 };
    fy_dataset *waves, *d;
    fy_status st;

    FYI_FORWARD(fy_sound_folder_open(dir, &o, &waves));
    st = fy_dataset_spectrogram(waves, NULL, &d);
    fy_dataset_free(waves);
    fy_dataset_free(d);
    return st;
}

static void failing_memory_is_survived(void **state)
{
    put_named(*state);
    fyt_check_alloc_failures(open_folder, *state);
}

/* ---- length and rate ------------------------------------------------------------------------- */

/* 440 Hz, 16 bits, at a rate. */
static void put_tone_of(const char *path, uint32_t rate, uint32_t seconds, int level)
{
    const struct wav_row usual = { .rate = rate };
    const size_t n = rate * seconds;
    uint8_t *file = calloc(1, 256 + 2 * n);

    (void)make_wav(&usual, file);
    put32(file + 4, (uint32_t)(36 + 2 * n));
    put32(file + 40, (uint32_t)(2 * n));
    for (size_t i = 0; i < n; i++) {
        const int v = (int)lrint(level * sin(2 * 3.14159265358979 * 440 * (double)i / rate));

        file[44 + 2 * i] = (uint8_t)v;
        file[45 + 2 * i] = (uint8_t)((unsigned)v >> 8);
    }
    check_ok(fyi_file_write(path, file, 44 + 2 * n));
    free(file);
}

static void put_tone(const char *path, uint32_t rate, uint32_t seconds)
{
    put_tone_of(path, rate, seconds, 16000);
}

static void other_rates_hold_the_same_tone(void **state)
{
    static const uint32_t rates[] = { 8000, 16000, 44100, 11025 };
    const fy_sound_opts o = { .rate_hz = 12000, .seconds = 0.5 };
    float x[6000];
    fy_dataset *d;

    for (size_t r = 0; r < LEN(rates); r++) {
        put_tone(fyt_path(*state, "tone.wav"), rates[r], 1);
        check_ok(fy_sound_folder_open(fyt_path(*state, "tone.wav"), &o, &d));
        assert_true(fy_shape_equal(fy_dataset_shape(d), &FY_SHAPE(1, 6000)));
        check_ok(fy_dataset_get(d, 0, x, 6000, NULL));
        for (int i = 200; i < 6000; i++)
            if (fabs(x[i] - 16000 / 32768.0 * sin(2 * 3.14159265358979 * 440 * i / 12000)) > 1e-3)
                fail_msg("%u Hz: sample %d is %g", rates[r], i, (double)x[i]);
        fy_dataset_free(d);
    }
}

static void samples_have_one_length(void **state)
{
    fy_sound_opts o = { .seconds = 0.1 };
    float x[800], whole[1500];
    fy_dataset *d;

    put(*state, "pcm16.wav", "a.wav");
    put(*state, "pcm8.wav", "b.wav");
    check_ok(fy_sound_folder_open(*state, NULL, &d));
    check_ok(fy_dataset_get(d, 0, whole, 1500, NULL));
    fy_dataset_free(d);
    check_ok(fy_sound_folder_open(*state, &o, &d));
    check_ok(fy_dataset_get(d, 0, x, 800, NULL));
    assert_memory_equal(x, whole, sizeof x);
    check_ok(fy_dataset_get(d, 1, x, 800, NULL));
    for (int i = 300; i < 800; i++)
        assert_true(x[i] == 0);
    fy_dataset_free(d);
    put_tone(fyt_path(*state, "c.wav"), 2000, 61);
    check_status(fy_sound_folder_open(*state, NULL, &d), FY_EINVAL);
    check_sentence("'c.wav' lasts 61.0 s; samples of more than 60 s have to be asked for");
    o.seconds = 1e9;
    check_status(fy_sound_folder_open(*state, &o, &d), FY_EINVAL);
    check_sentence("samples last 0 to 3600 s");
    o = (fy_sound_opts){ .rate_hz = 100 };
    check_status(fy_sound_folder_open(*state, &o, &d), FY_EINVAL);
    check_sentence("2000 .. 384000 samples a second, not to 100");
}

static double rms_of(const float *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sqrt(sum / n);
}

/* The silence behind a sound does not count, and a sound that is nothing but silence stays so. */
static void sounds_are_as_loud_as_they_should_be(void **state)
{
    static const int levels[] = { 16000, 20, 0 };
    fy_sound_opts o = { .seconds = 2, .rms = 0.25 };
    float x[8000];
    fy_dataset *d;

    for (size_t k = 0; k < LEN(levels); k++) {
        put_tone_of(fyt_path(*state, "tone.wav"), 4000, 1, levels[k]);
        check_ok(fy_sound_folder_open(fyt_path(*state, "tone.wav"), &o, &d));
        check_ok(fy_dataset_get(d, 0, x, 8000, NULL));
        assert_true(fabs(rms_of(x, 4000) - (levels[k] > 0 ? 0.25 : 0)) < 1e-6);
        assert_true(rms_of(x + 4000, 4000) == 0);
        fy_dataset_free(d);
    }
    o.rms = 1.5;
    check_status(fy_sound_folder_open(*state, &o, &d), FY_EINVAL);
    check_sentence("sounds are brought to a root mean square of 0 to 1, not to 1.5");
}

/* ---- real recordings ------------------------------------------------------------------------- */

static void spoken_digits_have_speakers(void **state)
{
    const char *path = fyt_data_path("fsdd/recordings.tar");
    const fy_sound_opts o = { .names = "{label}_{group}_{key}", .max_broken = 0 };
    int64_t counts[10];
    fy_dataset *d;

    (void)state;
    if (path == NULL)
        skip();
    check_ok(fy_sound_tar_open(path, &o, &d));
    assert_int_equal(fy_dataset_count(d), 3000);
    assert_int_equal(fy_dataset_groups(d), 6);
    assert_string_equal(fy_dataset_group_name(d, 5), "yweweler");
    assert_true(fy_shape_equal(fy_dataset_shape(d), &FY_SHAPE(1, 18262)));
    check_ok(fy_dataset_class_counts(d, counts, 10));
    for (int c = 0; c < 10; c++)
        assert_int_equal(counts[c], 300);
    fy_dataset_free(d);
}

/* ---- spectra --------------------------------------------------------------------------------- */

static const struct spectrum_row {
    fy_spectrogram_opts o;
    int64_t bins, frames;
    float every_5th[700];
} spectrum_rows[] = {
#include "../golden/sound/spectra.inc"
};

static fy_dataset *open_spectra(const fy_spectrogram_opts *o)
{
    fy_dataset *waves, *d;

    check_ok(fy_sound_folder_open(fyt_golden_path("sound/pcm16.wav"), NULL, &waves));
    check_ok(fy_dataset_spectrogram(waves, o, &d));
    fy_dataset_free(waves);
    return d;
}

/* Of logarithms: what differs by 1e-4 is a ratio of 1.0001. */
static void spectra_are_librosas(void **state)
{
    const struct spectrum_row *row = *state;
    fy_dataset *d = open_spectra(&row->o);
    const int64_t n = row->bins * row->frames;
    float *x = calloc((size_t)n, sizeof *x);

    assert_true(fy_shape_equal(fy_dataset_shape(d), &FY_SHAPE(1, row->bins, row->frames)));
    check_ok(fy_dataset_get(d, 0, x, n, NULL));
    for (int64_t i = 0; i < n; i += 5)
        check_close(&x[i], &row->every_5th[i / 5], 1, 0, 1e-4);
    free(x);
    fy_dataset_free(d);
}

static void spectra_do_not_depend_on_threads(void **state)
{
    fy_loader_opts o = fy_loader_defaults();
    float first[3 * 64 * 12];
    fy_dataset *waves, *d;
    fy_loader *l;
    fy_batch b;

    put_named(*state);
    check_ok(fy_sound_folder_open(*state, NULL, &waves));
    check_ok(fy_dataset_spectrogram(waves, NULL, &d));
    o.batch = 3;
    o.with_labels = false;
    for (o.workers = 0; o.workers < 5; o.workers += 2) {
        check_ok(fy_loader_open(d, &o, &l));
        for (int step = 0; step < 3; step++)
            check_ok(fy_loader_next(l, &b));
        if (o.workers == 0)
            memcpy(first, b.x, sizeof first);
        assert_memory_equal(first, b.x, sizeof first);
        fy_loader_close(l);
    }
    fy_dataset_free(waves);
    fy_dataset_free(d);
}

static const struct option_row {
    const char *name, *part;
    fy_spectrogram_opts o;
} option_rows[] = {
    { "an odd window", "windows of 15 samples", { .n_fft = 15, .hop = 1, .mels = 1 } },
    { "a prime in it", "even product of 2, 3 and 5", { .n_fft = 14, .hop = 1, .mels = 1 } },
    { "no window", "windows of 0 samples", { .hop = 1, .mels = 1 } },
    { "no hop", "0 samples apart", { .n_fft = 16, .mels = 1 } },
    { "no bands", "1 to 4096 mel bands", { .n_fft = 16, .hop = 1 } },
    { "bands beyond", "lie between 0 and 4000", { .n_fft = 16, .hop = 1, .mels = 1, .f_max = 4001 } },
    { "bands upside down",
      "from 9 to 8 Hz",
      { .n_fft = 16, .hop = 1, .mels = 1, .f_min = 9, .f_max = 8 } },
    { "no such kind", "no kind of spectrogram", { .kind = 2, .n_fft = 16, .hop = 1, .mels = 1 } },
    { "no such scale", "no mel scale", { .scale = 2, .n_fft = 16, .hop = 1, .mels = 1 } },
    { "too long", "less than a window of 2048", { .n_fft = 2048, .hop = 1, .mels = 1 } },
    { "a floor below", "floor of a logarithm", { .n_fft = 16, .hop = 1, .mels = 1, .floor = -1 } },
};

static void wrong_options_are_refused(void **state)
{
    const struct option_row *row = *state;
    fy_dataset *waves, *d;
    fy_status st;

    check_ok(fy_sound_folder_open(fyt_golden_path("sound/pcm16.wav"), NULL, &waves));
    st = fy_dataset_spectrogram(waves, &row->o, &d);
    assert_true(st == FY_EINVAL || st == FY_ESHAPE);
    check_sentence(row->part);
    fy_dataset_free(waves);
}

static void pictures_have_no_spectrum(void **state)
{
    const fy_digits_opts o = fy_digits_defaults(FY_DIGITS_CLEAN);
    fy_dataset *digits, *d;

    (void)state;
    check_ok(fy_digits_open(&o, &digits));
    check_status(fy_dataset_spectrogram(digits, NULL, &d), FY_ESHAPE);
    check_sentence("only sounds [1, n] have a spectrogram");
    fy_dataset_free(digits);
}

/* ---- all of them ----------------------------------------------------------------------------- */

#define IN_A_FOLDER(test) \
    cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

static struct CMUnitTest row_test(const char *name, CMUnitTestFunction f, const void *row)
{
    return (struct CMUnitTest){ name, f, NULL, NULL, (void *)(uintptr_t)row };
}

int main(void)
{
    static const struct CMUnitTest plain[] = {
        cmocka_unit_test(what_is_no_sound_is_named),
        cmocka_unit_test(patterns_take_names_apart),
        cmocka_unit_test(wrong_patterns_are_refused),
        cmocka_unit_test(spoken_digits_have_speakers),
        cmocka_unit_test(pictures_have_no_spectrum),
        IN_A_FOLDER(names_say_label_group_and_key),
        IN_A_FOLDER(names_that_do_not_fit_are_refused),
        IN_A_FOLDER(folders_of_numbers_are_in_their_order),
        IN_A_FOLDER(broken_files_are_left_out_and_named),
        IN_A_FOLDER(failing_memory_is_survived),
        IN_A_FOLDER(other_rates_hold_the_same_tone),
        IN_A_FOLDER(samples_have_one_length),
        IN_A_FOLDER(sounds_are_as_loud_as_they_should_be),
        IN_A_FOLDER(spectra_do_not_depend_on_threads),
    };
    struct CMUnitTest tests[LEN(plain) + LEN(decoded_rows) + LEN(wav_rows) + LEN(spectrum_rows) +
                            LEN(option_rows)];
    size_t n = LEN(plain);

    memcpy(tests, plain, sizeof plain);
    for (size_t i = 0; i < LEN(decoded_rows); i++)
        tests[n++] =
            row_test(decoded_rows[i].file, decoded_samples_are_libsndfiles, &decoded_rows[i]);
    for (size_t i = 0; i < LEN(wav_rows); i++)
        tests[n++] = row_test(wav_rows[i].name, wrong_headers_are_refused, &wav_rows[i]);
    for (size_t i = 0; i < LEN(spectrum_rows); i++)
        tests[n++] = row_test("a spectrum", spectra_are_librosas, &spectrum_rows[i]);
    for (size_t i = 0; i < LEN(option_rows); i++)
        tests[n++] = row_test(option_rows[i].name, wrong_options_are_refused, &option_rows[i]);
    return _cmocka_run_group_tests("sound", tests, n, NULL, NULL);
}
