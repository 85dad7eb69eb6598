/* What the data room's files share: sources behind datasets, and how a dataset is made over one.
 *
 *   fyi_source   counted; knows how to write the values of sample i. Never changes once made.
 *   fy_dataset   a list of sample numbers of one source, with labels and names. */
#ifndef FYI_DATA_H
#define FYI_DATA_H

#include "tensor/tensor.h"

#include <ferry/data.h>

#include <stdatomic.h>

typedef struct fyi_source fyi_source;

typedef struct fyi_source_ops {
    /* Writes sample i, 0 <= i < n. `scratch` holds n_scratch floats. Called from any thread. */
    fy_status (*get)(const fyi_source *s, int64_t i, float *x, float *scratch);
    /* Frees what s holds, and s itself. */
    void (*close)(fyi_source *s);
    /* Optional: what sample i is called. */
    const char *(*name)(const fyi_source *s, int64_t i);
    /* Optional: has sample i been read and found to be broken? */
    bool (*is_broken)(const fyi_source *s, int64_t i);
    /* Optional: what sample i has in common with one of another modality. */
    const char *(*key)(const fyi_source *s, int64_t i);
    /* Of a source that scales: as get, but before that. */
    fy_status (*get_pixels)(const fyi_source *s, int64_t i, float *x, float *scratch);
} fyi_source_ops;

/* The last thing that a source does: x becomes (x - mean[c]) / deviation[c]. */
typedef struct fyi_scaling {
    fy_value_range range;        /* FY_RANGE_KEEP: nothing */
    float mean[4], deviation[4]; /* of FY_RANGE_NORMAL */
} fyi_scaling;
/* Of channel c; 0 and 1 if nothing is done. */
float fyi_scaling_mean(const fyi_scaling *s, int64_t c);
float fyi_scaling_deviation(const fyi_scaling *s, int64_t c);
/* In place; x [c, ...]. */
void fyi_scale(const fyi_scaling *s, const fy_shape *shape, float *x);

/* First member of every kind of source. */
struct fyi_source {
    const fyi_source_ops *ops;
    atomic_int refs;
    int64_t n;
    fy_shape shape;   /* of one sample */
    size_t n_scratch; /* floats that get needs */
    bool is_slow;     /* a sample is worth a thread: it is read and decoded when it is asked for */
    int64_t rate_hz; /* values a second along the last axis; 0: nobody knows, or there is no time in it */
    fyi_source *
        inner; /* what it is made from, whose samples have the names, and what is broken; NULL. Referenced, and
                        * dropped with it */
    fyi_scaling scaling;
    bool was_scaled;    /* also before that: pixels are no longer 0 .. 1 */
    char hash[65];      /* of the bytes */
    char groups_of[65]; /* the hash of the source whose samples' groups these are; "": its own */
    char key[65];       /* of the bytes and their preparation */
    const uint64_t *
        marks; /* [n], that stand for the samples' files, byte for byte; NULL: not known. The source's own */
    const char *const *broken; /* [n_broken], sentences about what was left out; the source's own */
    int64_t n_broken;
};

/* One reference, the maker's. hash and key are left to the maker. */
void fyi_source_init(fyi_source *s, const fyi_source_ops *ops, int64_t n, fy_shape shape);
/* The same of a source that is made from another, sample by sample: its hash, names, broken ones and speed are that
 * one's. */
void fyi_source_init_over(fyi_source *s, const fyi_source_ops *ops, fyi_source *inner,
                          fy_shape shape);
/* Of the source behind it that knows. */
const char *fyi_source_sample_name(const fyi_source *s, int64_t i);
const char *fyi_source_key(const fyi_source *s, int64_t i);
bool fyi_source_is_broken(const fyi_source *s, int64_t i);
const char *fyi_source_groups_of(const fyi_source *s);
fyi_source *fyi_source_ref(fyi_source *s);
void fyi_source_drop(fyi_source *s); /* accepts NULL */

/* All that a dataset is made of. Everything is copied, the source is referenced. */
typedef struct fyi_dataset_spec {
    fyi_source *source;
    int64_t n;
    const int64_t *index; /* [n], source numbers; NULL: 0 .. n-1 */
    const int32_t *label; /* [n]; NULL: none */
    int n_classes;
    const char *const *class_names; /* [n_classes]; NULL: "0", "1", ... */
    const int32_t *group;           /* [n], 0 .. n_groups-1; NULL: none known */
    int n_groups;
    const char *const *group_names; /* [n_groups]; NULL: "0", "1", ... */
    const char *name;
    const char *how; /* ends the text, "" for nothing */
} fyi_dataset_spec;

struct fy_dataset {
    fyi_source *source;
    int64_t n;
    const int64_t *index;
    const int32_t *label;
    int n_classes;
    const char *const *class_names; /* [n_classes], and NULL */
    const int32_t *group;
    int n_groups;
    const char *const *group_names; /* [n_groups], and NULL */
    const char *name, *how, *text;
    char view_hash[65];
    fyi_arena arena; /* holds all of the above but the source */
};

fy_status fyi_dataset_new(const fyi_dataset_spec *spec, fy_dataset **out);
/* d's own spec, to be changed and made into another dataset while d lives. */
fyi_dataset_spec fyi_dataset_spec_of(const fy_dataset *d);
/* The dataset of samples pos[0..n-1] of d; `how` is added to d's. */
fy_status fyi_dataset_pick(const fy_dataset *d, const int64_t *pos, int64_t n, const char *how,
                           fy_dataset **out);
/* share[i] [count]: the part that fy_dataset_split gives sample i to; n_parts or more: none. */
fy_status fyi_dataset_shares(const fy_dataset *d, const fy_split_opts *o, int *share);
static inline int64_t fyi_dataset_source_number(const fy_dataset *d, int64_t i)
{
    return d->index != NULL ? d->index[i] : i;
}
/* shared.c */
typedef enum fyi_shared_by { FYI_BY_NUMBER, FYI_BY_FILE, FYI_BY_VALUE } fyi_shared_by;
typedef struct fyi_shared {
    int64_t n_shared, n; /* of b's samples, how many are in a, and how many were looked for */
    fyi_shared_by by;    /* of one source, or by their files' bytes, or by their values */
} fyi_shared;
fy_status fyi_count_shared(const fy_dataset *a, const fy_dataset *b, fyi_shared *out);

/* alike.c */
typedef struct fyi_alike {
    bool are_alike;               /* nothing tells them apart; false where nothing was looked at */
    int64_t n_figures, n_samples; /* that were looked at, of each side */
} fyi_alike;
/* Pictures and vectors of one shape, 200 samples of each side or more; others are not looked at. */
fy_status fyi_dataset_alike(const fy_dataset *a, const fy_dataset *b, fyi_alike *out);

/* stats.c: the number of the k-th of n samples that are spread evenly. */
int64_t fyi_spread(const fy_dataset *d, int64_t k, int64_t n);
typedef struct fyi_row_stats {
    double mean, deviation;
} fyi_row_stats;
/* out [d[0] of a sample's shape]: each column of vectors, each channel of series, over max_samples samples spread evenly. */
fy_status fyi_dataset_row_stats(const fy_dataset *d, int64_t max_samples, fyi_row_stats *out);
/* compare.c: what kind of values lie in min .. max. 0: within -1.5 .. 1.5 and nonnegative, 1: the same but signed, 2: a few units,
 * 3: bytes */
int fyi_value_scale(float min, float max);

/* fy_dataset_get with memory for the source's scratch; label may be NULL. */
fy_status fyi_dataset_get(const fy_dataset *d, int64_t i, float *x, int32_t *label, float *scratch);
/* The same before the source scales it. */
fy_status fyi_dataset_get_pixels(const fy_dataset *d, int64_t i, float *x, int32_t *label,
                                 float *scratch);
/* Which samples d has, and how they were prepared: its view but for the labels. */
void fyi_dataset_hash_samples(const fy_dataset *d, fyi_sha256 *h);
/* FY_EINVAL unless d has labels; `what` is what they are needed for. */
fy_status fyi_dataset_need_labels(const fy_dataset *d, const char *what);
/* Which of d's groups the options keep, [groups]; fyi_free. FY_EINVAL for a name that no group has. */
fy_status fyi_groups_kept(const fy_dataset *d, const fy_select_opts *o, bool **out);

/* fy_dataset_prepare for readers: takes d; without options d itself is given. */
fy_status fyi_dataset_prepared(fy_dataset *d, const fy_image_opts *o, fy_dataset **out);

/* ---- loader.c: for who keeps what is computed from samples ------------------------------------ */

/* A loader of all samples of d from first to last, without labels, or, unless l is NULL, of all of its, changed as l
 * changes them, one view after the other: epoch v is view v. */
fy_status fyi_loader_open_in_order(const fy_dataset *d, const fy_loader *l, int64_t batch,
                                   fy_loader **out);
/* How l changes its samples: two loaders that hash alike give the same views of the same samples. False where nobody
 * can say: it has a transform of the caller's own. */
bool fyi_loader_hash_change(const fy_loader *l, fyi_sha256 *h);

/* ---- select.c: what picking and splitting share ---------------------------------------------- */

/* Shuffles pos[0..n-1], samples of d, by the named stream of `seed`; with `by_class` the classes
 * then follow each other, each still shuffled. */
fy_status fyi_shuffle_samples(const fy_dataset *d, int64_t *pos, int64_t n, bool by_class,
                              uint64_t seed, const char *stream);
void fyi_sort_i64(int64_t *v, int64_t n);

/* Class names, one a line, in the order of their numbers; texts live in the arena. */
fy_status fyi_class_names_read(const char *path, fyi_arena *arena, const char *const **names,
                               int *n);
/* The same from a file's bytes, which are copied; `path` is for sentences. */
fy_status fyi_class_names_parse(const char *path, const char *file, size_t bytes, fyi_arena *arena,
                                const char *const **names, int *n);

/* A text of groups: names[i] is that of sample i, *n of them; texts live in the arena. `path` is for sentences. */
fy_status fyi_group_lines_parse(const char *path, const char *file, size_t bytes, fyi_arena *arena,
                                const char *const **names, int64_t *n);

/* An .npy file, or with "file.npz#x" the array x of an archive. */
fy_status fyi_array_read(const char *path, fy_tensor **out);

/* fy_standard_read from a file's bytes; `path` is for sentences. */
fy_status fyi_standard_parse(const char *path, const char *file, size_t n, fy_standard **out);

/* fy_manifest_read from a file's bytes; `path` is for sentences. */
fy_status fyi_manifest_parse(const fy_dataset *d, const char *path, const char *file, size_t n,
                             fy_dataset **out);

/* ---- csv.c ----------------------------------------------------------------------------------- */

/* The field at p, which is changed: of commas, "a field" in quotes may hold commas (RFC 4180). Gives the rest behind the
 * separator, or NULL at the line's end. */
char *fyi_csv_field(char *p, char separator, char **rest);
/* A tab if the line has one, else a comma if it has one, else a space. */
char fyi_csv_separator(const char *line);
/* A line without its end and spaces before that, which may be changed; lines count from 1. */
typedef fy_status (*fyi_line_fn)(void *ctx, char *line, size_t number);
/* Every line of a text file's bytes that is not empty; UTF-8's byte order mark is left out. What fn is given lives in the arena.
 * FY_EFORMAT for a file that holds a NUL. */
fy_status fyi_each_line(const char *path, const char *file, size_t bytes, fyi_arena *arena,
                        fyi_line_fn fn, void *ctx);

/* ---- facts.c --------------------------------------------------------------------------------- */

/* FY_EINVAL, saying what of the options cannot be drawn. */
fy_status fyi_facts_check(const fy_facts_opts *o);
/* The modality that m is, or is a copy of. */
int fyi_facts_original(const fy_facts_opts *o, int m);
/* Bits that modality m sees, and of the label. */
int fyi_facts_seen(const fy_facts_opts *o, int m);
int fyi_facts_label_bits(const fy_facts_opts *o);
/* What is behind a sample: each array holds the bits of one kind. */
typedef struct fyi_facts {
    unsigned redundant;
    unsigned unique[FY_MAX_MODALITIES];
    unsigned flipped[FY_MAX_MODALITIES]; /* unique bits that are seen wrong */
    unsigned share[FY_MAX_MODALITIES];   /* of the synergistic bits */
} fyi_facts;
unsigned fyi_facts_label(const fy_facts_opts *o, const fyi_facts *f);
/* The number of the code word: redundant bits lowest, then unique ones, then shares. 0 for noise. */
unsigned fyi_facts_word(const fy_facts_opts *o, const fyi_facts *f, int m);

/* ---- paths.c --------------------------------------------------------------------------------- */

typedef struct fyi_paths {
    const char **v; /* [n]; fyi_free. Texts live in the arena */
    size_t n, cap;
} fyi_paths;
/* "shard-{000..009}.tar", "{a,b}-?.tar": numbers from .. to with as many digits, alternatives, and
 * the shell's *, ? and [..]; in the order of the braces, what the shell finds in byte order. A file
 * of just that name is taken as it is. FY_EIO if nothing is found. */
fy_status fyi_paths_expand(const char *pattern, fyi_arena *arena, fyi_paths *out);

/* ---- readers --------------------------------------------------------------------------------- */

/* A file's bytes, decompressed as they are asked for when they begin as gzip does. */
typedef struct fyi_bytes fyi_bytes;
/* Keeps `data`; `name` is for sentences. */
fy_status fyi_bytes_open(const char *name, const void *data, size_t n, fyi_bytes **out);
void fyi_bytes_close(fyi_bytes *b); /* accepts NULL */
/* Up to n bytes; *got < n only at the end. FY_EFORMAT for broken gzip. */
fy_status fyi_bytes_read(fyi_bytes *b, void *dst, size_t n, size_t *got);
/* The most that can still come, judged by what is left of the file. */
uint64_t fyi_bytes_bound(const fyi_bytes *b);
bool fyi_bytes_is_packed(const fyi_bytes *b);

/* A source of pixels in memory, u8 [n, c, h, w], shown as value / 255. Takes `pixels` (fyi_free);
 * the hash is sum's. */
fy_status fyi_pixels_source_new(uint8_t *pixels, int64_t n, fy_shape shape, fyi_sha256 *sum,
                                fyi_source **out);

/* One idx array of u8. */
typedef struct fyi_idx {
    int rank;
    int64_t d[4];
    uint8_t *data; /* fyi_free */
    size_t bytes;
} fyi_idx;
typedef enum fyi_idx_kind { FYI_IDX_IMAGES, FYI_IDX_LABELS } fyi_idx_kind;
/* Parses a whole file in memory; adds its uncompressed bytes to `sum`. */
fy_status fyi_idx_parse(const char *name, const void *file, size_t n, fyi_idx_kind kind,
                        fyi_sha256 *sum, fyi_idx *out);
/* The members of a tar file in turn. */
typedef struct fyi_tar fyi_tar;
typedef struct fyi_tar_member {
    const char *name;   /* lent until the next member */
    uint64_t at, bytes; /* of the content in the file; inside it */
    bool is_file;       /* neither folder nor link */
} fyi_tar_member;
fy_status fyi_tar_open(const fyi_infile *file, fyi_tar **out); /* file must outlive it */
/* FY_EEND after the last, FY_EFORMAT if the archive is damaged or was cut off. */
fy_status fyi_tar_next(fyi_tar *t, fyi_tar_member *m);
/* The content, into a buffer used again and again. */
fy_status fyi_tar_read(const fyi_tar *t, const fyi_tar_member *m, size_t max_bytes, fyi_buf *out);
void fyi_tar_close(fyi_tar *t); /* accepts NULL */

/* CIFAR's records, one after the other; zeroed before the first file. */
typedef struct fyi_cifar {
    int64_t n;
    uint8_t *pixels; /* [n, 3, 32, 32]; fyi_free */
    int32_t *label;  /* [n]; fyi_free */
    size_t pixels_cap, label_cap;
} fyi_cifar;
/* Adds the records of a whole file in memory, and its uncompressed bytes to `sum`. */
fy_status fyi_cifar_parse(const char *name, const void *file, size_t n, fy_cifar_kind kind,
                          fyi_sha256 *sum, fyi_cifar *c);
void fyi_cifar_release(fyi_cifar *c);

/* ---- npy.c, npz.c: NumPy's arrays ------------------------------------------------------------- */

/* What a .npy file says of itself. */
typedef struct fyi_npy {
    fyi_view view;
    uint64_t data; /* where its numbers begin; they reach to the end */
} fyi_npy;
/* Writes the file's first `bytes` bytes to dst. */
typedef fy_status (*fyi_front_fn)(void *arg, void *dst, size_t bytes);
/* Reads the header of a file of `bytes` bytes and holds its promises against that. */
fy_status fyi_npy_look(const char *name, uint64_t bytes, fyi_front_fn read, void *arg, fyi_npy *out);
fy_status fyi_npy_look_file(const fyi_infile *f, fyi_npy *out);
/* A tensor of a view's numbers. */
fy_status fyi_npy_tensor(const char *name, const fyi_view *v, const void *numbers, fy_tensor **out);
/* Parses a whole .npy file in memory. */
fy_status fyi_npy_parse(const char *name, const void *file, size_t n, fy_tensor **out);
bool fyi_npy_is(const fyi_infile *f);
/* The bytes of a .npy file. `name` is for sentences. */
fy_status fyi_npy_format(const char *name, fy_dtype t, const fy_shape *s, const void *data,
                         fyi_buf *out);
/* Array i of an .npz archive, which is entry i: "conv1.weight" of "conv1.weight.npy". FY_EFORMAT for
 * an entry that is no array. `chars` is the length of the array's name. */
fy_status fyi_npz_look(const fyi_zip *z, int i, size_t *chars, fyi_npy *out);

typedef struct fyi_array {
    const char *name;
    fy_dtype dtype;
    fy_shape shape;
    const void *data;
} fyi_array;
/* n >= 1 arrays of different names, in this order. */
fy_status fyi_npz_write(const char *path, const fyi_array *arrays, size_t n);

#endif
