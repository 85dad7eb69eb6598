/* data.h: where samples come from and how they reach a plan.
 *
 *   source    what was opened: files, tensors, or digits drawn by the program. It has a SHA-256.
 *   dataset   n samples of one shape out of a source, with or without labels. Selecting, splitting
 *             and preparing give new datasets over the same source; no samples are copied.
 *   group     who or what samples come from: a speaker, a subject, a device. What is learnt of one says little about
 *             new ones, so that parts of a dataset have no group in common unless the caller wants it so
 *   manifest  a JSON file with the source's hash and sample numbers: a split that repeats itself
 *   loader    turns a dataset into an endless, reproducible stream of batches
 *
 * A sample is f32 values in plain order ([c, h, w] for images, [columns] for vectors, [channels, t] for series) and an i32
 * label 0 .. n_classes-1. A dataset never changes once made and may be read by any number of threads. Every dataset keeps its
 * source alive, so datasets may be freed in any order. */
#ifndef FERRY_DATA_H
#define FERRY_DATA_H

#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fy_dataset fy_dataset;
typedef struct fy_loader fy_loader;

/* ---- looking at a dataset -------------------------------------------------------------------- */

/* Accepts NULL. */
FY_API void fy_dataset_free(fy_dataset *d);
FY_API int64_t fy_dataset_count(const fy_dataset *d);
/* Of one sample: [c, h, w], [columns], [channels, t]. */
FY_API const fy_shape *fy_dataset_shape(const fy_dataset *d);
FY_API bool fy_dataset_has_labels(const fy_dataset *d);
/* 0 when there are no labels. */
FY_API int fy_dataset_classes(const fy_dataset *d);
/* "7"; NULL when c is no class. */
FY_API const char *fy_dataset_class_name(const fy_dataset *d, int c);
/* "mnist-train"; the caller's choice at open, or the file's name. */
FY_API const char *fy_dataset_name(const fy_dataset *d);
/* SHA-256 of the source's bytes, 64 hexadecimal digits: of the uncompressed idx files (images, then
 * labels), of the tensors, or of what defines the drawn digits. Equal for all datasets of a
 * source. */
FY_API const char *fy_dataset_hash(const fy_dataset *d);
/* SHA-256 of what this dataset presents: source, preparation, sample numbers, labels. A cache's
 * key. */
FY_API const char *fy_dataset_view_hash(const fy_dataset *d);
/* A value is (pixel - mean[c]) / deviation[c] of a pixel within 0 .. 1, for at most 4 channels: 0 and 1 where values are
 * the pixels. False, and 0 and 1, for data that were scaled more than once. */
FY_API bool fy_dataset_scaling(const fy_dataset *d, float mean[4], float deviation[4]);
/* One line: name, count, shape, classes, values, and how it was made. */
FY_API const char *fy_dataset_text(const fy_dataset *d);
/* The source's number of sample i; -1 when i is out of range. */
FY_API int64_t fy_dataset_origin(const fy_dataset *d, int64_t i);
/* "dog/056_0003.jpg": what the source calls sample i; NULL if it has no names, or no sample i. */
FY_API const char *fy_dataset_sample_name(const fy_dataset *d, int64_t i);
/* "17": the part of its name by which sample i is paired with one of another modality (fy_sound_opts.names). NULL if it
 * has none. */
FY_API const char *fy_dataset_key(const fy_dataset *d, int64_t i);
/* Values a second along the last axis, of sounds; 0 where there is no time, or nobody knows. */
FY_API int64_t fy_dataset_rate(const fy_dataset *d);
/* Files that could not be read when the source was opened and were left out, and a sentence about
 * the k-th of them. NULL if there is no k-th. */
FY_API int64_t fy_dataset_n_broken(const fy_dataset *d);
FY_API const char *fy_dataset_broken(const fy_dataset *d, int64_t k);
/* True once sample i was read and turned out to be broken: its values are black. */
FY_API bool fy_dataset_is_broken(const fy_dataset *d, int64_t i);
/* Writes the n values of sample i (n is the shape's count) and its label, unless `label` is NULL. A
 * label asked of an unlabelled dataset is FY_EINVAL. */
FY_API FY_NODISCARD fy_status fy_dataset_get(const fy_dataset *d, int64_t i, float *x, int64_t n,
                                             int32_t *label);
/* The label alone. */
FY_API FY_NODISCARD fy_status fy_dataset_label(const fy_dataset *d, int64_t i, int32_t *label);
/* How many groups there are, some of them without a sample here; 0: nothing is known of groups. */
FY_API int fy_dataset_groups(const fy_dataset *d);
/* The group of sample i, 0 .. groups-1; -1 when nothing is known of it or there is no sample i. */
FY_API int32_t fy_dataset_group(const fy_dataset *d, int64_t i);
/* "george"; NULL when g is no group. */
FY_API const char *fy_dataset_group_name(const fy_dataset *d, int g);
/* A group that both have samples of, by its name, lent by a; NULL if there is none. Datasets of different sources share
 * none: the same name may mean another there. */
FY_API FY_NODISCARD fy_status fy_dataset_share_group(const fy_dataset *a, const fy_dataset *b,
                                                     const char **name);
/* Samples of each class; n must be the class count. */
FY_API FY_NODISCARD fy_status fy_dataset_class_counts(const fy_dataset *d, int64_t *counts, int n);
/* Samples index[0..n-1], or all when index is NULL (n is ignored), in one tensor: x f32 [n, c, h,
 * w], y i32 [n]. y may be NULL; asked of an unlabelled dataset it is FY_EINVAL. */
FY_API FY_NODISCARD fy_status fy_dataset_read(const fy_dataset *d, const int64_t *index, int64_t n,
                                              fy_tensor **x, fy_tensor **y);

/* ---- preparing images ------------------------------------------------------------------------ */

typedef enum fy_value_range {
    FY_RANGE_KEEP,   /* as the source gives them; 0 .. 1 for image files and drawn digits */
    FY_RANGE_SIGNED, /* 2 x - 1: 0 .. 1 becomes -1 .. 1 */
    FY_RANGE_NORMAL  /* (x - mean[c]) / deviation[c] */
} fy_value_range;

/* In this order: channels, resize, pad, values. */
typedef struct fy_image_opts {
    int64_t channels;      /* 0 keeps; 1 makes grey of colour (Rec. 601); 3 repeats grey */
    int64_t height, width; /* resized by area-aware bilinear weights, half-pixel centres; 0 keeps */
    int64_t pad;           /* pixels added on every side */
    float pad_value;       /* before the values are scaled: 0 is black */
    fy_value_range range;
    float mean[4], deviation[4]; /* of FY_RANGE_NORMAL, per channel, at most 4 */
} fy_image_opts;
FY_API fy_image_opts fy_image_defaults(void); /* keeps everything; mean 0, deviation 1 */

/* The same samples in another size or range. Needs shape [c, h, w]. */
FY_API FY_NODISCARD fy_status fy_dataset_prepare(const fy_dataset *d, const fy_image_opts *o,
                                                 fy_dataset **out);

/* ---- preparing vectors and series ------------------------------------------------------------- */

/* Mean and deviation (of the population) of each column of vectors [columns], of each channel of series [channels, t]. */
typedef struct fy_standard fy_standard;

/* Over all values of d that are not missing (NaN): fit on training samples, and apply to all. FY_ESHAPE for images,
 * FY_ENAN for values that are infinite. */
FY_API FY_NODISCARD fy_status fy_standard_fit(const fy_dataset *d, fy_standard **out);
/* From numbers that were kept; copied. */
FY_API FY_NODISCARD fy_status fy_standard_new(int64_t n, const double *mean,
                                              const double *deviation, fy_standard **out);
/* Accepts NULL. */
FY_API void fy_standard_free(fy_standard *s);
FY_API int64_t fy_standard_count(const fy_standard *s);
FY_API double fy_standard_mean(const fy_standard *s, int64_t c);
/* 0: the column was the same everywhere, or had no value. */
FY_API double fy_standard_deviation(const fy_standard *s, int64_t c);
/* How many of those there are. */
FY_API int64_t fy_standard_constants(const fy_standard *s);
/* {"mean": [...], "deviation": [...]}: written whole or not at all, and read back as it was. */
FY_API FY_NODISCARD fy_status fy_standard_write(const fy_standard *s, const char *path);
FY_API FY_NODISCARD fy_status fy_standard_read(const char *path, fy_standard **out);
/* (x - mean) / deviation; 0 where a value is missing or the deviation is 0. Copies s. */
FY_API FY_NODISCARD fy_status fy_dataset_standardise(const fy_dataset *d, const fy_standard *s,
                                                     fy_dataset **out);
/* Values as they are, and means where they are missing. */
FY_API FY_NODISCARD fy_status fy_dataset_fill(const fy_dataset *d, const fy_standard *s,
                                              fy_dataset **out);

/* Vectors [columns] as another instrument would have measured them, by seed: the columns in pairs, each pair turned by an angle;
 * each column by a factor and an offset; and noise. Amounts are those of values whose deviation is about 1. */
typedef struct fy_shift_opts {
    double rotate_deg; /* every pair by that much, forwards or backwards */
    double scale;      /* deviation of the logarithm of a column's factor */
    double offset;     /* deviation of a column's offset */
    double noise;      /* deviation of what is added to every value of every sample */
    uint64_t seed;
} fy_shift_opts;
/* No shift at all. */
FY_API fy_shift_opts fy_shift_defaults(void);
/* The same samples, shifted. FY_ESHAPE for what is no vector, FY_EINVAL for an amount that is negative or not finite. */
FY_API FY_NODISCARD fy_status fy_dataset_shift(const fy_dataset *d, const fy_shift_opts *o,
                                               fy_dataset **out);

/* Series [channels, t] cut into windows [channels, length] that begin at 0, step, 2 step, ...: samples of their own with
 * the recording's label and group. Where no groups are known, each recording is one. */
FY_API FY_NODISCARD fy_status fy_dataset_windows(const fy_dataset *d, int64_t length, int64_t step,
                                                 fy_dataset **out);

/* ---- sources --------------------------------------------------------------------------------- */

/* MNIST's idx files, plain or gzip (recognised by content). Images: u8 of rank 3 [n, h, w] or rank
 * 4 [n, c, h, w], scaled to 0 .. 1; labels: u8 of rank 1, or NULL. `name` NULL: the file's name.
 * `o` NULL: defaults. FY_EFORMAT says which byte is wrong; a length is never believed before it is
 * checked. */
FY_API FY_NODISCARD fy_status fy_idx_open(const char *images_path, const char *labels_path,
                                          const char *name, const fy_image_opts *o,
                                          fy_dataset **out);

typedef enum fy_cifar_kind { FY_CIFAR10, FY_CIFAR100_FINE, FY_CIFAR100_COARSE } fy_cifar_kind;

/* CIFAR's binary files, plain or gzip, one after the other: "data_batch_{1..5}.bin" names five. 32x32,
 * three channels, scaled to 0 .. 1. Class names come from batches.meta.txt, fine_label_names.txt or
 * coarse_label_names.txt beside the first. `name` NULL: the file's name. `o` NULL: defaults. */
FY_API FY_NODISCARD fy_status fy_cifar_open(const char *pattern, fy_cifar_kind kind,
                                            const char *name, const fy_image_opts *o,
                                            fy_dataset **out);

/* NumPy arrays: images u8 (scaled to 0 .. 1) or f4 (as they are), [n, h, w], [n, h, w, c] or
 * [n, c, h, w], where c is at most 4, every value finite; labels i4, i8 or u1 [n], or NULL. */
FY_API FY_NODISCARD fy_status fy_npy_images_open(const char *images_path, const char *labels_path,
                                                 const char *name, const fy_image_opts *o,
                                                 fy_dataset **out);

/* What stands for a value that is missing: an empty cell, NaN, NA and the like. */
typedef enum fy_missing {
    FY_MISSING_ERROR, /* nothing: a sentence says where it is missing */
    FY_MISSING_NAN,   /* NaN, until fy_dataset_standardise or fy_dataset_fill puts a mean there */
    FY_MISSING_ZERO
} fy_missing;

typedef enum fy_csv_header {
    FY_HEADER_DETECT, /* texts over numbers, or five and more columns counted from 0 or 1 */
    FY_HEADER_YES,
    FY_HEADER_NO
} fy_csv_header;

/* Columns go by their headings, or by their places, from 1, or from the end by -1. */
typedef struct fy_csv_opts {
    char separator; /* 0: tab, semicolon or comma, the first of them that the first line has */
    fy_csv_header header;
    const char *label;         /* NULL: the last; "": none */
    bool is_unlabelled;        /* that column is left out: whatever it holds, there are no labels */
    const char *group, *key;   /* who a sample is of, what it is called; NULL: none */
    const char *const *values; /* [n_values]; n_values 0: all others that hold numbers */
    int n_values;
    const char *classes_path; /* file of class names, one a line; NULL: as found, in byte order */
    fy_missing missing;
} fy_csv_opts;
FY_API fy_csv_opts fy_csv_defaults(void); /* the last column is the label */

/* A table of numbers as vectors [columns]: a line is a sample (RFC 4180's quotes; any line ends). Labels are numbers if
 * all of them are whole numbers, else names, in byte order; keys are different from each other. FY_EFORMAT names line and
 * column of a cell that is no number, lines of unequal length and quotes that do not end. `name` NULL: the file's
 * name. `o` NULL: defaults. */
FY_API FY_NODISCARD fy_status fy_csv_open(const char *path, const char *name, const fy_csv_opts *o,
                                          fy_dataset **out);

typedef enum fy_axes {
    FY_AXES_C,  /* vectors: [n, columns] become [columns] */
    FY_AXES_CT, /* series: [n, channels, t], or [n, t], become [channels, t] */
    FY_AXES_TC  /* series: [n, t, channels], or [n, t], become [channels, t] */
} fy_axes;

typedef struct fy_npy_opts {
    fy_axes axes;
    fy_missing missing;
} fy_npy_opts;
FY_API fy_npy_opts fy_npy_defaults(void); /* vectors without missing values */

/* Vectors or series out of NumPy arrays of any type of numbers, which are taken as they are; labels i4, i8 or u1 [n], or
 * NULL. A path is that of an .npy file, or "file.npz#x" for the array x of an archive. */
FY_API FY_NODISCARD fy_status fy_npy_values_open(const char *path, const char *labels_path,
                                                 const char *name, const fy_npy_opts *o,
                                                 fy_dataset **out);

/* Copies x [n, ...] (f32 as it is, u8 scaled to 0 .. 1) and y [n] (any integer type, values 0 ..
 * n_classes-1), or no labels when y is NULL. n_classes 0: the largest label plus one. */
FY_API FY_NODISCARD fy_status fy_dataset_from_tensors(const char *name, const fy_tensor *x,
                                                      const fy_tensor *y, int n_classes,
                                                      fy_dataset **out);

/* A NumPy array file, version 1 to 3, of any order and byte order: f2, f4, f8, i1 .. i8, u1 .. u8
 * and b1. Each type is read as the smallest of Ferry's that has all its values (f2 as f32, u2 as
 * i32, b1 as u8); u8 above 2^63 - 1 and all other types are FY_EDTYPE. */
FY_API FY_NODISCARD fy_status fy_npy_read(const char *path, fy_tensor **out);
/* One array of an .npz archive, plain or compressed. FY_EINVAL if it has none of that
 * name. */
FY_API FY_NODISCARD fy_status fy_npz_read(const char *path, const char *name, fy_tensor **out);
/* Version 1, row-major, little-endian, whole or not at all. NumPy has no bf16: FY_EDTYPE. */
FY_API FY_NODISCARD fy_status fy_npy_write(const char *path, const fy_tensor *t);
/* n >= 1 arrays under their names, as numpy.savez writes them; the same arrays give the same
 * bytes. */
FY_API FY_NODISCARD fy_status fy_npz_write(const char *path, int n, const char *const names[],
                                           const fy_tensor *const arrays[]);

/* ---- pictures -------------------------------------------------------------------------------- */

/* What is known of a picture's file before it is used. Whatever is found out later (a JPEG whose
 * pixels are damaged) is logged, and the sample is black; more of it than max_broken is a failure. */
typedef enum fy_file_check {
    FY_CHECK_NAMES, /* name and size; for data that is too much to be read twice */
    FY_CHECK_FILES, /* reads every file once: header, structure to the end, hash */
    FY_CHECK_PIXELS /* and decodes it */
} fy_file_check;

/* In this order: EXIF's orientation, what is transparent over white, channels, resize, crop. All in
 * bytes, as Pillow and torchvision do it; then values are divided by 255. */
typedef struct fy_picture_opts {
    const char *name;         /* of the dataset; NULL: the folder's or file's */
    int64_t channels;         /* 1: grey, 3: RGB, 0: grey if every picture is, else RGB */
    int64_t height, width;    /* resized to this, whatever the shape; both or neither */
    int64_t shorter;          /* or: the shorter side's length, the shape kept; 0: as it is */
    int64_t crop_h, crop_w;   /* cut from the centre; what is smaller gets a black margin; 0: all */
    bool full_decode;         /* never decode a JPEG smaller than it is, which is faster, before
                               * resizing it */
    bool is_unlabelled;       /* folders, columns and the like are no classes */
    const char *classes_path; /* file of class names, one a line, in the order of the labels; NULL:
                               * classes.txt in the folder, else the names found, in byte order */
    const char *label_field;  /* of an archive's .json; NULL: "label" */
    const char *
        folder; /* of a list, or of a list of classes: where its pictures are, within its own folder or absolute; NULL: its own */
    fy_file_check check;
    int64_t max_broken; /* files that may be left out; -1: 1 % of them, or 10 if that is more */
} fy_picture_opts;
/* Sizes as they are (which must then all be equal), FY_CHECK_FILES, max_broken -1. */
FY_API fy_picture_opts fy_picture_defaults(void);

/* "libjpeg-turbo 2.1.5 (API 62), libpng 1.6.39, libwebp 1.2.4": what decodes them, since pixels may
 * differ by a grey level between versions. Lent until the thread's next call. */
FY_API const char *fy_picture_libraries(void);

/* A folder of JPEG, PNG or WebP files. Each folder in it is a class, with all pictures in it and in
 * folders below, as torchvision's ImageFolder orders them; without folders there are no labels.
 * Names that begin with a dot are left out. A single picture is a folder of one. Pictures are decoded
 * when they are asked for; in memory is a list of the names. */
FY_API FY_NODISCARD fy_status fy_image_folder_open(const char *path, const fy_picture_opts *o,
                                                   fy_dataset **out);

/* Text lines "path,label" or "path" (CSV with quotes, tabs, or a space before the label); a first
 * line without a picture's ending is a heading. Paths are the list's folder's, or absolute. Labels
 * are numbers if all of them are whole numbers, else names, in byte order. */
FY_API FY_NODISCARD fy_status fy_image_list_open(const char *path, const fy_picture_opts *o,
                                                 fy_dataset **out);

/* Text lines with a class each, "n01440764": its pictures are in the folder of that name, and in folders below. What follows the
 * first space, comma or tab of a line is for people. Classes are in the order of the list, so that lists of training, validation
 * and test classes of one folder give datasets without a class in common. FY_EFORMAT for a name that is no folder's, or that is there
 * twice. */
FY_API FY_NODISCARD fy_status fy_image_classes_open(const char *path, const fy_picture_opts *o,
                                                    fy_dataset **out);

/* tar files in WebDataset's convention: members that follow each other under one name up to the
 * first dot are one sample; key.jpg (.jpeg, .png, .webp) is its picture, key.cls its label, or
 * label_field of key.json. "shard-{000..009}.tar" and the shell's stars name several. In memory is a
 * list of where the pictures lie; nothing is unpacked. Compressed archives are refused. */
FY_API FY_NODISCARD fy_status fy_image_tar_open(const char *pattern, const fy_picture_opts *o,
                                                fy_dataset **out);

/* ---- sounds ---------------------------------------------------------------------------------- */

/* In this order: channels averaged, resampled, cut at the end or filled up with silence. */
typedef struct fy_sound_opts {
    const char *name; /* of the dataset; NULL: the folder's or file's */
    int64_t rate_hz;  /* 0: the first file's. 2,000 .. 384,000 */
    double seconds; /* length of a sample; 0: the longest file's, which then is a minute at most */
    double rms; /* root mean square that each sound is brought to, however loud it is; 0: as it is. 0 .. 1 */
    /* What the files' names say, without folder and ending: "{label}_{group}_{key}", with {} for what is of no use. A
     * group is a speaker, a key pairs samples of several modalities; NULL: nothing. */
    const char *names;
    bool is_unlabelled;       /* folders, columns and the like are no classes */
    const char *classes_path; /* as in fy_picture_opts */
    const char *label_field;  /* of an archive's .json; NULL: "label" */
    int64_t max_broken; /* files that may be left out; -1: 1 % of them, or 10 if that is more */
} fy_sound_opts;
FY_API fy_sound_opts fy_sound_defaults(void);

/* "libsndfile-1.2.0, libsamplerate-0.2.2": what decodes and resamples them. */
FY_API const char *fy_sound_libraries(void);

/* WAV (PCM, float, A-law, mu-law), FLAC and Ogg (Vorbis, Opus), told by their first bytes: samples [1, n], -1 .. 1.
 * Folders, lists and archives are those of pictures, but that folders named by numbers alone are in the order of these;
 * where `names` has {label}, labels are in the names and neither folders nor archives have any, and for a list that is
 * FY_EINVAL if it has. Labels that are whole numbers are the classes' numbers. All files are decoded when they are
 * opened and kept, in FY_ENOMEM beyond half of the memory. Broken ones are left out as broken pictures are; a name that
 * is not as `names` has it is FY_EINVAL, and so is a file that is too long to have no `seconds`. */
FY_API FY_NODISCARD fy_status fy_sound_folder_open(const char *path, const fy_sound_opts *o,
                                                   fy_dataset **out);
FY_API FY_NODISCARD fy_status fy_sound_list_open(const char *path, const fy_sound_opts *o,
                                                 fy_dataset **out);
FY_API FY_NODISCARD fy_status fy_sound_tar_open(const char *pattern, const fy_sound_opts *o,
                                                fy_dataset **out);

typedef enum fy_spectrogram_kind {
    FY_SPECTROGRAM_MEL, /* log(floor + sum over a band's triangle of |STFT|^2) */
    FY_SPECTROGRAM_STFT /* log(floor + |STFT|), n_fft / 2 + 1 bins */
} fy_spectrogram_kind;

typedef enum fy_mel_scale {
    FY_MEL_SLANEY, /* linear up to 1 kHz (Slaney 1998, Auditory Toolbox) */
    FY_MEL_HTK     /* 2595 log10(1 + f / 700) (Young et al., The HTK Book) */
} fy_mel_scale;

/* As librosa's stft and melspectrogram, with a periodic Hann window of n_fft samples. */
typedef struct fy_spectrogram_opts {
    fy_spectrogram_kind kind;
    int64_t rate_hz;     /* 0: the dataset's */
    int64_t n_fft;       /* samples of a window: even, a product of 2, 3 and 5 */
    int64_t hop;         /* samples from window to window */
    int64_t mels;        /* bands */
    double f_min, f_max; /* Hz, of the bands; f_max 0: half the rate */
    fy_mel_scale scale;
    bool is_normalised; /* triangles have an area of 1 Hz (Slaney's), else a height of 1 */
    bool is_centred; /* window t is around sample t hop, with silence beyond; else it begins there */
    float floor;     /* 0: 1e-6 of mel, 1e-7 of STFT */
} fy_spectrogram_opts;
/* 512 and 128 samples, 64 bands of Slaney's from 0 Hz on, normalised, centred. */
FY_API fy_spectrogram_opts fy_spectrogram_defaults(fy_spectrogram_kind kind);
/* Samples [1, n] to [1, bins, frames]: low frequencies first. `o` NULL: mel's defaults. FY_ESHAPE for other samples or
 * fewer than a window. */
FY_API FY_NODISCARD fy_status fy_dataset_spectrogram(const fy_dataset *d,
                                                     const fy_spectrogram_opts *o, fy_dataset **out);

typedef enum fy_digit_style {
    FY_DIGITS_CLEAN,    /* white strokes on black, small jitter */
    FY_DIGITS_ROTATED,  /* thin strokes, turned by 15 to 45 degrees either way */
    FY_DIGITS_NOISY,    /* grey strokes, blur, noise and specks */
    FY_DIGITS_INVERTED, /* black strokes on white, thicker */
    FY_DIGITS_TEXTURED  /* coloured strokes on a coloured texture, three channels */
} fy_digit_style;
#define FY_DIGIT_STYLES 5

/* Digits 0 .. 9 drawn by the program, no files needed. Sample i is a function of (seed, style, i,
 * size) only: a longer dataset begins with a shorter one. Samples 10 k to 10 k + 9 are one of each
 * class, in an order drawn for every k. */
typedef struct fy_digits_opts {
    fy_digit_style style;
    uint64_t seed;
    int64_t n;
    int64_t size_px;  /* height and width, 8 .. 512 */
    int64_t channels; /* 0: as the style has it; 1 or 3 otherwise */
} fy_digits_opts;
FY_API fy_digits_opts fy_digits_defaults(fy_digit_style style); /* seed 0, 1,000 samples, 28 px */
/* "clean", "thin-rotated", "noisy", "inverted", "textured"; NULL for no style. */
FY_API const char *fy_digit_style_name(fy_digit_style style);
/* FY_EINVAL for an unknown name, naming the nearest. */
FY_API FY_NODISCARD fy_status fy_digit_style_find(const char *name, fy_digit_style *out);
FY_API FY_NODISCARD fy_status fy_digits_open(const fy_digits_opts *o, fy_dataset **out);

/* ---- drawn facts ----------------------------------------------------------------------------- */

/* A sample of several modalities whose label is a number made of bits, and of which it is known what each modality knows:
 *
 *   redundant    every modality sees the bit
 *   unique       one modality sees it
 *   synergistic  each modality sees a bit of its own; the label has the parity of all of them
 *
 * A modality is a vector of `dim` values: to the code word of the bits that it sees, a sum of random directions, one per bit and
 * forwards or backwards, normal noise of deviation 1 is added, and all is scaled to a mean square of about 1. */
typedef enum fy_facts_control {
    FY_FACTS_SEES,
    FY_FACTS_NOISE, /* the modality is noise alone; the label stays what it was */
    FY_FACTS_COPY   /* it is that of modality copy_of, value for value */
} fy_facts_control;

typedef struct fy_facts_modality {
    int64_t dim;
    int unique;        /* bits of the label that it alone sees */
    double snr;        /* mean square of a bit's part of a value, over that of the noise */
    double unique_snr; /* the same of its unique bits */
    double unique_flip; /* how often it sees a unique bit wrong, 0 to 0.5: 1 - h(unique_flip) bits are left of it */
    fy_facts_control control;
    int copy_of;
} fy_facts_modality;

#define FY_FACTS_MAX_BITS 10  /* of the label, and that a modality sees */
#define FY_FACTS_MAX_DIM 4096 /* and code words times dim are at most 2^22 */
typedef struct fy_facts_opts {
    int n_modalities; /* 2 or more */
    fy_facts_modality modality[FY_MAX_MODALITIES];
    int redundant, synergistic;
    double curvature; /* share of a bit's direction, by its square, that is another for every setting of the other bits
                       * that the modality sees: 0: a bit is one direction; 1: no direction means a bit */
    uint64_t world; /* draws the directions: parts of the same data have the same */
    uint64_t seed;  /* draws the samples */
    int64_t n;
} fy_facts_opts;
/* 1,000 samples; 2 modalities of 24 values, each with a unique bit, snr 0.5 and 0.5; 2 redundant bits: 16 classes. All
 * modalities are filled in, so that more of them need only the number. */
FY_API fy_facts_opts fy_facts_defaults(void);
/* Modality m of all samples, [dim]. Sample i has the same label in each, and is a function of (seed, world, i) and what the
 * options say of its modality and bits: a longer dataset begins with a shorter one. */
FY_API FY_NODISCARD fy_status fy_facts_open(const fy_facts_opts *o, int m, fy_dataset **out);

/* ---- choosing samples ------------------------------------------------------------------------ */

typedef enum fy_pick {
    FY_PICK_FIRST,     /* in the source's order */
    FY_PICK_RANDOM,    /* by seed */
    FY_PICK_STRATIFIED /* by seed, each class in proportion; needs labels */
} fy_pick;

/* Of the samples that the groups and classes leave. */
typedef struct fy_select_opts {
    const char *const *groups; /* [n_groups] names of the groups to keep; n_groups 0: all */
    int n_groups;
    const char *const *not_groups; /* [n_not_groups] names of groups to leave out */
    int n_not_groups;
    const int32_t *classes; /* [n_classes] labels to keep; NULL keeps all as they are */
    int n_classes;
    const int32_t *relabel; /* [n_classes] new label of classes[k]; NULL: k */
    int64_t limit;          /* how many samples; 0 keeps all. More than there are is FY_EINVAL */
    fy_pick pick;           /* which, when there is a limit */
    uint64_t seed;
} fy_select_opts;
FY_API fy_select_opts fy_select_defaults(void); /* everything; FY_PICK_RANDOM, seed 0 */

/* Chosen samples keep the order they have in d. */
FY_API FY_NODISCARD fy_status fy_dataset_select(const fy_dataset *d, const fy_select_opts *o,
                                                fy_dataset **out);
/* Samples index[0..n-1] of d in that order, repeats allowed. */
FY_API FY_NODISCARD fy_status fy_dataset_subset(const fy_dataset *d, const int64_t *index,
                                                int64_t n, fy_dataset **out);
/* The same samples without labels: nothing made from it can reach them. */
FY_API FY_NODISCARD fy_status fy_dataset_unlabel(const fy_dataset *d, fy_dataset **out);
/* The same samples, of which the caller knows group[i], 0 .. n_groups-1, for every i < count. Copies; names are
 * different from each other, NULL: "0", "1", ... */
FY_API FY_NODISCARD fy_status fy_dataset_with_groups(const fy_dataset *d, const int32_t *group,
                                                     int n_groups, const char *const *names,
                                                     fy_dataset **out);
/* The same samples, of which a file knows the groups: a text with a group's name of at most 80 letters on the line of
 * each sample, or, as .npy or "file.npz#x", an array [n] of whole numbers. FY_EFORMAT where it is not one for each. */
FY_API FY_NODISCARD fy_status fy_dataset_group_file(const fy_dataset *d, const char *path,
                                                    fy_dataset **out);

#define FY_MAX_PARTS 8
/* Each fraction > 0, their sum at most 1; a sum of 1 leaves no sample out. Where a dataset has groups, none is divided:
 * parts, and with `stratified` the classes in them, come as near to their fractions as whole groups allow, and each
 * part has at least one group. */
typedef struct fy_split_opts {
    int n_parts;
    double frac[FY_MAX_PARTS]; /* of the samples */
    uint64_t seed;
    bool stratified;    /* each class in proportion; needs labels */
    bool across_groups; /* as if there were no groups: parts have them in common */
} fy_split_opts;
FY_API fy_split_opts fy_split_defaults(void); /* two parts, 0.8 and 0.2, stratified, seed 0 */

/* Disjoint parts of d, each in d's order. parts[0..n_parts-1] are all set or all NULL. An empty
 * part is FY_EINVAL, and so are more parts than groups. */
FY_API FY_NODISCARD fy_status fy_dataset_split(const fy_dataset *d, const fy_split_opts *o,
                                               fy_dataset *parts[]);

/* {"dataset": hash, "name": ..., "n": ..., "indices": [...]}: the samples of d by their number in
 * the source, written whole or not at all. */
FY_API FY_NODISCARD fy_status fy_manifest_write(const fy_dataset *d, const char *path);
/* The samples of d that the manifest lists, in its order; labels and preparation are d's.
 * FY_EFORMAT if the manifest is of another source or lists a sample that d lacks. */
FY_API FY_NODISCARD fy_status fy_manifest_read(const fy_dataset *d, const char *path,
                                               fy_dataset **out);

/* ---- sanity ---------------------------------------------------------------------------------- */

typedef struct fy_data_stats {
    int64_t n_samples; /* looked at, spread evenly over the dataset */
    float min, max;
    double mean, deviation; /* over all values of those samples */
} fy_data_stats;
/* Of at most max_samples samples; 0: all. Reads no label. */
FY_API FY_NODISCARD fy_status fy_dataset_stats(const fy_dataset *d, int64_t max_samples,
                                               fy_data_stats *out);

typedef struct fy_channel_stats {
    int n; /* channels, at most 4 */
    float mean[4], deviation[4];
} fy_channel_stats;
/* Of each channel, over at most max_samples samples by seed (0: all). Needs shape [c, h, w]. What is
 * the same everywhere has deviation 1. */
FY_API FY_NODISCARD fy_status fy_dataset_channel_stats(const fy_dataset *d, int64_t max_samples,
                                                       uint64_t seed, fy_channel_stats *out);

#define FY_COMPARE_WARNINGS 4
typedef struct fy_compare_report {
    fy_data_stats a, b;
    int n_warnings;
    char warning[FY_COMPARE_WARNINGS][256]; /* sentences */
} fy_compare_report;
/* May one model read both? FY_ESHAPE, saying what to do, if their samples differ in shape, FY_EINVAL for
 * values 0 .. 1 or so against 0 .. 255. Warns of values in other different ranges, of mean and deviation far apart (of
 * vectors and series of the worst column or channel), of different class counts, and of samples that both have, by number, by their files' bytes
 * or by value (checked on a share of datasets of more than 128 Mi values, and of pictures that are not alike as files). */
FY_API FY_NODISCARD fy_status fy_dataset_compare(const fy_dataset *a, const fy_dataset *b,
                                                 fy_compare_report *out);

/* ---- augmentation ---------------------------------------------------------------------------- */

/* How samples are changed each time they are shown. A transform draws its amounts from the sample's
 * own random numbers; those of one transform do not depend on the others' options.
 *
 *   pixels (0 .. 1) -> transforms, in the order of the list -> the dataset's range -> batch -> mixing
 *
 * Transforms see pixels before fy_image_opts' range is applied, since brightness or posterising mean
 * something in 0 .. 1 only. All are for images [c, h, w], but mixup is for any samples,
 * and warp (shift and zoom, along time) and noise are for series [c, t] too.
 * docs/augmentation.md describes them. */
typedef enum fy_transform_kind {
    FY_TRANSFORM_WARP,         /* shift, rotation, shear and zoom in one bilinear resampling */
    FY_TRANSFORM_FLIP,         /* left to right, top to bottom */
    FY_TRANSFORM_CROP,         /* a window somewhere in the padded picture */
    FY_TRANSFORM_RESIZED_CROP, /* a window of random size and shape, resized (Szegedy et al. 2015) */
    FY_TRANSFORM_COLOUR_JITTER, /* brightness, contrast, saturation, hue, in random order */
    FY_TRANSFORM_GREY,          /* colour is taken away */
    FY_TRANSFORM_NOISE,         /* Gaussian, on every value */
    FY_TRANSFORM_RAND_AUGMENT,  /* operations drawn from a list (Cubuk et al. 2020) */
    FY_TRANSFORM_ERASE          /* a rectangle is overwritten (Zhong et al. 2020) */
} fy_transform_kind;
#define FY_TRANSFORMS 9

/* What lies outside the picture. */
typedef enum fy_fill_mode {
    FY_FILL_CONSTANT, /* fill_value */
    FY_FILL_NEAREST   /* the pixel at the edge, Keras' 'nearest' */
} fy_fill_mode;

typedef enum fy_erase_with {
    FY_ERASE_VALUE, /* `value`, counted in the dataset's range: 0 is the mean of normalised data */
    FY_ERASE_NOISE  /* normal noise there: mean 0, deviation 1 */
} fy_erase_with;

/* Probabilities and shares are 0 .. 1, amounts are uniform within +- their limit. */
typedef struct fy_warp_opts {
    float shift_frac; /* of height and width */
    float rotate_deg, shear_deg;
    float zoom_frac; /* 0.1: factors 0.9 .. 1.1 of both sides */
    fy_fill_mode fill;
    float fill_value;
} fy_warp_opts;

typedef struct fy_flip_opts {
    float prob, vertical_prob; /* left to right; top to bottom */
} fy_flip_opts;

typedef struct fy_crop_opts {
    int64_t height, width; /* 0: the sample's own */
    int64_t pad;           /* pixels added on every side before the cut */
    fy_fill_mode fill;
    float fill_value;
} fy_crop_opts;

typedef struct fy_resized_crop_opts {
    int64_t height, width;      /* 0: the sample's own */
    float scale_min, scale_max; /* the window's share of the area */
    float ratio_min, ratio_max; /* its width over its height */
} fy_resized_crop_opts;

typedef struct fy_colour_jitter_opts {
    float brightness, contrast, saturation; /* 0.4: factors 0.6 .. 1.4 */
    float hue;                              /* of the circle, at most 0.5 */
} fy_colour_jitter_opts;

typedef struct fy_grey_opts {
    float prob;
} fy_grey_opts;

typedef struct fy_noise_opts {
    float deviation;
} fy_noise_opts;

typedef struct fy_rand_augment_opts {
    int64_t ops;       /* operations on every sample, one after the other */
    int64_t magnitude; /* 0 .. bins - 1: the weakest to the strongest */
    int64_t bins;
    float fill_value; /* of what is moved, turned and sheared */
} fy_rand_augment_opts;

typedef struct fy_erase_opts {
    float prob;
    float scale_min, scale_max; /* the rectangle's share of the area */
    float ratio_min, ratio_max; /* its height over its width */
    fy_erase_with with;
    float value;
} fy_erase_opts;

typedef struct fy_transform {
    fy_transform_kind kind;
    union { /* the one that kind names */
        fy_warp_opts warp;
        fy_flip_opts flip;
        fy_crop_opts crop;
        fy_resized_crop_opts resized_crop;
        fy_colour_jitter_opts colour_jitter;
        fy_grey_opts grey;
        fy_noise_opts noise;
        fy_rand_augment_opts rand_augment;
        fy_erase_opts erase;
    };
} fy_transform;

/* "warp", "flip", ...; NULL for no kind. */
FY_API const char *fy_transform_name(fy_transform_kind kind);
/* The published amounts where there are any: flip 0.5; resized crop 0.08 .. 1 and 3/4 .. 4/3; grey
 * 0.1; RandAugment 2 operations of magnitude 9 of 31; erasing 0.5 of samples, 0.02 .. 0.33, 0.3 ..
 * 3.3, value 0. warp (which fills with the nearest), crop, colour jitter and noise do nothing until
 * they are told to. */
FY_API fy_transform fy_transform_defaults(fy_transform_kind kind);

/* Mixes neighbours of a batch and their labels, x_i with x_(i-1), by a share lambda that is drawn from
 * Beta(alpha, alpha) once per batch: mixup adds pixels (Zhang et al. 2018), cutmix moves a rectangle
 * over (Yun et al. 2019), and lambda is then what is left of the area. With both, a coin decides. */
typedef struct fy_mix {
    float mixup_alpha, cutmix_alpha; /* 0: not at all */
    float prob;                      /* of a batch being mixed */
} fy_mix;

#define FY_MAX_TRANSFORMS 16
typedef struct fy_augment {
    fy_transform list[FY_MAX_TRANSFORMS];
    int n;
    fy_mix mix;
    bool on_values; /* transforms see the dataset's values instead of pixels: for data that are no
                     * pictures. Colours and RandAugment are then refused */
} fy_augment;
FY_API fy_augment fy_augment_none(void);
/* Appends. FY_EINVAL when the list is full. */
FY_API FY_NODISCARD fy_status fy_augment_add(fy_augment *a, const fy_transform *t);
/* Photographs that were prepared larger than size x size (an eighth more is usual): resized crop and
 * flip, as ImageNet's models are trained. */
FY_API fy_augment fy_augment_photos(int64_t size);
/* CIFAR's: 4 pixels of margin, a window of the old size, flip (He et al. 2015, section 4.2). */
FY_API fy_augment fy_augment_small(void);
/* 10 degrees of rotation, and a tenth each of shift, shear (as the tangent) and zoom; flip. */
FY_API fy_augment fy_augment_gentle(void);
/* True if nothing is changed by it. */
FY_API bool fy_augment_is_none(const fy_augment *a);
/* One line: "flip prob 0.5; erase prob 0.25, ...". Returns text. */
FY_API const char *fy_augment_text(const fy_augment *a, char *text, size_t bytes);

/* ---- the loader ------------------------------------------------------------------------------ */

/* Changes one sample in place. Called from any worker; must be a function of its arguments only, or
 * batches stop being reproducible. A failure reaches the caller of fy_loader_next. */
typedef fy_status (*fy_transform_fn)(void *arg, float *x, const fy_shape *s, fy_rng *r);

typedef struct fy_loader_opts {
    int64_t batch;
    bool shuffle;     /* a new order every epoch */
    bool drop_last;   /* leave out the short batch at an epoch's end */
    bool with_labels; /* false: the loader has no memory for labels and never reads one */
    int64_t epochs;   /* FY_EEND after so many; 0: no end */
    uint64_t seed;
    const char *name; /* names the random stream; two loaders of one run need different names */
    const char *
        order; /* another loader's name: of as many samples and the same seed they give the same numbers in every
                        * batch, as modalities of the same samples do; NULL: an order of its own */
    int workers;               /* threads; 0: in the caller */
    int prefetch;              /* batches ready ahead of the caller, at least 1 with workers */
    const fy_augment *augment; /* copied; NULL: none */
    int64_t views; /* epoch e changes a sample as epoch e % views did, so that there are so many views of it
                    * and what is frozen can be kept for each; 0: every epoch in another way. Views follow the seed and
                    * not the name: loaders of one seed show the same ones. Without mixing */
    fy_transform_fn transform; /* after the augmentation and the range; NULL: none */
    void *transform_arg;
} fy_loader_opts;
/* batch 64, shuffle, drop_last, with_labels, no end, seed 0, "data", 1 worker, 4 ahead. For one
 * pass in order: shuffle false, drop_last false, epochs 1. */
FY_API fy_loader_opts fy_loader_defaults(void);

/* Lent until the next call on the loader. */
typedef struct fy_batch {
    const float *x;   /* [batch, c, h, w]; rows n .. batch-1 are zero */
    const int32_t *y; /* [batch], 0 beyond n; NULL when the stream carries no labels */
    const float *q;   /* [batch, classes], what y is worth after mixing: rows sum to 1, beyond n to
                           * 0; NULL when the loader does not mix */
    const int64_t *index; /* [batch], sample numbers in the loader's dataset; -1 beyond n */
    int64_t n;            /* samples; less than `batch` only at an epoch's end */
    int64_t epoch;
    int64_t view;  /* which of the loader's views; 0 if it has one */
    uint64_t step; /* since the beginning, counted from 0 */
} fy_batch;

/* Batches are a function of (dataset, batch, shuffle, drop_last, seed, name, augment, step): the
 * number of workers, a kill and a resume change nothing. All memory is taken here; workers start with the
 * first fy_loader_next or fy_loader_seek, FY_ENOMEM where they cannot. Keeps d's samples alive. One thread at a time may call a loader. FY_EINVAL for an unlabelled dataset
 * with_labels, for an augmentation whose amounts are out of range or that does not suit the samples. */
FY_API FY_NODISCARD fy_status fy_loader_open(const fy_dataset *d, const fy_loader_opts *o,
                                             fy_loader **out);
/* Stops the workers, at any time. Accepts NULL. */
FY_API void fy_loader_close(fy_loader *l);
/* Allocates nothing itself, though the decoders of pictures do. FY_EEND after the last epoch. After a
 * failure the step is not passed: every call reports it again until fy_loader_seek. */
FY_API FY_NODISCARD fy_status fy_loader_next(fy_loader *l, fy_batch *b);
/* The next batch will be that of `step`. */
FY_API FY_NODISCARD fy_status fy_loader_seek(fy_loader *l, uint64_t step);
/* The step that the next batch will have: part of a checkpoint. */
FY_API uint64_t fy_loader_tell(const fy_loader *l);
/* 1 for a loader that changes nothing, or another number that it was opened with; 0: it changes samples in ways that
 * do not come again. */
FY_API int64_t fy_loader_views(const fy_loader *l);
/* How it changes samples, in words for people: name, seed, views, and the augmentation's amounts rounded. NULL for one
 * with a transform of the caller's own. Lent. */
FY_API const char *fy_loader_text(const fy_loader *l);
/* From the next batch on there are labels and sample numbers alone, x is NULL: for who knows the values. Not for a
 * loader that mixes. */
FY_API void fy_loader_leave_values(fy_loader *l);
/* Of one sample in a batch: the dataset's, unless the augmentation cuts it. */
FY_API const fy_shape *fy_loader_shape(const fy_loader *l);
/* True if batches have q. */
FY_API bool fy_loader_mixes(const fy_loader *l);
/* Batches in an epoch. */
FY_API int64_t fy_loader_epoch_steps(const fy_loader *l);
/* What it reads; lent while the loader is open. */
FY_API const fy_dataset *fy_loader_dataset(const fy_loader *l);
/* True if a sample may differ from epoch to epoch: the loader augments or transforms. */
FY_API bool fy_loader_is_random(const fy_loader *l);
/* Seconds that fy_loader_next has spent waiting for (or, without workers, making) batches. */
FY_API double fy_loader_wait_s(const fy_loader *l);

#ifdef __cplusplus
}
#endif
#endif
