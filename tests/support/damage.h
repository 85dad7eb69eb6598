/* damage.h: truncations and changed bytes of a file, for the readers of foreign bytes. */
#ifndef FYT_DAMAGE_H
#define FYT_DAMAGE_H

#include "support/support.h"

/* Reads all that can be read of a file in memory: FY_OK, or a failure. Frees what it makes. */
typedef fy_status (*fyt_read_fn)(const char *name, const void *file, size_t bytes);

/* A file, who reads it, and what no change of it gets through. Files are exact blocks of their own, so that
 * AddressSanitizer sees a read past the end. */
typedef struct fyt_foreign {
    const char *name; /* of tests/golden/<name>, and of the test */
    fyt_read_fn read;
    size_t spare;      /* bytes at its end that nobody misses */
    size_t sure[2][2]; /* from, to: a changed byte in there is refused; SIZE_MAX: the file's end */
} fyt_foreign;

/* foreign.c: every format that Ferry reads and others write. */
extern const fyt_foreign fyt_foreigns[];
extern const size_t fyt_n_foreigns;

/* Both try `most` damaged files, or a few more, evenly over the bytes; SIZE_MAX: all. */
/* A front part must be refused, with a sentence that names the file. */
void fyt_truncate(const fyt_foreign *f, size_t most);
/* A byte is changed by one of the n masks; where all are too many, bytes take them in turn. A failure has such a
 * sentence. */
void fyt_flip(const fyt_foreign *f, const uint8_t *masks, size_t n, size_t most);

#endif
