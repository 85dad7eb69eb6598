/* data_path.c: data named by one word on the command line.
 *
 *   digits:noisy, digits:noisy:500       drawn by the program
 *   facts:0, facts:1:500                 a modality, drawn by the program
 *   photos/, photo.jpg                   a folder of pictures, or one alone
 *   speech/, speech.wav (.flac .ogg)     a folder of sounds, or one alone; of a list or archive of them: format=sound
 *   photos.csv (.tsv .txt .lst)          a list of pictures, or a table of numbers
 *   shard-{000..009}.tar                 WebDataset's shards
 *   data_batch_{1..5}.bin, train.bin     CIFAR-10, CIFAR-100; also with .gz
 *   images.npy                           a NumPy array; of rank 2: vectors
 *   mnist/train-images-idx3-ubyte.gz     an idx file
 * Labels of arrays are looked for beside them, under the same name with "labels" and "idx1" in it. */
#include "cli/cli.h"

#include "data/data.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static fy_status put(fy_recipe *r, const char *side, const char *key, const char *value)
{
    char full[64];

    (void)snprintf(full, sizeof full, "%s.%s", side, key);
    return fy_recipe_put(r, full, value);
}

static fy_status put_digits(fy_recipe *r, const char *side, const char *spec)
{
    const size_t len = strcspn(spec, ":");
    char style[64];
    fy_digit_style found;

    (void)snprintf(style, sizeof style, "%.*s", (int)FYI_MIN(len, sizeof style - 1), spec);
    FYI_FORWARD(fy_digit_style_find(style, &found));
    FYI_FORWARD(put(r, side, "format", "digits"));
    FYI_FORWARD(put(r, side, "style", style));
    return spec[len] == ':' ? put(r, side, "n", spec + len + 1) : FY_OK;
}

static fy_status put_facts(fy_recipe *r, const char *side, const char *spec)
{
    const size_t len = strcspn(spec, ":");
    char modality[16];

    (void)snprintf(modality, sizeof modality, "%.*s", (int)FYI_MIN(len, sizeof modality - 1), spec);
    FYI_FORWARD(put(r, side, "format", "facts"));
    FYI_FORWARD(put(r, side, "modality", modality));
    return spec[len] == ':' ? put(r, side, "n", spec + len + 1) : FY_OK;
}

/* Replaces the last `from` in text's file name by `to` of the same length. */
static bool swap_word(char *text, const char *from, const char *to)
{
    char *slash = strrchr(text, '/'), *last = NULL;

    for (char *at = slash != NULL ? slash : text; (at = strstr(at, from)) != NULL; at++)
        last = at;
    if (last != NULL)
        memcpy(last, to, strlen(to));
    return last != NULL;
}

/* False when there is no such file. */
static bool find_labels(const char *images, char labels[PATH_MAX])
{
    (void)snprintf(labels, PATH_MAX, "%s", images);
    if (!swap_word(labels, "images", "labels"))
        return false;
    if (!swap_word(labels, "idx3", "idx1"))
        (void)swap_word(labels, "idx4", "idx1");
    return fyi_path_exists(labels);
}

/* ---- formats --------------------------------------------------------------------------------- */

#define SOUNDS "*.wav *.flac *.ogg *.oga *.opus *.WAV *.FLAC *.OGG"
#define PICTURES "*.jpg *.jpeg *.png *.webp *.JPG *.JPEG *.PNG"
static const struct format {
    const char *glob, *word; /* of the file's name */
    bool has_labels;         /* in a file of their own */
} formats[] = {
    { "*.tar", "tar", false },
    { "*.tar.gz *.tgz *.tar.zst *.tar.xz", "tar", false }, /* the reader says what to do */
    { "*.csv *.tsv *.txt *.lst", "list", false },
    { "train.bin* test.bin*", "cifar100", false },
    { "*.bin *.bin.gz", "cifar10", false },
    { "*.npy", "npy", true },
    { SOUNDS, "sound", false },    /* one alone */
    { PICTURES, "folder", false }, /* of one */
    { "*", "idx", true },
};

static const struct format *format_of(const char *path)
{
    const char *name = fyi_base_name(path);
    size_t i = 0;

    while (!fy_glob(formats[i].glob, name))
        i++;
    return &formats[i];
}

enum { FRONT_BYTES = 4096 };

/* Is no picture named where a list names its first? */
static bool is_table(const char *path)
{
    static const char *const endings[] = { ".jp", ".jfif", ".png", ".webp" };
    char front[FRONT_BYTES + 1];
    FILE *f = fopen(path, "rb");

    if (f == NULL)
        return false;
    const size_t n = fread(front, 1, FRONT_BYTES, f);
    (void)fclose(f);
    for (size_t i = 0; i < n; i++)
        front[i] = (char)(front[i] == '\0' ? ' ' : tolower((unsigned char)front[i]));
    front[n] = '\0';
    for (size_t i = 0; i < FYI_LEN(endings); i++)
        if (strstr(front, endings[i]) != NULL)
            return false;
    return true; /* an empty one, too */
}

static bool holds_vectors(const char *path)
{
    fyi_infile *f = NULL;
    fyi_npy what = { 0 };
    const bool is_read = fyi_infile_open(path, &f) == FY_OK && fyi_npy_look_file(f, &what) == FY_OK;

    fyi_infile_close(f);
    return is_read && what.view.shape.rank == 2;
}

/* What a format of that ending is for, by what is in the file. */
static const char *word_of(const struct format *format, const char *path)
{
    if (strcmp(format->word, "list") == 0 && is_table(path))
        return "csv";
    return strcmp(format->word, "npy") == 0 && holds_vectors(path) ? "vectors" : format->word;
}

static bool is_folder(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

enum { MOST_FILES = 1000, DEEPEST = 4 }; /* looked at */

/* How many files of a folder, and of the folders in it, are pictures or sounds by their names. */
static void count_files(const char *path, int depth, int *pictures, int *sounds)
{
    DIR *dir = depth < DEEPEST ? opendir(path) : NULL;
    const struct dirent *e;

    while (dir != NULL && *pictures + *sounds < MOST_FILES && (e = readdir(dir)) != NULL) {
        char *inner = e->d_name[0] != '.' ? fyi_path_join(path, e->d_name) : NULL;

        if (inner != NULL && is_folder(inner))
            count_files(inner, depth + 1, pictures, sounds);
        *sounds += fy_glob(SOUNDS, e->d_name);
        *pictures += fy_glob(PICTURES, e->d_name);
        fyi_free(inner);
    }
    if (dir != NULL)
        (void)closedir(dir);
}

static bool holds_sounds(const char *path)
{
    int pictures = 0, sounds = 0;

    count_files(path, 0, &pictures, &sounds);
    return sounds > pictures;
}

/* Where a recipe would look for it. */
static bool is_in_data_root(const char *path, char full[PATH_MAX])
{
    const char *root = getenv("FERRY_DATA");
    char there[PATH_MAX];

    return root != NULL && *root != '\0' && path[0] != '/' &&
           snprintf(there, sizeof there, "%s/%s", root, path) < (int)sizeof there &&
           realpath(there, full) != NULL;
}

/* The path from the root on, since a recipe's begin elsewhere. Braces and stars name no file that
 * could be looked up. */
static fy_status find_path(const char *path, char full[PATH_MAX])
{
    char here[PATH_MAX];

    if (realpath(path, full) != NULL || is_in_data_root(path, full))
        return FY_OK;
    if (strpbrk(path, "{*?[") == NULL)
        return fyi_fail(FY_EIO,
                        "there is no file '%s', neither here nor in $FERRY_DATA; give a folder, "
                        "list or archive of "
                        "pictures, an idx, npy or CIFAR file, or digits:STYLE",
                        path);
    if (path[0] != '/' && getcwd(here, sizeof here) == NULL)
        return fyi_fail(FY_EIO, "the folder we are in cannot be named");
    if (snprintf(full, PATH_MAX, "%s%s%s", path[0] == '/' ? "" : here, path[0] == '/' ? "" : "/",
                 path) >= PATH_MAX)
        return fyi_fail(FY_EINVAL, "the file name '%.80s...' is too long", path);
    return FY_OK;
}

static fy_status put_labels(fy_recipe *r, const char *side, const char *images, const char *labels)
{
    char beside[PATH_MAX];

    if (labels != NULL && realpath(labels, beside) == NULL)
        return fyi_fail(FY_EIO, "there is no labels' file '%s'", labels);
    if (labels == NULL && !find_labels(images, beside))
        return FY_OK;
    return put(r, side, "labels", beside);
}

static fy_status put_files(fy_recipe *r, const char *side, const char *path, const char *labels)
{
    const struct format *format;
    char images[PATH_MAX];

    FYI_FORWARD(find_path(path, images));
    FYI_FORWARD(put(r, side, "images", images));
    if (is_folder(images))
        return put(r, side, "format", holds_sounds(images) ? "sound" : "folder");
    format = format_of(images);
    FYI_FORWARD(put(r, side, "format", word_of(format, images)));
    if (!format->has_labels && labels != NULL)
        return fyi_fail(FY_EINVAL, "'%s' holds its own labels; leave --labels out", path);
    return format->has_labels ? put_labels(r, side, images, labels) : FY_OK;
}

fy_status fyi_put_data_path(fy_recipe *r, const char *side, const char *path, const char *labels)
{
    if (strncmp(path, "digits:", 7) == 0)
        return put_digits(r, side, path + 7);
    if (strncmp(path, "facts:", 6) == 0)
        return put_facts(r, side, path + 6);
    return put_files(r, side, path, labels);
}

/* Looks at every pixel and names all that is broken, unless the command line has it otherwise. */
static fy_status put_thorough(const fyi_args *a, fy_recipe *r)
{
    if (fy_recipe_get(r, "source.check") != NULL && !fyi_args_sets(a, "check"))
        FYI_FORWARD(put(r, "source", "check", "pixels"));
    if (fy_recipe_get(r, "source.max_broken") != NULL && !fyi_args_sets(a, "max_broken"))
        FYI_FORWARD(put(r, "source", "max_broken", "1000000000"));
    return FY_OK;
}

fy_status fyi_data_recipe(const char *path, const char *labels, fy_recipe **out)
{
    static const char text[] = "method: adda\ntarget: {format: digits}\n";
    fy_status st;

    FYI_FORWARD(fy_recipe_parse("data", text, sizeof text - 1, out));
    st = fyi_put_data_path(*out, "source", path, labels);
    if (st != FY_OK) {
        fy_recipe_free(*out);
        *out = NULL;
    }
    return st;
}

fy_status fyi_open_data_path(const fyi_args *a, const char *path, const char *labels,
                             bool is_thorough, fy_dataset **out)
{
    fy_recipe *r = NULL;
    fy_status st;

    *out = NULL;
    FYI_FORWARD(fyi_data_recipe(path, labels, &r));
    FY_TRY(fyi_apply_settings(a, r, "source."));
    if (is_thorough)
        FY_TRY(put_thorough(a, r));
    FY_TRY(fy_recipe_open_side(r, "source", out));
done:
    fy_recipe_free(r);
    return st;
}
