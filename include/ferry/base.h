/* base.h: status codes, the error sentence, memory, log, and random streams.
 *
 * Every Ferry function that can fail returns fy_status and leaves a sentence in a per-thread record
 * (fy_last_error). The library never prints, exits or aborts. */
#ifndef FERRY_BASE_H
#define FERRY_BASE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define FY_API __attribute__((visibility("default")))
#define FY_NODISCARD __attribute__((warn_unused_result))
#define FY_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define FY_API
#define FY_NODISCARD
#define FY_PRINTF(fmt, args)
#endif

#define FY_VERSION_MAJOR 0
#define FY_VERSION_MINOR 1
#define FY_VERSION_PATCH 0

/* "0.1.0" */
FY_API const char *fy_version(void);

/* One list gives the enumeration, the names and the texts. */
/* clang-format off */
#define FY_STATUS_MAP(X)                                   \
    X(ENOMEM,    "out of memory")                          \
    X(EINVAL,    "invalid argument")                       \
    X(ESHAPE,    "shapes do not fit")                      \
    X(EDTYPE,    "data type not supported")                \
    X(EIO,       "cannot read or write")                   \
    X(EFORMAT,   "file is malformed")                      \
    X(ENOKERNEL, "no kernel for this operator on this device") \
    X(EDEVICE,   "device failed")                          \
    X(ENAN,      "value is not finite")                    \
    X(ECANCELED, "stopped by the caller")                  \
    X(EEND,      "no more data")
/* clang-format on */

typedef enum fy_status {
    FY_OK = 0,
#define FY_STATUS_ENUM(name, text) FY_##name,
    FY_STATUS_MAP(FY_STATUS_ENUM)
#undef FY_STATUS_ENUM
} fy_status;

/* "FY_ESHAPE"; "FY_OK" for FY_OK; "FY_?" for a number that is no status. */
FY_API const char *fy_status_name(fy_status st);
/* "shapes do not fit" */
FY_API const char *fy_status_text(fy_status st);

/* The sentence of this thread's last failure, "" if none. Valid until the next failure on this
 * thread. */
FY_API const char *fy_last_error(void);

/* Records a sentence of your own and returns st: for code written on top of Ferry. */
FY_API fy_status fy_error(fy_status st, const char *fmt, ...) FY_PRINTF(2, 3);

/* For functions with one `done:` label and a local `fy_status st`. */
#define FY_TRY(expr)                \
    do {                            \
        if ((st = (expr)) != FY_OK) \
            goto done;              \
    } while (0)

/* ---- memory ---------------------------------------------------------------------------------- */

/* All of Ferry's heap memory comes from here. `alloc` returns `bytes` bytes aligned to `align` (a
 * power of two), or NULL. Set it before any other call; NULL restores the C library's. */
typedef struct fy_allocator {
    void *(*alloc)(void *arg, size_t bytes, size_t align);
    void (*free)(void *arg, void *p);
    void *arg;
} fy_allocator;

FY_API void fy_allocator_set(const fy_allocator *a);
/* How many times the allocator has been called so far, by all threads. Tests count with it. */
FY_API uint64_t fy_alloc_count(void);

/* ---- log ------------------------------------------------------------------------------------- */

/* INFO: what goes on; NOTE: what whoever asked for this should know; WARN: what may be wrong. */
typedef enum fy_log_level { FY_LOG_DEBUG, FY_LOG_INFO, FY_LOG_NOTE, FY_LOG_WARN } fy_log_level;

/* Receives whole lines without the newline, from any thread, one at a time. */
typedef void (*fy_log_fn)(void *arg, fy_log_level level, const char *line);

/* NULL drops everything, which is also the default. */
FY_API void fy_log_set(fy_log_fn fn, void *arg);

/* A line of your own: for code written on top of Ferry. */
FY_API void fy_log_write(fy_log_level level, const char *fmt, ...) FY_PRINTF(2, 3);

/* ---- stopping -------------------------------------------------------------------------------- */

/* From now on this thread's long calls (filling a feature cache, predicting a dataset, clustering)
 * look at *flag between their pieces and end with FY_ECANCELED soon after it is not 0. Lent until
 * it is set again; NULL: nobody asks. Gives back the flag before, to be set again. Stages set their
 * run's flag while they run. */
FY_API const volatile sig_atomic_t *fy_cancel_set(const volatile sig_atomic_t *flag);

/* ---- names ----------------------------------------------------------------------------------- */

/* "layer1.*" against "layer1.0.conv1.weight": `*` any run, `?` one character. `globs` is a list
 * separated by spaces; NULL or "" matches nothing. One that begins with "!" takes names out again:
 * the last that matches decides. */
FY_API bool fy_glob(const char *globs, const char *name);

/* Copies `text` to `bytes` bytes, at least four; what does not fit ends in "..." and never in half a UTF-8 character. */
FY_API void fy_text_copy(char *to, size_t bytes, const char *text);

/* ---- bytes as text --------------------------------------------------------------------------- */

/* Of the text of n bytes, with its NUL. */
#define FY_BASE64_CHARS(n) (((n) + 2) / 3 * 4 + 1)
/* Base64 with padding (RFC 4648, section 4), for bytes in JSON; text: FY_BASE64_CHARS(n) characters. Pieces of a
 * multiple of three bytes can be written one after the other. */
FY_API void fy_base64(const void *bytes, size_t n, char *text);

/* ---- random streams ---------------------------------------------------------------------------
 */

/* A counter-based stream (Philox 4x32-10; Salmon et al. 2011, "Parallel random numbers: as easy as
 * 1, 2, 3"). The number at (seed, stream, position) does not depend on who asks, in which order or
 * on which thread, so a resumed or parallel run draws the same numbers. Plain data: copy it freely.
 */
typedef struct fy_rng {
    uint64_t seed;
    uint64_t stream;
    uint64_t position; /* 32-bit numbers drawn so far */
} fy_rng;

/* A stream named by what it is for ("split", "loader.source"), position 0. */
FY_API fy_rng fy_rng_named(uint64_t seed, const char *stream_name);
/* A stream of a stream: one per step, epoch or sample. */
FY_API fy_rng fy_rng_child(const fy_rng *parent, uint64_t index);

FY_API uint32_t fy_rng_u32(fy_rng *r);
/* [0, 1), 24 bits */
FY_API float fy_rng_uniform(fy_rng *r);
/* mean 0, deviation 1 (Box-Muller, two numbers a call) */
FY_API float fy_rng_normal(fy_rng *r);
/* 0 .. n-1 without bias; n >= 1 */
FY_API uint64_t fy_rng_below(fy_rng *r, uint64_t n);
/* Fisher-Yates over n indices. */
FY_API void fy_rng_shuffle(fy_rng *r, int64_t *v, size_t n);

#ifdef __cplusplus
}
#endif
#endif
