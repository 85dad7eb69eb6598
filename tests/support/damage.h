/* damage.h: every truncation and every changed byte of a file, for the readers of foreign bytes. */
#ifndef FYT_DAMAGE_H
#define FYT_DAMAGE_H

#include "support/support.h"

/* Reads all that can be read of a file in memory: FY_OK, or a failure. Frees what it makes. */
typedef fy_status (*fyt_read_fn)(const char *name, const void *file, size_t bytes);

/* Both damage tests/golden/<golden>. */
/* Every front part must be refused, with a sentence. Parts are exact blocks of their own, so that
 * AddressSanitizer sees a read past the end. */
void fyt_truncate_everywhere(const char *golden, fyt_read_fn read);
/* Every byte in turn has each of its bits turned, and all of them. Whatever comes of it, a failure has a
 * sentence; returns how many changes were refused. */
size_t fyt_flip_everywhere(const char *golden, fyt_read_fn read);

#endif
