/* What the readers of many small files share, pictures or sounds.
 *
 *   encoded   the bytes of one such file
 *   shot      where one encoded sample lies: a file, or a part of one; and its label
 *   media     what kind of files is looked for
 *   album     a list of shots: what a folder, a list or archives are read into
 *   survey    a look at every shot before the run, which finds those that are broken */
#ifndef FYI_ALBUM_H
#define FYI_ALBUM_H

#include "data/data.h"

typedef struct fyi_encoded {
    const char *name; /* for sentences */
    const uint8_t *p;
    size_t n;
} fyi_encoded;

typedef struct fyi_media {
    const char *one, *many;     /* "picture", "pictures" */
    const char *kinds;          /* "JPEG, PNG or WebP" */
    const char *const *endings; /* ".jpg", in whatever case; NULL-terminated */
    const char *const *others;  /* of files that are not read, though they are of this kind */
    bool counts_folders;        /* folders whose names are all numbers are in the order of these */
} fyi_media;
/* Does the name end as one of these files? */
bool fyi_media_has_ending(const fyi_media *m, const char *name);

typedef struct fyi_shot {
    const char *path;  /* of the file that holds it */
    const char *name;  /* within the folder, list or archive: for sentences and the hash */
    uint64_t at;       /* its first byte in the file */
    int64_t bytes;     /* -1: all of the file */
    const char *label; /* NULL: none */
} fyi_shot;

/* A zeroed album is ready for use. */
typedef struct fyi_album {
    fyi_arena arena; /* holds all texts */
    fyi_shot *v;     /* in the order of the samples */
    size_t n, cap;
    bool are_names;                 /* labels are never numbers, even if they look like it */
    const char *const *class_names; /* [n_classes], in the order of the numbers; NULL: to be found */
    int n_classes;
} fyi_album;
void fyi_album_release(fyi_album *a);
/* Texts are not copied. */
fy_status fyi_album_add(fyi_album *a, const fyi_shot *shot);
/* Label texts to numbers: names are looked up in class_names, or numbered in byte order; if all
 * are whole numbers, they are the labels. Gives `label` [n] in the arena, NULL if nothing has a
 * label, and sets the class names. `where` is for sentences. */
fy_status fyi_album_number(fyi_album *a, const char *where, int32_t **label);
/* The same, with the class names of a file where the album has none; NULL: none. */
fy_status fyi_album_number_by(fyi_album *a, const char *where, const char *classes_path,
                              int32_t **label);
/* The encoded bytes; fyi_free e->p. */
fy_status fyi_shot_read(const fyi_shot *s, fyi_encoded *e);

/* ---- what fills an album: media_folder.c, media_list.c, media_tar.c --------------------------- */

typedef struct fyi_scan_opts {
    const fyi_media *media;
    bool is_unlabelled; /* folders and members are no classes */
    const char *
        classes_path; /* of a folder: class names, one a line; NULL: classes.txt in it, or its folders */
    const char *label_field; /* of an archive's .json; NULL: "label" */
} fyi_scan_opts;

/* A folder, or one file alone. *root is its path without slashes at the end, in the album's arena. Release the album,
 * always: this holds for all of them. */
fy_status fyi_folder_scan(const char *path, const fyi_scan_opts *o, fyi_album *album,
                          const char **root);
typedef struct fyi_list_of {
    const char *path;
    const fyi_media *media;
    const char *folder; /* where its files are, within the list's own folder or absolute; NULL: there */
} fyi_list_of;
/* The lines of a list. */
fy_status fyi_list_scan(const fyi_list_of *of, fyi_album *album);
/* The same from a file's bytes; file[n] is NUL. */
fy_status fyi_list_parse(const fyi_list_of *of, const char *file, size_t n, fyi_album *out);
/* That folder, with a slash unless it is ""; NULL when out of memory. */
const char *fyi_list_folder(const char *path, const char *folder, fyi_arena *arena);
/* The files of the classes that a list names, in the folders of their names: media_classes.c. */
fy_status fyi_classes_scan(const fyi_list_of *of, fyi_album *album);
/* The names alone, from the list's bytes; file[n] is NUL. */
fy_status fyi_classes_parse(const char *path, const char *file, size_t n, fyi_arena *arena,
                            const char *const **names, int *n_names);
/* Archives named by a pattern. */
fy_status fyi_tar_scan(const char *pattern, const fyi_scan_opts *o, fyi_album *album);
/* Adds the samples of an archive; `path` lives as long as the album. */
fy_status fyi_tar_gather(fyi_tar *tar, const char *path, const fyi_scan_opts *o, fyi_album *album);

/* ---- names that say something: name_pattern.c -------------------------------------------------- */

typedef enum fyi_name_field {
    FYI_NAME_LABEL,
    FYI_NAME_GROUP,
    FYI_NAME_KEY,
    FYI_NAME_NOTHING
} fyi_name_field;
#define FYI_NAME_PARTS 8

typedef struct fyi_name_part {
    const char *before; /* [chars], what stands before the field */
    size_t chars;
    fyi_name_field field;
} fyi_name_part;

/* Texts are the pattern's. */
typedef struct fyi_name_pattern {
    const char *text, *after; /* after: what stands behind the last field */
    fyi_name_part part[FYI_NAME_PARTS];
    int n;
} fyi_name_pattern;
/* FY_EINVAL for a pattern that is none. */
fy_status fyi_name_pattern_read(const char *text, fyi_name_pattern *out);
bool fyi_name_pattern_has(const fyi_name_pattern *p, fyi_name_field field);

/* Parts of the name that was read; NULL: the pattern does not have it. */
typedef struct fyi_name_fields {
    const char *v[FYI_NAME_NOTHING];
    size_t chars[FYI_NAME_NOTHING];
} fyi_name_fields;
/* What follows the last slash, without its ending. False if it is otherwise. */
bool fyi_name_pattern_match(const fyi_name_pattern *p, const char *path, fyi_name_fields *out);

/* ---- what an album becomes: album.c ----------------------------------------------------------- */

/* What a look at one shot has found. */
typedef struct fyi_finding {
    char sum[65]; /* of the bytes, or just how many there are */
    fy_status st;
    char *sentence; /* fyi_free */
} fyi_finding;

typedef struct fyi_survey {
    const fyi_media *media;
    const fyi_shot *shots; /* [n] */
    size_t n;
    /* Looks at shot i and sets f->sum, from any thread. FY_EFORMAT and FY_EIO are the shot's fault. */
    fy_status (*look)(void *ctx, size_t i, fyi_finding *f);
    void *ctx;
    fyi_finding *v; /* [n]; the survey's */
} fyi_survey;
/* Fails for what is no shot's fault. Release it, always. */
fy_status fyi_survey_run(fyi_survey *s);
void fyi_survey_release(fyi_survey *s);
/* SHA-256 of e's bytes as f's sum. */
void fyi_finding_sum(fyi_finding *f, const fyi_encoded *e);
/* Of names, labels, and what is known of the files. Where a folder lies changes nothing. */
void fyi_survey_hash(const fyi_survey *s, char hex[65]);
/* How many of n shots may be broken, by an option that is -1 for 1 % of them, or 10 if that is more. */
int64_t fyi_broken_limit(int64_t max_broken, size_t n);
/* index [n]: the good ones' numbers. Tells `source` of the files' bytes and of the broken ones, in texts of the arena, and the log; FY_EFORMAT
 * if they are more than `limit`. */
fy_status fyi_survey_sort_out(const fyi_survey *s, const char *path, int64_t limit,
                              fyi_arena *arena, fyi_source *source, int64_t *index);
/* The dataset of a source of all shots: those that are in `index` of them, the good ones. spec has name, how and
 * classes, and by shot labels and groups or NULL. */
fy_status fyi_album_dataset(const fyi_dataset_spec *spec, const int64_t *index, fy_dataset **out);

#endif
