/* What the library's own files share from the base room: errors, arena, containers, files, threads.
 */
#ifndef FYI_BASE_H
#define FYI_BASE_H

#include <ferry/base.h>

#include <nettle/sha2.h>
#include <stdarg.h>
#include <stdio.h>

#define FYI_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define FYI_MIN(a, b) ((a) < (b) ? (a) : (b))
#define FYI_MAX(a, b) ((a) > (b) ? (a) : (b))

#ifdef NDEBUG
#define FYI_IS_DEBUG 0
#else
#define FYI_IS_DEBUG 1
#endif

/* A broken contract of the caller: debug builds stop here, release builds do not look. */
#ifdef NDEBUG
#define FYI_ASSERT(cond) ((void)0)
#else
#define FYI_ASSERT(cond) ((cond) ? (void)0 : fyi_assert_failed(#cond, __FILE__, __LINE__))
#endif
_Noreturn void fyi_assert_failed(const char *what, const char *file, int line);

/* ---- error.c: where a failure starts, passes, and gains context ------------------------------ */

/* A failure is never FY_OK. Said aloud, because compilers and analysers would otherwise follow the
 * path where a failed call "succeeded", and warn of its outputs not being set. */
static inline fy_status fyi_not_ok(fy_status st)
{
    FYI_ASSERT(st != FY_OK);
    if (st == FY_OK)
        __builtin_unreachable();
    return st;
}

/* Writes the sentence into this thread's record and returns `st`. */
#define fyi_fail(st, ...) fyi_not_ok(fyi_fail_at(__FILE__, __LINE__, (st), __VA_ARGS__))
fy_status fyi_fail_at(const char *file, int line, fy_status st, const char *fmt, ...)
    FY_PRINTF(4, 5);
/* Puts "while ...: " before the sentence already recorded; returns `st`. */
fy_status fyi_wrap(fy_status st, const char *fmt, ...) FY_PRINTF(2, 3);
/* FY_ENOMEM, saying how much was wanted and for what. */
#define fyi_enomem(bytes, what) \
    ((void)fyi_enomem_at(__FILE__, __LINE__, (bytes), (what)), FY_ENOMEM)
fy_status fyi_enomem_at(const char *file, int line, size_t bytes, const char *what);
/* Replaces this thread's sentence: a worker's failure handed to the thread that joins it. */
fy_status fyi_fail_as(fy_status st, const char *sentence);

#define FYI_FORWARD(expr)             \
    do {                              \
        const fy_status st_ = (expr); \
        if (st_ != FY_OK)             \
            return st_;               \
    } while (0)

/* ---- alloc.c --------------------------------------------------------------------------------- */

/* NULL when out of memory. Zero bytes give a valid pointer. 64-byte aligned. */
void *fyi_alloc(size_t bytes);
void *fyi_calloc(size_t n, size_t size); /* checks n * size */
void *fyi_realloc(void *p, size_t old_bytes, size_t new_bytes);
char *fyi_strdup(const char *s);
void fyi_free(void *p);
/* Big blocks for tensors: 2 MiB aligned with huge pages asked for when large, zero-filled. */
void *fyi_alloc_block(size_t bytes);
bool fyi_mul_overflows(size_t a, size_t b, size_t *product);

/* ---- arena.c: a bump allocator freed as one -------------------------------------------------- */

typedef struct fyi_arena {
    struct fyi_arena_block *blocks;
    size_t used, cap; /* of the newest block */
} fyi_arena;

/* A zeroed fyi_arena is ready for use. */
void *fyi_arena_alloc(fyi_arena *a, size_t bytes); /* zero-filled, 16-byte aligned, or NULL */
void *fyi_arena_dup(fyi_arena *a, const void *p, size_t bytes);
char *fyi_arena_printf(fyi_arena *a, const char *fmt, ...) FY_PRINTF(2, 3);
void fyi_arena_release(fyi_arena *a);

/* ---- buf.c: a growing byte buffer ------------------------------------------------------------ */

typedef struct fyi_buf {
    char *p; /* NUL after the last byte */
    size_t len, cap;
    bool failed; /* an append ran out of memory; later ones do nothing */
} fyi_buf;

void fyi_buf_append(fyi_buf *b, const void *p, size_t bytes);
void fyi_buf_puts(fyi_buf *b, const char *s);
void fyi_buf_printf(fyi_buf *b, const char *fmt, ...) FY_PRINTF(2, 3);
/* With as few digits as read back as the same number, so that it can be copied into a recipe. */
void fyi_buf_float(fyi_buf *b, float v);
void fyi_buf_release(fyi_buf *b);
/* base64.c: standard base64 with padding. */
void fyi_base64_put(fyi_buf *b, const uint8_t *p, size_t n);
/* Bytes decoded, at most cap; -1 when `s` is not base64. */
int64_t fyi_base64_decode(const char *s, uint8_t *out, size_t cap);
/* Grows `*v` (capacity `*cap` elements of `size` bytes) to hold n elements. */
fy_status fyi_grow(void *v, size_t *cap, size_t n, size_t size);

/* ---- size.c: numbers of bytes ------------------------------------------------------------------ */

#define FYI_SIZE_CHARS 32
/* "1.5GiB", "800 MB" (of 1,000,000), "65536", in any case; false for what is no size or more than memory can have. */
bool fyi_size_read(const char *text, int64_t *bytes);
/* "1.5 GiB", rounded, for eyes; returns `text`. */
const char *fyi_size_text(uint64_t bytes, char text[FYI_SIZE_CHARS]);
/* "1536MiB", exactly. */
void fyi_size_put(fyi_buf *b, int64_t bytes);

/* ---- compare.c: for qsort and bsearch --------------------------------------------------------- */

int fyi_compare_doubles(const void *a, const void *b); /* of numbers; there is no NaN among them */
int fyi_compare_texts(const void *a, const void *b);   /* of const char *: in byte order */

/* ---- file.c: files whole or not at all ------------------------------------------------------- */

/* Reads a regular file of at most max_bytes; NUL after the last byte. Free *out with fyi_free. */
fy_status fyi_file_read(const char *path, size_t max_bytes, char **out, size_t *bytes);

/* A new version of `path`, written beside it as a temporary; on commit: flushed, fsynced, renamed,
 * the directory fsynced. fyi_outfile_abort leaves the old file and removes the temporary. */
typedef struct fyi_outfile fyi_outfile;
fy_status fyi_outfile_open(const char *path, fyi_outfile **out);
fy_status fyi_outfile_write(fyi_outfile *f, const void *p, size_t bytes);
fy_status fyi_outfile_commit(fyi_outfile *f); /* frees f, also on failure */
void fyi_outfile_abort(fyi_outfile *f);       /* accepts NULL */
fy_status fyi_file_write(const char *path, const void *p, size_t bytes); /* the three in one */
/* Those that killed processes left in a directory; for whoever is alone in it. */
void fyi_drop_temporaries(const char *dir);

/* The sentence of a failed system call, with advice where there is any. */
fy_status fyi_fail_errno(const char *attempt, const char *path, int error);
/* Opens a regular file of at most max_bytes for reading. */
fy_status fyi_open_readable(const char *path, size_t max_bytes, int *fd, size_t *bytes);
fy_status fyi_mkdirs(const char *path); /* like mkdir -p */
/* The folder that a file is to be in. */
fy_status fyi_mkdirs_for(const char *path);
/* What follows the last slash. */
const char *fyi_base_name(const char *path);
bool fyi_path_exists(const char *path);
/* "dir/name", or name itself when it is absolute. Free with fyi_free; NULL when out of memory. */
char *fyi_path_join(const char *dir, const char *name);
/* Would a file of this name lie outside of the directory that an archive is unpacked into? "../x", "/x", "". */
bool fyi_path_leads_out(const char *name);

/* ---- infile.c: a file, or bytes in memory, read in pieces wherever they lie ------------------- */

typedef struct fyi_infile fyi_infile;
fy_status fyi_infile_open(const char *path, fyi_infile **out);
/* The bytes must outlive the result; `name` is for sentences. */
fy_status fyi_infile_lend(const char *name, const void *p, size_t bytes, fyi_infile **out);
void fyi_infile_close(fyi_infile *f); /* accepts NULL */
const char *fyi_infile_name(const fyi_infile *f);
uint64_t fyi_infile_bytes(const fyi_infile *f);
/* All of [at, at + bytes) or a failure; FY_EFORMAT if the file ends before. */
fy_status fyi_infile_read(const fyi_infile *f, uint64_t at, void *dst, size_t bytes);
/* The same into memory of its own, which is taken only if so much is there; fyi_free. */
fy_status fyi_infile_take(const fyi_infile *f, uint64_t at, uint64_t bytes, void **out);
/* The same of a file that is opened for this once. */
fy_status fyi_file_read_part(const char *path, uint64_t at, size_t bytes, char **out);
/* SHA-256 of a file, whatever its size, as 64 lower-case hexadecimal digits and a NUL. */
fy_status fyi_file_sha256(const char *path, char hex[65]);

/* ---- zip.c: archives read entry by entry; written whole or not at all ------------------------- */

typedef struct fyi_zip fyi_zip;
bool fyi_zip_is(const fyi_infile *f); /* begins as an archive with an entry, or an empty one */
/* Refuses names that lead out of a directory, names given twice, encrypted entries, entries that
 * share bytes and entries that unpack to more than they could honestly hold. f must outlive it. */
fy_status fyi_zip_open(const fyi_infile *f, fyi_zip **out);
void fyi_zip_close(fyi_zip *z); /* accepts NULL */
int fyi_zip_count(const fyi_zip *z);
const char *fyi_zip_name(const fyi_zip *z, int i);
uint64_t fyi_zip_bytes(const fyi_zip *z, int i);      /* unpacked */
int fyi_zip_find(const fyi_zip *z, const char *name); /* -1 if absent */
/* The first `bytes` bytes of entry i; its checksum is compared when they are all. */
fy_status fyi_zip_read(const fyi_zip *z, int i, void *dst, size_t bytes);
/* Entry i whole, in memory of its own, with a NUL after it; fyi_free. */
fy_status fyi_zip_take(const fyi_zip *z, int i, void **out, size_t *bytes);

typedef struct fyi_zip_file fyi_zip_file;
fy_status fyi_zip_create(const char *path, fyi_zip_file **out);
/* Not packed; `p` is lent until the commit. The same entries give the same bytes. */
fy_status fyi_zip_add(fyi_zip_file *z, const char *name, const void *p, size_t bytes);
fy_status fyi_zip_commit(fyi_zip_file *z); /* frees z, also on failure */
void fyi_zip_abort(fyi_zip_file *z);       /* accepts NULL */

/* ---- rng.c ----------------------------------------------------------------------------------- */

/* Philox 4x32-10, the bare function. */
void fyi_philox(const uint32_t key[2], const uint32_t counter[4], uint32_t out[4]);
/* The stream's numbers at positions 4 * block to 4 * block + 3: what four fy_rng_u32 calls would
 * draw, for kernels that fill whole tensors. r->position is not looked at. */
void fyi_rng_block(const fy_rng *r, uint64_t block, uint32_t out[4]);
/* n numbers as fy_rng_normal gives them from the next position on that is a multiple of four: of many, each costs
 * half a block instead of two. */
void fyi_rng_normals(fy_rng *r, float *v, int64_t n);

/* ---- machine.c: what there is ------------------------------------------------------------------ */

/* Bytes of memory that this process may have: the machine's, or less where a container says so. */
size_t fyi_memory_bytes(void);
/* Bytes that may still be written to the disk of `path`, which exists. */
fy_status fyi_disk_free(const char *path, size_t *bytes);

/* ---- log.c ----------------------------------------------------------------------------------- */

#define fyi_info(...) fy_log_write(FY_LOG_INFO, __VA_ARGS__)
#define fyi_note(...) fy_log_write(FY_LOG_NOTE, __VA_ARGS__)
#define fyi_warn(...) fy_log_write(FY_LOG_WARN, __VA_ARGS__)
/* The dial of docs/guide.md: the number in the environment's FY_DEBUG, 0 if unset. Read once. */
int fyi_debug_level(void);
/* The environment is not asked any more: for tests. */
void fyi_debug_set(int level);
/* A text of any length, line by line. */
void fyi_debug_text(const char *text);

/* ---- cancel.c -------------------------------------------------------------------------------- */

bool fyi_is_asked_to_stop(void);
/* FY_ECANCELED with "stopped while <what>" once this thread's flag is up. */
fy_status fyi_stop_if_asked(const char *what);

/* ---- parallel.c: the compute threads, shared with the kernels' library ----------------------- */

/* Runs fn(ctx, begin, end) over [0, n) split into at most fyi_threads() equal parts of at least
 * `grain` items. The split depends on n, grain and the thread count only. Falls back to the calling
 * thread. */
typedef void (*fyi_range_fn)(void *ctx, int64_t begin, int64_t end);
void fyi_parallel(int64_t n, int64_t grain, fyi_range_fn fn, void *ctx);
/* Runs fn(ctx) once on the calling thread and on every compute thread that lives from one loop to the next. */
void fyi_each_thread(void (*fn)(void *ctx), void *ctx);
int fyi_threads(void);
void fyi_set_threads(int n); /* 0: as many as the machine has */

/* ---- denormal.c ------------------------------------------------------------------------------ */

/* From here on numbers below 2^-126 (f64: 2^-1022) count as zero in what this thread and its compute threads
 * calculate; returns what fyi_restore_denormals needs to give all of them the caller's mode of before. */
typedef uint64_t fyi_fp_mode;
fyi_fp_mode fyi_flush_denormals(void);
void fyi_restore_denormals(fyi_fp_mode before);

/* ---- hash.c, text.c, time.c ------------------------------------------------------------------ */

/* Not cryptographic; stable across machines. */
uint64_t fyi_hash64(const void *p, size_t bytes, uint64_t seed);
/* SHA-256 as 64 lower-case hexadecimal digits and a NUL. */
typedef struct fyi_sha256 {
    struct sha256_ctx ctx;
} fyi_sha256;
void fyi_sha256_init(fyi_sha256 *s);
void fyi_sha256_update(fyi_sha256 *s, const void *p, size_t bytes);
void fyi_sha256_hex(fyi_sha256 *s, char hex[65]);

/* How many of the first `most` bytes of `text` are whole UTF-8 characters: for "%.*s". */
int fyi_whole_chars(const char *text, int most);
/* For a text that was longer than the `bytes` bytes of `to`, as snprintf cut it: it then ends like fy_text_copy's. */
void fyi_mark_cut(char *to, size_t bytes);

/* The entry of `names` (NULL-terminated) nearest to `word` by edit distance, or NULL if none is
 * near (distance over a third of its length). */
const char *fyi_nearest(const char *word, const char *const *names);
double fyi_now_s(void); /* monotonic */

#endif
